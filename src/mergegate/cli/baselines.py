"""The baselines of the projects that a command covers: read, compared with what was found, and shrunk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from mergegate.gate.baseline import Baseline, salt_in, shown_path
from mergegate.gate.ci import Circumstances, circumstances
from mergegate.gate.marks import SALT_BYTES
from mergegate.gate.report import Known, Report, judge, report_of
from mergegate.gate.source import Sources

if TYPE_CHECKING:
    from mergegate.config import Config
    from mergegate.engine import Analysis
    from mergegate.gate.standing import Standing


class Held(NamedTuple):
    """A project's baseline as its file holds it.

    Attributes
    ----------
    file
        Where it is, or would be.
    baseline
        None if there is none.
    conflicted
        Whether its file is in conflict, so that both sides were merged in memory.
    salt
        The salt of the file, even if it counts as none.
    """

    file: Path
    baseline: Baseline | None
    conflicted: bool = False
    salt: str = ""


class Compared(NamedTuple):
    """A project that was compared with its baseline."""

    config: Config
    analysis: Analysis
    held: Held
    standing: Standing


class Note(NamedTuple):
    """A sentence for the user, and the exit code that it demands, 0 if none."""

    text: str
    code: int = 0


class Baselines:
    """Reads the baseline of each project once, and judges findings by it.

    Parameters
    ----------
    outer
        The root of the outer project.
    file
        The file that holds its baseline; None: as configured. Nested projects keep theirs.
    bases
        Names of the commit with which git compares to find renamed files.
    without
        Whether no project has one, whatever is there.
    fresh
        Whether each project gets an empty baseline, whatever is there.
    required
        Whether the outer project must have one.

    Attributes
    ----------
    compared
        The projects that were judged by a baseline.
    """

    def __init__(
        self,
        outer: Path,
        file: Path | None = None,
        *,
        bases: tuple[str, ...] = (),
        without: bool = False,
        fresh: bool = False,
        required: bool = False,
    ) -> None:
        self.compared: list[Compared] = []
        self._outer = outer
        self._file = file
        self._bases = bases
        self._without = without
        self._fresh = fresh
        self._required = required
        self._held: dict[Path, Held] = {}

    def of(self, config: Config) -> Held:
        """Return the baseline of a project.

        Raises
        ------
        EvidenceError
            If it is broken, or missing although it was asked for or is configured.
        """
        held = self._held.get(config.root)
        if held is None:
            held = self._held[config.root] = self._read(config)
        return held

    def report(self, analysis: Analysis, config: Config, paths: Sequence[str], *, base: Known | None = None) -> Report:
        """Judge what was found in a project by its baseline, if it has one, and by what the base of a change had."""
        held = self.of(config)
        sources = Sources.of(analysis, held.salt)
        if held.baseline is None:
            return report_of(analysis, config, judge(analysis, config, paths, sources=sources, base=base), sources)
        # no run without a baseline pays for these
        from mergegate.gate.standing import may_be_renamed, stand  # noqa: PLC0415

        verdicts = judge(analysis, config, paths, sources=sources, known=Known(held.baseline.entries), base=base)
        standing = stand(held.baseline, analysis, verdicts)
        renames = self._renames(config) if may_be_renamed(standing, analysis, verdicts) else {}
        if renames:
            known = Known(held.baseline.entries, renames)
            verdicts = judge(analysis, config, paths, sources=sources, known=known, base=base)
            standing = stand(held.baseline, analysis, verdicts)
        self.compared.append(Compared(config, analysis, held, standing))
        report = report_of(analysis, config, verdicts, sources)
        return replace(report, warnings=(*report.warnings, *_conflict(held)))

    def _renames(self, config: Config) -> dict[str, str]:
        from mergegate.gate.growth import renamed  # noqa: PLC0415

        return renamed(config.root, self._bases)

    def _read(self, config: Config) -> Held:
        given = self._file if config.root == self._outer else None
        file = config.root / config.baseline if given is None else Path(os.path.abspath(given))  # noqa: PTH100
        if self._fresh:
            salt = _salt_of(file) or os.urandom(SALT_BYTES).hex()
            return Held(file, Baseline(salt=salt), salt=salt)
        asked = not self._without and (
            given is not None or "baseline" in config.origins or (self._required and config.root == self._outer)
        )
        if self._without or not (asked or file.exists()):
            return Held(file, None, salt=_salt_of(file))
        from mergegate.gate.baseline_file import load  # noqa: PLC0415

        loaded = load(file)
        return Held(file, *loaded, salt=loaded.baseline.salt)


def _salt_of(file: Path) -> str:
    """Return the salt of a file that is not compared with, broken or not, so that fingerprints stay; empty if none."""
    try:
        return salt_in(file.read_bytes())
    except OSError:
        return ""


def _conflict(held: Held) -> list[str]:
    if not held.conflicted:
        return []
    shown = shown_path(held.file)
    writes = f"'mergegate baseline update' writes that, and 'git add {shown}' ends the conflict"
    return [f"{shown} is in conflict, so both sides were merged in memory; {writes}"]


class Comparison(NamedTuple):
    """How one run of `check` compares with baselines.

    Attributes
    ----------
    baselines
        Those of the projects.
    bases
        Names of what the change is to be merged into; empty: unknown.
    ci
        Whether nothing may be written.
    """

    baselines: Baselines
    bases: tuple[str, ...]
    ci: bool

    @classmethod
    def by(cls, project: Config, file: Path | None, *, without: bool, base: str, ci: bool | None) -> Comparison:
        """Return what the options ask for; what they leave open, the environment says.

        Raises
        ------
        MergegateError
            If the options contradict each other.
        """
        if without and file is not None:
            raise click.UsageError("--baseline and --no-baseline exclude each other")
        found = circumstances(os.environ, ci=ci, base=base)
        return cls(Baselines(project.root, file, bases=found.bases, without=without), found.bases, found.ci)

    def settle(self, *, partial: bool, allow_growth: bool) -> list[Note]:
        """Shrink baselines where that is due, and return what there is to say about them.

        Parameters
        ----------
        partial
            Whether a part of the project is looked at only.
        allow_growth
            Whether a baseline may accept more than the base's.
        """
        if not self.baselines.compared:
            return []
        from mergegate.cli.settling import settle  # noqa: PLC0415

        return settle(self.baselines.compared, Circumstances(self.ci, partial, self.bases, allow_growth))
