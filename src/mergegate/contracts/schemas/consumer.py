"""Whether a consumer copes with every valid answer and refuses near misses: the mutation score of a contract."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mergegate.contracts.schemas.generation import cases
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, shown, spelled
from mergegate.contracts.schemas.near_misses import Mutant, near
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.contracts.schemas.shrinking import shrunk

Handler = Callable[[Any], object]
"""Takes an answer: a value, or its text."""

_SHRUNK = 12
_FAILURES = 10
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """A valid answer that the consumer does not cope with, as small as could be found, and what it raised."""

    value: Json
    error: str


@dataclass(frozen=True, slots=True)
class Survivor:
    """A near miss that the consumer takes for valid, or on which it breaks down without refusing it (`error`)."""

    operator: str
    pointer: str
    value: Json
    text: str = ""
    error: str = ""

    @property
    def shown(self) -> str:
        """What it is, for people."""
        what = self.text[:120] if self.text else shown(self.value)
        return f"{self.operator} at {self.pointer or '/'}: {what}"


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the valid answers and the near misses.

    Attributes
    ----------
    cases
        How many valid answers were tried.
    failures
        Valid answers that made the consumer fail: it refused them or broke down.
    total, killed
        How many near misses were tried, and how many the consumer refused.
    survivors
        The others, the first of each kind as small as could be found.
    by_operator, by_pointer
        Near misses refused and tried, by kind and by place.
    admitted
        Near misses that the schema itself admits, by kind: they say how loose it is.
    complete
        False if the time was up before all near misses were tried.
    """

    cases: int = 0
    failures: tuple[Failure, ...] = ()
    total: int = 0
    killed: int = 0
    survivors: tuple[Survivor, ...] = ()
    by_operator: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    by_pointer: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    admitted: Mapping[str, int] = field(default_factory=dict[str, int])
    complete: bool = True

    @property
    def rate(self) -> float:
        """The part of the near misses that were refused, 1 if there were none."""
        return self.killed / self.total if self.total else 1.0

    def ratchet(self) -> dict[str, Json]:
        """Return what a baseline keeps: which kinds of near misses survive at which places, and the figures."""
        return {
            "version": _VERSION,
            "total": self.total,
            "killed": self.killed,
            "survivors": [list(each) for each in sorted({(each.operator, each.pointer) for each in self.survivors})],
        }


def worse(before: Mapping[str, Json], now: Score) -> list[Survivor]:
    """Return the survivors that a ratchet of before does not hold: kinds and places that were refused then.

    Parameters
    ----------
    before
        What `Score.ratchet` returned.
    now
        The present score.
    """
    known = {(str(each[0]), str(each[1])) for each in as_list(as_object(before).get("survivors")) if len(each) > 1}
    return [each for each in now.survivors if (each.operator, each.pointer) not in known]


def check_consumer(
    source: Schema | Path | Document | type[Any],
    handler: Handler,
    *,
    takes: Literal["value", "text"] = "value",
    rejections: Sequence[type[BaseException]] = (ValueError,),
    seed: int = 0,
    n: int = 100,
    budget_ms: int = 2000,
    formats: bool | None = None,
) -> Score:
    """Give a consumer valid answers and near misses.

    It has to cope with the valid ones, and to refuse the others by raising one of `rejections`; any other exception is
    a breakdown, whatever it was given.

    Parameters
    ----------
    source
        The schema, a file of one, or a pydantic model.
    handler
        The consumer.
    takes
        Whether it takes values or the text of answers; near misses of texts are for the latter only.
    rejections
        Exceptions by which it refuses; those of pydantic and json are `ValueError`s.
    seed
        Where arbitrary choices come from: the same seed, the same answers.
    n
        How many valid answers at most.
    budget_ms
        After so many milliseconds no further near miss is tried, and the score says that it is not complete.
    formats
        Whether `format` is a condition, where `source` does not say it itself; None: for models, which check it.

    Raises
    ------
    MergegateError
        If the schema is none, or no valid answer could be made.
    """
    schema = _loaded(source, formats)
    trial = _Trial(
        schema, handler, tuple(rejections), time.monotonic() + budget_ms / 1000, as_text=takes == "text"
    )  # fmt: skip
    valid = list(cases(schema, seed=seed, n=n))
    return trial.score(valid, seed)


