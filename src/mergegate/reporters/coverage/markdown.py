"""The report on coverage as Markdown: figures, what to test first, and the shortest way to each floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergegate.coverage.gaps import Gap, Step
from mergegate.coverage.model import spelled
from mergegate.coverage.overview import Overview
from mergegate.gate.conditions import Status
from mergegate.reporters.markdown_text import code, prose

_WIDTH = 120
_TEXT = 600
MODULE = "outside of functions"


def write(overview: Overview, limit: int) -> Iterator[str]:
    """Write the report."""
    measured = overview.measurement
    yield f"# Coverage of {prose(overview.name, _WIDTH)}\n\n"
    yield f"**{measured.figure}** in {len(measured.files)} files"
    yield f" ({measured.figure.covered} of {measured.figure.total} statements and branches).\n\n"
    for note in overview.notes:
        yield f"> {prose(note, _TEXT)}\n\n"
    failed = [each for each in overview.conditions if each.status in (Status.FAILED, Status.BROKEN)]
    if failed:
        yield "## What blocks\n\n"
        for each in failed:
            yield f"- **{prose(each.name, _WIDTH)}** {prose(each.actual, _WIDTH)}: {prose(each.text, _TEXT)}\n"
        yield "\n"
    if overview.floors:
        yield "## Floors\n\n| Component | Covered | Floor | Lacks |\n| --- | ---: | ---: | ---: |\n"
        for name, (figure, floor) in overview.floors.items():
            yield f"| {code(name, _WIDTH)} | {figure} | {floor:g} % | {figure.lacks(floor) or 'nothing'} |\n"
        yield "\n"
    for step in overview.steps:
        yield from _step(step)
    yield from _gaps(overview.gaps, limit)
    yield from _history(overview)


def _step(step: Step) -> Iterator[str]:
    count = len(step.functions)
    yield f"## {code(step.name, _WIDTH)}: from {step.now} to {step.floor:g} %\n\n"
    yield f"Test {'this function' if count == 1 else f'these {count} functions'}; that makes {step.then}.\n\n"
    for gap in step.functions:
        yield f"1. {_place(gap)}: {gap.gain} more\n"
    yield "\n"


def _gaps(gaps: Sequence[Gap], limit: int) -> Iterator[str]:
    if not gaps:
        yield "Everything that was measured is covered.\n"
        return
    yield "## What to test first\n\n"
    yield "By what is not covered, how often its file changed in 500 commits, and what mergegate finds in it.\n\n"
    yield "| Function | Missing | Of | Changes | Findings | Lines |\n| --- | ---: | ---: | ---: | ---: | --- |\n"
    for gap in gaps[:limit]:
        yield f"| {_place(gap)} | {gap.gain} | {gap.statements.total} | {gap.changes} | {gap.findings} "
        yield f"| {prose(spelled(gap.lines), _WIDTH)} |\n"
    if len(gaps) > limit:
        yield f"\n{len(gaps) - limit} more: `--limit` shows them.\n"
    yield "\n"


def _history(overview: Overview) -> Iterator[str]:
    if len(overview.history) > 1:
        yield "## How it went\n\n| Day | Baseline |\n| --- | ---: |\n"
        for point in overview.history:
            yield f"| {point.day} | {point.figure} |\n"


def _place(gap: Gap) -> str:
    return f"{code(f'{gap.path}:{gap.line}', _WIDTH)} {code(gap.name or MODULE, _WIDTH)}"
