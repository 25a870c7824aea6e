"""`mergegate check`: analyse a project and report what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from mergegate.cli.baselines import Comparison, Note
from mergegate.cli.options import CONFIG, PATH, Overrides, selecting
from mergegate.cli.output import find_reporter, wants_color, write_file, write_out
from mergegate.cli.project import find_project, installed_plugins, report_projects
from mergegate.cli.since import Branch, Running, commit_of
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config
from mergegate.engine import Analysis, analyse
from mergegate.gate.report import Report, combined
from mergegate.reporters import FORMATS, Reporter, Style

_STDOUT = "-"


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


@click.command("check")
@click.argument("paths", nargs=-1, type=PATH)
@selecting
@click.option(
    "--format", "format_", default="text", show_default=True, metavar="FORMAT",
    help=f"Format of the report: {', '.join(FORMATS)}, or one that a plugin adds.",
)  # fmt: skip
@click.option("--output", type=PATH, metavar="FILE", help="Write the report to a file instead of standard output.")
@click.option(
    "--report", "reports", multiple=True, callback=_targets, metavar="FORMAT=FILE",
    help="Write a further report to a file; may be repeated.",
)  # fmt: skip
@click.option("--baseline", type=PATH, metavar="FILE", help="Baseline to compare with, instead of the configured one.")
@click.option("--no-baseline", is_flag=True, help="Report all findings, whatever the baseline holds.")
@click.option(
    "--base", metavar="COMMIT", default="",
    help="Refuse what the baseline accepts beyond that of this commit or branch.  [default in CI: the target branch]",
)  # fmt: skip
@click.option("--allow-growth", is_flag=True, help="Let the baseline accept more than that of the base.")
@click.option("--ci/--no-ci", default=None, help="Whether to leave the baseline as it is.  [default: if CI is set]")
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
@CONFIG
def command(  # noqa: PLR0917 - click passes all by name
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str | None,
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    baseline: Path | None,
    no_baseline: bool,
    base: str,
    allow_growth: bool,
    ci: bool | None,
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
    overrides = Overrides(select, ignore, min_confidence, jobs)
    project = find_project(paths, config)
    comparison = Comparison.by(project, baseline, without=no_baseline, base=base, ci=ci)
    how = Running(cache=not no_cache, trust_stat=not no_stat_cache, verify=verify_cache)
    branch = Branch(commit_of(project.root, since, exact=no_merge_base), how, comparison.baselines)

    def analysed(found: Config) -> Analysis:
        # a broken baseline is told before anybody waits
        comparison.baselines.of(found)
        return analyse(found, **how._asdict())

    with notice_when_slow():
        made = report_projects(project, paths, plugins, overrides.on, analysed, reported=branch.report)
    report = combined(made)
    style = Style(show_witness=show_witness, statistics=statistics, folder=_folder(report.root))
    for reporter, file in targets:
        _write(reporter, report, file, style)
    notes = comparison.settle(partial=bool(paths or select or ignore or since), allow_growth=allow_growth)
    return _verdict(report, notes, exit_zero=exit_zero)


def _folder(root: Path) -> str:
    """Return the current folder relative to a root; people read paths from where they are."""
    here = Path.cwd()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else "."


def _write(reporter: Reporter, report: Report, file: Path, style: Style) -> None:
    if str(file) == _STDOUT:
        write_out(reporter(report, replace(style, color=wants_color(sys.stdout))))
    else:
        write_file(file, reporter(report, style))


def _verdict(report: Report, notes: Sequence[Note], *, exit_zero: bool) -> int:
    """Return the exit code; if it is not 0, say on standard error what it means and how to go on."""
    codes = [note.code for note in notes if note.code]
    for note in notes:
        click.echo(f"mergegate: {note.text}", err=True)
    new = report.new
    if new and not exit_zero:
        rule = new[0].finding.rule
        many = "1 new finding" if len(new) == 1 else f"{len(new)} new findings"
        click.echo(f"mergegate: {many}; 'mergegate explain {rule}' tells how to fix the first", err=True)
        codes.append(1)
    return 0 if exit_zero else min(codes, default=0)
