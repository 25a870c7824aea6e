"""What a run says of contracts: figures, standing and rejected answers of each, as data for people and for the gate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from mergegate.contracts.contract import Contract
from mergegate.contracts.quarantine import order, row
from mergegate.contracts.statistics import (
    Interval,
    Rate,
    Standing,
    by_status,
    grouped,
    newcombe,
    rate,
    standing,
)
from mergegate.contracts.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Terms:
    """What a report has to know of a contract, as JSON data can carry it.

    Attributes
    ----------
    name, source
        As of `Contract`.
    min_rate, samples
        What is wanted.
    schema
        Its JSON Schema; None if there is none, as of some pydantic types.
    digest
        Of the schema, to tell two contracts of one name apart.
    inputs
        The files that it is made of, relative to the project.
    model
        The dotted name of the class, if the contract is a pydantic model; else empty.
    policy
        As of `Contract`.
    """

    name: str
    source: str
    min_rate: float
    samples: int
    schema: Any
    digest: str
    inputs: tuple[str, ...] = ()
    model: str = ""
    policy: str = "backward"


def terms_of(contract: Contract, inputs: Sequence[str] = ()) -> Terms:
    """Return the terms of a contract."""
    try:
        schema = json.loads(json.dumps(contract.json_schema))
    except Exception:  # pydantic cannot describe all types that it validates
        schema = None
    digest = hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
    model = f"{contract.schema.__module__}.{contract.schema.__qualname__}" if isinstance(contract.schema, type) else ""
    return Terms(
        contract.name, contract.source, contract.min_rate, contract.samples, schema, digest, tuple(inputs), model,
        contract.policy,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on one contract: by how much the first passes more often than the second."""

    first: str
    second: str
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt about which is better."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What the answers of a run say of one contract.

    Attributes
    ----------
    terms
        What was wanted.
    outcomes
        The verdicts, sorted by place, each answer once.
    standing, text
        What they say, and the same as a sentence.
    rate
        The pass rate of all.
    statuses
        How many answers have each status.
    models, prompts
        Pass rates by provider and model, and by prompt.
    differences
        Between each two models.
    """

    terms: Terms
    outcomes: tuple[Outcome, ...]
    standing: Standing
    text: str
    rate: Rate
    statuses: Mapping[str, int]
    models: Mapping[str, Rate]
    prompts: Mapping[str, Rate]
    differences: tuple[Difference, ...]

    @property
    def rejected(self) -> list[Outcome]:
        """The answers that do not count as valid, sorted by place."""
        return [each for each in self.outcomes if not each.passed]


def model_name(outcome: Outcome) -> str:
    """Return the provider and model of an answer, empty if both are unknown."""
    return "/".join(filter(None, (outcome.provider, outcome.model)))


def contract_report(terms: Terms, outcomes: Iterable[Outcome]) -> ContractReport:
    """Return the report on one contract.

    Parameters
    ----------
    terms
        The contract's.
    outcomes
        The verdicts; where several tests judge one answer, the worst counts.
    """
    kept: dict[str, Outcome] = {}
    for each in outcomes:
        before = kept.get(each.id)
        if before is None or (before.passed and not each.passed):
            kept[each.id] = each
    sorted_ = tuple(sorted(kept.values(), key=order))
    verdict, text = standing(sorted_, min_rate=terms.min_rate, samples=terms.samples)
    models = grouped(sorted_, model_name)
    differences = tuple(Difference(a, b, newcombe(models[a], models[b])) for a, b in combinations(models, 2))
    return ContractReport(
        terms, sorted_, verdict, text, rate(sorted_), by_status(sorted_), models,
        grouped(sorted_, lambda each: each.prompt),
        differences,
    )  # fmt: skip


def as_data(report: ContractReport) -> dict[str, Any]:
    """Return a report as JSON data, the same for the same verdicts."""
    return {
        "name": report.terms.name, "source": report.terms.source, "min_rate": report.terms.min_rate,
        "samples": report.terms.samples, "standing": str(report.standing), "text": report.text,
        "schema_sha256": report.terms.digest,
        "rate": _rate(report.rate), "statuses": dict(report.statuses),
        "models": {name: _rate(each) for name, each in report.models.items()},
        "prompts": {name: _rate(each) for name, each in report.prompts.items()},
        "differences": [
            {
                "first": each.first, "second": each.second,
                "low": _round(each.interval.low), "high": _round(each.interval.high),
            }
            for each in report.differences
        ],
        "rejected": [row(each) for each in report.rejected],
    }  # fmt: skip


def _rate(found: Rate) -> dict[str, Any]:
    return {
        "passed": found.passed, "total": found.total, "prompts": found.prompts, "effective": _round(found.effective),
        "low": _round(found.interval.low), "high": _round(found.interval.high),
    }  # fmt: skip


def _round(number: float) -> float:
    return round(number, 4)
