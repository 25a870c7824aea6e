"""Reports on contracts: one module a format, each with `write`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergegate.contracts.report import ContractReport

Writer = Callable[[Sequence["ContractReport"]], Iterable[str]]
"""Turns reports on contracts into pieces of text."""

FORMATS = ("json", "markdown", "html")


def writer(name: str) -> Writer:
    """Return the writer of a format of `FORMATS`."""
    return import_module(f"{__name__}.{name}").write
