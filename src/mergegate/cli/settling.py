"""What follows from comparing findings with baselines: entries that are gone go, and growth is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergegate.cli.baselines import Compared, Note
from mergegate.gate.baseline import shown_path
from mergegate.gate.baseline_file import change
from mergegate.gate.ci import Circumstances
from mergegate.gate.growth import Base, growth, refusal
from mergegate.gate.standing import shrunk


def settle(projects: Sequence[Compared], given: Circumstances) -> list[Note]:
    """Shrink baselines where that is due, and say what there is to know about them.

    Raises
    ------
    GitError
        If the base is not known here.
    MergegateError
        If a baseline cannot be written.
    """
    return [note for project in projects for note in _settle(project, given)]


def _settle(project: Compared, given: Circumstances) -> Iterator[Note]:
    shown = shown_path(project.held.file)
    if project.held.conflicted:
        if given.ci:
            yield Note(f"{shown} was committed in conflict; 'mergegate baseline update' merges it", 3)
        return
    yield from _unknown_rules(project, shown)
    yield from _growth(project, given, shown)
    if given.ci:
        yield from _stale(project, shown)
    elif not given.partial:
        yield from _shrink(project, shown)


def _shrink(project: Compared, shown: str) -> Iterator[Note]:
    """Write what is left of a baseline, unless something is new: that may be an old finding that was not recognised."""
    standing, before = project.standing, project.held.baseline
    if before is None or standing.new or not (standing.gone or standing.moved):
        return
    if not project.config.baseline_shrink:
        yield from _stale(project, shown, fail=False)
        return
    folder = project.config.root / project.config.cache_dir
    if change(project.held.file, folder, before, shrunk(before, standing)):
        gone = f"{_entries(len(standing.gone))} went with {'its' if len(standing.gone) == 1 else 'their'} finding"
        moved = f"{_entries(standing.moved)} followed {'its' if standing.moved == 1 else 'their'} code"
        happened = [text for text, count in ((gone, standing.gone), (moved, standing.moved)) if count]
        yield Note(f"{shown}: {' and '.join(happened)}; commit it with the change")


def _stale(project: Compared, shown: str, *, fail: bool = True) -> Iterator[Note]:
    count = len(project.standing.gone)
    if count:
        code = 3 if fail and project.config.baseline_stale == "fail" else 0
        lost = f"{_entries(count)} {'has' if count == 1 else 'have'} no finding any more"
        yield Note(f"{shown}: {lost}; 'mergegate baseline update' removes {'it' if count == 1 else 'them'}", code)


def _growth(project: Compared, given: Circumstances, shown: str) -> Iterator[Note]:
    before = project.held.baseline
    allowed = given.allow_growth or project.config.baseline_growth == "allow"
    if before is None or not given.bases or allowed:
        return
    base = Base.find(project.config.root, given.bases)
    added = growth(base, project.config.root, project.held.file, before) if base is not None else ()
    if base is None or not added:
        return
    yield Note(refusal(shown, base, before, added), 1)


def _unknown_rules(project: Compared, shown: str) -> Iterator[Note]:
    before = project.held.baseline
    new = project.standing.new
    if before is None or not new:
        return
    unknown = sorted({entry.rule for entry in new} - set(before.rules))
    if unknown:
        count = sum(entry.rule in unknown for entry in new)
        names = ",".join(unknown)
        yield Note(
            f"{shown} was made before there was {' and '.join(unknown)}: {_findings(count)} new for that reason; "
            f"'mergegate baseline update --accept-new --select {names}' accepts them"
        )
    elif before.digest != project.analysis.rules_digest:
        yield Note(f"{shown} was made with other rules: what is new may come from mergegate rather than from the code")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _findings(count: int) -> str:
    return "1 finding is" if count == 1 else f"{count} findings are"
