"""What follows for the baseline of type errors: entries that are gone go, and growth is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mergegate.config import Config
from mergegate.evidence.type_conditions import SOURCE, Measured, broken
from mergegate.evidence.types_baseline import Compared, shrunk
from mergegate.gate.baseline import TYPES, Baseline, shown_path
from mergegate.gate.baseline_file import change
from mergegate.gate.ci import Circumstances
from mergegate.gate.conditions import Condition, Status
from mergegate.gate.growth import Base, growth, refusal


class Settled(NamedTuple):
    """What became of the baseline: conditions of the verdict, and sentences for people."""

    conditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()


def settle(measured: Measured, config: Config, given: Circumstances) -> Settled:
    """Shrink the baseline where that is due, and say what there is to know about it.

    Parameters
    ----------
    measured
        What was found.
    config
        The project's settings; those of the baseline of findings hold for this one too.
    given
        Under what this run takes place.

    Raises
    ------
    GitError
        If the base is not known here.
    MergegateError
        If the baseline cannot be written.
    """
    compared = measured.compared
    before = compared.held.baseline
    if before is None:
        return Settled()
    shown = shown_path(compared.held.file)
    if compared.held.conflicted:
        if given.ci:
            return Settled((broken("baseline", f"{shown} was committed in conflict; '{TYPES.update}' merges it"),))
        ends = f"'git add {shown}' ends the conflict"
        text = f"{shown} is in conflict, so both sides were merged in memory; '{TYPES.update}' writes that, and {ends}"
        return Settled(notes=(text,))
    conditions = [*_growth(compared, before, config, given, shown)]
    notes: list[str] = []
    if given.ci or not config.baseline_shrink:
        conditions += _stale(compared, config, shown, fail=given.ci)
    elif not given.partial:
        notes += _shrink(compared, before, config, shown)
    return Settled(tuple(conditions), tuple(notes))


def _shrink(compared: Compared, before: Baseline, config: Config, shown: str) -> Iterator[str]:
    """Write what is left of the baseline, unless something is new: that may be an old error that was not recognised."""
    if compared.new or not (compared.gone or compared.moved):
        return
    if not compared.is_like_with_like:
        if compared.gone:
            yield f"{shown} was made with another pyright or other packages, so nothing is removed from it by itself"
        return
    if change(compared.held.file, config.root / config.cache_dir, before, shrunk(compared)):
        happened = [(len(compared.gone), "removed"), (compared.moved, "moved")]
        text = " and ".join(f"{_entries(count)} {what}" for count, what in happened if count)
        yield f"{shown}: {text}; commit it with the change"


def _stale(compared: Compared, config: Config, shown: str, *, fail: bool) -> Iterator[Condition]:
    count = len(compared.gone)
    if not count or compared.lost:
        return
    # with another pyright or other packages they may have gone for that reason
    counts = fail and config.baseline_stale == "fail" and compared.is_like_with_like
    status = Status.BROKEN if counts else Status.PASSED
    lost = f"{_entries(count)} {'has' if count == 1 else 'have'} no type error any more"
    text = f"{shown}: {lost}; '{TYPES.update}' removes {'it' if count == 1 else 'them'}"
    yield Condition(SOURCE, "baseline", status, text=text)


def _growth(
    compared: Compared, before: Baseline, config: Config, given: Circumstances, shown: str
) -> Iterator[Condition]:
    if not given.bases or given.allow_growth or config.baseline_growth == "allow":
        return
    base = Base.find(config.root, given.bases)
    added = growth(base, config.root, compared.held.file, before) if base is not None else ()
    if base is not None and added:
        yield Condition(SOURCE, "growth of the baseline", Status.FAILED, text=refusal(shown, base, before, added))


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
