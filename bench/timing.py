"""What drifts: processor and wall time. The programs of one target run in rounds, in another order in
each, so that a figure is the ratio of two programs that ran beside each other."""

import json
import random
import subprocess

WARM_UP = 2000
LATENCIES = 200000  # At most so many reads are timed one by one.


def run(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def reads_that_take(seconds, argv_of):
    """How many reads take the program about that much of the processor, and not much longer to
    sleep through. Not the wall time alone: others may have the processor meanwhile."""
    count = WARM_UP
    for wanted in (seconds / 10, seconds):
        line = run(argv_of(count))
        took = max(line["cpu_s"], line["wall_s"] / 2)
        count = max(WARM_UP, int(wanted * line["count"] / took))
    return count


def interleaved(programs, argv_of, rounds, seconds):
    """`argv_of(program, count)`. Returns per program: microseconds of processor and wall time per
    read, one per round, and what the library chose where it was asked to."""
    counts = {program: reads_that_take(seconds, lambda n, p=program: argv_of(p, n))
              for program in programs}
    times = {program: {"cpu_us": [], "wall_us": [], "interface": ""} for program in programs}
    for _ in range(rounds):
        for program in random.sample(programs, len(programs)):
            line = run(argv_of(program, counts[program]))
            times[program]["interface"] = line["interface"]
            for clock in ("cpu", "wall"):
                times[program][f"{clock}_us"].append(line[f"{clock}_s"] * 1e6 / line["count"])
    for program in programs:
        if program.path == "ours/reads_c":
            continue  # It takes no times of single reads.
        argv = argv_of(program, min(LATENCIES, counts[program])) + ["--latency"]
        times[program]["latency_us"] = run(argv)["latency_us"]
    return times
