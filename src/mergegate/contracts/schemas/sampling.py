"""Values of a schema, made from its words: those at the edges first, then mixtures; checked where it matters."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from random import Random
from typing import TYPE_CHECKING

from mergegate.contracts.schemas.conjunction import both, types_of
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, parsed, token, type_of
from mergegate.contracts.schemas.json_data import at as value_at
from mergegate.contracts.schemas.normal import engine
from mergegate.contracts.schemas.scalars import numbers, strings

if TYPE_CHECKING:
    from jsonschema_rs import Validator

_HARD = frozenset({
    "allOf", "anyOf", "const", "contains", "dependentRequired", "dependentSchemas", "enum", "format", "if",
    "multipleOf", "not", "oneOf", "pattern", "patternProperties", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "$ref",
})  # fmt: skip
_IMPLIED = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties",
               "maxProperties", "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    "array": ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
_DEEPEST = 12
_SHALLOW = 2
_MISSES = 300
_ANYTHING: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 1.5, "", "a", [], {}, [None], [0], ["a"], [1.5], [[]], [{}], {"a": None}, {"a": 0},
    {"a": "a"}, 10**6, "abc def", [True, 1, "a"], {"a": {}, "b": []},
)  # fmt: skip


class OutOfTime(Exception):  # noqa: N818  (no error: the search ends)
    """The time for making values is up."""


class Sampler:
    """Makes values of a schema of draft 2020-12 and of all schemas inside of it.

    Parameters
    ----------
    document
        The schema, with its local references resolved.
    random
        Where arbitrary choices come from.
    formats
        Whether `format` is a condition.
    deadline
        The time of `time.monotonic` after which `OutOfTime` is raised.
    """

    def __init__(
        self, document: Document, random: Random, *, formats: bool, deadline: float = float("inf")
    ) -> None:  # fmt: skip
        self.deadline = deadline
        # the schemas are kept beside what is known of them, so that none takes the place of another in memory
        self._firsts: dict[tuple[int, int], tuple[Json, list[Json]]] = {}
        self.document = document
        self.random = random
        self.formats = formats
        self.definitions = as_object(document).get("$defs", {})
        self._validators: dict[str, Validator | None] = {}

    def values(self, schema: Json, hints: Hints, depth: int = 0) -> Iterator[Json]:
        """Yield different values of a schema, as far as they can be made; there may be more, or none."""
        if time.monotonic() > self.deadline:
            raise OutOfTime
        seen: set[str] = set()
        fits = self.fits(schema)
        missed = 0
        for value in self._values(schema, hints, depth):
            if fits is not None and not _admits(fits, value):
                missed += 1
                if missed > _MISSES:
                    return
                continue
            missed = 0
            text = token(value)
            if text not in seen:
                seen.add(text)
                yield value

    def first(self, schema: Json, depth: int = 0) -> list[Json]:
        """Return a list of one value of a schema, an empty one if none could be made."""
        key = (id(schema), depth)
        known = self._firsts.get(key)
        if known is None:
            known = self._firsts[key] = (schema, list(islice(self.values(schema, Hints(), depth), 1)))
        return list(known[1])

    def fits(self, schema: Json) -> Validator | None:
        """Return what checks values of a schema, None if they fit as they are made."""
        table = as_object(schema)
        if not table.keys() & _HARD:
            return None
        text = token(schema)
        if text not in self._validators:
            whole = {**table, "$defs": self.definitions} if self.definitions else table
            try:
                self._validators[text] = engine().Draft202012Validator(
                    whole, validate_formats=self.formats, offline=True
                )
            except ValueError:
                self._validators[text] = None
        return self._validators[text]

    def admits(self, schema: Json, value: Json) -> bool:
        """Tell whether a value fits a schema inside of the document."""
        if isinstance(schema, bool):
            return schema
        whole = {**as_object(schema), "$defs": self.definitions} if self.definitions else as_object(schema)
        text = f"all {token(schema)}"
        if text not in self._validators:
            try:
                self._validators[text] = engine().Draft202012Validator(
                    whole, validate_formats=self.formats, offline=True
                )
            except ValueError:
                self._validators[text] = None
        made = self._validators[text]
        return made is None or _admits(made, value)

    def target(self, reference: str) -> Json:
        """Return the schema to which a local reference leads, False if to none."""
        try:
            return value_at(self.document, parsed(reference.removeprefix("#")))
        except KeyError:
            return False

    def _values(self, schema: Json, hints: Hints, depth: int) -> Iterator[Json]:
        if schema is False or depth > _DEEPEST:
            return iter(())
        table = as_object(schema)
        if not table:
            return chain(hints.values, _ANYTHING, self._free(hints, depth))
        if "$ref" in table:
            rest = {key: value for key, value in table.items() if key not in ("$ref", "$defs")}
            return self.values(both(rest or True, self.target(str(table["$ref"]))), hints, depth + 1)
        for key in ("allOf", "anyOf", "oneOf", "if", "dependentSchemas"):
            if key in table:
                return _alternately([self.values(each, hints, depth) for each in _opened(table, key)])
        if "const" in table:
            return iter((table["const"],))
        if "enum" in table:
            return iter(as_list(table["enum"]))
        return _alternately([self._typed(name, table, hints, depth) for name in _types(table)])

    def _typed(self, name: str, table: dict[str, Json], hints: Hints, depth: int) -> Iterator[Json]:
        from mergegate.contracts.schemas.containers import arrays, objects  # noqa: PLC0415  (they need this module)

        if name == "null":
            return iter((None,))
        if name == "boolean":
            return iter((True, False))
        if name in ("integer", "number"):
            return numbers(table, hints, self.random, whole=name == "integer")
        if name == "string":
            return strings(table, hints, self.random)
        made = objects if name == "object" else arrays
        more = (value for value in hints.values if type_of(value) == name)
        return _alternately([made(self, table, hints, depth), more])

    def _free(self, hints: Hints, depth: int) -> Iterator[Json]:
        """Yield values of any kind that hints suggest."""
        names = ("number", "string", "object", "array") if depth < _SHALLOW else ("number", "string")
        yield from _alternately([self._typed(name, {}, hints, depth) for name in names])


def _types(table: dict[str, Json]) -> list[str]:
    """Return the types that a schema admits, those of which it says something first."""
    names = types_of(table)
    said = [name for name in names if any(key in table for key in _IMPLIED.get(name, ()))]
    return [*said, *(name for name in names if name not in said)]


def _opened(table: dict[str, Json], key: str) -> list[Json]:
    """Return schemas that together admit what a schema with a combining keyword admits, and maybe more."""
    rest: Json = {name: value for name, value in table.items() if name != key}
    if key == "allOf":
        for each in as_list(table[key]):
            rest = both(rest, each)
        return [rest]
    if key == "if":
        then, otherwise = rest.pop("then", True), rest.pop("else", True)
        return [both(both(rest, table["if"]), then), both(rest, otherwise)]
    if key == "dependentSchemas":
        everything: Json = rest
        for name, each in as_object(table[key]).items():
            everything = both(both(everything, each), {"required": [name]})
        return [rest, everything, *(both(rest, each) for each in as_object(table[key]).values())]
    return [both(rest, each) for each in as_list(table[key])]


def _admits(validator: Validator, value: Json) -> bool:
    try:
        return validator.is_valid(value)
    except ValueError:
        return False


def _alternately(streams: Iterable[Iterator[Json]]) -> Iterator[Json]:
    """Yield the next of each stream in turn until all are at their end."""
    left = list(streams)
    while left:
        going: list[Iterator[Json]] = []
        for stream in left:
            for value in stream:
                yield value
                going.append(stream)
                break
        left = going


alternately = _alternately
