"""The coverage gate: what a whole run measured, judged by the settings, the baseline and the base of the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from mergegate.config import Config, find_files
from mergegate.coverage import conditions as lines
from mergegate.coverage.baseline import CoverageBaseline, read, recorded
from mergegate.coverage.baseline_file import Loaded, change, load
from mergegate.coverage.changes import Changed, changed_statements, figure
from mergegate.coverage.codes import Codes
from mergegate.coverage.memory import Memory, records
from mergegate.coverage.model import Measurement
from mergegate.coverage.ratchet import Growth, falls, growth
from mergegate.coverage.unmeasured import matcher, unmeasured
from mergegate.errors import EvidenceError, MergegateError
from mergegate.gate.baseline import shown_path
from mergegate.gate.conditions import Condition, Status, exit_code
from mergegate.gate.growth import Base
from mergegate.git import Repository


class Circumstances(NamedTuple):
    """Under what a run takes place.

    Attributes
    ----------
    bases
        Names of what the change is to be merged into; empty: unknown, so that changed statements are not looked at.
    ci
        Whether a CI system runs it.
    allow_growth
        Whether the baseline may accept more than the base's.
    """

    bases: tuple[str, ...] = ()
    ci: bool = False
    allow_growth: bool = False


@dataclass(slots=True)
class Verdict:
    """What came of it.

    Attributes
    ----------
    measurement, codes
        What was measured, and the code of it.
    now
        What was measured, as a baseline keeps it.
    before
        The baseline; None if there is none that can be compared.
    conditions
        The lines of the verdict.
    notes
        What else the user should know, a sentence each.
    changed
        The statements that the change brings.
    ratcheted
        Whether the ratchet was applied and held, so that the baseline may be raised.
    """

    measurement: Measurement
    codes: Codes
    now: CoverageBaseline
    before: CoverageBaseline | None = None
    conditions: list[Condition] = field(default_factory=list[Condition])
    notes: list[str] = field(default_factory=list[str])
    changed: Sequence[Changed] = ()
    ratcheted: bool = False

    @property
    def exit_code(self) -> int:
        """The exit code that the conditions demand together."""
        return exit_code(self.conditions)


def baseline_path(config: Config) -> Path:
    """Return where the coverage baseline of a project is."""
    return config.root / config.coverage.baseline


def judge(config: Config, measurement: Measurement, given: Circumstances, known: Memory | None = None) -> Verdict:
    """Judge what a whole run measured.

    Parameters
    ----------
    config
        The project's settings.
    measurement
        What was measured, reports of other tools included.
    given
        The circumstances.
    known
        What is remembered of earlier runs.

    Raises
    ------
    MergegateError
        If git or a pattern of the settings is of no use.
    """
    settings = config.coverage
    codes = Codes(config.root, measurement)
    files = [each.path for each in find_files(config).files]
    missed = unmeasured(config.root, files, measurement, settings.include, settings.exclude)
    remembered = records(config.root, known) if known is not None else None
    now = recorded(measurement, codes, missed, remembered)
    verdict = Verdict(measurement, codes, now, notes=list(measurement.notes))
    verdict.conditions += lines.floors(settings, measurement)
    verdict.conditions += lines.each_file(settings, measurement)
    if settings.branches and measurement.setting is not None and not measurement.setting.branch:
        verdict.conditions.append(
            lines.broken(
                "branches", "branches were not measured; set branch = true in the configuration of coverage.py"
            )
        )
    base = _base(config, given, verdict)
    _against_baseline(config, given, verdict, base)
    _against_base(config, given, verdict, base)
    _never_measured(config, verdict, base, missed)
    return verdict


def _base(config: Config, given: Circumstances, verdict: Verdict) -> Base | None:
    names = given.bases or ((config.coverage.base,) if config.coverage.base else ())
    if not names:
        verdict.notes.append("changed statements are not looked at: no base is known, the setting base can name it")
        return None
    try:
        base = Base.find(config.root, names)
    except MergegateError as error:
        verdict.conditions.append(lines.broken("changed statements", error))
        return None
    if base is None:
        verdict.notes.append("changed statements are not looked at: the project lies in no git repository")
    return base


def _against_baseline(config: Config, given: Circumstances, verdict: Verdict, base: Base | None) -> None:
    settings, shown = config.coverage, shown_path(baseline_path(config))
    if not settings.ratchet:
        return
    try:
        loaded = load(baseline_path(config))
    except EvidenceError as error:
        verdict.conditions.append(lines.broken("baseline", error))
        return
    problem = _problem(loaded, shown, verdict, ci=given.ci)
    if problem is not None or loaded is None:
        verdict.conditions.append(problem or lines.broken("baseline", "missing"))
        return
    verdict.before = loaded.baseline
    different = _differences(loaded.baseline, verdict.now)
    if different:
        text = f"{shown} was made otherwise: {', '.join(different)}; 'mergegate coverage update' makes it anew"
        if settings.baseline_mismatch == "report":
            verdict.notes.append(f"not compared with the baseline: {text}")
        else:
            verdict.conditions.append(lines.broken("baseline", text))
        return
    grown = _grown(config, verdict, loaded.baseline, base)
    made = [lines.new_files(settings, grown, verdict.measurement)]
    if "files" in settings.ratchet:
        made.append(lines.ratchet(settings, grown, verdict.codes))
    if "components" in settings.ratchet:
        figures = {path: each.figure for path, each in verdict.measurement.files.items()}
        made.append(lines.component_ratchet(dict(falls(loaded.baseline, figures, lines.components(settings)))))
    verdict.conditions += made
    verdict.ratcheted = all(each.status is Status.PASSED for each in made)


def _problem(loaded: Loaded | None, shown: str, verdict: Verdict, *, ci: bool) -> Condition | None:
    if loaded is None:
        return lines.broken("baseline", f"there is no coverage baseline {shown}; 'mergegate coverage update' makes it")
    if loaded.conflicted:
        text = f"{shown} is in conflict; 'mergegate coverage update' writes it anew"
        if ci:
            return lines.broken("baseline", text)
        verdict.notes.append(f"{text}; both sides were merged in memory for now")
    return None


def _differences(before: CoverageBaseline, now: CoverageBaseline) -> list[str]:
    if before.setting is None or now.setting is None:
        return []
    return now.setting.differences(before.setting)


def _grown(config: Config, verdict: Verdict, before: CoverageBaseline, base: Base | None) -> list[Growth]:
    return growth(
        before,
        verdict.now.measured,
        verdict.codes.every,
        _renames(config.root, base),
        lambda path: (config.root / path).is_file(),
    )


def _renames(root: Path, base: Base | None) -> Mapping[str, str]:
    """Return what was renamed since the base, or since the last commit if there is none."""
    try:
        if base is not None:
            return base.renames(root)
        repository = Repository.find(root)
        if repository is None:
            return {}
        return Base(repository, "HEAD", repository.resolve("HEAD")).renames(root)
    except MergegateError:
        # a repository without a commit, or no git: files are then found again by what they hold
        return {}


def _against_base(config: Config, given: Circumstances, verdict: Verdict, base: Base | None) -> None:
    if base is None:
        return
    settings, root = config.coverage, config.root
    verdict.changed = changed_statements(base, root, verdict.measurement, verdict.codes)
    found = figure(verdict.changed, verdict.measurement)
    verdict.conditions.append(lines.changed(settings, found, verdict.changed, verdict.measurement, base.name))
    allowed = given.allow_growth or config.baseline_growth == "allow"
    if allowed or verdict.before is None or not settings.ratchet:
        return
    path = baseline_path(config)
    data = base.repository.show(base.commit, base.repository.prefix(path.parent) + path.name)
    if data is None:
        return
    try:
        there = read(data, path.name)
    except EvidenceError:
        return
    if _differences(there, verdict.before):
        # counted in another way: there is nothing to compare
        return
    grown = growth(there, verdict.before.measured, verdict.codes.every, base.renames(root))
    verdict.conditions.append(lines.baseline_growth(grown, base.name, shown_path(path)))


def _never_measured(config: Config, verdict: Verdict, base: Base | None, missed: Sequence[str]) -> None:
    """Judge files that no run measured: new ones block, and so do those that were measured before."""
    known: set[str] = set()
    lost: list[str] = []
    if verdict.before is not None:
        moved = _renames(config.root, base)
        known = {moved.get(path, path) for path in verdict.before.files}
        spared = matcher(config.coverage.exclude)
        lost = [
            path
            for path in verdict.before.measured
            if path not in verdict.measurement.files and (config.root / path).is_file() and not spared(path)
        ]
    elif base is not None:
        prefix = base.repository.prefix(config.root)
        known = {path.removeprefix(prefix) for path in base.repository.files(base.commit, prefix)}
    else:
        known = set(missed)
    new = [path for path in missed if path not in known]
    verdict.conditions.append(lines.measured_files(new, lost))
    old = [path for path in missed if path in known and path not in lost]
    if old:
        more = f" and {len(old) - 3} more" if len(old) > 3 else ""
        verdict.notes.append(f"no run measures {', '.join(old[:3])}{more}, as before")


def raises(config: Config, verdict: Verdict, *, ci: bool) -> bool:
    """Tell whether a passed run is to write the baseline by itself; in CI nobody is there to commit it."""
    wanted = config.coverage.raise_
    if ci and wanted == "main":
        return False
    if wanted == "never" or not verdict.ratcheted or verdict.exit_code or verdict.before == verdict.now:
        return False
    return wanted == "always" or current_branch(config.root) in config.coverage.main_branches


def current_branch(root: Path) -> str:
    """Return the branch that is checked out, empty if there is none."""
    try:
        repository = Repository.find(root)
    except MergegateError:
        return ""
    return repository.branch() if repository is not None else ""


def write_baseline(config: Config, verdict: Verdict) -> bool:
    """Make what was measured the baseline; return whether that changed the file.

    Raises
    ------
    MergegateError
        If it cannot be locked or written.
    """

    def make(present: CoverageBaseline | None) -> CoverageBaseline:
        old, new = present.setting if present is not None else None, verdict.now.setting
        if old is not None and new is not None and not new.core and replace(new, core=old.core) == old:
            # data files do not tell what traced: nothing says that it is another core now
            return verdict.now._replace(setting=old)
        return verdict.now

    return change(baseline_path(config), config.root / config.cache_dir, make)


def summary(verdict: Verdict) -> Iterator[str]:
    """Yield the verdict as lines of text: what failed with what to do, and the total."""
    for each in verdict.conditions:
        if each.status in (Status.FAILED, Status.BROKEN):
            limit = f", {each.limit}" if each.limit else ""
            actual = f": {each.actual}{limit}" if each.actual else ""
            yield f"{each.status.value.upper()} {each.name}{actual}\n    {each.text}"
