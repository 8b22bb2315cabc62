#!/usr/bin/env python3
"""Measures the library against programs written by hand on the same interfaces.

Three kinds of figures: instructions per read (valgrind), system calls per read (strace), processor
and wall time as ratios to a raw program that runs in the same rounds. docs/performance.md tells
what each of them means."""

import argparse
import dataclasses
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import counting
import programs as p
import rows
import timing

HERE = pathlib.Path(__file__).resolve().parent
DEPTHS = (1, 32, 128)
STARTED = time.monotonic()

# The counts that repeat exactly: these are in the baseline.
STEADY = [
    ("nil", 32, [p.RAW_NIL, p.cpp("nil"), p.c("nil")]),
    ("model", 32, [p.RAW_MEMORY, p.cpp("default"), p.c("default")]),
    ("file", 32, [p.RAW_PLAIN, p.RAW_TUNED, p.cpp("io_uring"), p.c("io_uring"),
                  p.RAW_LIBAIO, p.cpp("libaio"), p.c("libaio"),
                  p.RAW_PREAD, p.cpp("emu"), p.c("emu")]),
    ("file", 128, [p.RAW_PLAIN, p.cpp("io_uring"), p.c("io_uring")]),
]
# With threads, how often they sleep decides the count: the median of three, and no baseline.
THREADED = [("file", 32, [p.RAW_THREADS, p.cpp("thrpool"), p.RAW_POSIX_AIO, p.cpp("posix_aio")])]
SUBMISSIONS = ("nil", "io_uring")


BASELINE = HERE / "baseline.json"
# A count may rise by this part of itself before the check fails.
MOST_RISE = 0.03


def say(what):
    seconds = int(time.monotonic() - STARTED)
    print(f"    {seconds // 60}m{seconds % 60:02d}s {what}", file=sys.stderr, flush=True)


def entry_of(target, depth, program, count):
    return {"target": target, "depth": depth, "program": program.name, "whole": count.whole,
            "library": count.in_object("libxnvme"), "libc": count.in_object("libc.so"),
            "copies": count.copies(), "allocations": count.allocations,
            "functions": [{"object": where, "function": name, "instructions": own}
                          for (where, name), own in sorted(count.functions.items(),
                                                           key=lambda item: -item[1])
                          if own >= 0.05]}


