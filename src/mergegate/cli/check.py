"""`mergegate check`: analyse a project and report what is wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click

from mergegate.cli.output import find_reporter, wants_color, write_file, write_out
from mergegate.cli.project import find_project, installed_plugins, report_projects
from mergegate.cli.since import Running, comparison, report_since
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config
from mergegate.engine import analyse
from mergegate.finding import Confidence
from mergegate.gate.report import Report, combined
from mergegate.reporters import FORMATS, Reporter, Style

_STDOUT = "-"


def _names(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Split comma-separated names of rules and families."""
    del context, parameter
    return tuple(name for value in values for part in value.split(",") if (name := part.strip()))


def _targets(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    """Split `FORMAT=FILE`."""
    targets: list[tuple[str, Path]] = []
    for value in values:
        format_, _, file = value.partition("=")
        if not format_ or not file:
            message = f"{value!r} is not FORMAT=FILE, as in sarif=report.sarif"
            raise click.BadParameter(message, context, parameter)
        targets.append((format_, Path(file)))
    return tuple(targets)


_PATH = click.Path(path_type=Path)


@click.command("check")
@click.argument("paths", nargs=-1, type=_PATH)
@click.option(
    "--select", multiple=True, callback=_names, metavar="NAMES",
    help="Report only these rules or families (comma-separated).",
)  # fmt: skip
@click.option(
    "--ignore", multiple=True, callback=_names, metavar="NAMES", help="Do not report these rules or families."
)
@click.option(
    "--min-confidence", type=click.Choice([each.value for each in Confidence]),
    help="Report findings of at least this confidence; the last line counts the others.  [default: high]",
)  # fmt: skip
@click.option(
    "--format", "format_", default="text", show_default=True, metavar="FORMAT",
    help=f"Format of the report: {', '.join(FORMATS)}, or one that a plugin adds.",
)  # fmt: skip
@click.option("--output", type=_PATH, metavar="FILE", help="Write the report to a file instead of standard output.")
@click.option(
    "--report", "reports", multiple=True, callback=_targets, metavar="FORMAT=FILE",
    help="Write a further report to a file; may be repeated.",
)  # fmt: skip
@click.option(
    "--since", metavar="BASE",
    help="Report only what this branch or commit does not have yet; compared is the commit at which HEAD left it.",
)  # fmt: skip
@click.option("--no-merge-base", is_flag=True, help="With --since, compare with BASE itself.")
@click.option("--jobs", type=click.IntRange(0), help="Worker processes; 0: as many as processors.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--verify-cache", is_flag=True, help="Analyse with and without the cache and compare the findings.")
@click.option("--no-stat-cache", is_flag=True, help="Read every file, even if size and time say that it is unchanged.")
@click.option("--show-witness", is_flag=True, help="Show the whole chain of each finding and all places of a cause.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of listing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are new findings.")
@click.option("--config", type=_PATH, metavar="FILE", help="Configuration file; its folder is the project.")
def command(  # noqa: PLR0917 - click passes all by name
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str | None,
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    since: str | None,
    no_merge_base: bool,
    jobs: int | None,
    no_cache: bool,
    verify_cache: bool,
    no_stat_cache: bool,
    show_witness: bool,
    statistics: bool,
    exit_zero: bool,
    config: Path | None,
) -> int:
    """Report what is wrong in a project.

    PATHS select what is reported (default: all); the whole project is always analysed, for a finding may have its
    cause in another file.
    """
    plugins = installed_plugins()
    targets = [(find_reporter(name, plugins.reporters), file) for name, file in reports]
    targets.append((find_reporter(format_, plugins.reporters), output or Path(_STDOUT)))
    overrides = _Overrides(select, ignore, min_confidence, jobs)
    project = find_project(paths, config)
    how = Running(cache=not no_cache, trust_stat=not no_stat_cache, verify=verify_cache)
    base = comparison(project.root, since, exact=no_merge_base)
    with notice_when_slow():
        made = report_projects(
            project,
            paths,
            plugins,
            overrides.on,
            lambda found: analyse(found, **how._asdict()),
            reported=lambda analysis, found, chosen: report_since(base, how, analysis, found, chosen),
        )
    report = combined(made)
    style = Style(show_witness=show_witness, statistics=statistics, folder=_folder(report.root))
    for reporter, file in targets:
        _write(reporter, report, file, style)
    return _verdict(report, exit_zero=exit_zero)


class _Overrides(NamedTuple):
    """The settings that the command line gives."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    min_confidence: str | None
    jobs: int | None

    def on(self, config: Config) -> Config:
        """Put them over a project's settings; what is ignored comes on top of what the project ignores."""
        changes: dict[str, object] = {
            "select": self.select or None,
            "ignore": (*config.ignore, *self.ignore) if self.ignore else None,
            "min_confidence": self.min_confidence,
            "jobs": self.jobs,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        return config.override("command line", **given) if given else config


def _folder(root: Path) -> str:
    """Return the current folder relative to a root; people read paths from where they are."""
    here = Path.cwd()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else "."


def _write(reporter: Reporter, report: Report, file: Path, style: Style) -> None:
    if str(file) == _STDOUT:
        write_out(reporter(report, replace(style, color=wants_color(sys.stdout))))
    else:
        write_file(file, reporter(report, style))


def _verdict(report: Report, *, exit_zero: bool) -> int:
    """Return the exit code; if it is not 0, say on standard error what it means and how to go on."""
    new = report.new
    if not new or exit_zero:
        return 0
    rule = new[0].finding.rule
    many = "1 new finding" if len(new) == 1 else f"{len(new)} new findings"
    click.echo(f"mergegate: {many}; 'mergegate explain {rule}' tells how to fix the first", err=True)
    return 1
