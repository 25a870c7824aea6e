"""What has changed between two schemas, part by part, and what each change does to values and to readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mergegate.contracts.schemas.conjunction import types_of
from mergegate.contracts.schemas.json_data import (
    Document,
    Json,
    Pointer,
    as_list,
    as_object,
    at,
    is_list,
    is_number,
    parsed,
    shown,
    spelled,
    token,
)
from mergegate.contracts.schemas.keywords import TEXTS, TOOLING

LOOSENS = "loosens"
TIGHTENS = "tightens"
BOTH = "both"
NOTHING = "nothing"
PROMPT = "prompt"
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
_DEEPEST = 40
_FLIP = {LOOSENS: TIGHTENS, TIGHTENS: LOOSENS}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes
    ----------
    pointer
        Where it stands, as a JSON pointer into the schemas with their references resolved.
    kind
        What kind of change, as `enum-value-added`.
    direction
        `loosens` (more values are admitted), `tightens` (fewer), `both` (some come, some go), `nothing` (the same
        values), `prompt` (the same values, but a model reads another text).
    message
        One line for people.
    """

    pointer: str
    kind: str
    direction: str
    message: str


def changes(old: Document, new: Document, *, formats: bool) -> list[Change]:
    """Return the differences of two resolved schemas, by place.

    Parameters
    ----------
    old, new
        The schemas, remarks included.
    formats
        Whether `format` is a condition.
    """
    walker = _Walker(old, new, formats)
    return sorted(walker.between(old, new, (), 0), key=lambda each: (each.pointer, each.kind, each.message))


