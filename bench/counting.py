"""What repeats exactly: instructions and allocations, as valgrind counts them, and system calls, as
strace does. Each program runs twice, with N and with more reads, and the difference is divided by
the reads that it has more: opening, closing and printing are not in it."""

import collections
import concurrent.futures
import dataclasses
import os
import re
import subprocess
import tempfile

# Multiples of every depth that is counted: all rounds of the loop are whole ones.
SHORT = 1280
LONG = 14080
STRACE_SHORT = 2560
STRACE_LONG = 10240

ALLOCATORS = re.compile(r"^(malloc|calloc|realloc|aligned_alloc|memalign|posix_memalign"
                        r"|operator new.*)$")
COPIES = re.compile(r"mem(cpy|move)")


@dataclasses.dataclass
class Count:
    """Per read. Functions are (object, function), their own instructions without their callees'."""
    whole: float
    functions: dict
    allocations: float

    def in_object(self, part):
        return sum(count for (name, _), count in self.functions.items() if part in name)

    def copies(self):
        return sum(count for (_, name), count in self.functions.items() if COPIES.search(name))


def parse_callgrind(path):
    """Own instructions by (object, function), and the number of calls by callee."""
    own = collections.Counter()
    calls = collections.Counter()
    where, function, callee, inclusive = "", "", "", False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line[0].isdigit():
                # The line after a call has the callee's cost, which is counted there.
                if not inclusive:
                    own[where, function] += int(line.split()[1])
                inclusive = False
                continue
            key, _, value = line.rstrip("\n").partition("=")
            if key == "ob":
                where = os.path.basename(value)
            elif key == "fn":
                # Recursion gives a function's second level a name of its own.
                function = value.split("'")[0]
            elif key == "cfn":
                callee = value.split("'")[0]
            elif key == "calls":
                calls[callee] += int(value.split()[0])
                inclusive = True
    return own, calls


def callgrind(argv, *options):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
             "--compress-strings=no", "--compress-pos=no", *options, *argv],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stderr}")
        return parse_callgrind(out)


def count_instructions(argv_of, *options):
    """`argv_of(count)` is the program with that many reads."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(callgrind, argv_of(reads), *options) for reads in (SHORT, LONG)]
        (own_short, calls_short), (own_long, calls_long) = (run.result() for run in runs)
    more = LONG - SHORT
    functions = {key: (count - own_short[key]) / more for key, count in own_long.items()
                 if count != own_short[key]}
    allocations = sum(count - calls_short[name] for name, count in calls_long.items()
                      if ALLOCATORS.match(name))
    return Count(sum(functions.values()), functions, allocations / more)


def strace(argv):
    with tempfile.NamedTemporaryFile("r") as out:
        done = subprocess.run(["strace", "-f", "-c", "-U", "calls,name", "-o", out.name, *argv],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stderr}")
        calls = collections.Counter()
        for line in out:
            words = line.split()
            if len(words) == 2 and words[0].isdigit() and words[1] != "total":
                calls[words[1]] += int(words[0])
        return calls


def count_system_calls(argv_of):
    """System calls per read, by name."""
    short, long = strace(argv_of(STRACE_SHORT)), strace(argv_of(STRACE_LONG))
    more = STRACE_LONG - STRACE_SHORT
    # Less than one call in a thousand reads is of the threads' start and end.
    return {name: (count - short[name]) / more for name, count in sorted(long.items())
            if abs(count - short[name]) > more / 1000}
