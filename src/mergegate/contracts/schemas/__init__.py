"""Schemas of contracts: compared, locked, fitted to providers, and turned into cases; names are imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mergegate.contracts.schemas.compatibility import Compatibility, compare
    from mergegate.contracts.schemas.consumer import Score, check_consumer, mutation_score, worse
    from mergegate.contracts.schemas.generation import cases
    from mergegate.contracts.schemas.near_misses import Mutant, mutants
    from mergegate.contracts.schemas.normal import Schema, load
    from mergegate.contracts.schemas.provider_lint import lint, providers

__all__ = [
    "Compatibility",
    "Mutant",
    "Schema",
    "Score",
    "cases",
    "check_consumer",
    "compare",
    "lint",
    "load",
    "mutants",
    "mutation_score",
    "providers",
    "worse",
]
_HOMES = {
    "compatibility": ("Compatibility", "compare"),
    "consumer": ("Score", "check_consumer", "mutation_score", "worse"),
    "generation": ("cases",),
    "provider_lint": ("lint", "providers"),
    "near_misses": ("Mutant", "mutants"),
    "normal": ("Schema", "load"),
}


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
