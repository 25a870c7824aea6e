"""`mergegate types`: what pyright finds, ratcheted, and the file of what is accepted of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mergegate.cli.examination import Writing
from mergegate.cli.gate import closed
from mergegate.cli.options import CONFIG, PATH, reporting
from mergegate.cli.output import write_out
from mergegate.cli.project import find_project, inside, installed_plugins
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config
from mergegate.errors import EvidenceError
from mergegate.evidence.silencing import RULE
from mergegate.evidence.type_conditions import Measured, listed, not_comparable
from mergegate.evidence.types import Running
from mergegate.evidence.types_baseline import accepted, shrunk
from mergegate.evidence.types_report import types_report
from mergegate.gate.baseline import TYPES, Baseline, shown_path
from mergegate.gate.baseline_file import change, create
from mergegate.gate.ci import circumstances
from mergegate.gate.conditions import exit_code
from mergegate.gate.standing import difference

_NOTICE = "pyright is running ..."


class _Group(click.Group):
    """A group of which one command needs no name: what is no command is for `check`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command before its arguments, if it is missing."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group("types", cls=_Group)
def command() -> None:
    """Report type errors that are new, or accept those of today.

    pyright finds them; `check` may be left out, as in `mergegate types src`.
    """


@command.command("check")
@click.argument("paths", nargs=-1, type=PATH)
@reporting
@click.option("--no-baseline", is_flag=True, help="Report all type errors, whatever the baseline holds.")
@click.option(
    "--base", metavar="COMMIT", default="",
    help="Refuse what the baseline accepts beyond that of this commit or branch.  "
    "[default in CI: the target branch]",
)  # fmt: skip
@click.option("--allow-growth", is_flag=True, help="Let the baseline accept more than that of the base.")
@click.option("--ci/--no-ci", default=None, help="Whether to leave the baseline as it is.  [default: if CI is set]")
@click.option("--statistics", is_flag=True, help="Count the type errors of each rule instead of listing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if a condition has failed.")
@CONFIG
def check(  # noqa: PLR0917 - click passes all by name
    paths: tuple[Path, ...],
    no_baseline: bool,
    base: str,
    allow_growth: bool,
    ci: bool | None,
    statistics: bool,
    exit_zero: bool,
    config: Path | None,
    **given: Any,
) -> int:
    """Report the type errors and silencing comments that the baseline has not accepted.

    PATHS select what is reported (default: all); the whole project is always measured, and the conditions are about
    the whole.
    """
    writing = Writing(installed_plugins(), given)
    project = find_project(paths, config)
    running = Running(
        project,
        circumstances(os.environ, ci=ci, base=base, allow_growth=allow_growth),
        without_baseline=no_baseline,
    )
    with notice_when_slow(_NOTICE):
        outcome = running.result()
    report = types_report(outcome, project, inside(project.root, paths) or ())
    writing.write(report, show_witness=False, statistics=statistics)
    for note in outcome.notes:
        click.echo(f"mergegate: {note}", err=True)
    code = exit_code(outcome.conditions)
    if code:
        click.echo(f"mergegate: {closed(outcome.conditions)}", err=True)
    return 0 if exit_zero and code == 1 else code


@command.command("update")
@click.option("--accept-new", is_flag=True, help="Accept the new type errors and silencing comments, too.")
@click.option("--force", is_flag=True, help="Make the file anew, whatever it holds.")
@CONFIG
def update(accept_new: bool, force: bool, config: Path | None) -> None:
    """Remove entries without a type error, and let the others follow their code.

    New ones are accepted only with --accept-new. If there is no file yet, all of today are accepted.
    """
    project = find_project((), config)
    measured = measured_now(project, without_baseline=force)
    held = measured.compared.held
    folder = project.root / project.cache_dir
    if held.baseline is None:
        write_out((f"{accept_all(measured, project, force=force)}\n",))
        return
    after = _updated(measured, accept_new=accept_new)
    change(held.file, folder, held.baseline, after)
    compared = measured.compared
    text = difference(held.baseline, after, gone=len(compared.gone), moved=compared.moved)
    write_out((f"{shown_path(held.file)}: {text}\n",))
    new = measured.compared.new
    if new and not accept_new:
        them = "it" if len(new) == 1 else "them"
        click.echo(f"mergegate: {_counted(measured, new)} new; --accept-new accepts {them}", err=True)


def measured_now(project: Config, *, without_baseline: bool = False, minor: int | None = None) -> Measured:
    """Run pyright on a project and compare what it finds with the project's baseline, unless that is left alone.

    Parameters
    ----------
    project
        The project.
    without_baseline
        Whether its baseline is left alone.
    minor
        The minor version of Python 3 that the code is for, if pyright's configuration does not say.

    Raises
    ------
    MergegateError
        If there is no usable evidence, or the baseline is broken.
    """
    running = Running(project, circumstances(os.environ), without_baseline=without_baseline, minor=minor)
    with notice_when_slow(_NOTICE):
        return running.measure()


def accept_all(measured: Measured, project: Config, *, force: bool = False) -> str:
    """Make the baseline of all that was found, and return a line that says so, and one that says what is missing.

    Raises
    ------
    MergegateError
        If there is one already and it is not to be made anew, or it cannot be written.
    """
    file = measured.compared.held.file
    made = accepted(measured.compared, measured.packages, measured.output.version)
    create(file, project.root / project.cache_dir, made, force=force)
    said = f"{shown_path(file)}: {_counted(measured, range(len(made.entries)))} accepted; commit it"
    missing = measured.packages.missing
    if missing:
        # with them pyright finds other errors, in CI for one
        said += (
            f"\nit was made without {listed(missing)}, which pyright did not find: install that here, "
            f"then '{TYPES.update} --force' makes it anew"
        )
    return said


def _updated(measured: Measured, *, accept_new: bool) -> Baseline:
    compared = measured.compared
    if accept_new or (not compared.new and not compared.lost):
        return accepted(compared, measured.packages, measured.output.version)
    if compared.lost:
        # without these packages some of the accepted errors cannot be found, and would go for that reason
        raise EvidenceError(not_comparable(compared, measured.output.version))
    return shrunk(compared)


def _counted(measured: Measured, positions: Sequence[int]) -> str:
    comments = sum(measured.compared.problems[index].rule == RULE for index in positions)
    errors = len(positions) - comments
    parts = [f"{errors} type error{'' if errors == 1 else 's'}"]
    if comments:
        parts.append(f"{comments} silencing comment{'' if comments == 1 else 's'}")
    return f"{' and '.join(parts)} {'is' if len(positions) == 1 else 'are'}"
