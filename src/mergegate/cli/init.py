"""`mergegate init`: set a project up, previewed, without touching what is there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from mergegate.cli.baseline import accept_today
from mergegate.cli.options import Overrides, names
from mergegate.cli.output import write_out
from mergegate.config import load_config
from mergegate.config_coverage import CoverageConfig
from mergegate.config_shapes import guess
from mergegate.errors import EvidenceError, MergegateError
from mergegate.gate.baseline import shown_path
from mergegate.scaffold.ceilings import Ceilings, customary, held
from mergegate.scaffold.changes import Change, Note, diff, write
from mergegate.scaffold.facts import HOSTS, Facts, examine
from mergegate.scaffold.floors import Floors, offered, reached
from mergegate.scaffold.plan import PARTS, planned

_NOWHERE = "none"


def _parts(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Split comma-separated names of parts."""
    found = names(context, parameter, values)
    unknown = next((name for name in found if name not in PARTS), None)
    if unknown is not None:
        raise click.BadParameter(f"there is no part {unknown!r}: {guess(unknown, PARTS)}one of {', '.join(PARTS)}")
    return found


@click.command("init")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before writing; without a terminal nothing is asked.")
@click.option(
    "--skip",
    multiple=True,
    callback=_parts,
    metavar="PARTS",
    help=f"Leave out parts (comma-separated): {', '.join(PARTS)}.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    type=click.Choice([*HOSTS, _NOWHERE]),
    help="Where CI runs; may be repeated.  [default: what the repository and its remotes say]",
)
@click.option(
    "--types", is_flag=True, help="Judge the type errors that pyright finds, too: write ceilings, accept today's."
)
def command(dry_run: bool, yes: bool, skip: tuple[str, ...], hosts: tuple[str, ...], types: bool) -> int:
    """Set a project up: settings, floors of coverage, pyright, git, pre-commit, CI, and the first baseline.

    What is there already stays as it is; a second run changes nothing.
    """
    facts = examine(Path.cwd())
    parts = [part for part in PARTS if part not in skip]
    wanted = [name for name in hosts or facts.hosts if name != _NOWHERE]
    floors, ceilings = _floors(facts) if "coverage" in parts else None, _ceilings(facts, parts) if types else None
    steps = list(planned(facts, parts, wanted, floors, ceilings))
    changes = [step for step in steps if isinstance(step, Change)]
    baseline = facts.root / facts.config.baseline
    accepts = "baseline" in parts and facts.has_python and not baseline.exists()
    _say(_described(facts, wanted))
    for change in changes:
        write_out(f"{line}\n" for line in diff(change, _name(change.path, facts)))
    for note in (step for step in steps if isinstance(step, Note)):
        _explain(note, facts)
    errors = facts.root / facts.config.types.baseline
    accepts_errors = types and "baseline" in parts and facts.has_python and not errors.exists()
    if dry_run:
        if accepts:
            _say(f"{_name(baseline, facts)} would hold today's findings")
        if accepts_errors:
            _say(f"{_name(errors, facts)} would hold today's type errors")
        left = changes or accepts or accepts_errors
        _say("nothing was written: leave out --dry-run" if left else "nothing is left to do")
        return 0
    if not changes and not accepts and not accepts_errors:
        _say("nothing is left to do")
        return 0
    if not yes and sys.stdin.isatty() and not click.confirm("Write this?", default=True, err=True):
        _say("nothing was written")
        return 0
    for change in changes:
        write(change)
        _say(f"{_name(change.path, facts)}: {'written' if change.before is None else 'extended'}")
    if accepts:
        for line in accept_today(load_config(facts.root), None, Overrides()):
            _say(line)
    if accepts_errors:
        _say(_accepted_errors(facts))
    for line in _next_steps(facts, changes, parts, wanted, types=types):
        _say(line)
    return 0


def _floors(facts: Facts) -> Floors | None:
    """Return what tests are to cover at least: what is customary, or what they cover now if that is less."""
    floors = offered(facts)
    if floors is None or "coverage" in facts.config.origins:
        return floors
    from mergegate.cli.coverage import measured_in  # noqa: PLC0415
    from mergegate.coverage.conditions import components  # noqa: PLC0415
    from mergegate.coverage.model import total  # noqa: PLC0415

    judged = CoverageConfig(floors={each.pattern: each.percent for each in floors.parts}, reports=floors.reports)
    try:
        measured = measured_in(replace(facts.config, coverage=judged), (), ()).files
    except MergegateError:
        # there is no measurement, or none that says anything of the code as it is
        return floors
    covered: dict[str, int] = {}
    for name, belongs in components(judged).items():
        figure = total(each.figure for path, each in measured.items() if belongs(path))
        if figure.total:
            covered[name] = figure.covered * 100 // figure.total
    return reached(floors, covered)


