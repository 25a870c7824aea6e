"""What one schema suggests for values that another is asked about: its constants, bounds, names and patterns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from mergegate.contracts.schemas.json_data import Json, as_list, as_object, is_number, token
from mergegate.contracts.schemas.keywords import walk

_MOST = 40
_PARTS = 300
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LENGTHS = ("minLength", "maxLength")
_COUNTS = ("minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains")


@dataclass(slots=True)
class Hints:
    """Suggestions, each list without repetitions and of bounded length."""

    values: list[Json] = field(default_factory=list[Json])
    numbers: list[float] = field(default_factory=list[float])
    lengths: list[int] = field(default_factory=list[int])
    counts: list[int] = field(default_factory=list[int])
    names: list[str] = field(default_factory=list[str])
    patterns: list[str] = field(default_factory=list[str])
    name_patterns: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, *schemas: Json) -> Hints:
        """Collect them from schemas and all inside of them."""
        found = cls()
        for schema in schemas:
            for _, each in islice(walk(schema), _PARTS):
                found._take(as_object(each))
        for name in cls.__slots__:
            setattr(found, name, _unique(getattr(found, name)))
        return found

    def _take(self, table: dict[str, Json]) -> None:
        self.values += as_list(table.get("enum"))
        if "const" in table:
            self.values.append(table["const"])
        self.numbers += [table[key] for key in _NUMBERS if is_number(table.get(key))]
        self.lengths += [int(table[key]) for key in _LENGTHS if is_number(table.get(key))]
        self.counts += [int(table[key]) for key in _COUNTS if is_number(table.get(key))]
        self.counts += [len(as_list(table["prefixItems"]))] if "prefixItems" in table else []
        self.names += [*as_object(table.get("properties")), *as_list(table.get("required"))]
        self.names += [*as_object(table.get("dependentRequired")), *as_object(table.get("dependentSchemas"))]
        self.patterns += [table["pattern"]] if isinstance(table.get("pattern"), str) else []
        self.name_patterns += list(as_object(table.get("patternProperties")))


def _unique(values: Iterable[Json]) -> list[Json]:
    return list({token(value): value for value in values}.values())[:_MOST]
