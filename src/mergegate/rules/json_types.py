"""The JSON form of types, and how several of them join into one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

TypeJson = Any
"""A dotted name, `"None"`, `"~T"`, a list of a head and its parts, or None for what is not known."""

HEADS = frozenset({"|", "type", "call", "await", "with", "awith", "builtins.tuple..."})
"""Heads of types that are no classes."""


def split(type_: TypeJson) -> tuple[str, list[TypeJson]]:
    """Return the head and the parts of a type; a plain name has no parts."""
    if isinstance(type_, list):
        head, *parts = cast("list[Any]", type_)
        return str(head), parts
    return str(type_), []


def join_types(types: Iterable[TypeJson]) -> TypeJson:
    """Return the union of types, in order of appearance.

    What is not known adds nothing, unless None alone would remain: `Any | None` is unknown, not None. Types that
    differ in their arguments alone become one with joined arguments.
    """
    found: list[TypeJson] = []
    vague = False
    for type_ in types:
        vague = vague or type_ is None
        head, parts = split(type_)
        for part in parts if head == "|" else [type_]:
            if part is not None:
                _merge(found, part)
    if not found or (vague and found == ["None"]):
        return None
    return found[0] if len(found) == 1 else ["|", *found]


def _merge(found: list[TypeJson], part: TypeJson) -> None:
    head, parts = split(part)
    for index, known in enumerate(found):
        known_head, known_parts = split(known)
        if known_head != head:
            continue
        if len(known_parts) == len(parts):
            joined = [join_types(pair) for pair in zip(known_parts, parts, strict=True)]
            found[index] = [head, *joined] if joined else known
            return
        if not known_parts or not parts:
            # a bare class and the same with arguments: the arguments say more
            found[index] = known if known_parts else part
            return
    found.append(part)


def join_overloads(results: Iterable[TypeJson]) -> TypeJson:
    """Return the union of what overloads give; the vague `IO` of a fallback goes where concrete files are named."""
    joined = join_types(results)
    head, parts = split(joined)
    if head != "|" or not any(split(part)[0].startswith("io.") for part in parts):
        return joined
    return join_types(part for part in parts if split(part)[0] not in _VAGUE_FILES)


_VAGUE_FILES = frozenset({"typing.IO", "typing.BinaryIO", "typing.TextIO"})
