"""Reports on coverage: one module a format, each with `write`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergegate.coverage.overview import Overview

Writer = Callable[["Overview", int], Iterable[str]]
"""Turns what there is to say into pieces of text; the number is how many functions to show."""

FORMATS = ("markdown", "json", "html")


def writer(name: str) -> Writer:
    """Return the writer of a format of `FORMATS`."""
    return import_module(f"{__name__}.{name}").write