class _Walker:
    def __init__(self, old: Document, new: Document, formats: bool) -> None:
        self.documents = (old, new)
        self.formats = formats
        self.met: set[tuple[str, str]] = set()

    def between(self, old: Json, new: Json, way: Pointer, depth: int) -> Iterator[Change]:
        if old == new and "$ref" not in token(old):
            yield from self._order(old, new, way)
            return
        pair = (token(old), token(new))
        if "$ref" in as_object(old) or "$ref" in as_object(new):
            if pair in self.met or depth > _DEEPEST:
                return
            self.met.add(pair)
            old, new = self._followed(old, 0), self._followed(new, 1)
        if isinstance(old, bool) or isinstance(new, bool):
            if old != new:
                yield self._whole(old, new, way)
            return
        mine, theirs = as_object(old), as_object(new)
        yield from _texts(mine, theirs, way)
        yield from self._order(old, new, way)
        yield from self._types(mine, theirs, way)
        yield from self._finite(mine, theirs, way)
        yield from self._members(mine, theirs, way, depth)
        for key in sorted({*mine, *theirs} - _APART - TEXTS - TOOLING):
            if mine.get(key, _ABSENT) != theirs.get(key, _ABSENT):
                yield from self._keyword(key, mine, theirs, way, depth)
            elif key in _DEEP:
                yield from self._inner(key, mine, theirs, way, depth)

    def _followed(self, schema: Json, side: int) -> Json:
        for _ in range(8):
            table = as_object(schema)
            if "$ref" not in table:
                break
            try:
                target = at(self.documents[side], parsed(str(table["$ref"]).removeprefix("#")))
            except KeyError:
                break
            schema = {**as_object(target), **{key: value for key, value in table.items() if key in TEXTS}}
        return schema

    def _whole(self, old: Json, new: Json, way: Pointer) -> Change:
        looser = old is False or new is True or new == {}
        tighter = new is False or old is True or old == {}
        direction = LOOSENS if looser else TIGHTENS if tighter else BOTH
        return Change(spelled(way), "schema-changed", direction, f"{shown(old, 60)} became {shown(new, 60)}")

    def _order(self, old: Json, new: Json, way: Pointer) -> Iterator[Change]:
        mine, theirs = as_object(as_object(old).get("properties")), as_object(as_object(new).get("properties"))
        if [name for name in mine if name in theirs] != [name for name in theirs if name in mine]:
            text = f"the properties come in another order: {', '.join(theirs)}"
            yield Change(spelled((*way, "properties")), "property-order", PROMPT, text)
        if old == new:
            for name in mine:
                yield from self._order(mine[name], theirs[name], (*way, "properties", name))

    def _types(self, mine: dict[str, Json], theirs: dict[str, Json], way: Pointer) -> Iterator[Change]:
        if mine.get("type") == theirs.get("type"):
            return
        before, after = set(types_of(mine)), set(types_of(theirs))
        more = {name for name in after - before if not (name == "integer" and "number" in before)}
        fewer = {name for name in before - after if not (name == "integer" and "number" in after)}
        if "integer" in after and "number" in before - after:
            fewer.add("number")
        if more or fewer:
            text = f"the type was {_or(sorted(before))} and is {_or(sorted(after))}"
            yield Change(spelled((*way, "type")), "type-changed", _direction(more, fewer), text)

    def _finite(self, mine: dict[str, Json], theirs: dict[str, Json], way: Pointer) -> Iterator[Change]:
        before, after = _values(mine), _values(theirs)
        if before is None and after is None:
            return
        where = spelled((*way, "enum"))
        if before is None or after is None:
            kind, way_, what = ("enum-added", TIGHTENS, after) if before is None else ("enum-removed", LOOSENS, before)
            verb = "now only" if before is None else "no longer only"
            values = shown(list((what or {}).values()), 80)
            yield Change(where, kind, way_, f"{verb} these values are allowed: {values}")
            return
        for text, value in after.items():
            if text not in before:
                yield Change(where, "enum-value-added", LOOSENS, f"the value {shown(value)} is allowed now")
        for text, value in before.items():
            if text not in after:
                yield Change(where, "enum-value-removed", TIGHTENS, f"the value {shown(value)} is no longer allowed")

    def _members(self, mine: dict[str, Json], theirs: dict[str, Json], way: Pointer, depth: int) -> Iterator[Change]:
        known, others = as_object(mine.get("properties")), as_object(theirs.get("properties"))
        needed, wanted = set(as_list(mine.get("required"))), set(as_list(theirs.get("required")))
        for name in dict.fromkeys((*known, *others)):
            place = (*way, "properties", name)
            if name in known and name in others:
                yield from self.between(known[name], others[name], place, depth + 1)
                if (name in needed) != (name in wanted):
                    word, direction = ("required", TIGHTENS) if name in wanted else ("optional", LOOSENS)
                    yield Change(spelled(place), f"property-became-{word}", direction, f"{name!r} is {word} now")
            elif name in others:
                yield self._added(name, others[name], mine, place, required=name in wanted)
            else:
                yield self._gone(name, known[name], theirs, place, required=name in needed)
        for name in sorted((needed ^ wanted) - known.keys() - others.keys()):
            word, direction = ("required", TIGHTENS) if name in wanted else ("optional", LOOSENS)
            where = spelled((*way, "required"))
            yield Change(where, f"property-became-{word}", direction, f"{name!r} is {word} now")

    def _added(self, name: str, schema: Json, table: dict[str, Json], place: Pointer, *, required: bool) -> Change:
        closed = table.get("additionalProperties") is False
        plain = schema is True or schema == {}
        direction = (BOTH if required else LOOSENS) if closed else TIGHTENS if required or not plain else NOTHING
        word = "required" if required else "optional"
        return Change(spelled(place), f"{word}-property-added", direction, f"the {word} property {name!r} is new")

    def _gone(self, name: str, schema: Json, table: dict[str, Json], place: Pointer, *, required: bool) -> Change:
        closed = table.get("additionalProperties") is False
        plain = schema is True or schema == {}
        loosens = required or not plain
        direction = (BOTH if required else TIGHTENS) if closed else LOOSENS if loosens else NOTHING
        word = "required" if required else "optional"
        return Change(spelled(place), f"{word}-property-removed", direction, f"the {word} property {name!r} is gone")

    def _keyword(
        self, key: str, mine: dict[str, Json], theirs: dict[str, Json], way: Pointer, depth: int
    ) -> Iterator[Change]:
        before, after = mine.get(key, _ABSENT), theirs.get(key, _ABSENT)
        if key in _DEEP and before is not _ABSENT and after is not _ABSENT:
            yield from self._inner(key, mine, theirs, way, depth)
            return
        where = spelled((*way, key))
        if key == "format" and not self.formats:
            yield Change(where, "format-changed", PROMPT, f"{key} was {_said(before)} and is {_said(after)}")
            return
        direction = _bound(key, before, after)
        yield Change(where, f"{_kebab(key)}-changed", direction, f"{key} was {_said(before)} and is {_said(after)}")

    def _inner(
        self, key: str, mine: dict[str, Json], theirs: dict[str, Json], way: Pointer, depth: int
    ) -> Iterator[Change]:
        before, after = mine[key], theirs[key]
        if key in ("items", "additionalProperties", "contains", "propertyNames", "unevaluatedProperties", "not", "if"):
            found = self.between(before, after, (*way, key), depth + 1)
            yield from _flipped(found) if key == "not" else found
        elif is_list(before) and is_list(after):
            one, other = as_list(before), as_list(after)
            gone, come = _unmatched(one, other), _unmatched(other, one)
            if len(gone) == len(come):
                for left, right in zip(gone, come, strict=True):
                    yield from self.between(one[left], other[right], (*way, key, right), depth + 1)
                return
            more, fewer = len(other) - len(one), len(one) - len(other)
            direction = BOTH if key == "oneOf" or (gone and come) else LOOSENS if more > 0 else TIGHTENS
            direction = _FLIP.get(direction, direction) if key in ("allOf", "prefixItems") else direction
            what = f"{more} more" if more > 0 else f"{fewer} fewer"
            yield Change(spelled((*way, key)), f"{_kebab(key)}-changed", direction, f"{key} has {what} parts")
        else:
            one, other = as_object(before), as_object(after)
            for name in sorted({*one, *other}):
                left, right = one.get(name, True), other.get(name, True)
                yield from self.between(left, right, (*way, key, name), depth + 1)


