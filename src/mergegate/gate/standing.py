"""How a baseline stands to the code: which of its entries still have their finding, and which findings it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mergegate.gate.baseline import Baseline
from mergegate.gate.identity import Identity

if TYPE_CHECKING:
    from mergegate.engine import Analysis
    from mergegate.gate.report import Verdicts

_UNREADABLE = "unreadable-file"


class Standing(NamedTuple):
    """The entries of a baseline by what has become of their findings.

    Attributes
    ----------
    present
        Those whose finding is there, each as it is to be written now.
    moved
        How many of these have another place or text than before.
    unseen
        Those of which this run knows nothing: their rule is not installed, or their file is there and was not analysed.
    unneeded
        Positions in `present` of those that the settings do not report.
    gone
        Those whose finding is no more, or is suppressed by a comment.
    new
        The findings that are reported and have no entry.
    """

    present: tuple[Identity, ...]
    moved: int
    unseen: tuple[Identity, ...]
    unneeded: frozenset[int]
    gone: tuple[Identity, ...]
    new: tuple[Identity, ...]


def stand(baseline: Baseline, analysis: Analysis, verdicts: Verdicts) -> Standing:
    """Compare a baseline with the findings that were judged by it.

    Parameters
    ----------
    baseline
        The baseline; its entries are what `verdicts.continued` counts.
    analysis, verdicts
        The whole program's findings, and their fates.
    """
    shown = frozenset(verdicts.shown)
    finding_of = {entry: index for index, entry in enumerate(verdicts.continued) if entry is not None}
    present: list[Identity] = []
    unneeded: set[int] = set()
    unseen: list[Identity] = []
    gone: list[Identity] = []
    moved = 0
    blind = _Blind(analysis)
    for number, entry in enumerate(baseline.entries):
        index = finding_of.get(number)
        if index is not None and verdicts.judged[index].status == "baselined":
            now = followed(entry, verdicts.identities[index])
            moved += now is not entry
            if index not in shown:
                unneeded.add(len(present))
            present.append(now)
        elif index is None and blind.to(entry):
            unseen.append(entry)
        else:
            gone.append(entry)
    new = [verdicts.identities[index] for index in verdicts.shown if verdicts.judged[index].status == "new"]
    return Standing(tuple(present), moved, tuple(unseen), frozenset(unneeded), tuple(gone), tuple(new))


def may_be_renamed(standing: Standing, analysis: Analysis, verdicts: Verdicts) -> bool:
    """Tell whether git's knowledge of renamed files could show that findings that look new are not."""
    lost = {entry.path for entry in standing.gone} - set(analysis.paths)
    return bool(lost) and any(each.status == "new" for each in verdicts.judged)


def shrunk(baseline: Baseline, standing: Standing, *, pruned: bool = False) -> Baseline:
    """Return the baseline without the entries that are gone, the others following their code.

    Parameters
    ----------
    baseline, standing
        The baseline and how it stands.
    pruned
        Whether to drop as well what the run knew nothing of and what the settings do not report.
    """
    if pruned:
        kept = [entry for number, entry in enumerate(standing.present) if number not in standing.unneeded]
    else:
        kept = [*standing.present, *standing.unseen]
    return Baseline.of(kept, baseline.rules, baseline.digest, salt=baseline.salt)


def accepted(baseline: Baseline, analysis: Analysis, added: Sequence[Identity]) -> Baseline:
    """Return the baseline with more findings, all of them accepted under the rules of an analysis."""
    return Baseline.of([*baseline.entries, *added], analysis.rules, analysis.rules_digest, salt=baseline.salt)


def followed(entry: Identity, now: Identity) -> Identity:
    """Return the present identity if the entry would not be found by its own any more: edits nearby change no entry."""
    return entry if _anchor(entry) == _anchor(now) else now


def difference(before: Baseline, after: Baseline, *, gone: int, moved: int) -> str:
    """Return what an update has made of a baseline, for people.

    Parameters
    ----------
    before, after
        The baseline.
    gone
        How many of its entries have no finding any more.
    moved
        How many follow their code.
    """
    # an update takes what is gone away, so what is more than then is left was added
    added = max(0, len(after.entries) - len(before.entries) + gone)
    removed = len(before.entries) + added - len(after.entries)
    parts = [
        f"{removed} removed",
        f"{moved} moved",
        *([f"{added} added"] if added else []),
        f"{len(after.entries)} left",
    ]
    return ", ".join(parts)


_anchor = attrgetter("path", "scope", "code", "part", "line")


class _Blind:
    """Knows of what an analysis could find nothing."""

    def __init__(self, analysis: Analysis) -> None:
        self._root: Path = analysis.root
        self._rules = analysis.rules
        self._paths = frozenset(analysis.paths)
        self._unreadable = {each.path for each in analysis.findings if each.rule == _UNREADABLE}

    def to(self, entry: Identity) -> bool:
        """Tell whether the finding of an entry may be there although the analysis lacks it."""
        if entry.rule not in self._rules or entry.path in self._unreadable:
            return True
        return entry.path not in self._paths and (self._root / entry.path).exists()
