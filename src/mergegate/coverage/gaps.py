"""Gap analysis: the functions that lack tests, the ones to test first, and the fewest that reach each floor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mergegate.coverage.model import Figure, Measurement, total
from mergegate.coverage.statements import FileCode, Span


class Gap(NamedTuple):
    """A function with statements that no test runs.

    Attributes
    ----------
    path, name, line
        Where it is; the name is empty for what stands outside of functions.
    statements
        How many of its statements are covered, and how many it has.
    ways
        The same of its branches: those missing alone are counted if the report does not tell the others.
    changes
        How many of the last commits changed its file.
    findings
        What mergegate finds in it.
    lines
        The lines that no test runs.
    """

    path: str
    name: str
    line: int
    statements: Figure
    ways: Figure
    changes: int
    findings: int
    lines: tuple[int, ...]

    @property
    def missing(self) -> int:
        """How many statements no test runs."""
        return self.statements.total - self.statements.covered

    @property
    def gain(self) -> int:
        """How many more statements and branches are covered if it is tested in full."""
        return self.missing + self.ways.total - self.ways.covered

    @property
    def weight(self) -> int:
        """What a test of it is worth: much code that changes often and has findings comes first."""
        return self.gain * (1 + self.changes) * (1 + self.findings)


class Step(NamedTuple):
    """How a component reaches its floor.

    Attributes
    ----------
    name, floor
        The component and its floor in percent.
    now, then
        What is covered now, and once the functions are.
    functions
        The fewest functions to test.
    """

    name: str
    floor: float
    now: Figure
    then: Figure
    functions: tuple[Gap, ...]


def gaps(
    measurement: Measurement,
    code: Callable[[str], FileCode],
    changes: Mapping[str, int],
    findings: Iterable[tuple[str, int]],
) -> list[Gap]:
    """Return the functions with statements or branches that no test runs, the most worthwhile first.

    Parameters
    ----------
    measurement
        What was measured.
    code
        Gives the code of a measured file.
    changes
        How many of the last commits changed a file.
    findings
        Path and line of each finding.
    """
    by_path: dict[str, list[int]] = {}
    for path, line in findings:
        by_path.setdefault(path, []).append(line)
    found: list[Gap] = []
    for path, file in measurement.files.items():
        if not file.missing and not file.missing_branches:
            continue
        spans = list(code(path).functions)
        owners = {line: _innermost(spans, line) for line in {*file.statements, *by_path.get(path, ())}}
        statements, missing, ways, findings_in = (
            Counter(owners[line] for line in lines if line in owners)
            for lines in (
                file.statements,
                file.missing,
                (each.source for each in file.missing_branches),
                by_path.get(path, ()),
            )
        )
        for span in sorted({*missing, *ways}):
            figure = Figure(statements[span] - missing[span], statements[span])
            lines = tuple(sorted(line for line in file.missing if owners[line] == span))
            line = span.first or min(lines, default=1)
            often, wrong = changes.get(path, 0), findings_in[span]
            found.append(Gap(path, span.name, line, figure, Figure(0, ways[span]), often, wrong, lines))
    return sorted(found, key=lambda each: (-each.weight, each.path, each.line))


_MODULE = Span("", 0, 0)


def _innermost(spans: Sequence[Span], line: int) -> Span:
    inside = [each for each in spans if each.first <= line <= each.last]
    return max(inside, key=lambda each: each.first) if inside else _MODULE


def plan(
    measurement: Measurement,
    found: Sequence[Gap],
    floors: Mapping[str, float],
    components: Mapping[str, Callable[[str], bool]],
) -> list[Step]:
    """Return how each component below its floor reaches it with the fewest functions.

    Parameters
    ----------
    measurement, found
        What was measured, and its gaps.
    floors, components
        The floor of each component, and what tells whether a file belongs to it.
    """
    steps: list[Step] = []
    for name, belongs in components.items():
        now = total(each.figure for path, each in measurement.files.items() if belongs(path))
        lack = now.lacks(floors[name])
        if not lack:
            continue
        chosen: list[Gap] = []
        # each function counts for itself, so those with the most to gain are the fewest
        for gap in sorted((each for each in found if belongs(each.path)), key=lambda each: (-each.gain, each.path)):
            if sum(each.gain for each in chosen) >= lack:
                break
            chosen.append(gap)
        then = Figure(now.covered + sum(each.gain for each in chosen), now.total)
        steps.append(Step(name, floors[name], now, then, tuple(chosen)))
    return steps
