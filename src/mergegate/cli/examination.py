"""What `check` and `gate` have in common: a project is analysed, compared with what was known, and reported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mergegate.cli.baselines import Comparison, Note
from mergegate.cli.options import ComparisonOptions, Overrides, Targets
from mergegate.cli.output import find_reporter, wants_color, write_file, write_out
from mergegate.cli.project import report_projects
from mergegate.cli.since import Branch, Running, commit_of
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config
from mergegate.engine import Analysis, analyse
from mergegate.gate.ci import Circumstances
from mergegate.gate.report import Report, combined
from mergegate.plugins.loading import Plugins
from mergegate.reporters import Reporter, Style

_STDOUT = "-"


class Examination:
    """One look at a project and those nested in it.

    Parameters
    ----------
    project
        The outer project.
    plugins
        The installed plugins.
    given
        The options of `comparing` and `running`.

    Raises
    ------
    MergegateError
        If the options contradict each other or name no commit.
    """

    def __init__(self, project: Config, plugins: Plugins, given: Mapping[str, Any]) -> None:
        self._project = project
        self._plugins = plugins
        self._options = ComparisonOptions.of(given)
        base, ci = self._options.base, self._options.ci
        self._comparison = Comparison.by(
            project, self._options.baseline, without=self._options.no_baseline, base=base, ci=ci
        )
        self._how = Running(not given["no_cache"], not given["no_stat_cache"], given["verify_cache"])

    @property
    def circumstances(self) -> Circumstances:
        """Under what the run takes place."""
        found, options = self._comparison, self._options
        return Circumstances(found.ci, options.since is not None, found.bases, options.allow_growth)

    def report(
        self,
        paths: Sequence[Path],
        overrides: Overrides,
        begin: Callable[[Config], None] = lambda _config: None,
        overlay: Callable[[Config], Mapping[str, bytes] | None] = lambda _config: None,
    ) -> Report:
        """Analyse and report.

        Parameters
        ----------
        paths
            What to report on; none: everything.
        overrides
            Settings of the command line.
        begin
            Called with each project before it is analysed.
        overlay
            Gives contents that count instead of those of a project's files.
        """
        baselines, options = self._comparison.baselines, self._options
        branch = Branch(
            commit_of(self._project.root, options.since, exact=options.no_merge_base),
            self._how,
            baselines,
            self._comparison.bases,
        )

        def analysed(found: Config) -> Analysis:
            # a broken baseline is told before anybody waits
            baselines.of(found)
            begin(found)
            return analyse(found, overlay=overlay(found), **self._how._asdict())

        with notice_when_slow():
            made = report_projects(self._project, paths, self._plugins, overrides.on, analysed, reported=branch.report)
        return combined(made)

    def settle(self, *, partial: bool) -> list[Note]:
        """Shrink baselines where that is due, and return what there is to say about them.

        Parameters
        ----------
        partial
            Whether a part of the project was looked at only.
        """
        partial = partial or self._options.since is not None
        return self._comparison.settle(partial=partial, allow_growth=self._options.allow_growth)


class Writing:
    """Reports in the formats that were asked for.

    Parameters
    ----------
    plugins
        The installed plugins, whose formats come beside ours.
    given
        The options of `reporting`.

    Raises
    ------
    MergegateError
        If there is no such format.
    """

    def __init__(self, plugins: Plugins, given: Mapping[str, Any]) -> None:
        format_, output, reports = Targets.of(given)
        self._targets = [(find_reporter(name, plugins.reporters), file) for name, file in reports]
        self._targets.append((find_reporter(format_, plugins.reporters), output or Path(_STDOUT)))

    def write(self, report: Report, *, show_witness: bool, statistics: bool = False) -> None:
        """Write a report in all formats, that of standard output last."""
        style = Style(show_witness=show_witness, statistics=statistics, folder=_folder(report.root))
        for reporter, file in self._targets:
            _write(reporter, report, file, style)


def _folder(root: Path) -> str:
    """Return the current folder relative to a root; people read paths from where they are."""
    here = Path.cwd()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else "."


def _write(reporter: Reporter, report: Report, file: Path, style: Style) -> None:
    if str(file) == _STDOUT:
        write_out(reporter(report, replace(style, color=wants_color(sys.stdout))))
    else:
        write_file(file, reporter(report, style))
