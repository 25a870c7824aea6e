"""Where schemas stand inside of schemas, which keywords only speak to readers, and how drafts differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mergegate.contracts.schemas.json_data import (
    Document,
    Json,
    Pointer,
    as_list,
    as_object,
    is_list,
    is_object,
    is_schema,
)
from mergegate.contracts.schemas.patterns import matches_everything
from mergegate.contracts.schemas.patterns import words as words_of

DRAFTS = ("4", "6", "7", "2019-09", "2020-12")
ONE = frozenset({
    "additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
MANY = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
NAMED = frozenset({
    "$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties",
})  # fmt: skip
DEFINITIONS = frozenset({"$defs", "definitions"})
TEXTS = frozenset({
    "$comment", "$id", "default", "deprecated", "description", "discriminator", "examples", "id", "readOnly", "title",
    "writeOnly",
})  # fmt: skip
"""Keywords that leave validation alone and that a model reads."""
TOOLING = frozenset({"$schema", "$vocabulary", "$anchor"})

_SINCE = {
    "const": 1, "contains": 1, "propertyNames": 1, "if": 2, "then": 2, "else": 2, "dependentRequired": 3,
    "dependentSchemas": 3, "maxContains": 3, "minContains": 3, "unevaluatedItems": 3, "unevaluatedProperties": 3,
    "prefixItems": 4,
}  # fmt: skip


def children(schema: Json) -> Iterator[tuple[Pointer, Json]]:
    """Yield the schemas directly inside of a schema with the way to each."""
    for key, value in as_object(schema).items():
        if key in MANY and is_list(value):
            yield from (((key, index), item) for index, item in enumerate(as_list(value)) if is_schema(item))
        elif key in ONE and is_schema(value):
            yield (key,), value
        elif key in NAMED:
            yield from (((key, name), item) for name, item in as_object(value).items() if is_schema(item))


def walk(schema: Json, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Json]]:
    """Yield a schema and all inside of it, outer ones first, with the way to each."""
    pending = [(pointer, schema)]
    while pending:
        where, each = pending.pop()
        yield where, each
        pending.extend([((*where, *way), inner) for way, inner in children(each)][::-1])


def mapped(schema: Document, change: Callable[[Json], Json]) -> Document:
    """Return a schema with each schema directly inside of it changed."""
    if isinstance(schema, bool):
        return schema
    out: dict[str, Json] = {}
    for key, value in schema.items():
        if key in MANY and is_list(value):
            out[key] = [change(item) if is_schema(item) else item for item in as_list(value)]
        elif key in ONE and is_schema(value):
            out[key] = change(value)
        elif key in NAMED and is_object(value):
            out[key] = {name: change(item) if is_schema(item) else item for name, item in as_object(value).items()}
        else:
            out[key] = value
    return out


def silent(schema: Document) -> Document:
    """Return a schema without what only readers see."""
    kept = mapped(schema, silent)
    if isinstance(kept, bool):
        return kept
    table = {key: value for key, value in kept.items() if key not in TEXTS and key not in TOOLING}
    if isinstance(table.get("pattern"), str):
        if matches_everything(table["pattern"]):
            del table["pattern"]
        elif table.get("type") == "string" and "enum" not in table:
            # a pattern that few texts match is an enum in other words
            found = words_of(table["pattern"])
            if found is not None:
                table["enum"] = found
                del table["pattern"]
    return table


def words(schema: Json) -> int:
    """Return the index in `DRAFTS` of the first draft that knows all words of a schema."""
    return max((_SINCE.get(key, 0) for _, each in walk(schema) for key in as_object(each)), default=0)


def upgraded(schema: Document, draft: str) -> tuple[Document, bool]:
    """Return a silent schema of an older draft in the words of draft 2020-12, and whether it admits the same values.

    Where it does not, it admits more.
    """
    age = DRAFTS.index(draft)
    exact = True

    def change(part: Json) -> Json:
        nonlocal exact
        inner = mapped(part, change)
        if isinstance(inner, bool):
            return inner
        # words that the draft does not know mean nothing in it
        table = {key: value for key, value in inner.items() if _SINCE.get(key, 0) <= age}
        types = table.get("type")
        # whole numbers were those written without a point
        exact = exact and not (age == 0 and "integer" in (types, *as_list(types)))
        exact = exact and not table.keys() & {"contentEncoding", "contentMediaType", "$recursiveRef", "$dynamicRef"}
        if age == 0:
            _bounds(table)
        if age < 4:
            _items(table)
        if age < 3:
            _dependencies(table)
        return table

    return change(schema), exact


def _bounds(table: dict[str, Json]) -> None:
    for bound, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if table.pop(flag, False) is True and bound in table:
            table[flag] = table.pop(bound)


def _items(table: dict[str, Json]) -> None:
    rest = table.pop("additionalItems", None)
    if is_list(table.get("items")):
        table["prefixItems"] = table.pop("items")
        if not table["prefixItems"]:
            del table["prefixItems"]
        if rest is not None:
            table["items"] = rest


def _dependencies(table: dict[str, Json]) -> None:
    for name, needed in as_object(table.pop("dependencies", None)).items():
        key = "dependentRequired" if is_list(needed) else "dependentSchemas"
        table.setdefault(key, {})[name] = needed
