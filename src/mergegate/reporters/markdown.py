"""Markdown for a comment on a pull or merge request: a short verdict, the new findings by cause, details folded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.conditions import Condition, Status
from mergegate.gate.report import Report, Result
from mergegate.gate.verdict import is_open
from mergegate.reporters import Style
from mergegate.reporters.arrangement import by_cause, most_relevant_first
from mergegate.reporters.markdown_text import code, code_block, code_in_html, link, prose
from mergegate.reporters.places import Link, line_links, repository_prefix
from mergegate.reporters.plain import clipped, printable_path
from mergegate.reporters.terminal import Paint, excerpt
from mergegate.reporters.text import summary
from mergegate.reporters.verdict import blocking, headline

_COMMENT = 65_536
"""The longest comment that GitHub accepts; counted in bytes here, so that it is kept however it is counted there."""

_CAUSES = 50
"""A comment is read among others: who wants all of a long list opens a report."""

_MESSAGE, _PATH, _STEP, _HELP = 300, 200, 200, 400
_SHOWN_STEPS, _SHOWN_PLACES = 12, 10
_WARNINGS = 5
_CONDITION_PLACES = 50
_PASSED = "\u2705"
_MARKS = {Severity.ERROR: "\u274c", Severity.WARNING: "\u26a0\ufe0f", Severity.INFO: "\u2139\ufe0f"}
_STATUS_MARKS = {
    Status.PASSED: _PASSED, Status.FAILED: "\u274c", Status.BROKEN: "\u2757", Status.ABSENT: "\u2796",
    Status.UNDECIDED: "\u2754",
}  # fmt: skip
_END_ROOM = 300


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a comment; its first line is a hidden mark by which a bot finds the comment to update."""
    del style
    # a project within a repository has a comment of its own
    project = quote(os.fsencode(repository_prefix(report.root)), safe="/._").replace("--", "-%2D")
    yield from document(report, f"<!-- mergegate:{project} -->\n", _COMMENT, _CAUSES)


