"""Proofs that one schema admits all that another does, where the canonical form alone cannot tell.

A schema is taken apart (members, items, branches, types); what is left is proved by the canonical form or by trying all
values. What is recursive is assumed to hold one level further down: values are finite, so that is an induction.
"""

from __future__ import annotations

import time
from itertools import combinations

from mergegate.contracts.schemas.conjunction import types_of
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, at, parsed, token
from mergegate.contracts.schemas.normal import canonical, engine

_LATEST = "2020-12"
_STEPS = 3_000
_LARGEST = 400
_OBJECT = frozenset({"type", "properties", "required", "additionalProperties", "patternProperties"})
_ARRAY = frozenset({"type", "items", "prefixItems"})
_LOWER = {"minProperties": 0, "minItems": 0}
_UPPER = ("maxProperties", "maxItems")
# they say something about a value alone, whatever stands beside them
_ALONE = frozenset({"uniqueItems", "propertyNames", "dependentRequired", "contains", "minContains", "maxContains"})


class Prover:
    """Proves inclusions between the parts of two schemas of draft 2020-12, resolved and silent."""

    def __init__(self, old: Document, new: Document, *, formats: bool, deadline: float) -> None:
        self.old = old
        self.new = new
        self.formats = formats
        self.deadline = deadline
        self.steps = 0
        definitions = [as_object(each).get("$defs", {}) for each in (old, new)]
        self.shared = token(definitions[0]) == token(definitions[1])

    def proves(self) -> bool:
        """Tell whether it is certain that `new` admits all that `old` does."""
        try:
            return self._holds(_without(self.old), _without(self.new), {}, 0)
        except RecursionError:
            return False

    def _holds(self, old: Json, new: Json, assumed: dict[tuple[str, str], int], depth: int) -> bool:
        self.steps += 1
        if self.steps > _STEPS or time.monotonic() > self.deadline:
            return False
        if old is False or new is True or new == {}:
            return True
        if token(old) == token(new) and (self.shared or '"$ref"' not in token(old)):
            return True
        if "$ref" in as_object(old) or "$ref" in as_object(new):
            key = (token(old), token(new))
            if key in assumed:
                return assumed[key] < depth
            assumed = {**assumed, key: depth}
        return self._covered(old, new) or self._apart(old, new, assumed, depth)

    def _covered(self, old: Json, new: Json) -> bool:
        if len(token(old)) + len(token(new)) > 200 * _LARGEST:
            return False
        one = canonical(_with(old, self.old), _LATEST, formats=self.formats)
        other = canonical(_with(new, self.new), _LATEST, formats=self.formats)
        if one is None or other is None:
            return False
        try:
            return other.covers(one) == engine().canonical.Containment.YES
        except ValueError:
            return False

    def _apart(self, old: Json, new: Json, assumed: dict[tuple[str, str], int], depth: int) -> bool:
        mine, theirs = _evaluated(as_object(old)), _evaluated(as_object(new))
        if "$ref" in theirs:
            rest, target = _split(theirs, "$ref"), self._target(self.new, theirs)
            return self._holds(old, target, assumed, depth) and (not rest or self._holds(old, rest, assumed, depth))
        if "$ref" in mine:
            rest, target = _split(mine, "$ref"), self._target(self.old, mine)
            return self._holds(target, new, assumed, depth) or (bool(rest) and self._holds(rest, new, assumed, depth))
        finite = as_list(mine.get("enum")) or ([mine["const"]] if "const" in mine else [])
        if finite:
            return self._all_admitted(finite, new)
        if self._by_branches(mine, theirs, assumed, depth):
            return True
        for key in ("anyOf", "oneOf"):
            rest = _split(mine, key)
            if key in mine and not (rest.keys() - {"type"}):
                return all(self._holds(_typed(each, rest), new, assumed, depth) for each in as_list(mine[key]))
        if "allOf" in theirs:
            rest = _split(theirs, "allOf")
            parts = [*as_list(theirs["allOf"]), *([rest] if rest else [])]
            if not rest.keys() & {"unevaluatedProperties", "unevaluatedItems"}:
                return all(self._holds(old, each, assumed, depth) for each in parts)
        if "anyOf" in theirs and not _split(theirs, "anyOf"):
            return self._some_branch(old, as_list(theirs["anyOf"]), assumed, depth)
        if "allOf" in mine:
            parts = [*as_list(mine["allOf"]), _split(mine, "allOf")]
            if any(self._holds(each, new, assumed, depth) for each in parts if each):
                return True
        types = types_of(mine)
        if len(types) > 1:
            return all(self._holds({**mine, "type": name}, new, assumed, depth) for name in types)
        return bool(types) and self._typed(next(iter(types)), mine, theirs, assumed, depth)

    def _by_branches(
        self, mine: dict[str, Json], theirs: dict[str, Json], assumed: dict[tuple[str, str], int], depth: int
    ) -> bool:
        """Prove branch by branch, where both have as many: of `oneOf`, those of `new` must not overlap."""
        for key in ("anyOf", "oneOf"):
            one, other = as_list(mine.get(key)), as_list(theirs.get(key))
            if not one or len(one) != len(other):
                continue
            if key == "oneOf" and not all(self._disjoint(left, right) for left, right in combinations(other, 2)):
                continue
            rest, other_rest = _split(mine, key), _split(theirs, key)
            # what stands beside the branches must not ask what they have evaluated
            if other_rest.keys() & {"unevaluatedProperties", "unevaluatedItems"}:
                continue
            pairs = [*zip(one, other, strict=True), *([(rest, other_rest)] if other_rest else [])]
            if all(self._holds(left, right, assumed, depth) for left, right in pairs):
                return True
        return False

    def _disjoint(self, one: Json, other: Json) -> bool:
        made = [canonical(_with(each, self.new), _LATEST, formats=self.formats) for each in (one, other)]
        left, right = made
        if left is None or right is None:
            return False
        try:
            return left.intersect(right).satisfiability() == engine().canonical.Satisfiability.NO
        except ValueError:
            return False

    def _some_branch(self, old: Json, branches: list[Json], assumed: dict[tuple[str, str], int], depth: int) -> bool:
        types = types_of(as_object(old))
        if len(types) > 1 and not as_object(old).keys() & {"anyOf", "oneOf", "allOf", "not"}:
            table = as_object(old)
            return all(self._some_branch({**table, "type": name}, branches, assumed, depth) for name in types)
        return any(self._holds(old, each, assumed, depth) for each in branches)

    def _typed(
        self, name: str, mine: dict[str, Json], theirs: dict[str, Json], assumed: dict[tuple[str, str], int], depth: int
    ) -> bool:
        admitted = types_of(theirs)
        if name not in admitted and not (name == "integer" and "number" in admitted):
            return False
        known = _OBJECT if name == "object" else _ARRAY if name == "array" else None
        if known is None:
            return False
        # of what cannot be taken apart, `old` may have anything, `new` only what `old` asks for, too
        for key in theirs.keys() - known:
            if key in _LOWER:
                if mine.get(key, 0) < theirs[key]:
                    return False
            elif key in _UPPER:
                if key not in mine or mine[key] > theirs[key]:
                    return False
            elif _concerns(key, name) and not (key in _ALONE and _alike(mine, theirs, key)):
                return False
        taken = self._members if name == "object" else self._items
        return taken(mine, theirs, assumed, depth + 1)

    def _members(
        self, mine: dict[str, Json], theirs: dict[str, Json], assumed: dict[tuple[str, str], int], depth: int
    ) -> bool:
        required = as_list(mine.get("required"))
        if any(each not in required for each in as_list(theirs.get("required"))):
            return False
        one, other = _Names(mine), _Names(theirs)
        names = dict.fromkeys((*one.known, *other.known))
        pairs = [(one.schema(name), other.schema(name)) for name in names]
        # any other name may fall under a pattern of one side and under another, or none, of the other side
        for pattern, schema in other.patterns.items():
            if pattern in one.patterns:
                pairs.append((one.patterns[pattern], schema))
            else:
                pairs += [(each, schema) for each in (*one.patterns.values(), one.rest)]
        pairs += [(each, other.rest) for pattern, each in one.patterns.items() if pattern not in other.patterns]
        pairs.append((one.rest, other.rest))
        return all(self._holds(left, right, assumed, depth) for left, right in pairs)

    def _items(
        self, mine: dict[str, Json], theirs: dict[str, Json], assumed: dict[tuple[str, str], int], depth: int
    ) -> bool:
        one, other = as_list(mine.get("prefixItems")), as_list(theirs.get("prefixItems"))
        rest, other_rest = mine.get("items", True), theirs.get("items", True)
        pairs = [
            (one[index] if index < len(one) else rest, other[index] if index < len(other) else other_rest)
            for index in range(max(len(one), len(other)))
        ]
        return all(self._holds(left, right, assumed, depth) for left, right in [*pairs, (rest, other_rest)])

    def _all_admitted(self, values: list[Json], new: Json) -> bool:
        try:
            made = engine().Draft202012Validator(_with(new, self.new), validate_formats=self.formats, offline=True)
            return all(made.is_valid(value) for value in values)
        except ValueError:
            return False

    def _target(self, document: Document, table: dict[str, Json]) -> Json:
        try:
            return at(document, parsed(str(table["$ref"]).removeprefix("#")))
        except KeyError:
            # what leads nowhere proves nothing: something that no schema covers on either side
            return {"$dynamicRef": "#nowhere"}