_ABSENT = object()
_APART = frozenset({"type", "enum", "const", "properties", "required", "$defs", "definitions", "$ref"})
_DEEP = frozenset({
    "items", "additionalProperties", "contains", "propertyNames", "unevaluatedProperties", "not", "allOf", "anyOf",
    "oneOf", "prefixItems", "patternProperties", "dependentSchemas", "if",
})  # fmt: skip


def _texts(mine: dict[str, Json], theirs: dict[str, Json], way: Pointer) -> Iterator[Change]:
    for key in sorted(TEXTS & (mine.keys() | theirs.keys())):
        before, after = mine.get(key, _ABSENT), theirs.get(key, _ABSENT)
        if before is _ABSENT or after is _ABSENT or token(before) != token(after):
            text = f"{key} was {_said(before)} and is {_said(after)}"
            yield Change(spelled((*way, key)), f"{_kebab(key)}-changed", PROMPT, text)


def _flipped(found: Iterable[Change]) -> Iterator[Change]:
    for each in found:
        yield Change(each.pointer, each.kind, _FLIP.get(each.direction, each.direction), each.message)


def _unmatched(one: list[Json], other: list[Json]) -> list[int]:
    known = [token(each) for each in other]
    left: list[int] = []
    for index, each in enumerate(one):
        text = token(each)
        if text in known:
            known.remove(text)
        else:
            left.append(index)
    return left


def _values(table: dict[str, Json]) -> dict[str, Json] | None:
    if "const" in table:
        return {token(table["const"]): table["const"]}
    return {token(value): value for value in as_list(table["enum"])} if "enum" in table else None


def _bound(key: str, before: object, after: object) -> str:
    absent = before is _ABSENT, after is _ABSENT
    if key in _LOWER | _UPPER and not any(absent) and is_number(before) and is_number(after):
        higher = after > before  # type: ignore[operator]  # both are numbers
        return LOOSENS if higher == (key in _UPPER) else TIGHTENS
    if key in ("unevaluatedProperties", "unevaluatedItems", "if", "then", "else", "oneOf") or not any(absent):
        return BOTH
    return TIGHTENS if absent[0] else LOOSENS


def _direction(more: object, fewer: object) -> str:
    return BOTH if more and fewer else LOOSENS if more else TIGHTENS


def _said(value: object) -> str:
    return "absent" if value is _ABSENT else shown(value, 60)


def _or(names: list[str]) -> str:
    return "anything" if len(names) >= 6 else " or ".join(names)


def _kebab(key: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in key.lstrip("$"))