def document(report: Report, start: str, limit: int, most: int) -> Iterator[str]:
    """Write a report in Markdown.

    Parameters
    ----------
    report
        What to write.
    start
        What to begin with.
    limit
        How many bytes it may take; what does not fit is counted.
    most
        How many causes to show at most.
    """
    links = line_links(report.root)
    head = start + _verdict(report)
    if report.conditions:
        head += "".join(_fitting(_conditions(report.conditions, links), limit // 3))
    yield head
    causes = [_Cause(report, group, links) for group in by_cause(most_relevant_first(report, report.new))]
    if not causes:
        return
    left = limit - _size(head) - _END_ROOM
    # the table is what is read at first: it may take half
    rows = _fitting((cause.row() for cause in causes[:most]), left // 2)
    table = "\n| | Finding | Where |\n| --- | --- | --- |\n" + "".join(rows)
    yield table
    if len(rows) < len(causes):
        yield _more(len(causes) - len(rows), "in the table")
    details = _fitting((cause.details() for cause in causes[: len(rows)]), left - _size(table))
    yield "\n"
    yield from details
    if len(details) < len(rows):
        yield _more(len(rows) - len(details), "in detail")


def _verdict(report: Report) -> str:
    new = len(report.new)
    if report.conditions:
        mark = _PASSED if is_open(report.conditions) else _MARKS[Severity.ERROR]
        heading = f"### {mark} mergegate: {headline(report.conditions)}\n"
    elif new:
        heading = f"### {_MARKS[Severity.ERROR]} mergegate: {new} new finding{'' if new == 1 else 's'}\n"
    else:
        heading = f"### {_PASSED} mergegate: no new findings\n"
    shown = "".join(f"\n> {_MARKS[Severity.WARNING]} {prose(each, _HELP)}\n" for each in report.warnings[:_WARNINGS])
    return f"{heading}\n{prose(summary(report), _HELP)}\n{shown}"


def _conditions(conditions: Sequence[Condition], links: Link) -> Iterator[str]:
    """Yield the table of the verdict, then where conditions failed."""
    rows = ["\n| | Condition | Found | Allowed | |\n| --- | --- | --- | --- | --- |\n"]
    for each in conditions:
        cells = (prose(text, _HELP) for text in (f"{each.source}: {each.name}", each.actual, each.limit, each.text))
        rows.append(f"| {_STATUS_MARKS[each.status]} {each.status} | {' | '.join(cells)} |\n")
    # a table without all of its rows would say that the others do not exist
    yield "".join(rows)
    shown = _Shown(links)
    for each in blocking(conditions):
        if each.places:
            at = [f"{shown.place(place.path, place.line)} {prose(place.text, _MESSAGE)}" for place in each.places]
            title = code_in_html(f"{each.source}: {each.name}", _PATH)
            yield f"\n<details><summary>{title}</summary>\n\n{_listed(at, _CONDITION_PLACES)}\n</details>\n"


def _more(count: int, where: str) -> str:
    cause = "cause is" if count == 1 else "causes are"
    return f"\n{count} more {cause} not shown {where}; <code>mergegate check</code> lists all.\n"


class _Shown(NamedTuple):
    """Where something lies, as Markdown."""

    links: Link

    def place(self, path: str, line: int) -> str:
        shown = f"{printable_path(path)}:{line}" if line else printable_path(path)
        return link(code(shown, _PATH), self.links(path, max(line, 1)))


class _Cause:
    """The new findings that have one cause.

    Parameters
    ----------
    report
        The report they are from.
    group
        One or more of its results.
    links
        Gives the addresses of lines.
    """

    def __init__(self, report: Report, group: Sequence[Result], links: Link) -> None:
        self.report = report
        self.findings = [result.finding for result in group]
        self.first = self.findings[0]
        self.shown = _Shown(links)

    def row(self) -> str:
        """Return the row of the table."""
        first, others = self.first, len(self.findings) - 1
        more = f" and {others} more place{'' if others == 1 else 's'}" if others else ""
        what = f"{code(first.rule, _PATH)} {prose(first.message, _MESSAGE)}{_confidence(first)}"
        return f"| {_MARKS[first.severity]} | {what} | {self.shown.place(first.path, first.line)}{more} |\n"

    def details(self) -> str:
        """Return the folded part: the line, the chain, what to do, where else."""
        first = self.first
        place = f"{printable_path(first.path)}:{first.line}"
        title = f"{code_in_html(first.rule, _PATH)} {code_in_html(place, _PATH)}"
        parts = [f"<details><summary>{_MARKS[first.severity]} {title}</summary>\n"]
        lines = [clipped(line, 200) for line in excerpt(self.report.sources[first.path], first, Paint(False), "")]
        if lines:
            parts.append(code_block("\n".join(lines)))
        parts.append(_listed([self._step(step.path, step.line, step.text) for step in first.witness], _SHOWN_STEPS))
        if first.help:
            parts.append(f"**How to fix:** {prose(first.help, _HELP)}\n")
        others = [self.shown.place(each.path, each.line) for each in self.findings[1:]]
        if others:
            parts.append("The same cause:\n")
            parts.append(_listed(others, _SHOWN_PLACES))
        return "\n".join([*filter(None, parts), "</details>\n\n"])

    def _step(self, path: str, line: int, text: str) -> str:
        return f"{self.shown.place(path, line)} {code(text, _STEP)}"


def _confidence(finding: Finding) -> str:
    return "" if finding.confidence is Confidence.HIGH else f" ({finding.confidence} confidence)"


def _listed(items: Sequence[str], most: int) -> str:
    """Return a list; of a long one the beginning, how many are left out, and the last: it is the proof."""
    shown = list(items)
    if len(items) > most:
        shown = [*items[: most - 1], f"... {len(items) - most} more", items[-1]]
    return "".join(f"- {item}\n" for item in shown)


def _fitting(parts: Iterable[str], room: int) -> list[str]:
    """Return the first parts that together take no more bytes than there is room."""
    fitting: list[str] = []
    for part in parts:
        room -= _size(part)
        if room < 0:
            break
        fitting.append(part)
    return fitting


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
