"""Repair of broken JSON by json_repair, with what it changed, and refused where it would have to make something up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

LONGEST = 200_000
"""Characters; what is longer and broken is not worth the time."""

_EMPTY = re.compile(r"\"\s*\"|'\s*'|\u201c\s*\u201d")
_NULL = re.compile(r"\b(?:null|none|undefined|nan|nil)\b", re.IGNORECASE)
_SHOWN = 6


def repair(text: str, *, cut: bool) -> tuple[Any, tuple[str, ...]] | None:
    """Return what a broken text most likely says, and the repairs; None if it cannot be said.

    Parameters
    ----------
    text
        From the opening bracket to where the value ends or should end.
    cut
        Whether its end is missing, so that the last value in it may be too.
    """
    if len(text) > LONGEST:
        return None
    try:
        from json_repair import repair_json  # noqa: PLC0415 - in an extra, and only for what is broken
    except ModuleNotFoundError:
        return None
    try:
        made = cast("Any", repair_json)(text, return_objects=True, logging=True, skip_json_loads=True)
        value, log = cast("tuple[Any, list[dict[str, str]]]", made)
    except (RecursionError, ValueError, IndexError, TypeError, AttributeError):
        # its faults are those of a text that nobody can read
        return None
    if not isinstance(value, dict | list) or (not value and re.search(r"\w", text)):
        return None
    if not cut and _made_up(value, text):
        return None
    steps = dict.fromkeys(f"repaired: {_clause(each['text'])}" for each in log)
    return cast("Any", value), tuple(steps)[:_SHOWN] or ("repaired: punctuation",)


def _made_up(value: Any, text: str) -> bool:
    leaves = list(_leaves(value))
    empty, null = sum(each == "" for each in leaves), sum(each is None for each in leaves)
    return empty > len(_EMPTY.findall(text)) or null > len(_NULL.findall(text))


def _leaves(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            stack += cast("dict[str, Any]", each).values()
        elif isinstance(each, list):
            stack += cast("list[Any]", each)
        else:
            yield each


def _clause(text: str) -> str:
    clause = text.strip().rstrip(".")
    for start in ("While parsing a ", "While parsing an ", "While parsing "):
        clause = clause.removeprefix(start)
    return clause[:1].lower() + clause[1:]
