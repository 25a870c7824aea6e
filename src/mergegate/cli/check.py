"""`mergegate check`: analyse a project and report what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from mergegate.cli.baselines import Note
from mergegate.cli.examination import Examination, Writing
from mergegate.cli.options import CONFIG, PATH, Overrides, comparing, reporting, running, selecting
from mergegate.cli.project import find_project, installed_plugins
from mergegate.config import Config
from mergegate.gate.report import Report


@click.command("check")
@click.argument("paths", nargs=-1, type=PATH)
@selecting
@reporting
@comparing
@running
@click.option("--show-witness", is_flag=True, help="Show the whole chain of each finding and all places of a cause.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of listing them.")
@click.option(
    "--staged",
    is_flag=True,
    help="Report on what is staged, as git's index has it: for hooks that run before a commit.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are new findings.")
@CONFIG
def command(  # noqa: PLR0917 - click passes all by name
    paths: tuple[Path, ...],
    show_witness: bool,
    statistics: bool,
    staged: bool,
    exit_zero: bool,
    config: Path | None,
    **given: Any,
) -> int:
    """Report what is wrong in a project.

    PATHS select what is reported (default: all); the whole project is always analysed, for a finding may have its
    cause in another file.
    """
    plugins = installed_plugins()
    writing = Writing(plugins, given)
    project = find_project(paths, config)
    examination = Examination(project, plugins, given)
    overrides = Overrides.of(given)
    overlay: Callable[[Config], Mapping[str, bytes] | None] = _as_it_is
    if staged:
        from mergegate.cli.staged import staged as find_staged  # noqa: PLC0415 - only hooks ask for it

        if given["since"] is not None:
            raise click.UsageError("--staged and --since exclude each other")
        index = find_staged(project, paths)
        if not index.paths:
            click.echo("mergegate: nothing is staged that could be looked at", err=True)
            return 0
        paths, overlay = index.paths, index.overlay
    report = examination.report(paths, overrides, overlay=overlay)
    writing.write(report, show_witness=show_witness, statistics=statistics)
    notes = examination.settle(partial=bool(paths or overrides.select or overrides.ignore))
    return _verdict(report, notes, exit_zero=exit_zero)


def _as_it_is(_config: Config) -> None:
    return None


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
    return min((code for code in codes if not (exit_zero and code == 1)), default=0)
