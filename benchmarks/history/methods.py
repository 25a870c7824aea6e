"""Ways to tell old findings from new ones: mergegate's matching, and the simple rules of other tools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.history.finders import Spot
from benchmarks.history.releases import Step, Tree
from mergegate.gate.identity import Identity, identify
from mergegate.gate.matching import match
from mergegate.gate.source import Sources
from mergegate.gate.standing import followed
from mergegate.git import Repository

Answer = list[int | None]

UNNAMED = -1
"""Stands for some old finding, of a way that does not say for which."""


class Method(Protocol):
    """Says of each finding of a release which one of the release before it is."""

    def __call__(self, step: Step, old: Sequence[Spot], new: Sequence[Spot]) -> Answer: ...


class Identities:
    """The identities of the findings in each commit, worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, list[Identity]] = {}

    def of(self, commit: str, spots: Sequence[Spot], tree: Tree) -> list[Identity]:
        """Return those of all findings of a commit."""
        if commit not in self._known:
            read = {spot.path: "\n".join(tree[spot.path]).encode("utf-8", "replace") for spot in spots}
            self._known[commit] = identify(spots, Sources(read.__getitem__))
        return self._known[commit]


class Matching:
    """mergegate's own matching of two commits, as `--since` does it.

    Parameters
    ----------
    identities
        Those of the history.
    repository
        Tells what was renamed; none: nothing is known of that.
    """

    def __init__(self, identities: Identities, repository: Repository | None) -> None:
        self._identities = identities
        self._repository = repository

    def __call__(self, step: Step, old: Sequence[Spot], new: Sequence[Spot]) -> Answer:
        before = self._before(step, old)
        after = self._identities.of(step.new, new, step.after)
        renames = self._repository.renames(step.old, step.new) if self._repository is not None else {}
        answer = match(before, after, renames=renames)
        self._keep(before, after, answer)
        return answer

    def _before(self, step: Step, old: Sequence[Spot]) -> Sequence[Identity]:
        return self._identities.of(step.old, old, step.before)

    def _keep(self, before: Sequence[Identity], after: Sequence[Identity], answer: Answer) -> None:
        """Learn what a step led to."""


class KeptBaseline(Matching):
    """The same with a baseline that is kept from the first release on, as `baseline update --accept-new` keeps it."""

    _entries: Sequence[Identity] = ()

    def _before(self, step: Step, old: Sequence[Spot]) -> Sequence[Identity]:
        return self._entries or super()._before(step, old)

    def _keep(self, before: Sequence[Identity], after: Sequence[Identity], answer: Answer) -> None:
        self._entries = [
            now if was is None else followed(before[was], now) for was, now in zip(answer, after, strict=True)
        ]


class Claimed:
    """What the finder itself said; which old finding it meant it does not say."""

    def __call__(self, step: Step, old: Sequence[Spot], new: Sequence[Spot]) -> Answer:
        del step, old
        return [None if spot.called_new else UNNAMED for spot in new]


class ByKey:
    """A rule that compares findings by a key and counts them.

    Parameters
    ----------
    key
        Gives the key of a finding by its file's lines.
    """

    def __init__(self, key: Callable[[Spot, Sequence[str]], Hashable]) -> None:
        self._key = key

    def __call__(self, step: Step, old: Sequence[Spot], new: Sequence[Spot]) -> Answer:
        known: defaultdict[Hashable, list[int]] = defaultdict(list)
        for index in reversed(range(len(old))):
            known[self._key(old[index], step.before[old[index].path])].append(index)
        answer: Answer = []
        for spot in new:
            candidates = known.get(self._key(spot, step.after[spot.path]))
            answer.append(candidates.pop() if candidates else None)
        return answer


def _line_number(spot: Spot, _: Sequence[str]) -> Hashable:
    return spot.rule, spot.path, spot.line


def _line_text(spot: Spot, lines: Sequence[str]) -> Hashable:
    return spot.rule, spot.path, lines[spot.line - 1].strip() if spot.line <= len(lines) else ""


def _count(spot: Spot, _: Sequence[str]) -> Hashable:
    return spot.rule, spot.path


OURS, KEPT, WITHOUT_GIT, PRODUCT = (
    "mergegate", "mergegate, baseline kept", "mergegate without git", "`mergegate check --since`",
)  # fmt: skip


def methods(work: Path, *, own: bool) -> dict[str, Method]:
    """Return all ways for one repository; `own`: for findings of mergegate, which says itself what is new."""
    ours: dict[str, Method] = {PRODUCT: Claimed()} if own else {}
    identities, repository = Identities(), Repository.find(work)
    return {
        **ours,
        OURS: Matching(identities, repository),
        KEPT: KeptBaseline(identities, repository),
        WITHOUT_GIT: Matching(identities, None),
        "path + line text": ByKey(_line_text),
        "path + line number": ByKey(_line_number),
        "count per path and rule": ByKey(_count),
    }
