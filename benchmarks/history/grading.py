"""How a way of telling old from new does against the judge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.history.judge import Judged, Kind


class Disagreement(NamedTuple):
    """One finding on which a method and the judge differ: `matched` is the old one that the method took it for."""

    kind: Kind
    index: int
    matched: int | None


@dataclass(slots=True)
class Figures:
    """Counts over steps.

    Attributes
    ----------
    steps, alarming
        How many there were, and how many of them had a finding called new falsely.
    kinds, called_new
        The findings by kind, and those of them that the method calls new.
    touched
        How many of kind `same` lie in files that the step touched.
    false_new
        How many of kind `same` are called new.
    missed
        How many of kind `new` are not called new.
    wrong_twins
        How often one of each goes with the other, for equal statements or in one function: the right count in the
        wrong place.
    """

    steps: int = 0
    alarming: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter[Kind])
    called_new: Counter[Kind] = field(default_factory=Counter[Kind])
    touched: int = 0
    false_new: int = 0
    missed: int = 0
    wrong_twins: int = 0

    def add(self, other: Figures) -> None:
        """Add the counts of other steps."""
        self.steps += other.steps
        self.alarming += other.alarming
        self.kinds += other.kinds
        self.called_new += other.called_new
        self.touched += other.touched
        self.false_new += other.false_new
        self.missed += other.missed
        self.wrong_twins += other.wrong_twins

    def kept(self, kind: Kind) -> float:
        """Return the share of a kind that is not called new; 1 if there is none."""
        return 1 - self.called_new[kind] / self.kinds[kind] if self.kinds[kind] else 1.0


def grade(judged: Judged, answer: Sequence[int | None]) -> tuple[Figures, list[Disagreement]]:
    """Return how a method did in one step, and on what it and the judge differ."""
    figures = Figures(steps=1)
    groups: defaultdict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for index, (spot, kind) in enumerate(zip(judged.new, judged.kinds, strict=True)):
        figures.kinds[kind] += 1
        figures.called_new[kind] += answer[index] is None
        figures.touched += kind is Kind.SAME and spot.path in judged.step.touched
        if (answer[index] is None) != (kind is Kind.NEW):
            groups[spot.rule, judged.place(index).words].append(index)
    differ: list[Disagreement] = []
    false: list[int] = []
    missed: list[int] = []
    for group in groups.values():
        wrongly_new = [index for index in group if judged.kinds[index] is Kind.SAME]
        wrongly_old = [index for index in group if judged.kinds[index] is Kind.NEW]
        swapped = min(len(wrongly_new), len(wrongly_old))
        # which of several equal ones is the new one nobody can tell: one of unclear origin called new pays for one
        spare = sum(judged.kinds[index] in _UNCLEAR for index in group)
        figures.wrong_twins += swapped
        false += wrongly_new[swapped:]
        missed += wrongly_old[swapped + spare :]
        differ += [Disagreement(judged.kinds[index], index, None) for index in group if judged.kinds[index] in _TO_KEEP]
    figures.wrong_twins += _swap(judged, false, missed)
    figures.false_new, figures.missed = len(false), len(missed)
    differ += [Disagreement(judged.kinds[index], index, answer[index]) for index in (*false, *missed)]
    figures.alarming = int(figures.false_new > 0)
    return figures, sorted(differ, key=lambda each: each.index)


_UNCLEAR = (Kind.TWIN, Kind.MOVED, Kind.REFLOW)
_TO_KEEP = (Kind.MOVED, Kind.REFLOW)


def _swap(judged: Judged, false: list[int], missed: list[int]) -> int:
    """Take out of both lists what goes together: one of each in one function is the right count. Return how many."""
    swapped = 0
    for index in list(false):
        spot, scope = judged.new[index], judged.place(index).scope
        for other in missed:
            if (judged.new[other].rule, judged.new[other].path, judged.place(other).scope) == (*spot[:2], scope):
                false.remove(index)
                missed.remove(other)
                swapped += 1
                break
    return swapped
