"""Near misses of a schema: values and texts that a model might give instead, each known not to be valid."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from mergegate.contracts.schemas.generation import cases
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, at, removed, replaced, token
from mergegate.contracts.schemas.keywords import walk
from mergegate.contracts.schemas.mutants_limits import limited
from mergegate.contracts.schemas.mutants_structure import Miss, combined, structural
from mergegate.contracts.schemas.mutants_text import texts
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.contracts.schemas.places import Place, places
from mergegate.contracts.schemas.sampling import Sampler

_VALUES = 8
_TEXTS = 3
_PER_PLACE = 2


@dataclass(frozen=True, slots=True)
class Mutant:
    """A near miss.

    Attributes
    ----------
    operator
        What was done, as `missing-required`.
    pointer
        Where, as a JSON pointer into values, `*` for any item of a list; empty for the whole.
    value
        The value; None if there is a text.
    text
        The text, where the near miss is no value; empty if there is a value.
    """

    operator: str
    pointer: str
    value: Json = None
    text: str = ""

    @property
    def written(self) -> str:
        """The near miss as the text of an answer."""
        return self.text or ("" if self.is_text else json.dumps(self.value, ensure_ascii=False))

    @property
    def is_text(self) -> bool:
        """Whether it is a text and no value."""
        return self.operator.startswith("text:")


def mutants(
    source: Schema | Path | Document | type[Any],
    valid: Iterable[Json] | None = None,
    *,
    seed: int = 0,
    formats: bool = False,
    also_texts: bool = True,
) -> Iterator[Mutant]:
    """Yield near misses of a schema; what turns out to be valid is left out.

    Parameters
    ----------
    source
        The schema, a file of one, or a pydantic model.
    valid
        Valid values to start from; None: made here.
    seed
        Where arbitrary choices come from: the same seed, the same near misses.
    formats
        Whether `format` is a condition, where `source` does not say it itself.
    also_texts
        Whether to yield texts as well, which are no JSON, or more than that.
    """
    schema = source if isinstance(source, Schema) else load(source, formats=formats)
    for each, refused in near(schema, valid, seed=seed, also_texts=also_texts):
        if refused:
            yield each


def near(
    schema: Schema, valid: Iterable[Json] | None, *, seed: int, also_texts: bool = True
) -> Iterator[tuple[Mutant, bool]]:
    """Yield near misses of a schema, and whether it refuses them; some it happens to admit."""
    chosen = _chosen(schema, valid, seed)
    document = schema.modern[0] if schema.modern else schema.bare
    sampler = Sampler(document, Random(seed), formats=schema.formats)
    enums = [value for _, each in walk(document) for value in as_list(as_object(each).get("enum"))]
    seen: set[str] = set()
    used: Counter[tuple[str, str, bool]] = Counter()
    for value in chosen:
        for place in places(sampler, value):
            foreign = [each for each in enums if each not in as_list(place.schema.get("enum"))]
            for miss in _misses(place, foreign, _counterparts(place, chosen)):
                mutant = Mutant(miss.operator, Place(miss.pointer, None, {}).shown, _applied(value, miss))
                text = token(mutant.value)
                if text in seen:
                    continue
                seen.add(text)
                refused = is_refused(schema, mutant)
                spot = (miss.operator, place.shown, refused)
                # a few of each kind at each place show as much as hundreds
                if used[spot] < _PER_PLACE:
                    used[spot] += 1
                    yield mutant, refused
    if also_texts:
        yield from ((mutant, is_refused(schema, mutant)) for mutant in _texts(chosen))


def is_refused(schema: Schema, mutant: Mutant) -> bool:
    """Tell whether a near miss is not valid: no strict JSON, or not what the schema asks for."""
    if not mutant.is_text:
        return not schema.admits(mutant.value)
    try:
        return not schema.admits(strict(mutant.text))
    except (ValueError, RecursionError):
        return True


def strict(text: str) -> Json:
    """Read a text as JSON without the liberties of Python: no key twice, no NaN, no number beyond all bounds.

    Raises
    ------
    ValueError
        If it is no such JSON.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)


def _chosen(schema: Schema, valid: Iterable[Json] | None, seed: int) -> list[Json]:
    """Return valid values to start from: the fullest ones, for they have the most to get wrong."""
    made = list(islice(valid, 60)) if valid is not None else list(cases(schema, seed=seed, n=60))
    made = [value for value in made if schema.admits(value)]
    by_size = sorted(made, key=lambda value: (-len(token(value)), token(value)))
    half = _VALUES // 2
    rest = [value for value in made if value not in by_size[:half]]
    return [*by_size[:half], *rest[: _VALUES - half]]


def _misses(place: Place, foreign: list[Json], others: Iterable[Json]) -> Iterator[Miss]:
    yield from structural(place)
    yield from limited(place, foreign)
    yield from combined(place, others)


def _counterparts(place: Place, values: list[Json]) -> Iterator[Json]:
    """Yield what other values have at a place."""
    for value in values:
        with suppress(KeyError):
            yield at(value, place.pointer)


def _applied(value: Json, miss: Miss) -> Json:
    return removed(value, miss.pointer) if miss.gone else replaced(value, miss.pointer, miss.value)


def _texts(chosen: list[Json]) -> Iterator[Mutant]:
    for value in chosen[:_TEXTS]:
        for operator, text in texts(value):
            yield Mutant(f"text:{operator}", "", None, text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return table


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is beyond all bounds")
    return number
