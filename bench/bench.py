#!/usr/bin/env python3
"""Measures the library against programs written by hand on the same interfaces.

Three kinds of figures: instructions per read (valgrind), system calls per read (strace), processor
and wall time as ratios to a raw program that runs in the same rounds. docs/performance.md tells
what each of them means."""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import counting
import picture
import programs as p
import report
import rows
import timing

HERE = pathlib.Path(__file__).resolve().parent
DEPTHS = (1, 32, 128)
STARTED = time.monotonic()

# The counts that repeat exactly: these are in the baseline.
STEADY = [
    ("nil", 32, [p.RAW_NIL, p.FLOOR_NIL, p.cpp("nil"), p.c("nil")]),
    ("model", 32, [p.RAW_MEMORY, p.cpp("default"), p.c("default")]),
    ("file", 32, [p.RAW_PLAIN, p.RAW_TUNED, p.cpp("io_uring"), p.c("io_uring"),
                  p.RAW_LIBAIO, p.FLOOR_LIBAIO, p.cpp("libaio"), p.c("libaio"),
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
        with p.make_target(name, p.COUNTED_MIB) as target:
            for program in p.built(folder, wanted):
                say(f"instructions: {name}, depth {depth}, {program.name}")
                entries.append(entry_of(name, depth, program,
                                        count_one(folder, target, depth, program)))
    return entries


def count_submissions(folder):
    """Instructions per command inside the functions of ours/submit that submit 32."""
    found = {}
    for interface in SUBMISSIONS:
        with p.make_target("nil" if interface == "nil" else "file", p.COUNTED_MIB) as target:
            for kind, flags, function in (("single", (), "submit_*"),
                                          ("batch", ("--batch",), "submit_*"),
                                          ("prepare", ("--batch",), "prepare_all*")):
                say(f"instructions: submitting, {interface}, {kind}")
                program = p.Program(kind, "ours/submit", interface, flags)
                count = counting.count_instructions(
                    lambda reads, p=program, t=target: p.argv(folder, t, 32, reads),
                    f"--toggle-collect={function}")
                found[f"{interface} {kind}"] = count.whole
    return found


def count_system_calls(folder):
    entries = []
    with p.make_target("file", p.COUNTED_MIB) as target:
        for depth in DEPTHS:
            for program in p.built(folder, [*p.programs_on("file"), p.c("libaio")]):
                if program.name == "C++ default":
                    continue
                say(f"system calls: file, depth {depth}, {program.name}")
                calls, how = counting.count_system_calls(
                    lambda reads, p=program, d=depth: p.argv(folder, target, d, reads),
                    program.interface in p.THREADED)
                entries.append({"target": "file", "depth": depth, "program": program.name,
                                "calls": calls, "counted_by": how})
    return entries


def measure_times(folder, rounds, seconds):
    entries, notes, missing = [], {}, []
    for name in p.MAKERS:
        with p.make_target(name, p.TIMED_MIB) as target:
            if isinstance(target, str):
                missing.append(target)
                say(target)
                continue
            notes[name] = target.note
            for depth in DEPTHS:
                say(f"times: {name}, depth {depth}, {rounds} rounds")
                programs = p.built(folder, p.programs_on(name))
                times = timing.interleaved(
                    programs, lambda program, count, t=target, d=depth:
                    program.argv(folder, t, d, count, t.mode), rounds, seconds)
                entries += [{"target": name, "depth": depth, "program": program.name,
                             "mode": target.mode, **times[program]} for program in programs]
    return {"times": entries, "targets": notes, "missing": missing}


def measure_open(folder, rounds):
    with p.make_target("file", p.COUNTED_MIB) as target:
        program = p.Program("open", "ours/open", "default")
        lines = [timing.run(program.argv(folder, target, 1, 500)) for _ in range(rounds)]
        first = [timing.run(program.argv(folder, target, 1, 1)) for _ in range(rounds)]
    each = [line["cpu_s"] * 1e6 / line["count"] for line in lines]
    return {"cpu_us": min(each), "median_cpu_us": statistics.median(each),
            "first_wall_us": statistics.median(line["wall_s"] * 1e6 for line in first)}


def measure_memory(folder):
    """Bytes of a queue of 128 commands, and of a device, on each interface."""
    entries = []
    for name in ("file", "model"):
        with p.make_target(name, p.COUNTED_MIB) as target:
            for program in p.built(folder, p.memory_on(name)):
                entries.append({"target": name,
                                **timing.run(program.argv(folder, target, 128, 1))})
    return entries


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
            "load_average": os.getloadavg()[0]}


def measure(folder, options):
    results = {"machine": machine(folder)}
    results["instructions"] = count_instructions(folder, STEADY + THREADED)
    results["submit"] = count_submissions(folder)
    if not options.quick:
        results["system_calls"] = count_system_calls(folder)
        results["open"] = measure_open(folder, options.rounds)
        results["memory"] = measure_memory(folder)
        results |= measure_times(folder, options.rounds, options.seconds)
    return results


def tell(results, folder, output, functions):
    everything = "times" in results
    if not everything:
        folder = folder / "quick"  # What all of it found stays.
        folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.svg").write_text(picture.draw(results))
    (folder / "report.html").write_text(report.page(results))
    if output == "json":
        print(json.dumps(results, indent=1))
    elif output == "markdown":
        print(report.table_markdown(results["table"]))
    else:
        print(report.instructions_text(results["instructions"], functions), end="\n\n")
        if results.get("system_calls"):
            print(report.calls_text(results["system_calls"]), end="\n\n")
            print(report.memory_text(results["memory"]), end="\n\n")
        print(report.table_text(results["table"], everything), end="\n\n")
        for why in results.get("missing", []):
            print(f"not measured: {why}")
        about = results["machine"]
        if results.get("times") and about["load_average"] > about["processors"] / 2:
            print(f"the machine had other work (load average {about['load_average']}, "
                  f"{about['processors']} processors): times are rough, instructions are not")
        print(f"all of it, with pictures: {folder}/report.html")


# ---- The baseline -------------------------------------------------------------------------------


def baseline_of(results):
    """What is compared: whole programs, by target, depth and program, and submissions. Without the
    copy of data, for which the C library has a function for each kind of processor."""
    instructions = {f"{entry['target']}, depth {entry['depth']}, {entry['program']}":
                    round(entry["whole"] - entry["copies"], 1)
                    for entry in results["instructions"]}
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


def compare(before, now):
    """Lines on what rose (or is on one side only), and on what fell."""
    risen, fallen = [], []
    for name, count in before.items():
        change = f"{name}: {now.get(name, 0):.1f} instructions per read, {count:.1f} before"
        if name not in now:
            risen.append(f"{name}: in the baseline, and not counted in this build")
        elif now[name] > count * (1 + MOST_RISE):
            risen.append(f"{change}: {100 * (now[name] / count - 1):+.1f} %, "
                         f"at most {100 * MOST_RISE:.0f} %")
        elif now[name] < count / (1 + MOST_RISE):
            fallen.append(change)
    risen += [f"{name}: counted, and not in the baseline" for name in now if name not in before]
    return risen, fallen


def check(folder):
    """0 when no count rose, 1 when one did, 77 where another compiler makes them incomparable."""
    before = json.loads(BASELINE.read_text())
    compiler = machine(folder)["compiler"]
    if compiler != before["compiler"]:
        print(f"not compared: the baseline is of {before['compiler']}, this build of {compiler}")
        return 77
    now = count_steady(folder)["instructions"]
    risen, fallen = compare(before["instructions"], now)
    print(f"{len(now)} counts compared with bench/baseline.json")
    print("".join(f"  RISEN {line}\n" for line in risen) +
          "".join(f"  lower {line}\n" for line in fallen), end="")
    if risen or fallen:
        print("Where it is meant: ./dev bench --update-baseline, and commit bench/baseline.json. "
              "Where it comes from: ./dev bench --quick --functions")
    return 1 if risen else 0


# ---- The command line ---------------------------------------------------------------------------

EXAMPLES = """
examples
  ./dev bench                                  all of it, in a few minutes
  ./dev bench --quick                          the instruction counts alone
  ./dev bench --rounds 15 --seconds 0.3        longer, for a machine with other work
  ./dev bench --output json > figures.json
  ./dev bench --results build/bench/results.json --output markdown
  build/bench/ours/reads --help                one program by itself
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=HERE.parent / "build", type=pathlib.Path,
                        help="the build's folder (build)")
    parser.add_argument("--quick", action="store_true", help="the instruction counts alone")
    parser.add_argument("--functions", action="store_true",
                        help="print the instructions by function too")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the timed runs (7)")
    parser.add_argument("--seconds", type=float, default=0.1, help="of processor time in each of them (0.1)")
    parser.add_argument("--output", choices=("table", "json", "markdown"), default="table")
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE",
                        help="tell of these results again, and measure nothing")
    parser.add_argument("--check", action="store_true",
                        help="compare the instruction counts with bench/baseline.json")
    parser.add_argument("--update-baseline", action="store_true",
                        help="write bench/baseline.json anew")
    return parser.parse_args()


def main():
    options = parse()
    # So that devices are taken away when somebody stops this with kill.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = options.build.resolve() / "bench"
    if not (folder / "ours/reads").exists():
        sys.exit(f"{folder} holds no programs: build first (./dev bench builds by itself)")
    for tool in ("valgrind", "strace"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is needed and not installed (./dev bench installs it)")
    try:
        return act(options, folder)
    except RuntimeError as error:
        sys.exit(f"bench: {error}")


def act(options, folder):
    if options.check:
        return check(folder)
    if options.update_baseline:
        return update_baseline(folder)
    if options.results:
        results = json.loads(options.results.read_text())
    else:
        results = measure(folder, options)
    results["table"] = [{**dataclasses.asdict(row), "met": row.met}
                        for row in rows.table(results)]
    tell(results, folder, options.output, options.functions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