class _Names:
    """What the members of an object have to be, by name."""

    def __init__(self, table: dict[str, Json]) -> None:
        self.known = as_object(table.get("properties"))
        self.patterns = as_object(table.get("patternProperties"))
        self.rest = table.get("additionalProperties", True)

    def schema(self, name: str) -> Json:
        found = [schema for pattern, schema in self.patterns.items() if _matches(pattern, name)]
        if name in self.known:
            found.append(self.known[name])
        return self.rest if not found else found[0] if len(found) == 1 else {"allOf": found}


def _matches(pattern: str, name: str) -> bool:
    return engine().is_valid({"pattern": pattern}, name)


def _concerns(key: str, name: str) -> bool:
    """Tell whether a keyword says something about values of a type, or may do so."""
    other = {"object": ("array", "string", "number"), "array": ("object", "string", "number")}[name]
    return not any(key in _ONLY[kind] for kind in other)


_ONLY = {
    "object": {"properties", "required", "additionalProperties", "patternProperties", "propertyNames",
               "minProperties", "maxProperties", "dependentRequired"},
    "array": {"items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}  # fmt: skip


def _alike(mine: dict[str, Json], theirs: dict[str, Json], key: str) -> bool:
    if "$ref" in token(theirs[key]):
        return False
    if key in ("contains", "minContains", "maxContains"):
        return all(mine.get(each) == theirs.get(each) for each in ("contains", "minContains", "maxContains"))
    return key in mine and token(mine[key]) == token(theirs[key])


def _evaluated(table: dict[str, Json]) -> dict[str, Json]:
    """Return a schema with `unevaluated...` in simpler words, where nothing else evaluates."""
    if table.keys() & {"allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas", "$ref", "contains"}:
        return table
    for hard, simple in (("unevaluatedProperties", "additionalProperties"), ("unevaluatedItems", "items")):
        if hard in table:
            table = _split(table, hard) if simple in table else {**_split(table, hard), simple: table[hard]}
    return table


def _split(table: dict[str, Json], key: str) -> dict[str, Json]:
    return {name: value for name, value in table.items() if name != key}


def _typed(schema: Json, rest: dict[str, Json]) -> Json:
    return schema if not rest else {"allOf": [schema, rest]}


def _without(document: Document) -> Json:
    return document if isinstance(document, bool) else {key: item for key, item in document.items() if key != "$defs"}


def _with(schema: Json, document: Document) -> Json:
    definitions = as_object(document).get("$defs")
    if not definitions or isinstance(schema, bool) or "$ref" not in token(schema):
        return schema
    return {**as_object(schema), "$defs": definitions}
