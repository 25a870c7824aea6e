"""Valid values of a schema, made from its canonical form: edges first, then mixtures, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Document, Json, token
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.contracts.schemas.sampling import Sampler, alternately
from mergegate.contracts.schemas.source import SchemaError
from mergegate.errors import MergegateError

_MISSES = 2_000


class NoValue(MergegateError):  # noqa: N818  (it says what is the matter)
    """No value of a schema could be made."""


def cases(
    source: Schema | Path | Document | type[Any], *, seed: int = 0, n: int = 100, formats: bool = False
) -> Iterator[Json]:
    """Yield up to `n` different valid values of a schema; each has been checked.

    Parameters
    ----------
    source
        The schema, a file of one, or a pydantic model.
    seed
        Where arbitrary choices come from: the same seed, the same values.
    n
        How many at most; some schemas have fewer.
    formats
        Whether `format` is a condition, where `source` does not say it itself.

    Raises
    ------
    SchemaError
        If the schema cannot be read or is none.
    NoValue
        If not one value could be made: the schema admits none, or asks for what cannot be guessed.
    """
    schema = source if isinstance(source, Schema) else load(source, formats=formats)
    found: set[str] = set()
    missed = 0
    for value in _candidates(schema, seed):
        text = token(value)
        if text in found:
            continue
        if not schema.admits(value):
            missed += 1
            if missed > _MISSES:
                break
            continue
        found.add(text)
        yield value
        if len(found) >= n:
            break
    if not found:
        hint = "simplify its patterns and negations, or check that anything can fit it"
        raise NoValue(f"{schema.shown}: no value that fits could be made", hint)


def _candidates(schema: Schema, seed: int) -> Iterator[Json]:
    """Yield values of the canonical form and of the schema as it was written, in turn."""
    modern = schema.modern[0] if schema.modern else schema.bare
    forms = [modern]
    canonical = _canonical(schema)
    if canonical is not None:
        forms.insert(0, canonical)
    streams = [Sampler(form, Random(seed), formats=schema.formats).values(form, Hints.of(form)) for form in forms]
    return chain(alternately(streams))


def _canonical(schema: Schema) -> Document | None:
    if schema.canonical is None:
        return None
    try:
        modern = load(schema.canonical.to_json_schema(), draft=schema.draft).modern  # pyright: ignore[reportArgumentType]
    except SchemaError:
        return None
    return modern[0] if modern else None
