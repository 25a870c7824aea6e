"""Values of one schema that another may refuse: made where the two differ, and put in place in whole values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from mergegate.contracts.schemas.conjunction import both
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object
from mergegate.contracts.schemas.sampling import Sampler, alternately

_DEEPEST = 6
_BRANCHES = 8
_PLACES = 24
_APPLIED = ("allOf", "anyOf", "oneOf")


class Witnesses:
    """Makes candidates for values that `old` admits and `new` does not; both are of draft 2020-12, resolved."""

    def __init__(self, old: Document, new: Document, seed: int, *, formats: bool) -> None:
        self.old = old
        self.new = new
        self.sampler = Sampler(old, Random(seed), formats=formats)
        self.other = Sampler(new, Random(seed), formats=formats)

    def all(self) -> Iterator[Json]:
        """Yield candidates, the most likely ones first."""
        return self._between(self.old, self.new, 0)

    def _between(self, old: Json, new: Json, depth: int) -> Iterator[Json]:
        if old is False or new is True or depth > _DEEPEST:
            return iter(())
        old, new = self._followed(self.sampler, old), self._followed(self.other, new)
        streams: list[Iterator[Json]] = []
        if depth < _DEEPEST:
            streams += [self._between(each, new, depth + 1) for each in _branches(old)]
            streams += [self._between(old, each, depth + 1) for each in _branches(new)]
            streams += self._members(old, new, depth)
            streams += self._items(old, new, depth)
        streams.append(self.sampler.values(old, Hints.of(old, new)))
        return alternately(streams)

    def _followed(self, sampler: Sampler, schema: Json) -> Json:
        for _ in range(4):
            table = as_object(schema)
            if "$ref" not in table:
                break
            rest = {key: value for key, value in table.items() if key not in ("$ref", "$defs")}
            schema = both(rest or True, sampler.target(str(table["$ref"])))
        return schema

    def _members(self, old: Json, new: Json, depth: int) -> list[Iterator[Json]]:
        mine, theirs = as_object(old), as_object(new)
        names = dict.fromkeys((*as_object(mine.get("properties")), *as_object(theirs.get("properties"))))
        pairs = [(name, _member(mine, name), _member(theirs, name)) for name in names]
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


def _branches(schema: Json) -> list[Json]:
    table = as_object(schema)
    found: list[Json] = []
    for key in _APPLIED:
        rest = {name: value for name, value in table.items() if name not in (key, "$defs")}
        found += [both(rest or True, each) for each in as_list(table.get(key))[:_BRANCHES]]
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
