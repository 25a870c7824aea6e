"""Output formats: one module each, imported when used, looked up by name here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergegate.gate.report import Report


@dataclass(frozen=True, slots=True)
class Style:
    """How a report for people is to look; formats for machines disregard it.

    Attributes
    ----------
    color
        Whether to use terminal colours.
    show_witness
        Whether to show the whole chain of each finding.
    statistics
        Whether to count the findings of each rule instead of listing them.
    folder
        The folder from which people see the files, relative to the root, `.` being the root: `src` turns
        `src/app.py` into `app.py`.
    """

    color: bool = False
    show_witness: bool = False
    statistics: bool = False
    folder: str = "."


Reporter = Callable[["Report", Style], Iterable[str]]
"""Turns a report into pieces of text, to be written one after the other."""

_BUILT_IN: Mapping[str, str] = {
    "text": "mergegate.reporters.text",
    "json": "mergegate.reporters.json",
    "sarif": "mergegate.reporters.sarif",
    "github": "mergegate.reporters.github",
    "gitlab": "mergegate.reporters.gitlab",
    "junit": "mergegate.reporters.junit",
    "markdown": "mergegate.reporters.markdown",
    "summary": "mergegate.reporters.step_summary",
    "html": "mergegate.reporters.html",
}

FORMATS: tuple[str, ...] = tuple(_BUILT_IN)
"""The names of the formats that are always there."""


def built_in(name: str) -> Reporter:
    """Return the reporter of a built-in format.

    Raises
    ------
    KeyError
        If `name` is not in `FORMATS`.
    """
    return import_module(_BUILT_IN[name]).write
