"""Runs mergegate over a folder as the command line does, and returns what it reports with nothing left out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mergegate.config import load_config
from mergegate.engine import analyse
from mergegate.gate.report import Report, make_report
from mergegate.rules.loader import load_rules
from mergegate.rules.model import Rule


class Place(NamedTuple):
    """Where which rule reports."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.rule}"


@cache
def rules() -> dict[str, Rule]:
    """Return the rules of the checkout, read once."""
    return load_rules()


def report_on(root: Path, cache_dir: Path | None = None) -> Report:
    """Analyse the project at `root`: every rule, every confidence.

    Parameters
    ----------
    root
        The folder with the configuration.
    cache_dir
        A cache that spares many small runs the reading of the same rules; None: no cache.
    """
    config = load_config(root).override(select=["all"], min_confidence="low", require_reasons=True)
    if cache_dir is not None:
        config = config.override(cache_dir=str(cache_dir))
    return make_report(analyse(config, jobs=1, cache=cache_dir is not None), config)


def must_report(root: Path, expected: Iterable[Place], cache_dir: Path | None = None) -> None:
    """Fail with the differences, a place a line, unless exactly the expected places are reported."""
    findings = [result.finding for result in report_on(root, cache_dir).new]
    wanted, found = set(expected), {Place(finding.path, finding.line, finding.rule) for finding in findings}
    missing = [f"not reported: {place}" for place in sorted(wanted - found)]
    unexpected = [f"reported: {place}" for place in sorted(found - wanted)]
    if missing or unexpected:
        pytest.fail("\n".join([*missing, *unexpected]), pytrace=False)
