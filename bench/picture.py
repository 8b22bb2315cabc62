"""Draws results as SVG: reads per second and latency by interface and depth, and where the
instructions of a read go."""

import html
import math
import re

WIDTH = 1100
LABEL = 150
ROW = 26
DEPTH_COLOURS = {  # Lighter is shallower; grey is by hand.
    "raw": ("#cfcfcf", "#9a9a9a", "#5c5c5c"),
    "C++": ("#a6cbea", "#4a93cf", "#0f4f8f"),
    "C": ("#f2c48d", "#e0913a", "#a05a10"),
}
BUDGET_COLOURS = {"program": ("#7f9fbf", "#a3bad1"), "library": ("#e0913a", "#f0b878"),
                  "C library": ("#7fb08a", "#a9cdb1"), "copy": ("#d9d9d9", "#d9d9d9")}


THREADED = re.compile("thr|posix_aio")


def kind(program):
    return program.split()[0]


def text(x, y, words, size=11, anchor="start", colour="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}">{html.escape(words)}</text>')


def bar(x, y, width, height, colour, title):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" '
            f'fill="{colour}"><title>{html.escape(title)}</title></rect>')


def line(x1, y1, x2, y2, colour, width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def in_short(number):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def microseconds(number):
    if number < 1:
        return f"{number * 1e3:g} ns"
    return f"{number:g} us" if number < 1e3 else f"{number / 1e3:g} ms"


def round_step(most, count=4):
    """1, 2 or 5 times a power of ten, so that about `count` of them reach `most`."""
    rough = most / count
    power = 10 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def groups(entries, wanted):
    """Programs in their order, each with its entries by depth; of those that have `wanted`. The
    library's choice is named."""
    found = {}
    for entry in entries:
        if entry.get(wanted):
            name = entry["program"]
            if name == "C++ default":
                name += f" ({entry['interface']})"
            found.setdefault(name, {})[entry["depth"]] = entry
    return found


def labels(names, x, top):
    return [text(x + LABEL - 6, top + i * ROW + ROW / 2 + 3, name, anchor="end",
                 colour="#666" if kind(name) == "raw" else "#111",
                 weight="normal" if kind(name) == "raw" else "bold")
            for i, name in enumerate(names)]


def reads_per_second(entries, x, top, width):
    """Grouped bars, one per depth, of the best round."""
    found = groups(entries, "wall_us")
    room = width - LABEL - 50
    bottom = top + len(found) * ROW
    most = max(1e6 / min(e["wall_us"]) for depths in found.values() for e in depths.values())
    parts = labels(found, x, top)
    step = round_step(most)
    for i in range(int(most / step) + 1):
        at = x + LABEL + room * i * step / most
        parts.append(line(at, top, at, bottom, "#e4e4e4"))
        parts.append(text(at, bottom + 13, in_short(i * step), 10, "middle", "#666"))
    for i, (name, depths) in enumerate(found.items()):
        height = (ROW - 6) / len(depths)
        for j, (depth, entry) in enumerate(sorted(depths.items())):
            rate = 1e6 / min(entry["wall_us"])
            y = top + i * ROW + 3 + j * height
            parts.append(bar(x + LABEL, y, room * rate / most, height - 0.5,
                             DEPTH_COLOURS[kind(name)][j],
                             f"{name}, depth {depth}: {in_short(rate)} reads/s"))
        best = max(1e6 / min(e["wall_us"]) for e in depths.values())
        parts.append(text(x + LABEL + room * best / most + 4, top + i * ROW + ROW / 2 + 3,
                          in_short(best), 10, colour="#444"))
    return parts, bottom + 22


def latencies(entries, x, top, width):
    """From the median to the 99th percentile, on a logarithmic axis, one line per depth."""
    found = groups(entries, "latency_us")
    if not found:
        return [], top
    room = width - LABEL - 20
    bottom = top + len(found) * ROW
    values = [e["latency_us"][part] for depths in found.values() for e in depths.values()
              for part in ("p50", "p99")]
    low = math.floor(math.log10(max(min(values), 1e-3)))
    high = max(low + 1, math.ceil(math.log10(max(values))))

    def at(value):
        return x + LABEL + room * (math.log10(max(value, 1e-3)) - low) / (high - low)
    parts = labels(found, x, top)
    for power in range(low, high + 1):
        parts.append(line(at(10 ** power), top, at(10 ** power), bottom, "#e4e4e4"))
        parts.append(text(at(10 ** power), bottom + 13, microseconds(10 ** power), 10, "middle",
                          "#666"))
    for i, (name, depths) in enumerate(found.items()):
        height = (ROW - 6) / len(depths)
        for j, (depth, entry) in enumerate(sorted(depths.items())):
            y = top + i * ROW + 3 + (j + 0.5) * height
            half, most = entry["latency_us"]["p50"], entry["latency_us"]["p99"]
            colour = DEPTH_COLOURS[kind(name)][j]
            title = html.escape(f"{name}, depth {depth}: median {half:.3g} us, 99 % {most:.3g} us")
            parts.append(f"<g><title>{title}</title>" + line(at(half), y, at(most), y, colour, 2) +
                         line(at(most), y - 3, at(most), y + 3, colour, 2) +
                         f'<circle cx="{at(half):.1f}" cy="{y:.1f}" r="3" fill="{colour}"/></g>')
    return parts, bottom + 22


def depth_legend(depths, x, y):
    parts = []
    for name, colours in DEPTH_COLOURS.items():
        words = {"raw": "by hand", "C++": "C++ API", "C": "C API"}[name]
        parts.append(text(x, y, words, 11))
        for colour, depth in zip(colours, depths):
            x += 52
            parts.append(bar(x, y - 9, 10, 10, colour, f"depth {depth}"))
            parts.append(text(x + 13, y, str(depth), 10, colour="#444"))
        x += 60
    parts.append(text(x, y, "by depth; latency from the median (dot) to 99 % (tick)", 10,
                      colour="#444"))
    return parts


def short_name(function):
    """`a::b<c>::d(e)` as `b::d`."""
    name = re.sub(r"\(anonymous namespace\)::", "", function)
    name = re.sub(r"\{lambda.*", "lambda", name)
    while re.search(r"<[^<>]*>", name):
        name = re.sub(r"<[^<>]*>", "", name)
    name = re.sub(r"\(.*", "", name).split(" ")[-1].split("@@")[0]
    return "::".join(name.split("::")[-2:]) or function


def part_of(function):
    where, name = function["object"], function["function"]
    if re.search(r"mem(cpy|move)", name):
        return "copy"
    if "libxnvme" in where:
        return "library"
    return "C library" if re.search(r"^(libc|ld-|libstdc)", where) else "program"


def budget(entries, x, top, width):
    """Stacked bars: each segment is a function's own instructions."""
    label = 260
    room = width - label - 110
    entries = [entry for entry in entries if entry["whole"]]

    def without_copy(entry):
        return entry["whole"] - entry["copies"]
    most = max(without_copy(entry) for entry in entries)
    parts = []
    for i, entry in enumerate(entries):
        y = top + i * ROW
        name = f"{entry['target']}, depth {entry['depth']}: {entry['program']}"
        raw = kind(entry["program"]) == "raw"
        parts.append(text(x + label - 6, y + ROW / 2 + 4, name, anchor="end",
                          colour="#666" if raw else "#111", weight="normal" if raw else "bold"))
        at, turn = x + label, dict.fromkeys(BUDGET_COLOURS, 0)
        order = list(BUDGET_COLOURS)
        for function in sorted(entry["functions"],
                               key=lambda f: (order.index(part_of(f)), -f["instructions"])):
            part = part_of(function)
            if part == "copy":
                continue
            wide = room * function["instructions"] / most
            called = short_name(function["function"])
            parts.append(bar(at, y + 3, wide - 0.5, ROW - 6,
                             BUDGET_COLOURS[part][turn[part] % 2],
                             f"{called}: {function['instructions']:.1f} ({function['object']})"))
            if wide > 5.4 * len(called) + 6:
                parts.append(text(at + 3, y + ROW / 2 + 3.5, called, 9))
            at, turn[part] = at + wide, turn[part] + 1
        copy = " and the copy" if entry["copies"] else ""
        parts.append(text(at + 4, y + ROW / 2 + 4, f"{without_copy(entry):.0f}{copy}", 10,
                          colour="#444"))
    return parts, top + len(entries) * ROW + 12


def budget_legend(x, y):
    parts = []
    for name, (colour, _) in BUDGET_COLOURS.items():
        if name != "copy":
            parts.append(bar(x, y - 9, 10, 10, colour, name))
            parts.append(text(x + 14, y, {"program": "the program, with what is inlined into it",
                                          "library": "the library"}.get(name, name), 11))
            x += 270 if name == "program" else 100
    return parts


def draw(results):
    """All of it, as the text of an SVG."""
    parts, y = [], 30
    parts.append(text(20, y, "4 KiB random reads", 18, weight="bold"))
    about = results["machine"]
    y += 18
    parts.append(text(20, y, f"{about['processor']}, {about['processors']} processors, Linux "
                             f"{about['kernel']}, {about['compiler']}", 11, colour="#444"))
    times = results.get("times", [])
    if times:
        depths = sorted({entry["depth"] for entry in times})
        y += 26
        parts += depth_legend(depths, 20, y)
        for name in dict.fromkeys(entry["target"] for entry in times):
            here = [entry for entry in times if entry["target"] == name]
            y += 34
            parts.append(text(20, y, name, 13, weight="bold"))
            parts.append(text(70, y, results["targets"][name], 12, colour="#444"))
            y += 16
            parts.append(text(20, y, "reads per second, best round", 11, colour="#444"))
            parts.append(text(WIDTH / 2 + 10, y, "latency", 11, colour="#444"))
            left, bottom = reads_per_second(here, 20, y + 6, WIDTH / 2 - 20)
            right, other = latencies(here, WIDTH / 2 + 10, y + 6, WIDTH / 2 - 30)
            parts += left + right
            y = max(bottom, other)
    y += 34
    parts.append(text(20, y, "Where the instructions of a read go, by function", 13,
                      weight="bold"))
    parts += budget_legend(400, y)
    # What runs on threads costs several times as much: on one scale the rest could not be told.
    steady = [e for e in results["instructions"] if not THREADED.search(e["program"])]
    threaded = [e for e in results["instructions"] if THREADED.search(e["program"])]
    for entries in filter(None, (steady, threaded)):
        more, y = budget(entries, 20, y + 10, WIDTH - 40)
        parts += more
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" '
            f'width="{WIDTH}" height="{y:.0f}" font-family="sans-serif">'
            f'<rect width="100%" height="100%" fill="#fff"/>' + "\n".join(parts) + "</svg>\n")
