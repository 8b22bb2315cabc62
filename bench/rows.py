"""The table of targets: what is looked at, how the figure comes from the results, and what it has
to be. A row's figure is None where this machine could not measure it.

Instructions are those of the whole program less those of the raw program beside it, so that neither
what is inlined into the program nor what is called escapes."""

import dataclasses
import statistics

import programs as p


@dataclasses.dataclass
class Row:
    what: str
    api: str
    figure: float | None
    most: float
    unit: str
    also: str = ""  # What else is worth knowing of it.
    # The least that the interface leaves, as a program by hand shows it: a target below it is out of
    # reach.
    floor: float | None = None

    @property
    def met(self):
        return None if self.figure is None else self.figure <= self.most


class Results:
    """What was measured, to be asked by target, depth and program. Answers None for what was not."""

    def __init__(self, results):
        self.counts = {(e["target"], e["depth"], e["program"]): e
                       for e in results.get("instructions", [])}
        self.calls = {(e["target"], e["depth"], e["program"]): e
                      for e in results.get("system_calls", [])}
        self.times = {(e["target"], e["depth"], e["program"]): e
                      for e in results.get("times", [])}
        self.submit = results.get("submit", {})
        self.open = results.get("open", {})

    def over(self, target, depth, program, base):
        ours = self.counts.get((target, depth, program))
        raw = self.counts.get((target, depth, base))
        return None if ours is None or raw is None else ours["whole"] - raw["whole"]

    def calls_per_read(self, target, depth, program, only=None):
        entry = self.calls.get((target, depth, program))
        if entry is None:
            return None
        calls = entry["calls"]
        return sum(calls.values()) if only is None else calls.get(only, 0.0)

    def ratio(self, target, depth, program, base, clock="cpu"):
        ours = self.times.get((target, depth, program))
        raw = self.times.get((target, depth, base))
        return None if ours is None or raw is None else ratio(ours, raw, clock)


def ratio(ours, base, clock="cpu"):
    """Of two programs that ran in the same rounds: of the minima, and the quartiles of the rounds."""
    ours, base = ours[f"{clock}_us"], base[f"{clock}_us"]
    in_rounds = [a / b for a, b in zip(ours, base)]
    low, median, high = statistics.quantiles(in_rounds, n=4, method="inclusive")
    return {"minimum": min(ours) / min(base), "low": low, "median": median, "high": high}


def ratio_row(what, api, found, most, also=""):
    """The median of the rounds decides. A minimum is that of one moment in which a program was alone
    on the machine, and the other may not have had such a moment."""
    if found is None:
        return Row(what, api, None, most, "x", also)
    spread = (f"half of the rounds {found['low']:.2f} to {found['high']:.2f}, "
              f"minima {found['minimum']:.2f}")
    return Row(what, api, found["median"], most, "x", f"{spread}; {also}" if also else spread)


def floor_of(r, target, depth, ours, base):
    """What is known of a figure that the base makes look worse than it is: what it is over a program
    that does what a layer above the interface cannot leave out."""
    floor = p.FLOORS.get(base)
    over = floor and r.over(target, depth, ours, floor.name)
    return f"{over:.1f} over {floor.name}" if over is not None else ""


def instruction_rows(r):
    for what, target, depth, ours, base, most_cpp, most_c in [
            ("nil, depth 32: instructions over the inlined loop",
             "nil", 32, "nil", p.RAW_NIL, 35, 60),
            ("io_uring, depth 32: instructions over plain liburing",
             "file", 32, "io_uring", p.RAW_PLAIN, 35, 60),
            ("io_uring, depth 128: instructions over plain liburing",
             "file", 128, "io_uring", p.RAW_PLAIN, 35, 60),
            ("libaio, depth 32: instructions over raw batched libaio",
             "file", 32, "libaio", p.RAW_LIBAIO, 50, 75),
            ("emu, depth 32: instructions over a loop of pread",
             "file", 32, "emu", p.RAW_PREAD, 60, 85)]:
        for api, most in (("C++", most_cpp), ("C", most_c)):
            yield Row(what, api, r.over(target, depth, f"{api} {ours}", base.name), most, "",
                      floor_of(r, target, depth, f"{api} {ours}", base))
    pool = r.counts.get(("file", 32, "C++ thrpool"))
    yield Row("thrpool, depth 32: instructions, all told", "C++", pool and pool["whole"], 1500, "",
              "of several threads: not the same each time")
    aio = r.counts.get(("file", 32, "C++ posix_aio"))
    raw = r.counts.get(("file", 32, p.RAW_POSIX_AIO.name))
    yield Row("posix_aio, depth 32: instructions in our layer", "C++",
              aio and raw and (aio["whole"] - aio["libc"]) - (raw["whole"] - raw["libc"]), 150, "",
              "outside the C library, over the raw program's")
    model = r.counts.get(("model", 32, "C++ default"))
    raw = r.counts.get(("model", 32, p.RAW_MEMORY.name))
    yield Row("model, depth 32: instructions without the copy", "C++",
              model and raw and (model["whole"] - model["copies"]) - (raw["whole"] - raw["copies"]),
              120, "", "over the inlined loop that copies")


