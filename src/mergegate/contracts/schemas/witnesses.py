"""Values of one schema that another may refuse: made where the two differ, and put in place in whole values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from mergegate.contracts.schemas.conjunction import both
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object
from mergegate.contracts.schemas.patterns import samples
from mergegate.contracts.schemas.sampling import Sampler, alternately

_DEEPEST = 12
_BRANCHES = 8
_PLACES = 24
_REFERENCES = 4
_PER_PLACE = 400
_IN_PASSING = 30
_INNER = frozenset({"properties", "patternProperties", "items", "prefixItems", "anyOf", "oneOf", "$defs"})
_APPLIED = ("anyOf", "oneOf")


class Witnesses:
    """Makes candidates for values that `old` admits and `new` does not; both are of draft 2020-12, resolved."""

    def __init__(self, old: Document, new: Document, seed: int, *, formats: bool, deadline: float) -> None:
        self.old = old
        self.new = new
        self.sampler = Sampler(old, Random(seed), formats=formats, deadline=deadline)
        self.other = Sampler(new, Random(seed), formats=formats, deadline=deadline)

    def all(self) -> Iterator[Json]:
        """Yield candidates: those for each place where the two differ, the innermost first, and others in turn."""
        anything = self._local(True, self.new)
        return alternately([self._between(self.old, self.new, 0), self._local(self.old, self.new), anything])

    def _between(self, old: Json, new: Json, depth: int) -> Iterator[Json]:
        if old is False or new is True or depth > _DEEPEST:
            return
        old, new = self._followed(self.sampler, old), self._followed(self.other, new)
        streams: list[Iterator[Json]] = []
        if depth < _DEEPEST:
            pairs = _changed_branches(old, new)
            if pairs:
                streams += [self._between(one, other, depth + 1) for one, other in pairs]
            else:
                streams += [self._between(each, new, depth + 1) for each in _branches(old)]
                streams += [self._between(old, each, depth + 1) for each in _branches(new)]
            streams += self._members(old, new, depth)
            streams += self._items(old, new, depth)
        yield from alternately([islice(stream, _PER_PLACE) for stream in streams])
        yield from islice(self._local(old, new), _PER_PLACE if _differ_here(old, new) or not streams else _IN_PASSING)

    def _local(self, old: Json, new: Json) -> Iterator[Json]:
        # hints cost a walk through both, so only who is asked for values pays for them
        yield from self.sampler.values(old, Hints.of(self.old if old is True else old, new))

    def _followed(self, sampler: Sampler, schema: Json, depth: int = 0) -> Json:
        for _ in range(_REFERENCES):
            table = as_object(schema)
            if "$ref" not in table:
                break
            rest = {key: value for key, value in table.items() if key not in ("$ref", "$defs")}
            schema = both(rest or True, sampler.target(str(table["$ref"])))
        table = as_object(schema)
        if "allOf" in table and depth < _REFERENCES:
            schema = {key: value for key, value in table.items() if key not in ("allOf", "$defs")}
            for each in as_list(table["allOf"]):
                schema = both(schema, self._followed(sampler, each, depth + 1))
        return schema

    def _members(self, old: Json, new: Json, depth: int) -> list[Iterator[Json]]:
        mine, theirs = as_object(old), as_object(new)
        names = dict.fromkeys((*as_object(mine.get("properties")), *as_object(theirs.get("properties"))))
        pairs = [(name, _member(mine, name), _member(theirs, name)) for name in names]
        known, others = as_object(mine.get("patternProperties")), as_object(theirs.get("patternProperties"))
        for pattern in dict.fromkeys((*known, *others)):
            pair = (known.get(pattern, _rest(mine)), others.get(pattern, _rest(theirs)))
            pairs += [(name, *pair) for name in samples(pattern, self.sampler.random, 1)]
        # a name that neither knows, where the two differ about such
        pairs.append(("extra", _rest(mine), _rest(theirs)))
        apart = [(name, one, other) for name, one, other in pairs if one != other or "$ref" in as_object(one)]
        return [self._placed(old, name, self._between(one, other, depth + 1)) for name, one, other in apart[:_PLACES]]

    def _placed(self, old: Json, name: str, values: Iterator[Json]) -> Iterator[Json]:
        """Put values in objects that are least and fullest."""
        table = as_object(old)
        required = [*as_list(table.get("required")), name]
        with_it = both(table, {"type": "object", "required": list(dict.fromkeys(required))})
        bases = [as_object(base) for base in islice(self.sampler.values(with_it, Hints()), 2)]
        bases = bases or [as_object(base) for base in self.sampler.first(both(table, {"type": "object"}))]
        for value in values:
            for base in bases or [{}]:
                yield {**base, name: value}

    def _items(self, old: Json, new: Json, depth: int) -> list[Iterator[Json]]:
        mine, theirs = as_object(old), as_object(new)
        keys = ("items", "prefixItems", "contains", "unevaluatedItems")
        if not any(key in table for table in (mine, theirs) for key in keys):
            return []
        count = max(len(as_list(table.get("prefixItems"))) for table in (mine, theirs)) + 1
        found: list[Iterator[Json]] = []
        for index in range(min(count, _PLACES)):
            one, other = _item(mine, index), _item(theirs, index)
            if one != other or "$ref" in as_object(one):
                found.append(self._listed(old, index, self._between(one, other, depth + 1)))
        if "contains" in theirs and "contains" not in mine:
            refused = {"not": theirs["contains"]}
            only = both(both(mine, {"type": "array"}), {"items": both(_item(mine, count), refused)})
            found.append(self.sampler.values(only, Hints.of(new)))
        return found

    def _listed(self, old: Json, index: int, values: Iterator[Json]) -> Iterator[Json]:
        table = both(as_object(old), {"type": "array", "minItems": index + 1})
        bases = [as_list(base) for base in islice(self.sampler.values(table, Hints()), 2)]
        shortest = [as_list(base) for base in self.sampler.first(both(as_object(old), {"type": "array"}))]
        for value in values:
            for base in bases or shortest or [[]]:
                yield [*base[:index], value, *base[index + 1 :]]


def _differ_here(old: Json, new: Json) -> bool:
    """Tell whether two schemas differ in more than what is inside of them."""
    mine, theirs = as_object(old), as_object(new)
    if any(mine.keys() ^ theirs.keys()) or bool(mine) != bool(theirs):
        return True
    return any(mine[key] != theirs[key] for key in mine if key not in _INNER)


def _changed_branches(old: Json, new: Json) -> list[tuple[Json, Json]]:
    """Return the alternatives that differ, where both have as many in the same order."""
    mine, theirs = as_object(old), as_object(new)
    for key in ("oneOf", "anyOf"):
        one, other = as_list(mine.get(key)), as_list(theirs.get(key))
        if one and len(one) == len(other):
            apart = [(left, right) for left, right in zip(one, other, strict=True) if left != right]
            return [(_with(mine, key, left), _with(theirs, key, right)) for left, right in apart]
    return []


def _with(table: dict[str, Json], key: str, branch: Json) -> Json:
    rest: Json = {name: value for name, value in table.items() if name not in (key, "$defs")}
    return both(rest or True, branch)


def _branches(schema: Json) -> list[Json]:
    table = as_object(schema)
    found: list[Json] = []
    for key in _APPLIED:
        found += [_with(table, key, each) for each in as_list(table.get(key))[:_BRANCHES]]
    if "if" in table:
        rest = {name: value for name, value in table.items() if name not in ("if", "then", "else", "$defs")}
        found.append(both(both(rest or True, table["if"]), table.get("then", True)))
        found.append(both(rest or True, table.get("else", True)))
    return found


def _member(table: dict[str, Json], name: str) -> Json:
    known = as_object(table.get("properties"))
    return known[name] if name in known else _rest(table)


def _rest(table: dict[str, Json]) -> Json:
    return table.get("additionalProperties", table.get("unevaluatedProperties", True))


def _item(table: dict[str, Json], index: int) -> Json:
    prefix = as_list(table.get("prefixItems"))
    if index < len(prefix):
        return prefix[index]
    return table.get("items", table.get("unevaluatedItems", True))
