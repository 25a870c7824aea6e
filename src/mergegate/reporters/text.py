"""The format for people: each finding with its source line, the chain that proves it, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from mergegate.finding import Confidence, Finding, Severity, Step
from mergegate.gate.report import Report, Result
from mergegate.reporters import Style
from mergegate.reporters.arrangement import by_cause
from mergegate.reporters.plain import printable
from mergegate.reporters.terminal import Paint, excerpt
from mergegate.reporters.verdict import table

_SHOWN_STEPS = 6
_SHOWN_PLACES = 20
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a report for people.

    Findings with one cause are shown once, with the other places listed below.
    """
    paint = Paint(style.color)
    if style.statistics:
        yield from _statistics(report, paint)
    else:
        for group in by_cause(report.new):
            yield from _group(report, group, style, paint)
    for warning in report.warnings:
        yield f"{paint('warning', 'yellow')}: {printable(warning)}\n"
    yield f"{summary(report)}\n"
    if report.conditions:
        yield from (f"{line}\n" for line in table(report.conditions, paint))


def details(report: Report, result: Result, style: Style) -> Iterator[str]:
    """Write one result as `write` does, alone."""
    yield from _group(report, [result], style, Paint(style.color))


def summary(report: Report) -> str:
    """Return the last line: what is new, known, suppressed and hidden, and how long it took."""
    new = report.new
    severities = Counter(result.finding.severity for result in new)
    detail = ", ".join(f"{severities[severity]} {severity}" for severity in Severity if severities[severity])
    parts = [f"{len(new)} new ({detail})" if detail else "0 new"]
    in_baseline = report.baselined - report.in_base
    if in_baseline:
        parts.append(f"{in_baseline} baselined")
    if report.base:
        parts.append(f"{report.in_base} in {printable(report.base)}")
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed")
    if report.hidden:
        parts.append(_hidden(report))
    files = f"{report.files} file{'' if report.files == 1 else 's'} in {report.seconds:.1f} s"
    parts.append(f"{files} (cached {report.cached})" if report.cached else files)
    return ", ".join(parts)


def _hidden(report: Report) -> str:
    medium, low = report.hidden.get(Confidence.MEDIUM, 0), report.hidden.get(Confidence.LOW, 0)
    hidden = medium + low
    if not medium:
        shown = "low shows " + ("it" if hidden == 1 else "them")
    else:
        shown = f"medium shows {medium}, low all {hidden}" if low else f"medium shows {'it' if hidden == 1 else 'them'}"
    return f"{hidden} hidden for {'its' if hidden == 1 else 'their'} confidence (--min-confidence {shown})"


def _group(report: Report, group: list[Result], style: Style, paint: Paint) -> Iterator[str]:
    finding = group[0].finding
    source = report.sources[finding.path]
    yield f"{_place(report, finding, style, paint)}: {_headline(finding, paint)}\n"
    for line in excerpt(source, finding, paint, _COLORS[finding.severity]):
        yield f"{line}\n"
    for line in _witness(finding, style, paint):
        yield f"{line}\n"
    if finding.help:
        yield f"  {paint('help', 'green')}: {printable(finding.help)}\n"
    others = group[1:]
    if others:
        yield f"  {paint('also', 'bold')}: {len(others)} more place{'' if len(others) == 1 else 's'} with this cause\n"
        for line in _places(report, [result.finding for result in others], style):
            yield f"    {line}\n"
    yield "\n"


def _headline(finding: Finding, paint: Paint) -> str:
    severity = paint(finding.severity, _COLORS[finding.severity], "bold")
    return f"{severity} {paint(finding.rule, 'bold')}: {printable(finding.message)}"


def _place(report: Report, finding: Finding, style: Style, paint: Paint) -> str:
    column = report.sources[finding.path].characters(finding.line, finding.column) + 1
    return paint(f"{_seen(finding.path, style)}:{finding.line}:{column}", "cyan")


def _witness(finding: Finding, style: Style, paint: Paint) -> Iterator[str]:
    steps = finding.witness
    if not steps or (len(steps) == 1 and _is_at(steps[0], finding) and not style.show_witness):
        return
    left_out = 0
    if not style.show_witness and len(steps) > _SHOWN_STEPS:
        left_out = len(steps) - _SHOWN_STEPS
        steps = (*steps[: _SHOWN_STEPS - 1], steps[-1])
    label = "  chain: "
    for index, step in enumerate(steps):
        if left_out and index == len(steps) - 1:
            yield f"{' ' * len(label)}... {left_out} more (--show-witness)"
        place = paint(f"{_seen(step.path, style)}:{step.line}", "cyan")
        yield f"{label if index == 0 else ' ' * len(label)}{place} {printable(step.text)}"


def _is_at(step: Step, finding: Finding) -> bool:
    return (step.path, step.line) == (finding.path, finding.line)


def _places(report: Report, findings: list[Finding], style: Style) -> Iterator[str]:
    """List places a file a line: `app/a.py:3:5, 9:1`."""
    by_path: dict[str, list[str]] = {}
    shown = findings if style.show_witness else findings[:_SHOWN_PLACES]
    for finding in shown:
        column = report.sources[finding.path].characters(finding.line, finding.column) + 1
        by_path.setdefault(finding.path, []).append(f"{finding.line}:{column}")
    for path, places in by_path.items():
        yield f"{_seen(path, style)}:{', '.join(places)}"
    if len(shown) < len(findings):
        yield f"... {len(findings) - len(shown)} more (--show-witness)"


def _statistics(report: Report, paint: Paint) -> Iterator[str]:
    counts = Counter(result.finding.rule for result in report.new)
    causes = Counter(group[0].finding.rule for group in by_cause(report.new))
    width = len(str(max(counts.values(), default=0)))
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        many = f" (from {causes[rule]} cause{'' if causes[rule] == 1 else 's'})" if causes[rule] < count else ""
        yield f"{count:>{width}}  {paint(rule, 'bold')}{many}\n"


def _seen(path: str, style: Style) -> str:
    if style.folder != ".":
        folder, parts = PurePosixPath(style.folder).parts, PurePosixPath(path).parts
        common = 0
        while common < min(len(folder), len(parts) - 1) and folder[common] == parts[common]:
            common += 1
        path = "/".join([*[".."] * (len(folder) - common), *parts[common:]])
    return printable(path)
