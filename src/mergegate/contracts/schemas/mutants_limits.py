"""Near misses of what a schema limits: bounds, lengths, counts, enums, patterns and formats."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mergegate.contracts.schemas.formats import NEAR
from mergegate.contracts.schemas.json_data import Json, as_list, as_object, is_list, is_number, is_object
from mergegate.contracts.schemas.mutants_structure import Miss
from mergegate.contracts.schemas.places import Place

_ASTRAL = "\U0001f600"
_LONGEST = 20_000
_HUGE = 10**300
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")  # noqa: RUF001  (digits that are none to JSON)


def limited(place: Place, foreign: list[Json]) -> Iterator[Miss]:
    """Yield near misses of one part of a value.

    Parameters
    ----------
    place
        The part.
    foreign
        Values of other enums of the schema.
    """
    if is_number(place.value):
        yield from _numbers(place)
    if isinstance(place.value, str):
        yield from _texts(place)
    if is_list(place.value):
        yield from _items(place, place.value)
    if is_object(place.value):
        yield from _members(place, place.value)
    yield from _finite(place, foreign)


def _numbers(place: Place) -> Iterator[Miss]:
    table, where = _moderate(place.schema), place.pointer
    if not _moderate({"value": place.value}):
        return
    for key, operator, sign in (("minimum", "below-minimum", -1), ("maximum", "above-maximum", 1)):
        if is_number(table.get(key)):
            yield Miss(operator, where, table[key] + sign)
            yield Miss(f"{operator}-by-little", where, float(table[key]) + sign * 0.001)
            yield Miss(f"far-{operator}", where, (abs(table[key]) + 1) * 10**6 * sign)
    for key, operator in (("exclusiveMinimum", "at-exclusive-minimum"), ("exclusiveMaximum", "at-exclusive-maximum")):
        if is_number(table.get(key)):
            yield Miss(operator, where, table[key])
    step = table.get("multipleOf")
    if is_number(step):
        off = Fraction(str(place.value)) + Fraction(str(step)) / 2
        yield Miss("off-step", where, int(off) if off.denominator == 1 else float(off))
    yield Miss("negated-number", where, -place.value or -1)
    yield Miss("percent-for-share", where, place.value * 100)


def _moderate(table: dict[str, Json]) -> dict[str, Json]:
    """Return a table without numbers that no machine number holds."""
    return {key: item for key, item in table.items() if not is_number(item) or abs(item) < _HUGE}


def _texts(place: Place) -> Iterator[Miss]:
    table, where, value = place.schema, place.pointer, place.value
    least, most = table.get("minLength"), table.get("maxLength")
    if is_number(least) and least > 0:
        yield Miss("too-short", where, value[: int(least) - 1])
        yield Miss("too-short-in-astral", where, _ASTRAL * (int(least) - 1))
    if is_number(most) and most < _LONGEST:
        yield Miss("too-long", where, (value + "a" * (int(most) + 1))[: int(most) + 1])
        yield Miss("too-long-in-astral", where, _ASTRAL * (int(most) + 1))
    if "pattern" in table or "format" in table or "enum" in table or "const" in table:
        yield Miss("first-character-lost", where, value[1:])
        yield Miss("last-character-lost", where, value[:-1])
        yield Miss("newline-at-end", where, f"{value}\n")
        yield Miss("space-before", where, f" {value}")
        yield Miss("space-behind", where, f"{value} ")
        yield Miss("full-width-digits", where, value.translate(_WIDE))
        yield Miss("said-in-words", where, f"It is {value}.")
        yield Miss("in-backticks", where, f"`{value}`")
        yield Miss("doubled", where, value * 2)
        yield Miss("case-swapped", where, value.swapcase())
    for what, text in NEAR.get(str(table.get("format")), ()):
        yield Miss(f"format-{what}", where, text)


def _items(place: Place, value: list[Json]) -> Iterator[Miss]:
    table, where = place.schema, place.pointer
    least, most = table.get("minItems"), table.get("maxItems")
    if is_number(least) and least > 0:
        yield Miss("too-few-items", where, value[: int(least) - 1])
    if is_number(most) and value and most < _LONGEST:
        yield Miss("too-many-items", where, [*value, *(value[:1] * (int(most) + 1 - len(value)))])
    if value:
        yield Miss("repeated-item", where, [*value, value[-1]])
        yield Miss("null-among-items", where, [*value, None])
        yield Miss("nested-items", where, [value])
        yield Miss("cut-items", where, value[:-1])
    if "prefixItems" in table:
        yield Miss("reversed-items", where, value[::-1])
        yield Miss("one-item-more", where, [*value, None])
    if "contains" in table:
        yield Miss("contains-nothing", where, [None for _ in value])


def _members(place: Place, value: dict[str, Json]) -> Iterator[Miss]:
    table, where = place.schema, place.pointer
    least, most = table.get("minProperties"), table.get("maxProperties")
    if is_number(least) and least > 0:
        yield Miss("too-few-members", where, dict(list(value.items())[: int(least) - 1]))
    if is_number(most) and most < _LONGEST:
        some = next(iter(value.values()), None)
        yield Miss("too-many-members", where, {**value, **{f"k{i}": some for i in range(int(most) + 1)}})
    if "propertyNames" in table or "patternProperties" in table:
        some = next(iter(value.values()), None)
        yield from (Miss("strange-name", where, {**value, name: some}) for name in ("", "a b", "Ünknown!", "0"))
    for name, needed in as_object(table.get("dependentRequired")).items():
        if name in value:
            yield from (Miss("missing-dependent", (*where, str(each)), None, gone=True) for each in as_list(needed))
    for key in ("then", "else"):
        for name in as_list(as_object(table.get(key)).get("required")):
            if name in value:
                yield Miss("condition-broken", (*where, str(name)), None, gone=True)


def _finite(place: Place, foreign: list[Json]) -> Iterator[Miss]:
    table, where, value = place.schema, place.pointer, place.value
    if "enum" not in table and "const" not in table:
        return
    if isinstance(value, str):
        yield Miss("enum-upper", where, value.upper())
        yield Miss("enum-title", where, value.capitalize())
        yield Miss("enum-period", where, f"{value}.")
        yield Miss("enum-prefix", where, f"very_{value}")
        yield Miss("enum-other-joint", where, value.replace("_", "-") if "_" in value else value.replace("-", " "))
        yield Miss("enum-several", where, f"{value}, {value}")
        yield Miss("enum-near", where, f"{value}s")
    yield from (Miss("enum-of-another", where, other) for other in foreign[:6])
    if is_number(value):
        yield Miss("enum-next", where, value + 1)
