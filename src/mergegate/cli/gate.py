"""`mergegate gate`: one verdict over findings and all other evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mergegate.cli.baselines import Note
from mergegate.cli.examination import Examination, Writing
from mergegate.cli.options import CONFIG, Overrides, comparing, names, reporting, running
from mergegate.cli.project import find_project, installed_plugins
from mergegate.config import Config
from mergegate.config_shapes import guess
from mergegate.evidence.sources import SOURCES, Finish, Source, measured_types, required
from mergegate.gate.conditions import Condition, Status, exit_code
from mergegate.gate.verdict import SOURCE, finding_conditions

_NOTES = {1: Status.FAILED, 3: Status.BROKEN}


@click.command("gate")
@reporting
@comparing
@running
@click.option("--show-witness", is_flag=True, help="Show the whole chain of each finding and all places of a cause.")
@click.option(
    "--without",
    multiple=True,
    callback=names,
    metavar="KINDS",
    help="Leave evidence out that another job judges (comma-separated), as `coverage` where no tests run.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if a condition has failed.")
@CONFIG
def command(show_witness: bool, without: tuple[str, ...], exit_zero: bool, config: Path | None, **given: Any) -> int:
    """Decide whether a change may be merged: findings, types, coverage and contracts in one verdict.

    Every condition is listed with what was found and what is allowed; what is not configured says so and blocks
    nothing unless `gate.require` names it.
    """
    plugins = installed_plugins()
    writing = Writing(plugins, given)
    project = find_project((), config)
    examination = Examination(project, plugins, given)
    said: list[str] = []
    types = measured_types(examination.circumstances, said.append)
    gathering = Gathering(project, _left_out({**SOURCES, "types": types, **plugins.evidence}, without))
    report = examination.report((), Overrides.of(given), gathering.begin)
    notes = examination.settle(partial=False)
    conditions = (*finding_conditions(report, project.gate), *_noted(notes), *gathering.conditions())
    writing.write(replace(report, conditions=conditions), show_witness=show_witness)
    code = exit_code(conditions)
    for text in (*(note.text for note in notes if not note.code), *said):
        click.echo(f"mergegate: {text}", err=True)
    if code:
        click.echo(f"mergegate: {closed(conditions)}", err=True)
    return 0 if exit_zero and code == 1 else code


def _left_out(sources: Mapping[str, Source], without: Sequence[str]) -> Mapping[str, Source]:
    """Return the sources without those that another job asks; the verdict says so of them."""
    unknown = next((name for name in without if name not in sources), None)
    if unknown is not None:
        hint = f"{guess(unknown, sources)}one of {', '.join(sources)}"
        raise click.BadParameter(f"there is no evidence {unknown!r}: {hint}", param_hint="--without")
    return {name: _elsewhere(name) if name in without else source for name, source in sources.items()}


def _elsewhere(name: str) -> Source:
    def begin(config: Config) -> Finish:
        if name in config.gate.require:
            index = config.gate.require.index(name)
            hint = "take one of the two away"
            raise config.error(("gate", "require", index), f'demands "{name}", which --without leaves out', hint)
        return lambda: (Condition(name, "evidence", Status.ABSENT, text="left out here by --without"),)

    return begin


class Gathering:
    """Evidence on a project and those nested in it.

    Parameters
    ----------
    outer
        The outer project.
    sources
        Whom to ask, by name.
    """

    def __init__(self, outer: Config, sources: Mapping[str, Source]) -> None:
        self._outer = outer
        self._sources = sources
        self._begun: list[tuple[Config, str, Finish]] = []

    def begin(self, config: Config) -> None:
        """Ask all sources about a project."""
        unknown = next((name for name in config.gate.require if name not in self._sources), None)
        if unknown is not None:
            index = config.gate.require.index(unknown)
            hint = f"allowed: {', '.join(self._sources)}"
            raise config.error(("gate", "require", index), f'names unknown evidence "{unknown}"', hint)
        self._begun += [(config, name, source(config)) for name, source in self._sources.items()]

    def conditions(self) -> Iterator[Condition]:
        """Wait for the answers; what only an inner project could configure and did not is left out."""
        for config, name, finish in self._begun:
            for condition in required(config, name, finish()):
                if config.root == self._outer.root:
                    yield condition
                elif condition.status is not Status.ABSENT:
                    yield _in_project(condition, config.root.relative_to(self._outer.root).as_posix())


def _in_project(condition: Condition, folder: str) -> Condition:
    places = tuple(replace(place, path=f"{folder}/{place.path}") for place in condition.places)
    return replace(condition, name=f"{folder}: {condition.name}", places=places)


def _noted(notes: Sequence[Note]) -> Iterator[Condition]:
    for note in notes:
        if note.code:
            yield Condition(SOURCE, "baseline", _NOTES[note.code], text=note.text)


def closed(conditions: Sequence[Condition]) -> str:
    """Return the sentence that ends a run in which the gate stays closed."""
    blocking = [condition for condition in conditions if condition.status.exit_code]
    first = next((each for each in blocking if each.status.exit_code == exit_code(conditions)), blocking[0])
    figure = f" {first.actual}, {first.limit} allowed" if first.actual and first.limit else ""
    more = f" (and {len(blocking) - 1} more, listed in the verdict)" if len(blocking) > 1 else ""
    what = f"{first.source}: {first.name}{figure}"
    return f"the gate is closed, {what}{f'; {first.text}' if first.text else ''}{more}"
