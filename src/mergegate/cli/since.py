"""`mergegate check --since`: what is new is what a commit does not have."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mergegate.gate.report import Report, make_report

if TYPE_CHECKING:
    from mergegate.config import Config
    from mergegate.engine import Analysis
    from mergegate.gate.since import Base


class Running(NamedTuple):
    """How analyses are run; see `engine.analyse`."""

    cache: bool
    trust_stat: bool
    verify: bool


def comparison(folder: Path, name: str | None, *, exact: bool) -> Base | None:
    """Return the commit to compare with, None if none was asked for.

    Parameters
    ----------
    folder
        The project's folder.
    name
        What `--since` names.
    exact
        Whether `--no-merge-base` was given.

    Raises
    ------
    MergegateError
        If there is no such commit, or the options contradict each other.
    """
    if name is None:
        if exact:
            raise click.UsageError("--no-merge-base says how to read --since BASE, which is missing")
        return None
    # runs without it do not pay for it
    from mergegate.gate.since import Base  # noqa: PLC0415

    return Base.find(folder, name, exact=exact)


def report_since(base: Base | None, how: Running, analysis: Analysis, config: Config, paths: Sequence[str]) -> Report:
    """Report on a project what a commit does not have; without a commit, everything."""
    if base is None:
        return make_report(analysis, config, paths)
    from mergegate.gate.since import known_since  # noqa: PLC0415

    started = time.perf_counter()
    known = known_since(base, config, analysis, cache=how.cache, trust_stat=how.trust_stat, verify=how.verify)
    report = make_report(analysis, config, paths, base=known)
    return replace(report, base=base.name, seconds=report.seconds + time.perf_counter() - started)
