"""Runs mergegate over a folder as the command line does, and returns what it reports with nothing left out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mergegate.config import load_config
from mergegate.engine import analyse
from mergegate.gate.report import Report, make_report
from mergegate.rules.loader import load_rules


class Place(NamedTuple):
    """Where which rule reports."""

    path: str
    line: int
    rule: str


def report_on(root: Path) -> Report:
    """Analyse the project at `root` without a cache: every rule, every confidence."""
    config = load_config(root).override(select=["all"], min_confidence="low", require_reasons=True)
    return make_report(analyse(config, jobs=1, cache=False), config, load_rules())


def reported(root: Path) -> list[Place]:
    """Return where something is reported, each place once."""
    findings = (result.finding for result in report_on(root).new)
    return sorted({Place(finding.path, finding.line, finding.rule) for finding in findings})
