"""Whether a new schema admits old outputs, and old consumers new ones: proved, refuted by a value, or undecided."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mergegate.contracts.schemas.changes import LOOSENS, NOTHING, PROMPT, TIGHTENS, Change, changes
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Document, Json, as_object, token
from mergegate.contracts.schemas.keywords import DRAFTS, words
from mergegate.contracts.schemas.normal import Schema, canonical, engine, load
from mergegate.contracts.schemas.proofs import Prover
from mergegate.contracts.schemas.sampling import OutOfTime, Sampler
from mergegate.contracts.schemas.shrinking import shrunk
from mergegate.contracts.schemas.source import SchemaError
from mergegate.contracts.schemas.witnesses import Witnesses

if TYPE_CHECKING:
    from jsonschema_rs import CanonicalSchema

_LATEST = DRAFTS[-1]
# differences cost more to make than values where something has changed
_BEFORE_DIFFERENCE = 200
_FROM_DIFFERENCE = 300
# characters of both schemas, beyond which differences take too long
_LARGE = 20_000
_FROM_CHANGES = 4_000
_SECOND_LOOK = 60


@dataclass(frozen=True, slots=True)
class Compatibility:
    """The verdict on a change of schema.

    Attributes
    ----------
    backward
        Whether the new schema admits every value that the old one does; None: undecided.
    forward
        Whether the old schema admits every value that the new one does; None: undecided.
    changes
        What has changed, by place.
    backward_proof, forward_proof
        A value that one side admits and the other does not, where the verdict is False; see `has_backward_proof`.
    prompt_drift
        Whether a text has changed that a model reads and validation does not: a description, an example, the order.
    """

    backward: bool | None
    forward: bool | None
    changes: list[Change] = field(default_factory=list[Change])
    backward_proof: Json = None
    forward_proof: Json = None
    prompt_drift: bool = False

    @property
    def full(self) -> bool | None:
        """Whether both admit the same values; None: undecided."""
        verdicts = (self.backward, self.forward)
        return False if False in verdicts else None if None in verdicts else True


class _Inclusion(NamedTuple):
    verdict: bool | None
    proof: Json = None


def compare(
    old: Schema | Path | Document | type[Any],
    new: Schema | Path | Document | type[Any],
    *,
    draft: str | None = None,
    formats: bool = False,
    budget_ms: int = 500,
    seed: int = 0,
) -> Compatibility:
    """Compare two schemas.

    `True` is only said where it is proved, `False` only with a value that both validators were asked about.

    Parameters
    ----------
    old, new
        Schemas, files of them, or pydantic models.
    draft
        The draft of both, as `2020-12`; None: what they say, or what the other says.
    formats
        Whether `format` is a condition.
    budget_ms
        After so many milliseconds the search for values that refute ends; it is bounded by counts before.
    seed
        Where arbitrary choices in that search come from: the same seed, the same verdict.

    Raises
    ------
    SchemaError
        If one of the two cannot be read or is no schema.
    """
    one, other = _loaded(old, new, draft, formats)
    # a third for each direction, a third for reading and canonical forms
    limit = budget_ms / 3000
    backward = _inclusion(one, other, seed, time.monotonic() + limit)
    forward = _inclusion(other, one, seed, time.monotonic() + limit)
    found = _weighed(changes(one.plain, other.plain, formats=one.formats), backward.verdict, forward.verdict)
    drift = any(each.direction == PROMPT for each in found)
    return Compatibility(backward.verdict, forward.verdict, found, backward.proof, forward.proof, drift)


def _loaded(
    old: Schema | Path | Document | type[Any], new: Schema | Path | Document | type[Any], draft: str | None,
    formats: bool,
) -> tuple[Schema, Schema]:  # fmt: skip
    sides = [
        each if isinstance(each, Schema) else load(each, draft=draft, formats=formats, shown=name)
        for each, name in ((old, _shown(old, "the old schema")), (new, _shown(new, "the new schema")))
    ]
    if draft is None and sides[0].draft != sides[1].draft:
        named = ["$schema" in as_object(each.document) for each in sides]
        if not all(named):
            older = min((0, 1), key=lambda side: DRAFTS.index(sides[side].draft))
            # what names no draft is of that of the other side, if it can be; else both are of the older one
            follower = named.index(False) if any(named) else 1 - older
            sides[follower] = _as_the_other(sides[follower], sides[1 - follower].draft)
    return sides[0], sides[1]


def _as_the_other(schema: Schema, draft: str) -> Schema:
    if words(schema.document) > DRAFTS.index(draft):
        return schema
    try:
        return load(schema.document, draft=draft, formats=schema.formats, shown=schema.shown)
    except SchemaError:
        return schema


def _shown(source: object, name: str) -> str:
    return "" if isinstance(source, Path | type) else name


def _inclusion(inner: Schema, outer: Schema, seed: int, deadline: float) -> _Inclusion:
    """Decide whether `outer` admits all that `inner` does."""
    if outer.formats and not inner.formats and "format" in token(outer.bare):
        # only one of the two takes `format` for a condition, so no proof speaks of both
        found = _candidates(inner, outer, None, seed, deadline)
        return _refuted(inner, outer, found, deadline, _FROM_CHANGES) or _Inclusion(None)
    wider = inner if inner.formats == outer.formats else Schema(
        inner.document, inner.draft, formats=outer.formats, shown=inner.shown
    )  # fmt: skip
    if wider.draft == outer.draft and token(wider.bare) == token(outer.bare):
        return _Inclusion(True)
    pair = _operands(wider, outer)
    said = _covers(*pair) if pair else None
    if said is True:
        # nothing is lost by a short second look: the library is trusted, not believed
        look = _refuted(inner, outer, _candidates(inner, outer, None, seed, deadline), deadline, _SECOND_LOOK)
        return look or _Inclusion(True)
    if said is None and _proved(wider, outer, deadline):
        return _Inclusion(True)
    found = _candidates(inner, outer, pair, seed, deadline)
    return _refuted(inner, outer, found, deadline, _FROM_CHANGES) or _Inclusion(None)


def _operands(inner: Schema, outer: Schema) -> tuple[CanonicalSchema, CanonicalSchema] | None:
    """Return canonical forms that can be compared, None if there are none."""
    if inner.draft == outer.draft:
        one, other = inner.canonical, outer.canonical
    else:
        old, new = inner.modern, outer.modern
        if old is None or new is None or not new[1]:
            return None
        one = canonical(old[0], _LATEST, formats=inner.formats)
        other = canonical(new[0], _LATEST, formats=outer.formats)
    return None if one is None or other is None else (one, other)


def _covers(inner: CanonicalSchema, outer: CanonicalSchema) -> bool | None:
    kinds = engine().canonical.Containment
    try:
        said = outer.covers(inner)
    except ValueError:
        return None
    return True if said == kinds.YES else False if said == kinds.NO else None


def _proved(inner: Schema, outer: Schema, deadline: float) -> bool:
    old, new = inner.modern, outer.modern
    if old is None or new is None or not new[1]:
        return False
    return Prover(old[0], new[0], formats=inner.formats, deadline=deadline).proves()


def _candidates(
    inner: Schema, outer: Schema, pair: tuple[CanonicalSchema, CanonicalSchema] | None, seed: int, deadline: float
) -> Iterator[Json]:
    old = inner.modern[0] if inner.modern else inner.bare
    new = outer.modern[0] if outer.modern else outer.bare
    found = Witnesses(old, new, seed, formats=inner.formats, deadline=deadline).all()
    if inner.draft != outer.draft and "4" in (inner.draft, outer.draft):
        found = chain.from_iterable((value, float(value)) if type(value) is int else (value,) for value in found)
    yield from islice(found, _BEFORE_DIFFERENCE)
    if pair is not None and len(token(old)) + len(token(new)) < _LARGE:
        yield from islice(_of_difference(*pair, seed, deadline, formats=inner.formats), _FROM_DIFFERENCE)
    yield from found


def _of_difference(
    inner: CanonicalSchema, outer: CanonicalSchema, seed: int, deadline: float, *, formats: bool
) -> Iterator[Json]:
    """Yield values of what is left of one schema without the other."""
    try:
        left = inner.subtract(outer).to_json_schema()
    except ValueError:
        return
    document = load_difference(left)
    if document is not None:
        sampler = Sampler(document, Random(seed), formats=formats, deadline=deadline)
        yield from sampler.values(document, Hints.of(document))


def load_difference(left: object) -> Document | None:
    """Return a schema that the library has made in the words of the latest draft, None if that cannot be."""
    try:
        modern = load(cast("Document", left)).modern
    except SchemaError:
        return None
    return modern[0] if modern else None


def _refuted(inner: Schema, outer: Schema, candidates: Iterator[Json], deadline: float, most: int) -> _Inclusion | None:
    """Return a refutation: a value that `inner` admits and `outer` does not, made as small as can be."""

    def refutes(value: Json) -> bool:
        return inner.admits(value) and not outer.admits(value)

    try:
        for number, value in enumerate(islice(candidates, most)):
            if refutes(value):
                return _Inclusion(False, shrunk(value, refutes))
            if not number % 16 and time.monotonic() > deadline:
                return None
    except (RecursionError, OutOfTime):
        return None
    return None


def _weighed(found: list[Change], backward: bool | None, forward: bool | None) -> list[Change]:
    """Return changes of which none claims what the verdict denies."""
    if backward and forward:
        # the same values, written in another way
        return [each for each in found if each.direction == PROMPT]
    kept: list[Change] = []
    for each in found:
        direction = each.direction
        if direction != PROMPT and ((backward and direction == TIGHTENS) or (forward and direction == LOOSENS)):
            direction = NOTHING
        if direction == "both" and (backward or forward):
            direction = LOOSENS if backward else TIGHTENS
        kept.append(replace(each, direction=direction))
    return kept
