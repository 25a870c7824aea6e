"""Verdicts on their way from the process that judges to the one that reports: as JSON data on the reports of pytest."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from mergegate.contracts.contract import Contract
from mergegate.contracts.report import Terms, terms_of
from mergegate.contracts.verdict import Judged, Outcome, Status

ATTRIBUTE = "mergegate_contract"
PLUGIN = "mergegate-contracts"
_REGISTERING = threading.Lock()


class Held:
    """A contract and the verdict on one answer, while its item runs.

    Parameters
    ----------
    contract
        The contract.
    judged
        The verdict.
    inputs
        The files of the contract, relative to the root of the run.
    """

    def __init__(self, contract: Contract, judged: Judged, inputs: tuple[str, ...]) -> None:
        self.contract = contract
        self.judged = judged
        self.terms = _terms(contract, inputs)

    @property
    def counts_singly(self) -> bool:
        """Whether a rejected answer fails its own item; else the rate alone counts."""
        return self.contract.min_rate >= 1 or self.judged.outcome.status in (Status.UNREADABLE, Status.CONSUMER_ERROR)


KEY = pytest.StashKey[Held]()


def activate(config: pytest.Config) -> None:
    """Let verdicts be gathered and reported in this process."""
    from mergegate.plugins.pytest_plugin.contract_run import Run  # noqa: PLC0415 - it imports this module

    # what workers send is read in a thread for each
    with _REGISTERING:
        if not config.pluginmanager.hasplugin(PLUGIN):
            config.pluginmanager.register(Run(config), PLUGIN)


def to_row(held: Held) -> dict[str, Any]:
    """Return what the report of an item carries."""
    return {
        "terms": asdict(held.terms),
        "outcome": {**asdict(held.judged.outcome), "status": str(held.judged.outcome.status)},
    }


def from_row(row: Mapping[str, Any]) -> tuple[Terms, Outcome]:
    """Return what a report carried."""
    said: dict[str, Any] = row["terms"]
    judged: dict[str, Any] = row["outcome"]
    typed: dict[str, Any] = {"steps": tuple(judged["steps"]), "status": Status(judged["status"])}
    inputs: dict[str, Any] = {"inputs": tuple(said["inputs"])}
    return Terms(**(said | inputs)), Outcome(**(judged | typed))


_TERMS: dict[int, tuple[Contract, Terms]] = {}


def _terms(contract: Contract, inputs: tuple[str, ...]) -> Terms:
    known = _TERMS.get(id(contract))
    if known is None:
        known = _TERMS[id(contract)] = (contract, terms_of(contract, inputs))
    return known[1]


_HELP = {
    Status.INVALID_JSON: "ask the provider for structured output, or repair the prompt",
    Status.TRUNCATED: "raise the limit of output tokens, or ask for less",
    Status.REFUSAL: "handle refusals before the answer is used",
    Status.SCHEMA_VIOLATION: "correct the prompt or the contract, and record again",
    Status.OK_REPAIRED: "repair = accept would let it pass",
    Status.PII: "keep personal data out of the prompt, or mask it",
    Status.INJECTION: "do not let the answer reach a page, shell, query or model as it is",
    Status.UNREADABLE: "repair the file, or record again",
}
_SHOWN = 6


def message(held: Held) -> str:
    """Return what is wrong with an answer, for people: status, places, what was expected, the masked answer."""
    outcome, violations = held.judged.outcome, held.judged.violations
    said = ", ".join(filter(None, (outcome.provider, outcome.model)))
    lines = [f"{outcome.id}: {outcome.status} under the contract {outcome.contract}{f' ({said})' if said else ''}"]
    if violations:
        lines += [f"  {each}" for each in violations[:_SHOWN]]
        if len(violations) > _SHOWN:
            lines.append(f"  and {len(violations) - _SHOWN} more")
    elif outcome.message:
        lines.append(f"  {f'{outcome.pointer}: ' if outcome.pointer else ''}{outcome.message}")
    if outcome.steps:
        lines.append(f"  read by: {', '.join(outcome.steps)}")
    if outcome.excerpt:
        lines.append(f"  answer (masked): {outcome.excerpt}")
    if outcome.status in _HELP:
        lines.append(f"  help: {_HELP[outcome.status]}")
    return "\n".join(lines)