def count_one(folder, target, depth, program):
    def argv_of(count):
        return program.argv(folder, target, depth, count)
    tries = 3 if program.interface in p.THREADED else 1
    counts = [counting.count_instructions(argv_of) for _ in range(tries)]
    return sorted(counts, key=lambda count: count.whole)[tries // 2]


def count_instructions(folder, cases):
    entries = []
    for name, depth, wanted in cases:
        with p.make_target(name) as target:
            for program in p.built(folder, wanted):
                say(f"instructions: {name}, depth {depth}, {program.name}")
                entries.append(entry_of(name, depth, program,
                                        count_one(folder, target, depth, program)))
    return entries


def count_submissions(folder):
    """Instructions per command inside the functions of ours/submit that submit 32."""
    found = {}
    for interface in SUBMISSIONS:
        with p.make_target("nil" if interface == "nil" else "file") as target:
            for kind, flags in (("single", ()), ("batch", ("--batch",))):
                say(f"instructions: submitting, {interface}, {kind}")
                program = p.Program(kind, "ours/submit", interface, flags)
                count = counting.count_instructions(
                    lambda reads, p=program, t=target: p.argv(folder, t, 32, reads),
                    "--toggle-collect=submit_*")
                found[f"{interface} {kind}"] = count.whole
    return found


def count_system_calls(folder):
    entries = []
    with p.make_target("file") as target:
        for depth in DEPTHS:
            for program in p.built(folder, [*p.programs_on("file"), p.c("libaio")]):
                if program.name == "C++ default":
                    continue
                say(f"system calls: file, depth {depth}, {program.name}")
                calls = counting.count_system_calls(
                    lambda reads, p=program, d=depth: p.argv(folder, target, d, reads))
                entries.append({"target": "file", "depth": depth, "program": program.name,
                                "calls": calls})
    return entries


def measure_times(folder, rounds, seconds):
    entries, missing = [], []
    for name in p.MAKERS:
        with p.make_target(name) as target:
            if isinstance(target, str):
                missing.append(target)
                say(target)
                continue
            for depth in DEPTHS:
                say(f"times: {name}, depth {depth}, {rounds} rounds")
                programs = p.built(folder, p.programs_on(name))
                times = timing.interleaved(
                    programs, lambda program, count, t=target, d=depth:
                    program.argv(folder, t, d, count, t.mode), rounds, seconds)
                entries += [{"target": name, "depth": depth, "program": program.name,
                             "mode": target.mode, **times[program]} for program in programs]
    return entries, missing


def measure_open(folder, rounds):
    with p.make_target("file") as target:
        program = p.Program("open", "ours/open", "default")
        lines = [timing.run(program.argv(folder, target, 1, 500)) for _ in range(rounds)]
    each = [line["cpu_s"] * 1e6 / line["count"] for line in lines]
    return {"cpu_us": min(each), "median_cpu_us": statistics.median(each)}


def machine(folder):
    compiler = ""
    for line in (folder.parent / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("CMAKE_CXX_COMPILER:"):
            compiler = line.partition("=")[2]
    version = subprocess.run([compiler or "c++", "-dumpfullversion", "-dumpversion"], check=True,
                             capture_output=True, text=True).stdout.strip()
    model = [line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
             if line.startswith("model name")]
    return {"processor": model[0] if model else platform.machine(), "processors": len(model),
            "kernel": platform.release(), "compiler": f"{pathlib.Path(compiler).name} {version}",
            "load_average": open("/proc/loadavg", encoding="utf-8").read().split()[0]}


def measure(folder, options):
    results = {"machine": machine(folder)}
    results["instructions"] = count_instructions(folder, STEADY + THREADED)
    results["submit"] = count_submissions(folder)
    if not options.quick:
        results["system_calls"] = count_system_calls(folder)
        results["open"] = measure_open(folder, options.rounds)
        results["times"], results["missing"] = measure_times(folder, options.rounds,
                                                             options.seconds)
    results["table"] = [{**dataclasses.asdict(row), "met": row.met}
                        for row in rows.table(results)]
    return results


# ---- What is printed ----------------------------------------------------------------------------


def print_instructions(entries):
    print(f"{'instructions per read':<38}{'whole':>9}{'library':>9}{'libc':>9}  allocations")
    for entry in entries:
        name = f"{entry['target']}, depth {entry['depth']}: {entry['program']}"
        print(f"{name:<38}{entry['whole']:>9.1f}{entry['library']:>9.1f}"
              f"{abs(entry['libc']):>9.1f}  {entry['allocations']:.2f}")


def shown(row):
    if row["figure"] is None:
        return "-"
    places = 0 if abs(row["figure"]) >= 100 else 1 if row["unit"] == "" and row["most"] > 1 else 2
    return f"{row['figure']:.{places}f}"


def verdict(row):
    return {None: "not measured", True: "met", False: "NOT MET"}[row["met"]]


def print_table(table):
    width = max(len(row["what"]) for row in table)
    print(f"{'':<{width}}  {'':<7}{'figure':>8}{'target':>9}")
    for row in table:
        if row["figure"] is None:
            continue
        print(f"{row['what']:<{width}}  {row['api']:<7}{shown(row):>8}{'<= ' + str(row['most']):>9}"
              f"  {verdict(row):<8}{row['also']}")
    measured = [row for row in table if row["met"] is not None]
    print(f"\n{sum(row['met'] for row in measured)} of {len(measured)} met; "
          f"{len(table) - len(measured)} not measured")


# ---- The baseline -------------------------------------------------------------------------------


def baseline_of(results):
    """What is compared: whole programs, by target, depth and program, and submissions."""
    instructions = {f"{entry['target']}, depth {entry['depth']}, {entry['program']}":
                    round(entry["whole"], 1) for entry in results["instructions"]}
    instructions |= {f"submit, {name}": round(count, 1)
                     for name, count in results["submit"].items()}
    return {"compiler": results["machine"]["compiler"], "instructions": instructions}


def count_steady(folder):
    return baseline_of({"machine": machine(folder),
                        "instructions": count_instructions(folder, STEADY),
                        "submit": count_submissions(folder)})


def update_baseline(folder):
    BASELINE.write_text(json.dumps(count_steady(folder), indent=2) + "\n")
    print(f"written: {BASELINE}")
    return 0


def check(folder):
    """0 when no count rose, 1 when one did, 77 where another compiler makes them incomparable."""
    before = json.loads(BASELINE.read_text())
    if machine(folder)["compiler"] != before["compiler"]:
        print(f"not compared: the baseline is of {before['compiler']}, this build of "
              f"{machine(folder)['compiler']}")
        return 77
    now = count_steady(folder)["instructions"]
    risen = []
    for name, most in before["instructions"].items():
        if name not in now:
            risen.append(f"{name}: in the baseline, and not counted in this build")
        elif now[name] > most * (1 + MOST_RISE):
            risen.append(f"{name}: {now[name]:.1f} instructions per read, {most:.1f} before: "
                         f"{100 * (now[name] / most - 1):+.1f} %, at most {100 * MOST_RISE:.0f} %")
    risen += [f"{name}: counted, and not in the baseline" for name in now
              if name not in before["instructions"]]
    fallen = [name for name in now if now[name] < before["instructions"].get(name, 0) / 1.03]
    print(f"{len(now)} counts compared, {len(fallen)} of them lower than in the baseline")
    for line in fallen:
        print(f"  lower: {line}: {now[line]:.1f}, {before['instructions'][line]:.1f} before")
    for line in risen:
        print(f"  RISEN: {line}")
    if risen or fallen:
        print("Where it is meant: ./dev bench --update-baseline, and commit bench/baseline.json. "
              "What changed: ./dev bench --quick shows the instructions by function.")
    return 1 if risen else 0


# ---- The command line ---------------------------------------------------------------------------

EXAMPLES = """
examples
  ./dev bench                                  all of it, in a few minutes
  ./dev bench --quick                          the instruction counts alone
  ./dev bench --rounds 15 --seconds 0.3        longer, for a machine with other work
  ./dev bench --output json > figures.json
  build/bench/ours/reads --help                one program by itself
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=HERE.parent / "build", type=pathlib.Path,
                        help="the build's folder (build)")
    parser.add_argument("--quick", action="store_true", help="the instruction counts alone")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of the timed runs (9)")
    parser.add_argument("--seconds", type=float, default=0.1, help="of each timed run (0.1)")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--check", action="store_true",
                        help="compare the instruction counts with bench/baseline.json")
    parser.add_argument("--update-baseline", action="store_true",
                        help="write bench/baseline.json anew")
    return parser.parse_args()


def main():
    options = parse()
    folder = options.build.resolve() / "bench"
    if not (folder / "ours/reads").exists():
        sys.exit(f"{folder} holds no programs: build first (./dev bench builds by itself)")
    if options.check:
        return check(folder)
    if options.update_baseline:
        return update_baseline(folder)
    results = measure(folder, options)
    text = json.dumps(results, indent=1)
    (folder / "results.json").write_text(text + "\n")
    if options.output == "json":
        print(text)
        return 0
    print_instructions(results["instructions"])
    print()
    print_table(results["table"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
