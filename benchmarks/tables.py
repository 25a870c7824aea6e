"""The tables of the benchmark: ratios, not seconds, are what may be compared between machines."""

from __future__ import annotations

from benchmarks import peers
from benchmarks.report import Measured, Results, Row, machine, table


def markdown(results: Results) -> str:
    """Return all tables."""
    where = machine()
    parts = [
        "# Benchmark",
        f"Python {where['python']}, {where['platform']}, {where['processors']} processors, {where['date']}.",
        "CPU is user + system time of a whole process and its children, start-up included; medians.",
        "## Cold run over parsing alone",
        _cold(results),
        "To reach: 2.1 with the async family alone.",
        "## Warm runs, wall seconds with start-up (CPU seconds)",
        _warm(results),
        "To reach at 130,000 lines: 0.25 with nothing changed, 0.5 with one file edited.",
        "## Beside other tools",
        _tools(results.rows),
        "pylint runs one trivial check on a part of the corpus; its times without start-up are scaled to the whole.",
    ]
    if results.missing:
        parts.append(f"Not installed, so not measured: {', '.join(results.missing)}.")
    parts += ["## One million lines", _large(results)]
    if results.editor is not None:
        parts += [
            f"## pylint on one file of {results.editor.lines:,} lines ({results.editor.name})",
            _editor(results.editor),
            "To reach: 60 ms and 3 % when warm. The share on an empty file is what loading costs, once a process.",
        ]
    return "\n\n".join(parts) + "\n"


def _cold(results: Results) -> str:
    rows = [
        [
            row.name, f"{row.lines:,}", f"{_of(row, peers.PARSE).cpu:.2f}", f"{_of(row, peers.COLD).cpu:.2f}",
            f"**{row.ratio(peers.COLD, peers.PARSE):.2f}**", f"{_of(row, peers.COLD).wall:.2f}",
            f"{_of(row, peers.COLD).memory:.0f}",
        ]
        for row in results.rows
    ]  # fmt: skip
    header = ["corpus", "lines", "`ast.parse` CPU s", "mergegate CPU s", "ratio", "wall s", "parent MiB"]
    return table(header, rows)


def _warm(results: Results) -> str:
    names = (peers.START, peers.WARM, peers.EDITED, peers.SINCE, peers.COLD)
    rows = [[row.name, f"{row.lines:,}", *(_wall(row, name) for name in names)] for row in results.rows]
    return table(["corpus", "lines", "`--version`", "nothing changed", "one file edited", "`--since`", "cold"], rows)


def _wall(row: Row, name: str) -> str:
    return f"{row.figures[name].wall:.2f} ({row.figures[name].cpu:.2f})"


def _tools(rows: list[Row]) -> str:
    shown: list[list[str]] = []
    for row in rows:
        for name in (peers.PARSE, peers.COLD, peers.RUFF, peers.TY_ASYNC, peers.TRANSITIVE, peers.TRIVIAL):
            measured = row.figures.get(name)
            if measured is not None:
                counts = ", ".join(f"{count} {key}" for key, count in measured.findings.items()) or "-"
                ratio = f"{row.ratio(name, peers.PARSE):.2f}"
                shown.append([row.name, name, f"{measured.cpu:.2f}", ratio, f"{measured.wall:.2f}", counts])
    return table(["corpus", "tool", "CPU s", "over `ast.parse`", "wall s", "findings"], shown)


def _large(results: Results) -> str:
    slow = results.slowest
    slowest = f"Slowest file: {slow['path']}, {slow['lines']:,} lines, {slow['seconds']:.2f} s of extraction."
    if results.large is None:
        return f"Not measured: the corpora are smaller. {slowest}"
    row = results.large
    cold, warm = _of(row, peers.COLD), _of(row, peers.WARM)
    cells = [
        f"{row.lines:,}", f"{row.files:,}", f"{_of(row, peers.PARSE).cpu:.1f}", f"{cold.cpu:.1f}",
        f"{row.ratio(peers.COLD, peers.PARSE):.2f}", f"{cold.wall:.1f}", f"{cold.memory:.0f}", f"{warm.wall:.2f}",
    ]  # fmt: skip
    header = ["lines", "files", "`ast.parse` CPU s", "cold CPU s", "ratio", "cold wall s", "parent MiB", "warm wall s"]
    return f"{table(header, [cells])}\n\n{slowest} To reach: parent 300 MiB, cold 40 s in total, no file over 2 s."


def _editor(row: Row) -> str:
    default = _of(row, peers.DEFAULT)
    rows: list[list[str]] = []
    for name, measured in row.figures.items():
        share, part = "", ""
        if name in _WITHOUT:
            seconds = measured.cpu - _of(row, _WITHOUT[name]).cpu
            share, part = f"{seconds * 1000:.0f}", f"{seconds / default.cpu:.1%}"
        rows.append([name, f"{measured.cpu:.2f}", f"{measured.wall:.2f}", share, part])
    return table(["run", "CPU s", "wall s", "our share ms", "of a default run"], rows)


# each run of pylint with mergegate, and the same without
_WITHOUT = {
    peers.TRIVIAL_COLD: peers.TRIVIAL,
    peers.TRIVIAL_WARM: peers.TRIVIAL,
    peers.EMPTY_WARM: peers.EMPTY,
    peers.DEFAULT_WARM: peers.DEFAULT,
}


def _of(row: Row, name: str) -> Measured:
    return row.figures[name]
