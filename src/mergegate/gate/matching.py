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
        self._taken: set[int] = set()
        self._free_old = list(range(len(old)))
        self._free_new = list(range(len(new)))

    def run(self) -> list[int | None]:
        self._pair(_everything, self._free_old, self._free_new)
        self._forget()
        self._free_old.sort(key=lambda index: _everything(self._old[index]))
        self._free_new.sort(key=lambda index: _everything(self._new[index]))
        for base, keys in _PASSES:
            olds, news = self._in_common(base)
            for key in keys:
                olds, news = self._pair(key, olds, news)
            self._forget()
        for key, least in _SIMILARITIES:
            self._pair_similar(key, least)
        for key in _LINES:
            self._pair(key, self._free_old, self._free_new)
            self._forget()
        self._pair_similar(_same_file_name, _SIMILAR)
        return self._found

    def _in_common(self, base: Key) -> tuple[list[int], list[int]]:
        """Return what is not paired yet and agrees in a key with something on the other side."""
        if not self._free_old or not self._free_new:
            return [], []
        olds = [base(self._old[index]) for index in self._free_old]
        news = [base(self._new[index]) for index in self._free_new]
        common = set(olds) & set(news)
        return (
            [index for index, value in zip(self._free_old, olds, strict=True) if value in common],
            [index for index, value in zip(self._free_new, news, strict=True) if value in common],
        )

    def _pair(self, key: Key, olds: list[int], news: list[int]) -> tuple[list[int], list[int]]:
        """Pair those that agree in a key and return the others; a key of None agrees with nothing."""
        if not olds or not news:
            return olds, news
        by_key: defaultdict[Hashable, list[int]] = defaultdict(list)
        for index in reversed(olds):
            by_key[key(self._old[index])].append(index)
        by_key.pop(None, None)
        taken: set[int] = set()
        for index in news:
            candidates = by_key.get(key(self._new[index]))
            if candidates:
                self._found[index] = candidate = candidates.pop()
                taken.add(candidate)
        if not taken:
            return olds, news
        self._taken |= taken
        return [index for index in olds if index not in taken], [index for index in news if self._found[index] is None]

    def _pair_similar(self, key: Key, least: float) -> None:
        """Pair those that agree in a key and have statements at least as similar, the most similar first."""
        olds, news = _groups(key, self._free_old, self._old), _groups(key, self._free_new, self._new)
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
                if one not in self._taken and self._found[other] is None:
                    self._found[other] = one
                    self._taken.add(one)
        self._forget()

    def _forget(self) -> None:
        self._free_old = [index for index in self._free_old if index not in self._taken]
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


def _made() -> Iterable[tuple[Key, tuple[Key, ...]]]:
    """Give the passes, those together that only make a key stricter: what agrees in it with nothing is left out."""
    here = "path rule scope code"
    for names in (f"{here} line part", f"{here} part", f"{here} line", here):
        base = attrgetter(*names.split())
        closer = (_agreeing(names, extra) for extra in _NEIGHBOURS)
        yield base, (attrgetter(*f"{names} before after".split()), *closer, base)
    for names in ("path rule code", "rule scope code", "rule code"):
        closer = (_elsewhere(names, extra) for extra in ("body", *_NEIGHBOURS))
        named = (_named(names),) if names != "path rule code" else ()
        yield attrgetter(*names.split()), (*closer, *named, _telling(names))
    base = attrgetter("path", "rule", "scope", "line")
    yield base, (*(_agreeing("path rule scope line", extra) for extra in _NEIGHBOURS), base)


_PASSES = tuple(_made())
_SIMILARITIES = (
    (attrgetter("path", "rule", "scope"), _SIMILAR),
    (_head("path rule"), _SIMILAR_BODY),
    (_head("rule scope"), _SIMILAR_BODY),
    (_head("rule"), _SIMILAR_BODY),
)
_LINES = (_agreeing("path rule line", "above"), _agreeing("path rule line", "below"))
