"""The ratchet: what no test runs now and did run, or was not there, when the baseline was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mergegate.coverage.baseline import CoverageBaseline, Record
from mergegate.coverage.matching import Same, match_across, match_keys, same_code, same_place
from mergegate.coverage.model import Figure
from mergegate.coverage.statements import Key

Every = Callable[[str], Counter[Key] | None]
"""Gives all statements that a file has now, covered or not; None if nothing is known of the file."""


@dataclass(slots=True)
class Growth:
    """What a file has more than the baseline says.

    Attributes
    ----------
    path
        The file.
    known
        Whether the baseline knows the file; of a new one all that does not come from elsewhere is here.
    missing, partial
        Statements that no test runs, and ways out of others that no test takes.
    """

    path: str
    known: bool
    missing: Counter[Key] = field(default_factory=Counter[Key])
    partial: Counter[Key] = field(default_factory=Counter[Key])

    @property
    def count(self) -> int:
        """How much it is."""
        return self.missing.total() + self.partial.total()


class Fall(NamedTuple):
    """A component that got worse: its figures in the baseline and now."""

    before: Figure
    now: Figure


def growth(
    before: CoverageBaseline,
    now: Mapping[str, Record],
    every: Every,
    renames: Mapping[str, str] | None = None,
    present: Callable[[str], bool] = lambda _: True,
) -> list[Growth]:
    """Return the files that have uncovered statements or branches that the baseline does not have.

    An entry of the baseline stands for one statement. It may have moved to another scope of its file, with its function
    to another file, or have been edited where it stood; what is covered now is no excuse for anything.

    Parameters
    ----------
    before
        The baseline.
    now
        What was measured.
    every
        Gives all statements of a measured file.
    renames
        The new paths of renamed files by the old ones.
    present
        Tells whether a file of the baseline that was not measured is still there.
    """
    moved = renames or {}
    old = {moved.get(path, path): record for path, record in before.measured.items()}
    found = [_File.of(path, old.get(path), record, every) for path, record in now.items()]
    gone = [_File.gone(record) for path, record in old.items() if path not in now and not present(path)]
    together = [*found, *gone]
    match_across([(each.growth.missing, each.free) for each in together])
    match_across([(each.growth.partial, each.free_ways) for each in together])
    for each in found:
        # what was edited where it stood
        each.take(same_place)
    return sorted((each.growth for each in found if each.growth.count), key=lambda each: each.path)


class _File:
    """A file on the way: what of it is new, and which entries of the baseline are without a statement."""

    def __init__(self, growth: Growth, free: Counter[Key], free_ways: Counter[Key]) -> None:
        self.growth = growth
        self.free = free
        self.free_ways = free_ways

    @classmethod
    def of(cls, path: str, before: Record | None, now: Record, every: Every) -> _File:
        if before is None:
            return cls(Growth(path, False, now.missing.copy(), now.partial.copy()), Counter(), Counter())
        left, free = now.missing - before.missing, before.missing - now.missing
        ways, free_ways = now.partial - before.partial, before.partial - now.partial
        # a statement that no test ran before may well have ways that no test takes: that is progress
        dark = {(key.scope, key.code) for key in before.missing}
        ways = Counter({key: count for key, count in ways.items() if (key.scope, key.code[:-1]) not in dark})
        if left and free:
            present = every(path)
            if present is not None:
                # what is there and covered was not moved or edited
                free -= present - now.missing
        made = cls(Growth(path, True, left, ways), free, free_ways)
        made.take(same_code)
        return made

    @classmethod
    def gone(cls, before: Record) -> _File:
        return cls(Growth("", True), before.missing.copy(), before.partial.copy())

    def take(self, same: Same) -> None:
        """Let entries of this file stand for statements that are the same in some way."""
        match_keys(self.growth.missing, self.free, same)
        match_keys(self.growth.partial, self.free_ways, same)


def falls(
    before: CoverageBaseline, now: Mapping[str, Figure], components: Mapping[str, Callable[[str], bool]]
) -> Iterator[tuple[str, Fall]]:
    """Yield the components that cover less than in the baseline.

    A component is worse if it has more that is uncovered and a smaller share that is covered: removing covered code
    makes the share smaller, adding code that is covered better than the rest makes the uncovered more, and both are
    fine.

    Parameters
    ----------
    before
        The baseline.
    now
        Figures by file.
    components
        By name, what tells whether a file belongs to it.
    """
    for name, belongs in components.items():
        old, new = (
            sum((figure for path, figure in figures if belongs(path)), Figure(0, 0))
            for figures in (((path, each.figure) for path, each in before.measured.items()), now.items())
        )
        if old.total and new.below(old) and new.total - new.covered > old.total - old.covered:
            yield name, Fall(old, new)
