"""What repeats exactly: instructions and allocations, as valgrind counts them, and system calls, as
strace or the kernel does. Each program runs twice, with N and with more reads, and the difference is
divided by the reads that it has more: opening, closing and printing are not in it."""

import collections
import concurrent.futures
import dataclasses
import os
import re
import statistics
import subprocess
import tempfile

# Multiples of every depth that is counted: all rounds of the loop are whole ones.
SHORT = 1280
LONG = 14080
STRACE_SHORT = 2560
STRACE_LONG = 10240
PERF_SHORT = 25600
PERF_LONG = 128000
PERF_RUNS = 5

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


def per_read(count, argv_of, short, long):
    """Calls per read, by name. Less than one in a thousand reads is of threads' start and end."""
    few, many = count(argv_of(short)), count(argv_of(long))
    return {name: (many[name] - few[name]) / (long - short) for name in sorted(many)
            if abs(many[name] - few[name]) > (long - short) / 1000}


def perf(argv, names):
    with tempfile.NamedTemporaryFile("r") as out:
        events = [word for name in names for word in ("-e", f"syscalls:sys_enter_{name}")]
        done = subprocess.run(["perf", "stat", "-x", ",", "-o", out.name, *events, *argv],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stderr}")
        lines = [line.split(",") for line in out if "sys_enter_" in line]
        return collections.Counter({words[2].partition("sys_enter_")[2]: int(words[0])
                                    for words in lines})


def count_system_calls(argv_of, threaded=False):
    """Calls per read by name, and what counted them. strace stops a program at each call, and then
    threads find less to do and sleep more often than they would: of those, the kernel counts the
    calls that strace has found, where perf may ask it; the median of several runs, as what threads
    find to do is not the same each time."""
    calls = per_read(strace, argv_of, STRACE_SHORT, STRACE_LONG)
    if not threaded:
        return calls, "strace"
    # Stopped so often, threads may also never have to wake each other.
    names = sorted({*calls, "futex"})
    try:
        runs = [per_read(lambda argv: perf(argv, names), argv_of, PERF_SHORT, PERF_LONG)
                for _ in range(PERF_RUNS)]
        return {name: statistics.median(run.get(name, 0.0) for run in runs)
                for name in sorted(set().union(*runs))}, "perf"
    except (OSError, RuntimeError, ValueError):
        return calls, "strace, which makes threads sleep more often"