def call_rows(r):
    for api in ("C++", "C"):
        yield Row("libaio, depth 32: system calls per read", api,
                  r.calls_per_read("file", 32, f"{api} libaio"), 0.04, "")
    pool = r.calls.get(("file", 32, "C++ thrpool"))
    yield Row("thrpool, depth 32: futex calls per read", "C++",
              r.calls_per_read("file", 32, "C++ thrpool", "futex"), 0.2, "",
              f"counted by {pool['counted_by']}" if pool else "")


def time_rows(r):
    for api, most in (("C++", 1.6), ("C", 2.2)):
        by_hand = r.ratio("nil", 32, p.FLOOR_NIL.name, p.RAW_NIL.name)
        row = ratio_row("nil, depth 32: processor time, to the inlined loop", api,
                        r.ratio("nil", 32, f"{api} nil", p.RAW_NIL.name), most,
                        f"{p.FLOOR_NIL.name} {by_hand['median']:.2f}" if by_hand else "")
        yield dataclasses.replace(row, floor=by_hand and by_hand["median"])
    for depth, most in ((32, 0.88), (128, 0.85)):
        row = ratio_row(f"cached file, io_uring, depth {depth}: processor time, to plain liburing",
                        "C++", r.ratio("file", depth, "C++ io_uring", p.RAW_PLAIN.name), most)
        # What all that io_uring has to offer gains on this machine.
        tuned = r.ratio("file", depth, p.RAW_TUNED.name, p.RAW_PLAIN.name)
        yield dataclasses.replace(row, floor=tuned and tuned["median"])
    for depth in (32, 128):
        yield ratio_row(f"cached file, io_uring, depth {depth}: processor time, to tuned liburing",
                        "C++", r.ratio("file", depth, "C++ io_uring", p.RAW_TUNED.name), 1.03)
    for clock, name, most in (("cpu", "processor", 1.1), ("wall", "wall", 1.03)):
        tuned = r.ratio("loop", 32, "C++ io_uring", p.RAW_TUNED.name, clock)
        yield ratio_row(
            f"loop, O_DIRECT, depth 32, waiting: {name} time, to plain liburing", "C++",
            r.ratio("loop", 32, "C++ io_uring", p.RAW_PLAIN.name, clock), most,
            f"to tuned liburing {tuned['median']:.2f}" if tuned else "")
    for target in ("zram", "tmpfs"):
        yield selection_row(r, target)


def selection_row(r, target):
    """The default against the best of all that was tried, of ours and by hand."""
    what = f"{target}, depth 32, the library's choice: processor time, to the best there"
    tried = {program: entry for (where, depth, program), entry in r.times.items()
             if where == target and depth == 32 and program != "C++ default"}
    chosen = r.times.get((target, 32, "C++ default"))
    if not tried or chosen is None:
        return Row(what, "C++", None, 1.05, "x")

    def middle(program):
        return statistics.median(tried[program]["cpu_us"])
    best = min(tried, key=middle)
    ours = min((program for program in tried if program.startswith("C++")), key=middle)
    to_ours = ratio(chosen, tried[ours])["median"]
    return ratio_row(what, "C++", ratio(chosen, tried[best]), 1.05,
                     f"chosen {chosen['interface']}; best {best}; "
                     f"to {ours}, the best of ours, {to_ours:.2f}")


def first_open(r):
    """With what is done once in a program's life."""
    first = r.open.get("first_wall_us")
    return "" if first is None else f"the first of a program takes {first:.0f} of wall time"


def other_rows(r):
    yield Row("open, identify, close of a file: microseconds of processor time", "C++",
              r.open.get("cpu_us"), 150, "us", first_open(r))
    allocations = [entry["allocations"] for (_, _, program), entry in r.counts.items()
                   if not program.startswith("raw") and not program.endswith("posix_aio")]
    yield Row("allocations per read, on every interface", "C++, C",
              max(allocations) if allocations else None, 0, "",
              "the C library's own for POSIX aio aside")
    for name in ("nil", "io_uring"):
        single, batch, prepare = (r.submit.get(f"{name} {kind}")
                                  for kind in ("single", "batch", "prepare"))
        known = single and batch and prepare
        yield Row(f"{name}: a batch of 32 to 32 single submissions, instructions", "C++",
                  batch / single if known else None, 0.7, "x",
                  f"{batch:.0f} to {single:.0f} per command; to check and fill in alone is "
                  f"{prepare:.0f}" if known else "", prepare / single if known else None)


def table(results):
    r = Results(results)
    return [*instruction_rows(r), *call_rows(r), *time_rows(r), *other_rows(r)]
