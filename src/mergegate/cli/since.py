"""`mergegate check --since`: what a branch has already is not new."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mergegate.cli.baselines import Baselines
from mergegate.gate.report import Report

if TYPE_CHECKING:
    from mergegate.config import Config
    from mergegate.engine import Analysis
    from mergegate.gate.growth import Base


class Running(NamedTuple):
    """How analyses are run; see `engine.analyse`."""

    cache: bool
    trust_stat: bool
    verify: bool


def commit_of(folder: Path, name: str | None, *, exact: bool) -> Base | None:
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
    from mergegate.gate.since import find_base  # noqa: PLC0415

    return find_base(folder, name, exact=exact)


class Branch(NamedTuple):
    """What the change under review is compared with: the commit at which it began, if asked for, and the baselines."""

    base: Base | None
    how: Running
    baselines: Baselines
    bases: tuple[str, ...] = ()

    def report(self, analysis: Analysis, config: Config, paths: Sequence[str]) -> Report:
        """Report on a project: new is what neither its baseline nor the commit has."""
        if self.base is None:
            report = self.baselines.report(analysis, config, paths)
            return replace(report, added=self._added(config)) if self.bases and report.new else report
        from mergegate.gate.since import known_in  # noqa: PLC0415

        started = time.perf_counter()
        known = known_in(self.base, config, analysis, salt=self.baselines.of(config).salt, **self.how._asdict())
        report = self.baselines.report(analysis, config, paths, base=known)
        added = self.base.added_lines(config.root) if report.new else {}
        seconds = report.seconds + time.perf_counter() - started
        return replace(report, base=self.base.name, added=added, seconds=seconds)

    def _added(self, config: Config) -> dict[str, frozenset[int]]:
        from mergegate.gate.growth import added_lines  # noqa: PLC0415 - only CI asks for it

        return added_lines(config.root, self.bases)
