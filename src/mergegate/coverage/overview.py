"""All that a report on coverage shows: figures, gaps, a plan and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mergegate.config import Config
from mergegate.coverage.baseline import CoverageBaseline, read
from mergegate.coverage.codes import Codes
from mergegate.coverage.conditions import components
from mergegate.coverage.evidence import component_figures, left
from mergegate.coverage.gaps import Gap, Step, gaps, plan
from mergegate.coverage.model import Figure, Measurement, total
from mergegate.coverage.verdict import baseline_path
from mergegate.errors import EvidenceError, MergegateError
from mergegate.evidence.files import stale
from mergegate.gate.conditions import Condition
from mergegate.git import Repository

_COMMITS = 500
_POINTS = 60


class Point(NamedTuple):
    """The baseline of a commit: its day (ISO 8601), and the total."""

    day: str
    commit: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Overview:
    """What a report on coverage shows.

    Attributes
    ----------
    name
        The project's name.
    measurement
        What the last whole run measured.
    floors
        The figure of each component with its floor in percent.
    conditions
        The verdict of that run.
    gaps
        Functions that lack tests, the most worthwhile first.
    steps
        How floors are reached.
    history
        The totals of baselines, the oldest first.
    notes
        What the reader should know.
    """

    name: str
    measurement: Measurement
    floors: Mapping[str, tuple[Figure, float]]
    conditions: tuple[Condition, ...]
    gaps: tuple[Gap, ...]
    steps: tuple[Step, ...]
    history: tuple[Point, ...]
    notes: tuple[str, ...]


def overview(config: Config, findings: Iterable[tuple[str, int]]) -> Overview:
    """Return what there is to say about a project's coverage after its last whole run.

    Parameters
    ----------
    config
        The project.
    findings
        Path and line of each finding of mergegate in it.

    Raises
    ------
    EvidenceError
        If no run has left evidence, or it is damaged.
    """
    kept = left(config.root)
    if kept is None:
        hint = "run pytest with coverage, or 'mergegate coverage check'"
        raise EvidenceError("No run of all tests has left what it covers", hint)
    measurement, evidence = kept
    repository = _repository(config)
    prefix = repository.prefix(config.root) if repository is not None else ""
    changes = repository.change_counts(_COMMITS, prefix) if repository is not None and _has_commits(repository) else {}
    found = gaps(
        measurement,
        Codes(config.root, measurement),
        {path.removeprefix(prefix): count for path, count in changes.items()},
        findings,
    )
    settings = config.coverage
    figures = component_figures(config, measurement)
    changed = stale(config.root, evidence)
    notes = [f"{changed[0]} has changed since; run the tests again for true lines"] if changed else []
    return Overview(
        config.root.name,
        measurement,
        {name: (figures[name], settings.floors[name]) for name in settings.floors},
        evidence.conditions,
        tuple(found),
        tuple(plan(measurement, found, settings.floors, components(settings))),
        tuple(_history(config, repository)) if changes and repository is not None else (),
        tuple(notes),
    )


def _repository(config: Config) -> Repository | None:
    try:
        return Repository.find(config.root)
    except MergegateError:
        return None


def _has_commits(repository: Repository) -> bool:
    try:
        repository.resolve("HEAD")
    except MergegateError:
        return False
    return True


def _history(config: Config, repository: Repository) -> Iterator[Point]:
    file = baseline_path(config)
    name = repository.prefix(config.root) + config.coverage.baseline
    for commit in repository.history(name, _POINTS):
        data = repository.show(commit.id, name)
        if data is None:
            continue
        try:
            baseline: CoverageBaseline = read(data, file.name)
        except EvidenceError:
            # one that a merge broke, or of another format: the others tell enough
            continue
        yield Point(commit.day, commit.id, total(each.figure for each in baseline.measured.values()))
