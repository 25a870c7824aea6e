"""LLM-output contracts: what a model's answer must be, and whether it is; names are imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mergegate.contracts.checking import check
    from mergegate.contracts.contract import Contract, ContractError, contract_of
    from mergegate.contracts.extraction import Extraction, extract
    from mergegate.contracts.report import ContractReport as Report
    from mergegate.contracts.schemas.compatibility import Compatibility, compare
    from mergegate.contracts.schemas.consumer import Score, check_consumer, mutation_score
    from mergegate.contracts.schemas.generation import cases
    from mergegate.contracts.schemas.near_misses import Mutant, mutants
    from mergegate.contracts.schemas.provider_lint import lint, providers
    from mergegate.contracts.schemas.source import SchemaError
    from mergegate.contracts.validation import Validator, Violation, validate

__all__ = [
    "Compatibility",
    "Contract",
    "ContractError",
    "Extraction",
    "Mutant",
    "Report",
    "SchemaError",
    "Score",
    "Validator",
    "Violation",
    "cases",
    "check",
    "check_consumer",
    "compare",
    "contract_of",
    "extract",
    "lint",
    "mutants",
    "mutation_score",
    "providers",
    "validate",
]
_HOMES = {
    "checking": ("check",),
    "contract": ("Contract", "ContractError", "contract_of"),
    "extraction": ("Extraction", "extract"),
    "report": ("Report",),
    "schemas.compatibility": ("Compatibility", "compare"),
    "schemas.consumer": ("Score", "check_consumer", "mutation_score"),
    "schemas.generation": ("cases",),
    "schemas.near_misses": ("Mutant", "mutants"),
    "schemas.provider_lint": ("lint", "providers"),
    "schemas.source": ("SchemaError",),
    "validation": ("Validator", "Violation", "validate"),
}
_OTHER_NAMES = {"Report": "ContractReport"}


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), _OTHER_NAMES.get(name, name))
