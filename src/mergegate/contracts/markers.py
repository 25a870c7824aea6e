"""Injection markers: texts of an answer that do harm where they are shown, run, or given to another model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, cast

from mergegate.contracts.validation import json_pointer
from mergegate.rules.folders import CONTRACTS
from mergegate.rules.tables import read_table


class Found(NamedTuple):
    """Something in a text of an answer.

    Attributes
    ----------
    pointer
        JSON pointer of the text.
    name
        What it is: the name of a marker or of an entity.
    message
        The same for people, without the text.
    """

    pointer: str
    name: str
    message: str


def find_markers(value: Any) -> Iterator[Found]:
    """Yield the injection markers in the texts of a value, keys among them, in order."""
    for pointer, _, text in texts(value):
        for name, summary, pattern in _markers():
            if pattern.search(text):
                yield Found(pointer, name, summary)


def find_personal_data(value: Any) -> Iterator[Found]:
    """Yield the personal data and credentials in the texts of a value, in order.

    Raises
    ------
    MergegateError
        If the packages of `mergegate[privacy]` are missing.
    """
    from mergegate.privacy import detect  # noqa: PLC0415 - its packages are in an extra

    for pointer, key, text in texts(value):
        for span in detect(text, context=key):
            yield Found(pointer, span.entity, f"holds a value of the kind {span.entity}")


def texts(value: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the texts in a value, in order: pointer, key that each stands under, text."""
    stack: list[tuple[tuple[str | int, ...], str, Any]] = [((), "", value)]
    while stack:
        path, key, each = stack.pop()
        if isinstance(each, str):
            yield json_pointer(path), key, each
        elif isinstance(each, dict):
            items = cast("dict[str, Any]", each).items()
            stack += reversed([((*path, name), name, inner) for name, inner in items])
            stack += reversed([((*path, name), "", name) for name, _ in items])
        elif isinstance(each, list):
            stack += reversed([((*path, index), key, inner) for index, inner in enumerate(cast("list[Any]", each))])


@lru_cache
def _markers() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    rows: list[dict[str, Any]] = read_table(CONTRACTS, "injection.toml")["marker"]
    return tuple(
        (row["name"], row["summary"], re.compile(row["pattern"], re.IGNORECASE | re.MULTILINE)) for row in rows
    )
