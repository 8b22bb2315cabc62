"""What is printed and written of results: tables for a terminal, for a page of the documents, and a
page for a browser that needs nothing else."""

import html

import picture


def shown(row):
    if row["figure"] is None:
        return "-"
    places = 0 if abs(row["figure"]) >= 100 else 1 if row["unit"] == "" and row["most"] > 1 else 2
    return f"{row['figure']:.{places}f}"


def verdict(row):
    if row["met"] is False and row.get("floor") is not None and row["floor"] > row["most"]:
        return f"NOT MET, the floor is {row['floor']:.2f}"
    return {None: "not measured", True: "met", False: "NOT MET"}[row["met"]]


def measured(row):
    return row["met"] is not None


def instructions_text(entries, functions=False):
    lines = [f"{'instructions per read':<40}{'whole':>8}{'library':>9}{'libc':>8}  allocations"]
    for entry in entries:
        name = f"{entry['target']}, depth {entry['depth']}: {entry['program']}"
        lines.append(f"{name:<40}{entry['whole']:>8.1f}{entry['library']:>9.1f}"
                     f"{abs(entry['libc']):>8.1f}  {entry['allocations']:.2f}")
        if functions:
            lines += [f"{f['instructions']:>48.1f}  {picture.short_name(f['function'])} "
                      f"({f['object']})" for f in entry["functions"]]
    return "\n".join(lines)


def calls_text(entries):
    lines = ["system calls per read"]
    for entry in entries:
        calls = ", ".join(f"{name} {count:.3f}" for name, count in entry["calls"].items())
        name = f"{entry['target']}, depth {entry['depth']}: {entry['program']}"
        lines.append(f"{name:<40}{calls or 'none'} ({entry['counted_by']})")
    return "\n".join(lines)


def memory_rows(entries):
    for entry in entries:
        yield (f"{entry['target']}, {entry['interface']}",
               *(f"{entry[name] / 1024:.0f}" for name in ("queue_heap", "queue_resident",
                                                         "device_heap", "device_resident")))


MEMORY_HEAD = ("memory, KiB", "queue of 128", "resident", "device", "resident")  # Of the heap.


def memory_text(entries):
    return "\n".join(f"{name:<28}" + "".join(f"{value:>14}" for value in values)
                     for name, *values in [MEMORY_HEAD, *memory_rows(entries)])


def memory_html(entries):
    head = "".join(f"<th>{name}" for name in MEMORY_HEAD)
    return (f"<table><tr>{head}</tr>" +
            "".join(cells(*row, numbers=range(1, 5)) for row in memory_rows(entries)) + "</table>")


def table_text(table, everything=True):
    width = max(len(row["what"]) for row in table)
    lines = [f"{'':<{width}}  {'':<7}{'figure':>8}{'target':>9}"]
    for row in table if everything else filter(measured, table):
        lines.append(f"{row['what']:<{width}}  {row['api']:<7}{shown(row):>8}"
                     f"{'<= ' + str(row['most']):>9}  {verdict(row)}"
                     f"{'; ' if row['also'] else ''}{row['also']}")
    return "\n".join(lines + ["", summary(table)])


def summary(table):
    rows = list(filter(measured, table))
    return (f"{sum(row['met'] for row in rows)} of {len(rows)} met, "
            f"{len(table) - len(rows)} not measured")


def table_markdown(table):
    lines = ["| 4 KiB reads | API | figure | target | |", "|---|---|---|---|---|"]
    for row in table:
        lines.append(f"| {row['what']} | {row['api']} | {shown(row)} | at most {row['most']} "
                     f"| {verdict(row)}{'; ' if row['also'] else ''}{row['also']} |")
    return "\n".join(lines)


STYLE = """
body { font: 14px sans-serif; max-width: 1140px; margin: 2em auto; padding: 0 1em; color: #222;
       background: #fff; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: 3px 10px; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.met { color: #1a7f37; font-weight: bold; } .not { color: #b42318; font-weight: bold; }
.also { color: #666; } svg { max-width: 100%; height: auto; } summary { cursor: pointer; }
"""


def cells(*values, numbers=()):
    return "<tr>" + "".join(
        f'<td{" class=number" if i in numbers else ""}>{html.escape(str(value))}</td>'
        for i, value in enumerate(values)) + "</tr>"


def table_html(table):
    lines = ["<table><tr><th>4 KiB reads<th>API<th>figure<th>target<th><th></tr>"]
    for row in table:
        sign = {None: "also", True: "met", False: "not"}[row["met"]]
        lines.append(f"<tr><td>{html.escape(row['what'])}<td>{row['api']}"
                     f"<td class=number>{shown(row)}<td class=number>&le; {row['most']}"
                     f"<td class={sign}>{verdict(row).lower()}"
                     f"<td class=also>{html.escape(row['also'])}</tr>")
    return "\n".join([*lines, f"</table><p>{summary(table)}.</p>"])


def functions_html(entries):
    lines = []
    for entry in entries:
        name = f"{entry['target']}, depth {entry['depth']}: {entry['program']}"
        lines.append(f"<details><summary>{html.escape(name)}: {entry['whole']:.1f}</summary>"
                     "<table><tr><th>function<th>in<th>instructions per read</tr>")
        lines += [cells(f["function"], f["object"], f"{f['instructions']:.1f}", numbers=(2,))
                  for f in entry["functions"]]
        lines.append("</table></details>")
    return "\n".join(lines)


def calls_html(entries):
    lines = ["<table><tr><th>target<th>depth<th>program<th>calls per read<th>of which"
             "<th>counted by</tr>"]
    for entry in entries:
        which = ", ".join(f"{name} {count:.3f}" for name, count in entry["calls"].items())
        lines.append(cells(entry["target"], entry["depth"], entry["program"],
                           f"{sum(entry['calls'].values()):.3f}", which, entry["counted_by"],
                           numbers=(1, 3)))
    return "\n".join([*lines, "</table>"])


def times_html(entries):
    lines = ["<table><tr><th>target<th>depth<th>program<th>used<th>processor, us"
             "<th>wall, us<th>median latency, us<th>99 %, us<th>99.9 %, us</tr>"]
    for entry in entries:
        late = entry.get("latency_us", {})
        lines.append(cells(
            entry["target"], entry["depth"], entry["program"], entry["interface"],
            f"{min(entry['cpu_us']):.3f}", f"{min(entry['wall_us']):.3f}",
            *(f"{late[part]:.2f}" if late else "" for part in ("p50", "p99", "p99.9")),
            numbers=(1, 4, 5, 6, 7, 8)))
    return "\n".join([*lines, "</table>"])


def page(results):
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>What a read costs</title>",
             f"<style>{STYLE}</style><h1>What a read costs</h1>",
             table_html(results["table"]), picture.draw(results)]
    parts += [f"<p>Not measured: {html.escape(why)}.</p>" for why in results.get("missing", [])]
    if results.get("times"):
        parts += ["<h2>Times per read, of the best round</h2>", times_html(results["times"])]
    if results.get("system_calls"):
        parts += ["<h2>System calls</h2>", calls_html(results["system_calls"])]
    if results.get("memory"):
        parts += ["<h2>Memory</h2>", memory_html(results["memory"])]
    parts += ["<h2>Instructions by function</h2>", functions_html(results["instructions"])]
    return "\n".join(parts) + "</html>\n"
