"""The judge: which findings of a release are old and which are new, by git's pairs of lines and equal statements.

It knows no fingerprints. What it cannot decide it says, and that is counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from enum import StrEnum

from benchmarks.history.finders import Spot
from benchmarks.history.releases import Step, Tree
from benchmarks.history.statements import File, Place, similar

_ALIKE = 0.6
# in one function, where there is less to mistake it for
_ALIKE_IN_PLACE = 0.45
_SAME_BODY = 0.5


class Kind(StrEnum):
    """What became of a finding, in the order in which it is decided."""

    SAME = "same"
    """On an unchanged line on which the rule fired before."""
    SLID = "slid"
    """As `same`, but in a function of another name, and that one is still there or the statement is another one, of
    which the diff kept the first line. Undecided."""
    CONTEXT = "context"
    """On an unchanged line on which the rule did not fire before. Undecided: its cause lies elsewhere."""
    REFLOW = "reflow"
    """The statement is laid out anew, in the same function."""
    MOVED = "moved"
    """An equal statement vanished elsewhere, and a line beside it or the function's name is the same."""
    EDITED = "edited"
    """A similar statement of the same function vanished, or one beside the same line. Undecided: where does an edit
    end?"""
    TWIN = "twin"
    """An equal statement vanished elsewhere and nothing around it agrees, or a similar one did. Undecided."""
    NEW = "new"
    """Nothing equal or similar with that rule vanished."""


class Judged:
    """All findings of one step.

    Parameters
    ----------
    step
        The two releases.
    old, new
        The findings in them.

    Attributes
    ----------
    kinds, origins
        For each new finding what became of it, and the old one that it was; None: none.
    """

    def __init__(self, step: Step, old: Sequence[Spot], new: Sequence[Spot]) -> None:
        self.step = step
        self.old, self.new = old, new
        self._before, self._after = _Files(step.before), _Files(step.after)
        self.kinds = [Kind.NEW] * len(new)
        self.origins: list[int | None] = [None] * len(new)
        self._pair_lines()
        self._free_old = sorted(set(range(len(old))) - {each for each in self.origins if each is not None})
        self._free_new = [index for index, kind in enumerate(self.kinds) if kind is Kind.NEW]
        self._pair_the_rest()
        self._find_slides()

    def place(self, index: int) -> Place:
        """Return what is written at a new finding."""
        return self._after.place(self.new[index])

    def old_place(self, index: int) -> Place:
        """Return what was written at an old finding."""
        return self._before.place(self.old[index])

    def _pair_lines(self) -> None:
        fired: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
        for index, spot in enumerate(self.old):
            fired[spot.path, spot.line, spot.rule].append(index)
        fires: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
        for index, spot in enumerate(self.new):
            origin = self.step.origin.get(spot.path, {}).get(spot.line)
            if origin is not None:
                fires[*origin, spot.rule].append(index)
        for line, news in fires.items():
            # a line may have several, of which one came or went: the nearest belong together
            pairs = sorted((self._distance(one, index), index, one) for index in news for one in fired.get(line, ()))
            taken: set[int] = set()
            for _, index, one in pairs:
                if self.origins[index] is None and one not in taken:
                    self.kinds[index], self.origins[index] = Kind.SAME, one
                    taken.add(one)
            for index in news:
                if self.origins[index] is None:
                    self.kinds[index] = Kind.CONTEXT

    def _distance(self, one: int, other: int) -> tuple[bool, int]:
        """Return how far two findings on the same line are from each other, those on other words further."""
        distance = abs(self.old[one].column - self.new[other].column)
        return self.old_place(one).words != self.place(other).words, distance

    def _pair_the_rest(self) -> None:
        now = self.step.renames

        def here(index: int) -> tuple[str, tuple[str, ...]]:
            path = self.old[index].path
            return now.get(path, path), self.old_place(index).scope

        def there(index: int) -> tuple[str, tuple[str, ...]]:
            return self.new[index].path, self.place(index).scope

        def in_place(one: int, other: int) -> bool:
            return here(one) == there(other)

        def around(one: int, other: int) -> bool:
            if self.place(other).is_head:
                return self._same_body(one, other)
            return _agree(self.old_place(one), self.place(other))

        def beside(one: int, other: int) -> bool:
            was, now = self.old_place(one), self.place(other)
            return in_place(one, other) and (_says(was.above, now.above) or _says(was.below, now.below))

        def in_file(one: int, other: int) -> bool:
            a, b = here(one), there(other)
            return a[0] == b[0] or (bool(a[1]) and a[1][-1:] == b[1][-1:])

        self._pair_equal(Kind.REFLOW, in_place)
        self._pair_equal(Kind.MOVED, around)
        self._pair_similar(Kind.EDITED, in_place, _ALIKE_IN_PLACE)
        self._pair_similar(Kind.EDITED, beside, 0.0)
        self._pair_equal(Kind.TWIN, lambda *_: True)
        self._pair_similar(Kind.TWIN, in_file, _ALIKE)
        self._pair_heads(in_file)

    def _pair_equal(self, kind: Kind, allowed: Callable[[int, int], bool]) -> None:
        vanished: defaultdict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
        for index in self._free_old:
            vanished[self.old[index].rule, self.old_place(index).words].append(index)
        for index in self._free_new:
            candidates = vanished.get((self.new[index].rule, self.place(index).words), [])
            self._take(kind, index, next((one for one in candidates if allowed(one, index)), None), candidates)
        self._forget()

    def _pair_similar(self, kind: Kind, allowed: Callable[[int, int], bool], least: float) -> None:
        vanished: defaultdict[str, list[int]] = defaultdict(list)
        for index in self._free_old:
            vanished[self.old[index].rule].append(index)
        for index in self._free_new:
            candidates = vanished.get(self.new[index].rule, [])
            rated = [
                (similar(self.old_place(one).words, self.place(index).words, least), -one)
                for one in candidates
                if allowed(one, index)
            ]
            best = max((each for each in rated if each[0] >= least), default=None)
            self._take(kind, index, -best[1] if best else None, candidates)
        self._forget()

    def _pair_heads(self, allowed: Callable[[int, int], bool]) -> None:
        """Pair the heads of functions that were renamed, by their bodies."""
        heads = [index for index in self._free_old if self.old_place(index).is_head]
        for index in self._free_new:
            if self.place(index).is_head:
                rule = self.new[index].rule
                same = (one for one in heads if self.old[one].rule == rule and allowed(one, index))
                self._take(Kind.EDITED, index, next((one for one in same if self._same_body(one, index)), None), heads)
        self._forget()

    def _same_body(self, one: int, other: int) -> bool:
        """Tell whether the functions, of which two findings mark the heads, have most lines in common."""
        old = self._before.body(self.old[one], self.old_place(one))
        new = self._after.body(self.new[other], self.place(other))
        return _overlap(old, new) >= _SAME_BODY

    def _take(self, kind: Kind, index: int, one: int | None, candidates: list[int]) -> None:
        if one is not None:
            self.kinds[index], self.origins[index] = kind, one
            candidates.remove(one)

    def _forget(self) -> None:
        taken = {each for each in self.origins if each is not None}
        self._free_old = [index for index in self._free_old if index not in taken]
        self._free_new = [index for index in self._free_new if self.kinds[index] is Kind.NEW]

    def _find_slides(self) -> None:
        """Doubt pairs of lines in functions of different names."""
        for index, origin in enumerate(self.origins):
            spot = self.new[index]
            if self.kinds[index] is Kind.SAME and origin is not None and spot.path in self.step.touched:
                was, now = self.old_place(origin), self.place(index)
                if was.scope != now.scope and (was.words != now.words or was.scope in self._after.scopes(spot.path)):
                    self.kinds[index] = Kind.SLID