def mutation_score(
    source: Schema | Path | Document | type[Any], *, seed: int = 0, budget_ms: int = 2000, formats: bool | None = None
) -> Score:
    """Return how much of what a contract's schema refuses the contract itself refuses.

    Of a pydantic model that is what validation by the model, which coerces, refuses of what its schema does; a mere
    schema refuses all, and only `Score.admitted` says something about it.

    Parameters
    ----------
    source
        The contract: a pydantic model, a schema or a file of one.
    seed, budget_ms, formats
        As for `check_consumer`.
    """
    if isinstance(source, type):
        validate = source.model_validate  # type: ignore[attr-defined]  # load() tells if it has none
        return check_consumer(_loaded(source, formats), validate, seed=seed, budget_ms=budget_ms)
    schema = _loaded(source, formats)

    def refuse(value: Json) -> None:
        if not schema.admits(value):
            raise ValueError("it does not fit")

    return check_consumer(schema, refuse, seed=seed, budget_ms=budget_ms)


def _loaded(source: Schema | Path | Document | type[Any], formats: bool | None) -> Schema:
    if isinstance(source, Schema):
        return source
    return load(source, formats=isinstance(source, type) if formats is None else formats)


class _Trial:
    def __init__(
        self, schema: Schema, handler: Handler, rejections: tuple[type[BaseException], ...], deadline: float, *,
        as_text: bool,
    ) -> None:  # fmt: skip
        self.schema = schema
        self.handler = handler
        self.as_text = as_text
        self.rejections = rejections
        self.deadline = deadline

    def score(self, valid: list[Json], seed: int) -> Score:
        failures = self._failures(valid)
        totals: Counter[str] = Counter()
        kills: Counter[str] = Counter()
        places: Counter[str] = Counter()
        place_kills: Counter[str] = Counter()
        admitted: Counter[str] = Counter()
        survivors: list[Survivor] = []
        complete = True
        for mutant, refused in near(self.schema, valid, seed=seed, also_texts=self.as_text):
            if time.monotonic() > self.deadline:
                complete = False
                break
            if not refused:
                admitted[mutant.operator] += 1
                continue
            totals[mutant.operator] += 1
            places[mutant.pointer] += 1
            said = self._refusal(mutant)
            if said is None:
                kills[mutant.operator] += 1
                place_kills[mutant.pointer] += 1
            else:
                survivors.append(Survivor(mutant.operator, mutant.pointer, mutant.value, mutant.text, said))
        return Score(
            len(valid), failures, sum(totals.values()), sum(kills.values()), self._least(survivors),
            {name: (kills[name], totals[name]) for name in sorted(totals)},
            {name: (place_kills[name], places[name]) for name in sorted(places)},
            dict(sorted(admitted.items())), complete,
        )  # fmt: skip

    def _failures(self, valid: list[Json]) -> tuple[Failure, ...]:
        found: dict[str, Failure] = {}
        for value in valid:
            error = self._breakdown(value)
            if error and error not in found:
                found[error] = Failure(shrunk(value, self._same(error)), error)
                if len(found) >= _FAILURES:
                    break
        return tuple(found.values())

    def _same(self, error: str) -> Callable[[Json], bool]:
        return lambda value: self.schema.admits(value) and self._breakdown(value) == error

    def _breakdown(self, value: Json) -> str:
        """Return what the consumer raises on a valid answer, empty if it copes."""
        try:
            self.handler(self._given(value))
        except Exception as error:
            return _named(error)
        return ""

    def _refusal(self, mutant: Mutant) -> str | None:
        """Return None if the consumer refuses a near miss, else what it raised instead, empty for nothing."""
        given = mutant.written if self.as_text else copy.deepcopy(mutant.value)
        try:
            self.handler(given)
        except self.rejections:
            return None
        except Exception as error:
            return _named(error)
        return ""

    def _given(self, value: Json) -> Any:
        return Mutant("", "", value).written if self.as_text else copy.deepcopy(value)

    def _least(self, survivors: list[Survivor]) -> tuple[Survivor, ...]:
        """Make the first survivors of each kind as small as can be."""
        done: set[tuple[str, str]] = set()
        found: list[Survivor] = []
        for each in survivors:
            kind = (each.operator, each.pointer)
            if kind in done:
                continue
            done.add(kind)
            small = len(found) < _SHRUNK and not each.text and time.monotonic() < self.deadline
            value = shrunk(each.value, self._surviving(each.value)) if small else each.value
            found.append(Survivor(each.operator, each.pointer, value, each.text, each.error))
        return tuple(found)

    def _surviving(self, value: Json) -> Callable[[Json], bool]:
        """Return what tells whether a smaller value survives for the same reason."""
        reasons = self._reasons(value)

        def survives(smaller: Json) -> bool:
            return self._reasons(smaller) == reasons and self._refusal(Mutant("", "", smaller)) is not None

        return survives

    def _reasons(self, value: Json) -> set[tuple[str, str]]:
        """Return where a value does not fit, and by which keyword."""
        return {(spelled(error.instance_path), error.kind.name) for error in self.schema.validator.iter_errors(value)}


def _named(error: Exception) -> str:
    text = str(error).strip().split("\n", 1)[0][:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
