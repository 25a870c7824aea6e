"""Merging baselines: what two branches made of a third, by the way that each entry went on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mergegate.gate.baseline import Baseline, sort_key
from mergegate.gate.identity import Identity
from mergegate.gate.matching import match


def merge_three(base: Baseline, ours: Baseline, theirs: Baseline) -> Baseline:
    """Return what both sides accept, with what either has added and without what either has dropped.

    An entry that one side gave another place or text, because its code moved, is the same entry; a side that dropped it
    wins over one that moved it. The sides may change places, and merging twice changes nothing.

    Parameters
    ----------
    base
        What both sides started from.
    ours, theirs
        What they made of it.
    """
    entries = list(base.entries)
    one, other = _Side.of(entries, ours.entries), _Side.of(entries, theirs.entries)
    merged = [
        _later(entry, mine, its)
        for entry, mine, its in zip(entries, one.fates, other.fates, strict=True)
        if mine is not None and its is not None
    ]
    # what both sides added stands for one finding, not for two; nor is it two when one side's addition reads like the
    # other side's move
    merged += (Counter(one.added) | Counter(other.added)).elements()
    bounded = Counter(merged) & (Counter(ours.entries) | Counter(theirs.entries))
    return Baseline.of(
        bounded.elements(),
        _merged_names(base.rules, ours.rules, theirs.rules),
        _merged_text(base.digest, ours.digest, theirs.digest),
        ours.kind,
        _merged_salt(base.salt, ours.salt, theirs.salt),
    )


class _Side(NamedTuple):
    """What one side did: to each entry of the base (None: dropped it), and what it added."""

    fates: list[Identity | None]
    added: list[Identity]

    @classmethod
    def of(cls, base: Sequence[Identity], made: Iterable[Identity]) -> _Side:
        left = Counter(made)
        fates: list[Identity | None] = []
        changed: list[int] = []
        for index, entry in enumerate(base):
            kept = left[entry] > 0
            left[entry] -= kept
            fates.append(entry if kept else None)
            if not kept:
                changed.append(index)
        unknown = sorted(left.elements(), key=sort_key)
        added: list[Identity] = []
        for entry, continued in zip(unknown, match([base[index] for index in changed], unknown), strict=True):
            if continued is None:
                added.append(entry)
            else:
                fates[changed[continued]] = entry
        return cls(fates, added)


def _later(entry: Identity, ours: Identity, theirs: Identity) -> Identity:
    """Return the form of an entry that both sides keep: the changed one; of two changed ones always the same."""
    if ours == entry:
        return theirs
    return ours if theirs == entry else min(ours, theirs, key=sort_key)


def _merged_names(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> set[str]:
    first, one, other = set(base), set(ours), set(theirs)
    return (one & other) | ((one ^ other) - first)


def _merged_text(base: str, ours: str, theirs: str) -> str:
    if theirs in (ours, base):
        return ours
    return theirs if ours == base else ""


def _merged_salt(base: str, ours: str, theirs: str) -> str:
    """Return the salt of what is merged; of two that were drawn apart always the same.

    The marks that were made with the other one fit nothing any more: those credentials count as new once.
    """
    return _merged_text(base, ours, theirs) or max(ours, theirs)


# -- a file that git could not merge -----------------------------------------------------------------------------------

_OURS, _BASE, _THEIRS, _END = "<<<<<<<", "|||||||", "=======", ">>>>>>>"
# which markers may stand before one; outside of a conflict it is as after its end
_FOLLOWS = {_OURS: (_END,), _BASE: (_OURS,), _THEIRS: (_OURS, _BASE), _END: (_THEIRS,)}


class Sides(NamedTuple):
    """The texts between which git left the choice; `base` is None unless its conflict style shows it."""

    ours: str
    base: str | None
    theirs: str


def conflict_sides(text: str) -> Sides | None:
    """Take a text with git's conflict markers apart.

    Returns
    -------
    Sides or None
        None if there are no markers or they do not fit together.
    """
    parts: dict[str, list[str]] = {_OURS: [], _BASE: [], _THEIRS: []}
    state = _END
    met: Counter[str] = Counter()
    for line in text.splitlines(keepends=True):
        marker = line[:7]
        if marker in _FOLLOWS:
            if state not in _FOLLOWS[marker]:
                return None
            met[marker] += 1
            state = marker
        else:
            for part in parts.values() if state == _END else (parts[state],):
                part.append(line)
    if state != _END or not met:
        return None
    ours, base, theirs = ("".join(part) for part in parts.values())
    return Sides(ours, base if met[_BASE] == met[_OURS] else None, theirs)