def _ceilings(facts: Facts, parts: Sequence[str]) -> Ceilings:
    """Return how many type errors there may be: what is customary, or as many as there are if those are more."""
    if "types" in facts.config.origins:
        return customary()
    from mergegate.cli.types import measured_now  # noqa: PLC0415

    # with the settings that it is to get, pyright reads less than without any, as another version of Python
    configured = "pyright" not in parts or "pyright" in facts.metadata.tools
    minor = None if configured else facts.metadata.minor
    try:
        output = measured_now(facts.config, without_baseline=True, minor=minor).output
    except EvidenceError as error:
        _say(f"type errors were not measured: {error}")
        return customary()
    return held(
        ((each.path, each.rule) for each in output.errors), () if configured else facts.packages, output.version
    )


def _accepted_errors(facts: Facts) -> str:
    """Accept the type errors of today; say what became of that."""
    from mergegate.cli.types import accept_all, measured_now  # noqa: PLC0415

    project = load_config(facts.root)
    try:
        return accept_all(measured_now(project), project)
    except EvidenceError as error:
        return f"no type errors were accepted: {error}; then 'mergegate types update' accepts those of today"


def _described(facts: Facts, hosts: Sequence[str]) -> str:
    told = [
        f"Python 3.{facts.metadata.minor} or newer" if facts.metadata.minor is not None else "",
        f"packages in {', '.join(facts.packages)}" if facts.packages else "",
        ", ".join(facts.metadata.frameworks),
        f"CI on {' and '.join(hosts)}" if hosts else "",
        "" if facts.repository else "no git repository, so nothing for git, hooks and CI",
    ]
    return f"project in {shown_path(facts.root)}: {'; '.join(text for text in told if text) or 'nothing is known yet'}"


def _explain(note: Note, facts: Facts) -> None:
    _say(f"{_name(note.path, facts)}: left as it is, {note.text}")
    if note.snippet:
        write_out(f"    {line}\n" for line in note.snippet.splitlines())


def _next_steps(
    facts: Facts, changes: Sequence[Change], parts: Sequence[str], hosts: Sequence[str], *, types: bool
) -> Iterator[str]:
    yield "next:"
    if facts.repository:
        yield "  look at the changes ('git diff', 'git status') and commit them"
    if not facts.has_python:
        yield "  once there is Python code: 'mergegate baseline create', or nothing, so that every finding counts"
    yield "  'mergegate gate' decides as CI will; 'mergegate check --no-baseline' shows what is accepted for now"
    if "coverage" in parts and _judges_coverage(facts, changes):
        yield (
            "  install mergegate where the tests run; after all of them ran with coverage 'mergegate coverage update' "
            "makes the coverage baseline: commit it; until then, and where no tests run: "
            "'mergegate gate --without coverage'"
        )
    written = {change.path.name for change in changes}
    if ".pre-commit-config.yaml" in written:
        yield "  'pre-commit install' runs the hook before every commit"
    if ".gitattributes" in written:
        yield "  'mergegate baseline merge --install' lets git merge baselines, once in every clone"
    if facts.repository and "ci" in parts and not hosts:
        yield f"  no CI was recognised: --host {' or --host '.join(HOSTS)} writes its job"
    if "types" not in facts.config.origins and not types:
        yield "  'mergegate init --types' lets the gate judge the type errors that pyright finds"
    if "pylint" in facts.metadata.tools:
        yield '  for findings in pylint and editors add "mergegate" to pylint\'s load-plugins'


def _judges_coverage(facts: Facts, changes: Sequence[Change]) -> bool:
    """Tell whether the settings that were written turn the gate of coverage on."""
    written = any(change.path == facts.settings_file for change in changes)
    return written and "coverage" in load_config(facts.root).origins


def _name(path: Path, facts: Facts) -> str:
    """Return a path relative to where hooks and CI run, for `git apply` to understand."""
    for folder in (facts.top, facts.root):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix() or "."
    return shown_path(path)


def _say(text: str) -> None:
    write_out((f"{text}\n",))
