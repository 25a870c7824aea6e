"""Near misses in the structure of values and in their types: what models get wrong most often."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from mergegate.contracts.schemas.json_data import Json, Pointer, as_list, as_object, is_list, is_number, is_object
from mergegate.contracts.schemas.places import Place

_PLACEHOLDERS = {"empty": "", "na": "N/A", "null": "null", "unknown": "unknown", "none": "None", "dash": "-"}


class Miss(NamedTuple):
    """A changed part: what was done, where, and what is there now; `gone` if the part was left out."""

    operator: str
    pointer: Pointer
    value: Json
    gone: bool = False


def structural(place: Place) -> Iterator[Miss]:
    """Yield near misses of one part of a value that need no more than its schema's types and names."""
    yield from _members(place)
    yield from _wrapped(place)
    yield from _types(place)


def _members(place: Place) -> Iterator[Miss]:
    if not is_object(place.value):
        return
    table, where = place.value, place.pointer
    for name in as_list(place.schema.get("required")):
        if name in table:
            yield Miss("missing-required", (*where, name), None, gone=True)
    yield Miss("unknown-member", where, {**table, "confidence": 0.9})
    for name in list(table)[:6]:
        for operator, other in _renamed(name):
            if other not in table:
                yield Miss(operator, where, {other if key == name else key: item for key, item in table.items()})
    names = list(table)
    for one, other in pairwise(names):
        yield Miss("swapped-members", where, {**table, one: table[other], other: table[one]})
    yield Miss("empty-object", where, {})
    if table:
        yield Miss("object-as-pairs", where, [[name, item] for name, item in table.items()])
        yield Miss("object-as-list", where, list(table.values()))


def _renamed(name: str) -> Iterator[tuple[str, str]]:
    swapped = name.lower() if name != name.lower() else name.capitalize()
    words = name.split("_")
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
    if swapped != name:
        yield "renamed-case", swapped
    other = camel if camel != name else snake
    if other != name:
        yield "renamed-style", other
    if len(name) > 2:
        yield "renamed-typo", name[:1] + name[2:]
    yield "renamed-plural", name[:-1] if name.endswith("s") and len(name) > 1 else f"{name}s"


def _wrapped(place: Place) -> Iterator[Miss]:
    value, where = place.value, place.pointer
    yield Miss("wrapped-in-array", where, [value])
    yield Miss("wrapped-in-object", where, {"result": value})
    if is_object(value):
        yield Miss("echoed-schema", where, {"type": "object", "properties": value})
        yield from (Miss("unwrapped", where, item) for item in list(value.values())[:2])
    if is_list(value):
        yield Miss("echoed-schema", where, {"type": "array", "items": value})
        yield Miss("list-as-one", where, value[0] if value else None)
        yield Miss("list-as-text", where, ", ".join(str(item) for item in value))
        yield Miss("list-as-object", where, {str(index): item for index, item in enumerate(value)})
        yield Miss("empty-array", where, [])
    if is_list(value) or is_object(value):
        yield Miss("text-in-string", where, json.dumps(value))
        yield Miss("scalar-for-container", where, "done")


def _types(place: Place) -> Iterator[Miss]:
    value, where = place.value, place.pointer
    if value is not None:
        yield Miss("null-for-value", where, None)
    if isinstance(value, bool):
        yield Miss("bool-as-text", where, str(value).lower())
        yield Miss("bool-as-number", where, int(value))
        yield Miss("bool-as-word", where, "yes" if value else "no")
    elif is_number(value):
        yield Miss("number-as-text", where, str(value))
        yield Miss("number-with-unit", where, f"{value} units")
        yield Miss("number-with-separator", where, f"{value:,}")
        yield Miss("number-as-bool", where, bool(value))
        with suppress(OverflowError):
            yield Miss("fraction-for-integer", where, float(value) + 0.5)
    elif isinstance(value, str):
        yield Miss("text-as-number", where, int(value) if value.isdecimal() and len(value) < 18 else 0)
        yield Miss("text-as-list", where, list(value[:3]) or [""])
        yield Miss("text-as-object", where, {"value": value})
        yield Miss("quoted-text", where, f'"{value}"')
    for name, text in _PLACEHOLDERS.items():
        if not isinstance(value, str) or name in ("empty", "na", "unknown"):
            yield Miss(f"placeholder-{name}", where, text)


def combined(place: Place, others: Iterable[Json]) -> Iterator[Miss]:
    """Yield near misses that take a part of another value of the same schema: bodies under another discriminator."""
    if not is_object(place.value):
        return
    constants = {
        name: as_object(schema)["const"]
        for name, schema in as_object(place.schema.get("properties")).items()
        if "const" in as_object(schema)
    }
    for other in others:
        for name, constant in constants.items():
            if is_object(other) and name in other and other[name] != constant:
                yield Miss("wrong-discriminator", (*place.pointer, name), other[name])
                yield Miss("mixed-branches", place.pointer, {**other, **place.value, name: other[name]})
