"""One table for what several schemas ask together: good enough to make values from, which are checked afterwards."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mergegate.contracts.schemas.json_data import Json, as_list, as_object, token

_LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
_BOTH = frozenset({"items", "additionalProperties", "contains", "propertyNames", "unevaluatedProperties"})
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")


def types_of(table: dict[str, Json]) -> tuple[str, ...]:
    """Return the types that a schema admits by its keyword `type`."""
    named = table.get("type")
    if named is None:
        return ("object", "array", "string", "number", "boolean", "null")
    return (named,) if isinstance(named, str) else tuple(as_list(named))


def both(one: Json, other: Json) -> Json:
    """Return a schema of the values that fit both, roughly: it may admit more."""
    if one is True:
        return other
    if other is True or one == other:
        return one
    if one is False or other is False:
        return False
    left, right = as_object(one), as_object(other)
    out = {**left}
    for key, value in right.items():
        out[key] = _joined(key, out[key], value) if key in out else value
    _close(out, left, right)
    if "type" in left and "type" in right:
        shared = _shared_types(types_of(left), types_of(right))
        if not shared:
            return False
        out["type"] = list(shared)
    if "enum" in out and not out["enum"]:
        return False
    return out


def _joined(key: str, one: Any, other: Any) -> Any:
    if one == other:
        return one
    if key in _LARGER:
        return max(one, other)
    if key in _SMALLER:
        return min(one, other)
    if key in _BOTH:
        return both(one, other)
    if key in ("properties", "patternProperties", "dependentSchemas"):
        table = {**as_object(one)}
        for name, schema in as_object(other).items():
            table[name] = both(table[name], schema) if name in table else schema
        return table
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key == "enum":
        known = {token(value) for value in other}
        return [value for value in one if token(value) in known]
    if key == "allOf":
        return [*one, *other]
    if key in ("anyOf", "oneOf"):
        # the combinations, as far as they are few
        return [both(left, right) for left in one[:6] for right in other[:6]]
    if key == "prefixItems":
        longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
        return [both(item, shorter[index]) if index < len(shorter) else item for index, item in enumerate(longer)]
    if key == "multipleOf":
        return _common_multiple(one, other)
    if key == "uniqueItems":
        return one or other
    if key == "not":
        return {"anyOf": [one, other]}
    return other


def _close(out: dict[str, Json], left: dict[str, Json], right: dict[str, Json]) -> None:
    """Leave out properties of one side that the other forbids."""
    for closed, open_ in ((left, right), (right, left)):
        if closed.get("additionalProperties") is False and not closed.get("patternProperties"):
            known = as_object(closed.get("properties"))
            table = as_object(out.get("properties"))
            lost = [name for name in as_object(open_.get("properties")) if name not in known]
            out["properties"] = {name: False if name in lost else schema for name, schema in table.items()}


def _shared_types(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    found = [name for name in one if name in other or (name == "integer" and "number" in other)]
    found += [name for name in other if name == "integer" and "number" in one and name not in found]
    return tuple(found)


def _common_multiple(one: float, other: float) -> float:
    left, right = Fraction(str(one)), Fraction(str(other))
    from math import lcm  # noqa: PLC0415

    whole = lcm(left.numerator * right.denominator, right.numerator * left.denominator)
    found = Fraction(whole, left.denominator * right.denominator)
    return int(found) if found.denominator == 1 else float(found)
