"""The JSON form of types, and how several of them join into one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

TypeJson = Any
"""A dotted name, `"None"`, `"~T"`, a list of a head and its parts, or None for what is not known."""

HEADS = frozenset({"|", "type", "call", "await", "with", "awith", "builtins.tuple..."})
"""Heads of types that are no classes."""


def join_types(types: Iterable[TypeJson]) -> TypeJson:
    """Return the union of types, in order of appearance.

    What is not known adds nothing, unless None alone would remain: `Any | None` is unknown, not None. Types that
    differ in their arguments alone become one with joined arguments.
    """
    found: list[TypeJson] = []
    vague = False
    for type_ in types:
        vague = vague or type_ is None
        for part in type_[1:] if isinstance(type_, list) and type_[0] == "|" else [type_]:
            if part is not None:
                _merge(found, part)
    if not found or (vague and found == ["None"]):
        return None
    return found[0] if len(found) == 1 else ["|", *found]


def _merge(found: list[TypeJson], part: TypeJson) -> None:
    for index, known in enumerate(found):
        if _head(known) == _head(part):
            merged = _merged(known, part)
            if merged is not None:
                found[index] = merged
                return
    found.append(part)


def _head(type_: TypeJson) -> str:
    return cast("list[str]", type_)[0] if isinstance(type_, list) else cast("str", type_)


def _merged(left: TypeJson, right: TypeJson) -> TypeJson:
    """Return one type for two of the same head, or None if they cannot be one (tuples of different lengths)."""
    if not isinstance(left, list):
        return right
    if not isinstance(right, list):
        return left
    first, second = cast("list[TypeJson]", left), cast("list[TypeJson]", right)
    if len(first) != len(second):
        return None
    return [first[0], *[join_types(pair) for pair in zip(first[1:], second[1:], strict=True)]]


def join_overloads(results: Iterable[TypeJson]) -> TypeJson:
    """Return the union of what overloads give; the vague `IO` of a fallback goes where concrete files are named."""
    joined = join_types(results)
    if not isinstance(joined, list) or cast("list[TypeJson]", joined)[0] != "|":
        return joined
    parts = cast("list[TypeJson]", joined)[1:]
    if any(_head(part).startswith("io.") for part in parts):
        parts = [part for part in parts if _head(part) not in _VAGUE_FILES]
    return join_types(parts)


_VAGUE_FILES = frozenset({"typing.IO", "typing.BinaryIO", "typing.TextIO"})
