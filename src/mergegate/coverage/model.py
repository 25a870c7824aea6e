"""What was measured: statements and branches by file, exact to the last one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple


class Figure(NamedTuple):
    """So many of so many; nothing of nothing is all of it."""

    covered: int
    total: int

    def reaches(self, percent: float) -> bool:
        """Tell whether it is at least a percentage, without rounding anything."""
        return self.covered * 100 >= exact(percent) * self.total

    def below(self, other: Figure) -> bool:
        """Tell whether it is less than another one."""
        if not self.total or not other.total:
            return False
        return self.covered * other.total < other.covered * self.total

    def lacks(self, percent: float) -> int:
        """Return how many more must be covered to reach a percentage."""
        return max(0, -((self.covered * 100 - exact(percent) * self.total) // 100))

    def __str__(self) -> str:
        if not self.total:
            return "100 % (of nothing)"
        # cut, not rounded: 79.999 is no 80
        hundredths = self.covered * 10_000 // self.total
        return f"{hundredths // 100}.{hundredths % 100:02} %"

    def __add__(self, other: object) -> Figure:
        assert isinstance(other, Figure)
        return Figure(self.covered + other.covered, self.total + other.total)


NOTHING = Figure(0, 0)


def total(figures: Iterable[Figure]) -> Figure:
    """Return the sum of figures."""
    return sum(figures, NOTHING)


def exact(percent: float) -> Fraction:
    """Return a percentage as it was written."""
    return Fraction(str(percent))


class Branch(NamedTuple):
    """A way from a line to another; a negative target leaves the function or module."""

    source: int
    target: int


class Function(NamedTuple):
    """A function that a report names: its first line and how often it ran."""

    line: int
    name: str


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What was measured of one file.

    Attributes
    ----------
    statements
        The first lines of all statements, as the measuring tool counts them.
    missing
        Those that did not run.
    branches
        All ways out of statements with more than one.
    missing_branches
        The ways that were not taken; a tool that only counts them numbers the ways of each line from 0.
    taken
        The ways that were taken.
    functions
        What the report says of functions; nothing if the source tells.
    """

    statements: frozenset[int]
    missing: frozenset[int]
    branches: int = 0
    missing_branches: frozenset[Branch] = frozenset()
    taken: frozenset[Branch] = frozenset()
    functions: tuple[Function, ...] = ()

    @property
    def lines(self) -> Figure:
        """How many statements ran."""
        return Figure(len(self.statements) - len(self.missing), len(self.statements))

    @property
    def ways(self) -> Figure:
        """How many branches were taken."""
        return Figure(self.branches - len(self.missing_branches), self.branches)

    @property
    def figure(self) -> Figure:
        """Statements and branches together, which is what `coverage report` shows."""
        return self.lines + self.ways

    def on(self, lines: frozenset[int]) -> Figure:
        """Return the statements on some lines and the branches out of them."""
        taken, missed = (sum(each.source in lines for each in ways) for ways in (self.taken, self.missing_branches))
        return Figure(
            len((self.statements - self.missing) & lines) + taken, len(self.statements & lines) + taken + missed
        )

    @property
    def partial(self) -> frozenset[Branch]:
        """The ways not taken of statements that ran."""
        return frozenset(each for each in self.missing_branches if each.source not in self.missing)


@dataclass(frozen=True, slots=True)
class Setting:
    """How Python was measured; figures of different settings cannot be compared.

    Attributes
    ----------
    coverage, python
        Version numbers without their last part.
    core
        What traced: `CTracer`, `PyTracer`, `SysMonitor`; empty if unknown.
    branch
        Whether branches were measured.
    """

    coverage: str
    python: str
    core: str
    branch: bool

    def differences(self, other: Setting) -> list[str]:
        """Return in words what is different, as `Python 3.12 instead of 3.11`; an unknown core differs from none."""
        found = [
            f"{name} {here} instead of {there}"
            for name, here, there in (
                ("coverage.py", self.coverage, other.coverage),
                ("Python", self.python, other.python),
                ("the core", self.core, other.core),
            )
            if here and there and here != there
        ]
        if self.branch != other.branch:
            found.append("branches are measured now" if self.branch else "branches are not measured any more")
        return found

    def __str__(self) -> str:
        parts = [f"coverage.py {self.coverage}", f"Python {self.python}"]
        parts += [self.core] if self.core else []
        return ", ".join([*parts, "statements and branches" if self.branch else "statements"])


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run, or several together, measured.

    Attributes
    ----------
    files
        By path relative to the project.
    setting
        How Python was measured; None if it was not.
    tools
        Versions of the measuring tools by name.
    notes
        What the user should know, one sentence each.
    omit
        Patterns of files that coverage.py was told to leave out, by its own rules.
    """

    files: Mapping[str, FileCoverage]
    setting: Setting | None = None
    tools: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()

    @property
    def figure(self) -> Figure:
        """The total."""
        return total(each.figure for each in self.files.values())


def united(one: FileCoverage, other: FileCoverage) -> FileCoverage:
    """Return what two measurements of a file say together: what either has covered is covered."""
    statements = one.statements | other.statements
    ran = (one.statements - one.missing) | (other.statements - other.missing)
    taken = one.taken | other.taken
    missed = (one.missing_branches | other.missing_branches) - taken
    branches = max(one.branches, other.branches, len(missed))
    return FileCoverage(statements, statements - ran, branches, missed, taken, one.functions or other.functions)


def joined(measurements: Iterable[Measurement]) -> Measurement:
    """Return several measurements as one; of a file that several have measured, all of them count."""
    files: dict[str, FileCoverage] = {}
    setting: Setting | None = None
    tools: dict[str, str] = {}
    notes: list[str] = []
    omit: list[str] = []
    for each in measurements:
        for path, found in each.files.items():
            files[path] = united(files[path], found) if path in files else found
        setting = setting or each.setting
        tools.update(each.tools)
        notes += each.notes
        omit += each.omit
    return Measurement(dict(sorted(files.items())), setting, tools, tuple(notes), tuple(omit))


def ranges(lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Return numbers as runs of consecutive ones, first and last of each."""
    first = last = 0
    for line in sorted(lines):
        if first and line == last + 1:
            last = line
            continue
        if first:
            yield first, last
        first = last = line
    if first:
        yield first, last


def spelled(lines: Iterable[int]) -> str:
    """Return line numbers as people write them: `3-5, 9`."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges(lines))
