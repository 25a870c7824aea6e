"""`mergegate coverage`: judge what tests cover, keep its baseline, and say which tests are missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mergegate.cli.options import CONFIG, PATH
from mergegate.cli.output import write_file, write_out
from mergegate.cli.project import find_project
from mergegate.errors import EvidenceError
from mergegate.gate.ci import base_names, ci_runs

if TYPE_CHECKING:
    from mergegate.config import Config
    from mergegate.coverage.memory import Memory
    from mergegate.coverage.model import Measurement
    from mergegate.coverage.verdict import Verdict

_DATA = click.option(
    "--data", "files", multiple=True, type=PATH, metavar="FILE",
    help="Data file of coverage.py, one for each machine or process; default: the one that it last wrote.",
)  # fmt: skip
_REPORTS = click.option(
    "--report", "reports", multiple=True, type=PATH, metavar="FILE",
    help="lcov or Cobertura report, beside those of the settings.",
)  # fmt: skip
_BASE = click.option("--base", metavar="REF", help="Branch that this change is to be merged into, as origin/main.")
_GROWTH = click.option("--allow-growth", is_flag=True, help="Let the baseline accept more than that of the base does.")


@click.group("coverage", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Judge what tests cover, keep its baseline, and say which tests are missing.

    pytest judges by itself where the settings have a section `coverage`; this is for `coverage run`, for reports of
    other languages, and for measurements of several machines.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("check")
@_DATA
@_REPORTS
@_BASE
@_GROWTH
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@CONFIG
def check(  # noqa: PLR0917 - click passes all by name
    files: tuple[Path, ...],
    reports: tuple[Path, ...],
    base: str | None,
    allow_growth: bool,
    format_: str,
    config: Path | None,
) -> int:
    """Judge a measurement of all tests: floors, baseline and changed statements.

    What it finds is kept as evidence for `mergegate gate`. Several measurements count together: what one of them covers
    is covered.
    """
    from mergegate.coverage.evidence import leave  # noqa: PLC0415
    from mergegate.coverage.verdict import raises, write_baseline  # noqa: PLC0415

    project = find_project((), config)
    verdict = _weighed(project, files, reports, base, allow_growth=allow_growth)
    leave(project, verdict)
    if raises(project, verdict, ci=ci_runs(os.environ)) and write_baseline(project, verdict):
        verdict.notes.append(f"{project.coverage.baseline} was raised: commit it")
    write_out(_text(verdict) if format_ == "text" else (_document(verdict),))
    code = verdict.exit_code
    if code:
        click.echo("mergegate: the coverage gate failed; what to do stands beside each condition", err=True)
    return code


@command.command("update")
@_DATA
@_REPORTS
@CONFIG
def update(files: tuple[Path, ...], reports: tuple[Path, ...], config: Path | None) -> None:
    """Make what was measured the baseline, whether it is more or less than before."""
    from mergegate.coverage.verdict import write_baseline  # noqa: PLC0415

    project = find_project((), config)
    verdict = _weighed(project, files, reports, None, allow_growth=True)
    changed = write_baseline(project, verdict)
    count = sum(record.missing.total() for record in verdict.now.measured.values())
    what = (
        f"{count} uncovered statement{'' if count == 1 else 's'} accepted; commit it" if changed else "was up to date"
    )
    write_out((f"{project.coverage.baseline}: {what}\n",))


@command.command("merge")
@click.argument("files", nargs=-1, type=PATH, metavar="[BASE OURS THEIRS]")
@click.option("--install", is_flag=True, help="Make git merge coverage baselines in this clone with this command.")
@click.option("--dry-run", is_flag=True, help="With --install: only say what would be written.")
def merge(files: tuple[Path, ...], install: bool, dry_run: bool) -> None:
    """Merge three coverage baselines into OURS, as a merge driver of git.

    What one side has covered is covered, what one side has added stays. Let git call it: --install.
    """
    if install:
        from mergegate.cli.merge_driver import Driver  # noqa: PLC0415
        from mergegate.cli.merge_driver import install as install_driver  # noqa: PLC0415

        project = find_project((), None)
        write_out(f"{line}\n" for line in install_driver(project, Driver.of_coverage(project), dry_run=dry_run))
        return
    if len(files) != 3:
        raise click.UsageError("Give three files, BASE OURS THEIRS, or --install")
    from mergegate.coverage.baseline_file import merge_files  # noqa: PLC0415

    merge_files(*files)


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of the coverage baseline."""
    from mergegate.coverage.baseline import schema_file  # noqa: PLC0415

    write_out((schema_file().read_text(encoding="utf-8"),))


