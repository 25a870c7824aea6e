"""`mergegate baseline`: accept what is found today, keep that up to date, look at it, and merge it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from mergegate.cli.baselines import Baselines, Compared
from mergegate.cli.options import CONFIG, PATH, Overrides, names, selecting
from mergegate.cli.output import write_out
from mergegate.cli.project import find_project, inside, installed_plugins, report_projects
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config, discover_projects
from mergegate.engine import Analysis, analyse
from mergegate.gate.baseline import Baseline, shown_path
from mergegate.gate.baseline_file import change, merge_files, refuse_existing
from mergegate.gate.baseline_file import create as create_file
from mergegate.gate.identity import Identity
from mergegate.gate.selection import within
from mergegate.gate.standing import accepted, difference, shrunk

_FILE = click.option("--baseline", "file", type=PATH, metavar="FILE", help="The file, instead of the configured one.")
_NO_CACHE = click.option("--no-cache", is_flag=True, help="Neither read nor write the cache of the analysis.")


@click.group("baseline", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Accept the findings of today, so that only new ones block."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("create")
@selecting
@_FILE
@click.option("--force", is_flag=True, help="Make it anew if there is one.")
@_NO_CACHE
@CONFIG
def create(  # noqa: PLR0917 - click passes all by name
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str | None,
    file: Path | None,
    force: bool,
    no_cache: bool,
    config: Path | None,
) -> None:
    """Accept all findings that `check` reports today.

    Configured projects nested in this one get a baseline each; those that have one keep it.
    """
    project = find_project((), config)
    overrides = Overrides(select, ignore, min_confidence)
    for line in accept_today(project, file, overrides, force=force, cache=not no_cache):
        _say(line)


@command.command("update")
@selecting
@_FILE
@click.option("--accept-new", is_flag=True, help="Accept the new findings too.")
@_NO_CACHE
@CONFIG
def update(  # noqa: PLR0917 - click passes all by name
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str | None,
    file: Path | None,
    accept_new: bool,
    no_cache: bool,
    config: Path | None,
) -> None:
    """Remove entries without a finding, and let the others follow their code.

    New findings are accepted only with --accept-new; --select, --ignore and --min-confidence choose among them.
    """

    def wanted(before: Baseline, each: Compared) -> Baseline:
        kept = shrunk(before, each.standing)
        new = each.standing.new
        return accepted(kept, each.analysis, new) if accept_new or not new else kept

    overrides = Overrides(select, ignore, min_confidence)
    for each in _changed(file, config, overrides, wanted, cache=not no_cache):
        new = len(each.standing.new)
        if new and not accept_new:
            text = f"{_findings(new)} new; --accept-new accepts {'it' if new == 1 else 'them'}"
            click.echo(f"mergegate: {text}", err=True)


@command.command("prune")
@_FILE
@_NO_CACHE
@CONFIG
def prune(file: Path | None, no_cache: bool, config: Path | None) -> None:
    """Remove all entries that the present settings do not need.

    Beside entries without a finding these are those of rules that are not selected or not installed, of files that are
    left out, and of findings below the minimal confidence.
    """

    def wanted(before: Baseline, each: Compared) -> Baseline:
        return shrunk(before, each.standing, pruned=True)

    _changed(file, config, Overrides(), wanted, cache=not no_cache)


@command.command("show")
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--rule", "rules", multiple=True, callback=names, metavar="NAMES", help="Only these rules.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_FILE
@CONFIG
def show(paths: tuple[Path, ...], rules: tuple[str, ...], format_: str, file: Path | None, config: Path | None) -> None:
    """List the accepted findings, those in PATHS if any are given."""
    project = find_project((), config)
    baselines = Baselines(project.root, file, required=True)
    shown: list[tuple[Path, list[Identity]]] = []
    for each in (project, *(nested for nested in discover_projects(project.root) if nested.root != project.root)):
        held, chosen = baselines.of(each), inside(each.root, paths)
        if held.baseline is None or chosen is None:
            continue
        entries = [
            entry
            for entry in held.baseline.entries
            if (not rules or entry.rule in rules)
            and (not chosen or "." in chosen or any(within(entry.path, folder) for folder in chosen))
        ]
        shown.append((held.file, entries))
    write_out(_listed(shown) if format_ == "text" else (_document(shown),))


@command.command("merge")
@click.argument("files", nargs=-1, type=PATH, metavar="[BASE OURS THEIRS]")
@click.option("--install", is_flag=True, help="Make git merge baselines in this clone with this command.")
@click.option("--dry-run", is_flag=True, help="With --install: only say what would be written.")
def merge(files: tuple[Path, ...], install: bool, dry_run: bool) -> None:
    """Merge three baselines into OURS, as a merge driver of git.

    An entry that one side has dropped goes, one that a side has added stays. Let git call it: --install.
    """
    if install:
        from mergegate.cli.merge_driver import Driver  # noqa: PLC0415
        from mergegate.cli.merge_driver import install as install_driver  # noqa: PLC0415

        project = find_project((), None)
        write_out(f"{line}\n" for line in install_driver(project, Driver.of_findings(project), dry_run=dry_run))
        return
    if len(files) != 3:
        raise click.UsageError("Give three files, BASE OURS THEIRS, or --install")
    merge_files(*files)


def accept_today(
    project: Config, file: Path | None, overrides: Overrides, *, force: bool = False, cache: bool = True
) -> Iterator[str]:
    """Accept all findings of a project and of those nested in it, and yield what became of each baseline.

    Parameters
    ----------
    project
        The outer project.
    file
        The file of its baseline; None: as configured.
    overrides
        What the command line says of the findings that count.
    force
        Whether a baseline that is there is made anew; else that of the outer project is refused, others are kept.
    cache
        Whether the cache of the analysis is used.

    Raises
    ------
    MergegateError
        If there is one already, or it cannot be written.
    """
    baselines = Baselines(project.root, file, fresh=True)
    if not force:
        refuse_existing(baselines.of(project).file)
    for each in _compared(project, baselines, overrides, cache=cache):
        path = each.held.file
        if each.config.root != project.root and path.exists() and not force:
            yield f"{shown_path(path)}: left as it is"
            continue
        made = accepted(each.held.baseline or Baseline(), each.analysis, each.standing.new)
        create_file(path, each.config.root / each.config.cache_dir, made, force=force)
        yield f"{shown_path(path)}: {_findings(len(made.entries))} accepted; commit it"


def _compared(project: Config, baselines: Baselines, overrides: Overrides, *, cache: bool) -> list[Compared]:
    """Analyse a project and those nested in it, and compare them with their baselines."""

    def analysed(found: Config) -> Analysis:
        baselines.of(found)
        return analyse(found, cache=cache)

    with notice_when_slow():
        report_projects(project, (), installed_plugins(), overrides.on, analysed, reported=baselines.report)
    return baselines.compared


def _changed(
    file: Path | None,
    config: Path | None,
    overrides: Overrides,
    wanted: Callable[[Baseline, Compared], Baseline],
    *,
    cache: bool,
) -> list[Compared]:
    """Change the baselines of a project and of those nested in it, and say what has become of them."""
    project = find_project((), config)
    compared = _compared(project, Baselines(project.root, file, required=True), overrides, cache=cache)
    for each in compared:
        before = each.held.baseline
        if before is None:
            continue
        after = wanted(before, each)
        change(each.held.file, each.config.root / each.config.cache_dir, before, after)
        shown = difference(before, after, gone=len(each.standing.gone), moved=each.standing.moved)
        _say(f"{shown_path(each.held.file)}: {shown}")
    return compared


def _listed(shown: Sequence[tuple[Path, Sequence[Identity]]]) -> Iterator[str]:
    for file, entries in shown:
        counted = Counter((entry.path, entry.scope, entry.rule) for entry in entries)
        for (path, scope, rule), count in counted.items():
            many = f" ({count} times)" if count > 1 else ""
            yield f"{path}: {rule} in {scope or 'the module itself'}{many}\n"
        yield f"{shown_path(file)}: {_findings(len(entries))} accepted\n"


def _document(shown: Sequence[tuple[Path, Sequence[Identity]]]) -> str:
    baselines = [
        {
            "file": shown_path(file),
            "entries": [
                {"path": entry.path, "scope": entry.scope, "rule": entry.rule, "identity": entry.to_json()}
                for entry in entries
            ],
        }
        for file, entries in shown
    ]
    return json.dumps({"version": 1, "baselines": baselines}, indent=2) + "\n"


def _findings(count: int) -> str:
    return "1 finding is" if count == 1 else f"{count} findings are"


def _say(text: str) -> None:
    write_out((f"{text}\n",))
