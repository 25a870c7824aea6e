"""The baseline of type errors: which errors it has accepted, and whether it can be compared with a run at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from mergegate.config import Config
from mergegate.evidence.packages import Packages
from mergegate.finding import Finding
from mergegate.gate.baseline import TYPES, Baseline
from mergegate.gate.baseline_file import load
from mergegate.gate.growth import renamed
from mergegate.gate.identity import Identity, identify
from mergegate.gate.matching import match
from mergegate.gate.source import Sources
from mergegate.gate.standing import followed


class Held(NamedTuple):
    """A project's baseline of type errors.

    Attributes
    ----------
    file
        Where it is, or would be.
    baseline
        None if there is none.
    conflicted
        Whether its file is in conflict, so that both sides were merged in memory.
    """

    file: Path
    baseline: Baseline | None
    conflicted: bool = False


def held_by(config: Config) -> Held:
    """Return the baseline of a project.

    Raises
    ------
    EvidenceError
        If it is broken.
    """
    file = config.root / config.types.baseline
    if not file.exists():
        return Held(file, None)
    return Held(file, *load(file, TYPES))


@dataclass(frozen=True, slots=True)
class Compared:
    """Type errors and silencing comments, compared with a baseline.

    Attributes
    ----------
    held
        The baseline.
    problems
        The errors and comments, in report order, each with its scope.
    identities
        What each is recognised by.
    known
        Positions of those that the baseline has accepted.
    kept
        The entries whose error is there, as they are to be written now.
    moved
        How many of them have another place or text than before.
    gone
        The entries whose error is no more.
    lost, gained
        Modules that the baseline was made with and pyright does not find now, and the other way round.
    made_by
        The version of pyright that made it, empty if it is the present one.
    """

    held: Held
    problems: tuple[Finding, ...]
    identities: tuple[Identity, ...]
    known: frozenset[int] = frozenset()
    kept: tuple[Identity, ...] = ()
    moved: int = 0
    gone: tuple[Identity, ...] = ()
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    made_by: str = ""

    @property
    def new(self) -> tuple[int, ...]:
        """Positions of the errors and comments that the baseline has not accepted."""
        return tuple(index for index in range(len(self.problems)) if index not in self.known)

    @property
    def is_like_with_like(self) -> bool:
        """Whether the baseline was made with the same pyright, and with the same modules found and missing."""
        return not (self.lost or self.gained or self.made_by)


def compare(
    held: Held, problems: Sequence[Finding], sources: Sources, *,
    root: Path, packages: Packages, version: str, bases: tuple[str, ...],
) -> Compared:  # fmt: skip
    """Compare type errors and silencing comments with a baseline.

    Parameters
    ----------
    held
        The baseline.
    problems
        All errors and comments of the project, in report order.
    sources
        The project's files.
    root
        The project's folder.
    packages, version
        With what pyright ran now, and its version.
    bases
        Names of the commit with which git compares to find renamed files.
    """
    identities = identify(problems, sources)
    scoped = tuple(_scoped(each, identity.scope) for each, identity in zip(problems, identities, strict=True))
    before = held.baseline
    if before is None:
        return Compared(held, scoped, tuple(identities))
    continued = _continued(before.entries, identities, root, bases)
    by_entry = {entry: index for index, entry in enumerate(continued) if entry is not None}
    kept: list[Identity] = []
    gone: list[Identity] = []
    moved = 0
    for number, entry in enumerate(before.entries):
        index = by_entry.get(number)
        if index is None:
            gone.append(entry)
            continue
        now = followed(entry, identities[index])
        moved += now is not entry
        kept.append(now)
    return Compared(
        held, scoped, tuple(identities), frozenset(by_entry.values()), tuple(kept), moved, tuple(gone),
        packages.lost(before.rules), packages.gained(before.rules),
        before.digest if before.digest != version else "",
    )  # fmt: skip


def shrunk(compared: Compared) -> Baseline:
    """Return the baseline without the entries that are gone, the others following their code."""
    before = compared.held.baseline or Baseline(kind=TYPES)
    return Baseline.of(compared.kept, before.rules, before.digest, TYPES)


def accepted(compared: Compared, packages: Packages, version: str) -> Baseline:
    """Return a baseline of all errors and comments of now, with what pyright ran."""
    new = (compared.identities[index] for index in compared.new)
    return Baseline.of((*compared.kept, *new), packages.lines(), version, TYPES)


def _continued(
    old: Sequence[Identity], new: Sequence[Identity], root: Path, bases: tuple[str, ...]
) -> list[int | None]:
    continued = match(old, new)
    left = {each.path for each in old} - {each.path for each in new}
    # git is asked only where its knowledge of renamed files could make a difference
    if None in continued and any(not (root / path).exists() for path in left):
        renames = renamed(root, bases)
        if renames:
            return match(old, new, renames=renames)
    return continued


def _scoped(problem: Finding, scope: str) -> Finding:
    return replace(problem, scope=scope)