@command.command("report")
@click.option(
    "--format", "format_", type=click.Choice(["markdown", "json", "html"]), default="markdown", show_default=True
)
@click.option("--output", type=PATH, metavar="FILE", help="File to write; default: standard output.")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="So many functions to show.")
@click.option("--no-findings", is_flag=True, help="Do not look for findings of mergegate in uncovered functions.")
@CONFIG
def report(format_: str, output: Path | None, limit: int, no_findings: bool, config: Path | None) -> None:
    """Show which functions lack tests, which of them to test first, and how coverage went."""
    from mergegate.coverage.overview import overview  # noqa: PLC0415
    from mergegate.reporters.coverage import writer  # noqa: PLC0415

    project = find_project((), config)
    found = [] if no_findings else _findings(project)
    pieces = writer(format_)(overview(project, found), limit)
    if output is None:
        write_out(pieces)
    else:
        write_file(output, pieces)


def _findings(project: Config) -> list[tuple[str, int]]:
    """Return path and line of what `check` reports in a project, accepted findings included."""
    from mergegate.cli.project import installed_plugins, report_projects  # noqa: PLC0415
    from mergegate.engine import analyse  # noqa: PLC0415

    reports = report_projects(project, (), installed_plugins(), lambda config: config, analyse)
    return [(each.finding.path, each.finding.line) for each in reports[0].results if each.status != "suppressed"]


def measured_in(
    project: Config, files: tuple[Path, ...], reports: tuple[Path, ...], known: Memory | None = None
) -> Measurement:
    """Return what the given and the configured files hold together.

    Raises
    ------
    EvidenceError
        If there is no measurement, or a file of it is of no use.
    """
    from mergegate.coverage.model import joined  # noqa: PLC0415
    from mergegate.coverage.paths import Tree  # noqa: PLC0415
    from mergegate.coverage.reports import read_report  # noqa: PLC0415

    tree = Tree(project.root)
    wanted = list(
        dict.fromkeys([*(each.absolute() for each in reports), *map(project.root.joinpath, project.coverage.reports)])
    )
    data = [each.absolute() for each in files]
    measured = [read_report(each, tree) for each in wanted]
    if data or not wanted or _default_data(project.root):
        # what only reports cover needs no coverage.py
        from mergegate.coverage.python_data import combined  # noqa: PLC0415

        found = data or _default_data(project.root)
        if not found:
            hint = "run the tests by 'coverage run' or 'pytest --cov', or name files with --data or --report"
            raise EvidenceError(f"There is no measurement in {project.root}", hint)
        measured.insert(0, combined(found, tree, known))
    return joined(measured)


def _default_data(root: Path) -> list[Path]:
    """Return the data file that coverage.py last wrote in a project, or the files of its parallel processes."""
    from mergegate.coverage.python_data import data_file  # noqa: PLC0415

    file = data_file(root)
    return [file] if file.is_file() else sorted(each for each in file.parent.glob(f"{file.name}.*") if each.is_file())


def _weighed(
    project: Config, files: tuple[Path, ...], reports: tuple[Path, ...], base: str | None, *, allow_growth: bool
) -> Verdict:
    from mergegate.coverage.memory import memory  # noqa: PLC0415
    from mergegate.coverage.verdict import Circumstances, judge  # noqa: PLC0415

    in_ci = ci_runs(os.environ)
    bases = (base,) if base else base_names(os.environ) if in_ci else ()
    with memory(project.root / project.cache_dir) as known:
        measurement = measured_in(project, files, reports, known)
        return judge(project, measurement, Circumstances(bases, in_ci, allow_growth), known)


def _text(verdict: Verdict) -> list[str]:
    from mergegate.coverage.verdict import summary  # noqa: PLC0415

    lines = [*summary(verdict), *verdict.notes]
    measured = verdict.measurement
    lines.append(f"{measured.figure} covered in {len(measured.files)} files, {len(verdict.conditions)} conditions")
    return [f"{line}\n" for line in lines]


def _document(verdict: Verdict) -> str:
    measured = verdict.measurement
    conditions = [
        {
            "name": each.name,
            "status": str(each.status),
            "actual": each.actual,
            "limit": each.limit,
            "text": each.text,
            "places": [{"path": place.path, "line": place.line, "text": place.text} for place in each.places],
        }
        for each in verdict.conditions
    ]
    files = {
        path: {"statements": list(each.lines), "branches": list(each.ways)} for path, each in measured.files.items()
    }
    data = {
        "version": 1, "exit_code": verdict.exit_code, "total": list(measured.figure), "conditions": conditions,
        "notes": verdict.notes, "files": files,
    }  # fmt: skip
    return json.dumps(data, indent=2) + "\n"
