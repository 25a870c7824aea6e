"""JSON data: typed access, equality as JSON Schema has it, JSON pointers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeGuard, cast

Json = Any
"""JSON data as `json.loads` gives it."""

Document = dict[str, Any] | bool
"""A JSON Schema."""

Pointer = tuple[str | int, ...]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value is an array."""
    return isinstance(value, list)


def as_object(value: object) -> dict[str, Any]:
    """Return a value that is an object, an empty one for any other."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """Return a value that is a list, an empty one for any other."""
    return value if is_list(value) else []


def is_schema(value: object) -> bool:
    """Tell whether a value can be a schema."""
    return isinstance(value, dict | bool)


def token(value: Json) -> str:
    """Return a text that equal JSON values share: `1` and `1.0` do, `1` and `true` do not, order of keys is nothing."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def same(one: Json, other: Json) -> bool:
    """Tell whether two values are equal as JSON Schema has it."""
    return token(one) == token(other)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, which a bool is not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def type_of(value: Json) -> str:
    """Return the JSON type of a value: `integer` for whole numbers, also for `1.0`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if is_number(value):
        return "integer" if isinstance(value, int) or value == value // 1 else "number"
    return "array" if is_list(value) else "object"


def spelled(pointer: Iterable[str | int]) -> str:
    """Return a JSON pointer as text: `/properties/a~1b/0`, empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def parsed(pointer: str) -> Pointer:
    """Return the parts of a JSON pointer; numbers stay text."""
    parts = pointer.split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def at(value: Json, pointer: Iterable[str | int]) -> Json:
    """Return what a pointer leads to.

    Raises
    ------
    KeyError
        If it leads to nothing.
    """
    for part in pointer:
        if is_list(value):
            items = value
            if not str(part).isdigit() or int(part) >= len(items):
                raise KeyError(part)
            value = items[int(part)]
        elif is_object(value) and str(part) in value:
            value = value[str(part)]
        else:
            raise KeyError(part)
    return value


def replaced(value: Json, pointer: Pointer, new: Json) -> Json:
    """Return a copy with another value at a pointer; what is not on the way is shared."""
    if not pointer:
        return new
    head, rest = pointer[0], pointer[1:]
    if is_list(value):
        items = list(value)
        items[int(head)] = replaced(items[int(head)], rest, new)
        return items
    table = dict(value)
    table[str(head)] = replaced(table.get(str(head)), rest, new)
    return table


def removed(value: Json, pointer: Pointer) -> Json:
    """Return a copy without the member or item at a pointer, which is not empty."""
    head, rest = pointer[0], pointer[1:]
    if is_list(value):
        items = list(value)
        if rest:
            items[int(head)] = removed(items[int(head)], rest)
        else:
            del items[int(head)]
        return items
    table = dict(value)
    if rest:
        table[str(head)] = removed(table[str(head)], rest)
    else:
        del table[str(head)]
    return table


def shown(value: Json, limit: int = 120) -> str:
    """Return a value as compact JSON, cut where it is long."""
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _plain(value: Json) -> Json:
    if is_object(value):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