class _Files:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, File] = {}
        self._places: dict[tuple[str, int, int], Place] = {}

    def _file(self, path: str) -> File:
        if path not in self._known:
            self._known[path] = File(self._tree[path])
        return self._known[path]

    def place(self, spot: Spot) -> Place:
        at = (spot.path, spot.line, spot.column)
        if at not in self._places:
            self._places[at] = self._file(spot.path).at(spot.line, spot.column)
        return self._places[at]

    def scopes(self, path: str) -> frozenset[tuple[str, ...]]:
        return self._file(path).scopes()

    def body(self, spot: Spot, place: Place) -> Counter[str]:
        """Return the lines of the function or class whose head is at a place, below the head."""
        lines = self._file(spot.path).lines
        head = place.lines[0]
        indent = _indent(lines[head - 1])
        found: list[str] = []
        for line in lines[place.lines[1] - 1 :]:
            if line.strip() and _indent(line) <= indent and found:
                break
            if line.strip():
                found.append("".join(line.split()))
        return Counter(found)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _agree(old: Place, new: Place) -> bool:
    """Tell whether something around two equal statements is equal too."""
    named = bool(old.scope) and old.scope[-1:] == new.scope[-1:]
    return named or _says(old.above, new.above) or _says(old.below, new.below)


def _says(one: str, other: str) -> bool:
    """Tell whether two lines are equal and more than brackets or a bare keyword."""
    return one == other and sum(map(str.isalnum, one)) > 12


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
