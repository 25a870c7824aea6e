"""Which finding of now continues which one of before: one to one, in passes from strict to loose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TypeAlias

from mergegate.gate.identity import HEADS, SKETCH, Identity

Key: TypeAlias = Callable[[Identity], Hashable]

# a statement of this size is known by its code alone, a shorter one needs something around it that agrees
_TELLING = 16
_SIMILAR = 0.5
# the bodies of any two functions have much in common
_SIMILAR_BODY = 0.6
# where more than this are to be compared with one another, only neighbours decide
_COMPARED = 10_000

_NEIGHBOURS = ("before", "after", "inner", "above", "below")


def match(old: Sequence[Identity], new: Sequence[Identity], *, renames: Mapping[str, str] = {}) -> list[int | None]:
    """Return for each new identity the index of the old one that it continues, None if there is none.

    Each old one is continued by at most one. The order of either sequence means nothing, except between identities
    that agree in everything.

    Parameters
    ----------
    old, new
        Those of before and of now.
    renames
        The new paths of files by their old ones, if it is known which files were renamed.
    """
    return _Matching(old, new, renames).run()


class _Matching:
    def __init__(self, old: Sequence[Identity], new: Sequence[Identity], renames: Mapping[str, str]) -> None:
        self._old = [replace(each, path=renames.get(each.path, each.path)) for each in old] if renames else old
        self._new = new
        self._found: list[int | None] = [None] * len(new)
        self._free_old = list(range(len(old)))
        self._free_new = list(range(len(new)))

    def run(self) -> list[int | None]:
        self._pair(_everything)
        self._free_old.sort(key=lambda index: _everything(self._old[index]))
        self._free_new.sort(key=lambda index: _everything(self._new[index]))
        for key in _PASSES:
            self._pair(key)
        for key, least in _SIMILARITIES:
            self._pair_similar(key, least)
        for key in _LINES:
            self._pair(key)
        self._pair_similar(_same_file_name, _SIMILAR)
        return self._found

    def _pair(self, key: Key) -> None:
        """Pair those that agree in a key; a key of None agrees with nothing."""
        if not self._free_old or not self._free_new:
            return
        by_key: defaultdict[Hashable, list[int]] = defaultdict(list)
        for index in reversed(self._free_old):
            by_key[key(self._old[index])].append(index)
        by_key.pop(None, None)
        taken: set[int] = set()
        for index in self._free_new:
            candidates = by_key.get(key(self._new[index]))
            if candidates:
                self._found[index] = candidate = candidates.pop()
                taken.add(candidate)
        self._forget(taken)

    def _pair_similar(self, key: Key, least: float) -> None:
        """Pair those that agree in a key and have statements at least as similar, the most similar first."""
        olds, news = _groups(key, self._free_old, self._old), _groups(key, self._free_new, self._new)
        taken: set[int] = set()
        for group, ours in news.items():
            theirs = olds.get(group, ())
            if len(ours) * len(theirs) > _COMPARED:
                continue
            ratios = (
                (-similarity(self._old[one].sketch, self._new[other].sketch), rank, row, one, other)
                for rank, other in enumerate(ours)
                for row, one in enumerate(theirs)
            )
            for *_, one, other in sorted(each for each in ratios if -each[0] >= least):
                if one not in taken and self._found[other] is None:
                    self._found[other] = one
                    taken.add(one)
        self._forget(taken)

    def _forget(self, taken: set[int]) -> None:
        self._free_old = [index for index in self._free_old if index not in taken]
        self._free_new = [index for index in self._free_new if self._found[index] is None]


def similarity(one: str, other: str) -> float:
    """Return how much of two statements' words agree by their sketches, from 0 to 1."""
    ones, others = ({text[at : at + 2] for at in range(0, len(text), 2)} for text in (one, other))
    union = sorted(ones | others)
    if max(len(ones), len(others)) == SKETCH:
        union = union[:SKETCH]
    if not union:
        return 0.0
    common = sum(mark in ones and mark in others for mark in union) / len(union)
    return 2 * common / (1 + common)


def _groups(key: Key, indexes: Iterable[int], identities: Sequence[Identity]) -> dict[Hashable, list[int]]:
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in indexes:
        groups[key(identities[index])].append(index)
    groups.pop(None, None)
    return groups


_everything = attrgetter(*Identity.__dataclass_fields__)


def _same_file_name(identity: Identity) -> Hashable:
    return (identity.rule, identity.scope, identity.path.rpartition("/")[2]) if identity.scope else None


def _agreeing(names: str, extra: str) -> Key:
    """Return the key of the fields in `names` that demands a field more, which is not empty."""
    base, more = attrgetter(*names.split()), attrgetter(extra)

    def key(identity: Identity) -> Hashable:
        value = more(identity)
        return (base(identity), value) if value else None

    return key


def _elsewhere(names: str, extra: str) -> Key:
    """Return the key as `_agreeing` does, for other places: what stands beside a function says little about it."""
    inner = _agreeing(names, extra)
    if extra == "body":
        return inner
    scoped = "scope" in names
    return lambda identity: inner(identity) if _may_move(identity, scoped=scoped) else None


def _may_move(identity: Identity, *, scoped: bool) -> bool:
    """Tell whether agreement beside it is enough: for the head of a function if that is in a class of the same name."""
    return identity.code not in HEADS or (scoped and "." in identity.scope)


def _head(names: str) -> Key:
    """Return the key of functions and classes by their names."""
    base = attrgetter(*names.split())
    return lambda identity: (base(identity), identity.code) if identity.code in HEADS else None


def _telling(names: str) -> Key:
    base = attrgetter(*names.split())
    return lambda identity: base(identity) if identity.size >= _TELLING else None


def _named(names: str) -> Key:
    """Return the key that demands the same file name, if it is a name of its own."""
    base, scoped = attrgetter(*names.split()), "scope" in names

    def key(identity: Identity) -> Hashable:
        name = identity.path.rpartition("/")[2]
        if not _may_move(identity, scoped=scoped) or (name.startswith("__") and not scoped):
            return None
        return base(identity), name

    return key


def _made() -> Iterable[Key]:
    here = "path rule scope code"
    for names in (f"{here} line part", f"{here} part", f"{here} line", here):
        yield attrgetter(*f"{names} before after".split())
        yield from (_agreeing(names, extra) for extra in _NEIGHBOURS)
        yield attrgetter(*names.split())
    for names in ("path rule code", "rule scope code", "rule code"):
        yield from (_elsewhere(names, extra) for extra in ("body", *_NEIGHBOURS))
        if names != "path rule code":
            yield _named(names)
        yield _telling(names)
    yield from (_agreeing("path rule scope line", extra) for extra in _NEIGHBOURS)
    yield attrgetter("path", "rule", "scope", "line")


_PASSES = tuple(_made())
_SIMILARITIES = (
    (attrgetter("path", "rule", "scope"), _SIMILAR),
    (_head("path rule"), _SIMILAR_BODY),
    (_head("rule scope"), _SIMILAR_BODY),
    (_head("rule"), _SIMILAR_BODY),
)
_LINES = (_agreeing("path rule line", "above"), _agreeing("path rule line", "below"))
