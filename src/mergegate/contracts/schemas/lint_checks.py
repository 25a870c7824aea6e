"""What providers ask of a schema beyond single words: each check yields the places where it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from mergegate.contracts.schemas.json_data import (
    Document,
    Json,
    Pointer,
    as_list,
    as_object,
    at,
    is_list,
    is_number,
    is_object,
    parsed,
    token,
)
from mergegate.contracts.schemas.keywords import DEFINITIONS, walk

_TYPES = frozenset({"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"})
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_MANY_VALUES = 250


class Trouble(NamedTuple):
    """A place in a schema and what is wrong there, as the end of a sentence."""

    pointer: Pointer
    text: str


Check = Callable[[Document, Mapping[str, Any]], Iterator[Trouble]]


def _root_object(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    table = as_object(schema)
    if "$ref" in table:
        table = as_object(_target(schema, table))
    if table.get("type") != "object":
        yield Trouble(("type",) if "type" in table else (), "the schema is no object")
    if "anyOf" in table:
        yield Trouble(("anyOf",), "the schema is an anyOf")


def _closed_objects(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if _is_object(table) and table.get("additionalProperties") is not False:
            named = "additionalProperties" in table
            place = (*pointer, "additionalProperties") if named else pointer
            yield Trouble(place, "an object is open for other members")


def _no_maps(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if table.get("additionalProperties", False) is not False:
            yield Trouble((*pointer, "additionalProperties"), "an object has members of any name")


def _all_required(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        required = as_list(table.get("required"))
        for name in as_object(table.get("properties")):
            if name not in required:
                yield Trouble((*pointer, "properties", name), f"the property {name!r} is optional")


def _reference_alone(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        beside = sorted(key for key in table if not key.startswith("$") and key not in DEFINITIONS)
        if "$ref" in table and beside:
            yield Trouble((*pointer, "$ref"), f"{', '.join(beside)} stands beside a reference")


def _formats(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    for pointer, table in _tables(schema):
        name = table.get("format")
        if isinstance(name, str) and name not in rule["allowed"] and _may_be(table, "string"):
            yield Trouble((*pointer, "format"), f"the format {name!r} is none of {', '.join(rule['allowed'])}")


def _no_lookaround(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for place, pattern in _patterns(schema):
        plain = pattern.replace("\\\\", "").replace("\\(", "")
        if any(look in plain for look in _LOOKS):
            yield Trouble(place, f"the pattern {pattern!r} looks around")


def _anchored(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for place, pattern in _patterns(schema):
        if not (pattern.startswith("^") and pattern.endswith("$")):
            yield Trouble(place, f"the pattern {pattern!r} is not anchored at both ends")


def _typed_items(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if "array" in _types(table) and not table.get("prefixItems"):
            items = table.get("items")
            if not (is_object(items) and items.keys() & _TYPES):
                yield Trouble(
                    (*pointer, "items") if "items" in table else pointer, "the items of an array have no type"
                )


def _typed(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    for pointer, each in walk(schema):
        table = as_object(each)
        if each is False or pointer[-1:] == ("additionalProperties",) or (each == {} and rule.get("allow-empty")):
            continue
        if isinstance(each, bool) or not table.keys() & (_TYPES | {"properties", "prefixItems"}):
            yield Trouble(pointer, "a schema has no type")


def _string_enums(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if any(not isinstance(value, str) for value in as_list(table.get("enum"))):
            yield Trouble((*pointer, "enum"), "an enum has values that are no strings")


def _integer_steps(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        step: Json = table.get("multipleOf", 1)
        if is_number(step) and "integer" in _types(table) and step % 1:
            yield Trouble((*pointer, "multipleOf"), f"the step {step} of an integer is not whole")


def _one_all_of(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if len(as_list(table.get("allOf"))) > 1:
            yield Trouble((*pointer, "allOf"), "allOf has several parts")


def _disjoint(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        branches = [as_object(_followed(schema, each)) for each in as_list(table.get("oneOf"))]
        if any(not _are_disjoint(one, other) for one, other in combinations(branches, 2)):
            yield Trouble((*pointer, "oneOf"), "branches of oneOf may overlap")


def _one_facet(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        lengths = "minLength" in table or "maxLength" in table
        lost = [
            key
            for key in ("pattern", "format")
            if key in table and (lengths or (key == "format" and "pattern" in table))
        ]
        for key in lost:
            yield Trouble((*pointer, key), f"{key} stands beside a facet that wins over it")


def _properties_or_branches(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        for key in _BRANCHES:
            if key in table and table.get("properties"):
                yield Trouble((*pointer, key), f"{key} stands beside properties")


def _sized_maps(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        optional = set(as_object(table.get("properties"))) - set(as_list(table.get("required")))
        for key in ("minProperties", "maxProperties"):
            if key in table and optional and table[key] not in (0, 1):
                yield Trouble((*pointer, key), f"{key} counts optional properties")


def _local(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        if not str(table.get("$ref", "#")).startswith("#"):
            yield Trouble((*pointer, "$ref"), f"the reference {table['$ref']!r} leads elsewhere")


def _pointers(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, table in _tables(schema):
        reference = str(table.get("$ref", "#"))
        if reference != "#" and not reference.startswith("#/"):
            yield Trouble((*pointer, "$ref"), f"the reference {reference!r} is no pointer")


def _no_recursion(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, _ in _recursions(schema):
        yield Trouble((*pointer, "$ref"), "a reference leads back to what it is in")


def _optional_recursion(schema: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    del rule
    for pointer, needed in _recursions(schema):
        if needed:
            yield Trouble((*pointer, "$ref"), "a required property refers back to what it is in")


CHECKS: Mapping[str, Check] = {
    "root-object": _root_object, "closed-objects": _closed_objects, "no-maps": _no_maps,
    "all-required": _all_required, "reference-alone": _reference_alone, "formats": _formats,
    "no-lookaround": _no_lookaround, "anchored-patterns": _anchored, "typed-items": _typed_items, "typed": _typed,
    "string-enums": _string_enums, "integer-steps": _integer_steps, "one-allof": _one_all_of,
    "disjoint-oneof": _disjoint, "one-facet": _one_facet, "properties-or-branches": _properties_or_branches,
    "sized-maps": _sized_maps, "local-references": _local, "pointer-references": _pointers,
    "no-recursion": _no_recursion, "optional-recursion": _optional_recursion,
}  # fmt: skip


def measured(schema: Document, what: str) -> int:
    """Return a figure that providers limit: `properties`, `depth`, `enum-values`, `text` or `enum-text`."""
    tables = [table for _, table in _tables(schema)]
    if what == "properties":
        return sum(len(as_object(table.get("properties"))) for table in tables)
    if what == "depth":
        return _depth(schema, schema, ())
    values = [as_list(table.get("enum")) for table in tables]
    if what == "enum-values":
        return sum(map(len, values))
    if what == "enum-text":
        return max((sum(len(str(one)) for one in each) for each in values if len(each) > _MANY_VALUES), default=0)
    names = [name for table in tables for name in as_object(table.get("properties"))]
    names += [name for table in tables for key in DEFINITIONS for name in as_object(table.get(key))]
    texts = [*names, *(str(one) for each in values for one in each), *(str(t["const"]) for t in tables if "const" in t)]
    return sum(map(len, texts))


def _depth(root: Document, schema: Json, way: tuple[str, ...]) -> int:
    """Return how many objects stand inside of each other; what is recursive counts once."""
    table = as_object(schema)
    reference = str(table.get("$ref", ""))
    if reference:
        return 0 if reference in way else _depth(root, _target(root, table), (*way, reference))
    inside = [*as_object(table.get("properties")).values(), *as_list(table.get("prefixItems"))]
    inside += [table[key] for key in ("items", "additionalProperties") if is_object(table.get(key))]
    inside += [each for key in _BRANCHES for each in as_list(table.get(key))]
    return _is_object(table) + max((_depth(root, each, way) for each in inside), default=0)


def _tables(schema: Document) -> Iterator[tuple[Pointer, dict[str, Json]]]:
    yield from ((pointer, as_object(each)) for pointer, each in walk(schema) if is_object(each))


def _patterns(schema: Document) -> Iterator[tuple[Pointer, str]]:
    for pointer, table in _tables(schema):
        if isinstance(table.get("pattern"), str):
            yield (*pointer, "pattern"), table["pattern"]


def _is_object(table: dict[str, Json]) -> bool:
    return "object" in _types(table) or ("type" not in table and "properties" in table)


def _types(table: dict[str, Json]) -> tuple[str, ...]:
    named = table.get("type")
    return tuple(as_list(named)) if is_list(named) else (named,) if isinstance(named, str) else ()


def _may_be(table: dict[str, Json], name: str) -> bool:
    return not _types(table) or name in _types(table)


def _target(schema: Document, table: dict[str, Json]) -> Json:
    try:
        return at(schema, parsed(str(table.get("$ref", "")).removeprefix("#")))
    except KeyError:
        return True


def _followed(schema: Document, each: Json) -> Json:
    for _ in range(8):
        if "$ref" not in as_object(each):
            break
        each = _target(schema, as_object(each))
    return each


def _are_disjoint(one: dict[str, Json], other: dict[str, Json]) -> bool:
    types, others = set(_types(one)), set(_types(other))
    for left, right in ((types, others), (others, types)):
        if "integer" in left and "number" in right:
            return False
    if types and others and not types & others:
        return True
    mine, theirs = _finite(one), _finite(other)
    if mine and theirs:
        return not mine & theirs
    shared = set(as_list(one.get("required"))) & set(as_list(other.get("required")))
    for name in shared:
        left = _finite(as_object(as_object(one.get("properties")).get(name)))
        right = _finite(as_object(as_object(other.get("properties")).get(name)))
        if left and right and not left & right:
            return True
    return False


def _finite(table: dict[str, Json]) -> set[str]:
    if "const" in table:
        return {token(table["const"])}
    return {token(value) for value in as_list(table.get("enum"))}


def _recursions(schema: Document) -> Iterator[tuple[Pointer, bool]]:
    """Yield where references lead back, and whether only required properties are on the way."""
    met: set[tuple[str, Pointer]] = set()

    def search(each: Json, place: Pointer, way: dict[str, bool], needed: bool) -> Iterator[tuple[Pointer, bool]]:
        table = as_object(each)
        reference = table.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            if reference in way:
                yield place, needed and way[reference]
                return
            if (reference, place) in met:
                return
            met.add((reference, place))
            yield from search(_target(schema, table), parsed(reference), {**way, reference: True}, True)
        required = as_list(table.get("required"))
        for key, value in table.items():
            if key == "properties":
                for name, inner in as_object(value).items():
                    yield from search(inner, (*place, key, name), way, needed and name in required)
            elif key in _BRANCHES or key == "prefixItems":
                for index, inner in enumerate(as_list(value)):
                    yield from search(inner, (*place, key, index), way, needed and key == "allOf")
            elif key in ("items", "additionalProperties"):
                yield from search(value, (*place, key), way, False)

    yield from search(schema, (), {"#": True}, True)
