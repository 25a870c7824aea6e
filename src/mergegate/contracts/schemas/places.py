"""The parts of a value, each with what its schema asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mergegate.contracts.schemas.conjunction import both
from mergegate.contracts.schemas.containers import matches
from mergegate.contracts.schemas.json_data import Json, Pointer, as_list, as_object, is_list, is_object
from mergegate.contracts.schemas.sampling import Sampler

_DEEPEST = 12
_MOST = 120


class Place(NamedTuple):
    """A part of a value.

    Attributes
    ----------
    pointer
        Where it is in the value.
    value
        What is there.
    schema
        What its schema asks of it, in one table; of alternatives, the ones that the value fits.
    """

    pointer: Pointer
    value: Json
    schema: dict[str, Json]

    @property
    def shown(self) -> str:
        """The place without positions in lists: what is said of one item is said of all."""
        parts = ("*" if isinstance(part, int) else part.replace("~", "~0").replace("/", "~1") for part in self.pointer)
        return "".join(f"/{part}" for part in parts)


def places(sampler: Sampler, value: Json) -> Iterator[Place]:
    """Yield the parts of a value, outer ones first; there is a limit on how many.

    Parameters
    ----------
    sampler
        Knows the schema, which is of draft 2020-12 and resolved.
    value
        A value that fits it.
    """
    pending: list[tuple[Pointer, Json, Json]] = [((), value, sampler.document)]
    found = 0
    while pending and found < _MOST:
        pointer, part, schema = pending.pop(0)
        table = flattened(sampler, schema, part)
        yield Place(pointer, part, table)
        found += 1
        if len(pointer) >= _DEEPEST:
            continue
        if is_object(part):
            pending += [((*pointer, name), item, _member(table, name)) for name, item in part.items()]
        elif is_list(part):
            # two items show as much as all
            pending += [((*pointer, index), item, _item(table, index)) for index, item in enumerate(part[:2])]


def flattened(sampler: Sampler, schema: Json, value: Json) -> dict[str, Json]:
    """Return what a schema asks of a value in one table, without references and alternatives."""
    for _ in range(_DEEPEST):
        table = as_object(schema)
        if "$ref" in table:
            rest = {key: item for key, item in table.items() if key not in ("$ref", "$defs")}
            schema = both(rest or True, sampler.target(str(table["$ref"])))
            continue
        key = next((key for key in ("allOf", "anyOf", "oneOf") if key in table), None)
        if key is None:
            return table
        rest: Json = {name: item for name, item in table.items() if name not in (key, "$defs")}
        for branch in as_list(table[key]):
            if key == "allOf" or sampler.admits(branch, value):
                rest = both(rest, branch)
        schema = rest
    return as_object(schema)


def _member(table: dict[str, Json], name: str) -> Json:
    found: Json = as_object(table.get("properties")).get(name)
    for pattern, schema in as_object(table.get("patternProperties")).items():
        if matches(pattern, name):
            found = schema if found is None else both(found, schema)
    return table.get("additionalProperties", True) if found is None else found


def _item(table: dict[str, Json], index: int) -> Json:
    prefix = as_list(table.get("prefixItems"))
    return prefix[index] if index < len(prefix) else table.get("items", True)
