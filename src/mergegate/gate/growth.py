"""Growth: what the baseline of a branch accepts beyond that of the branch it is to be merged into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.errors import EvidenceError
from mergegate.gate.baseline import Baseline, read
from mergegate.gate.identity import Identity
from mergegate.gate.matching import match
from mergegate.git import GitError, Repository


class Base(NamedTuple):
    """The base of a change: its name for people, its commit, and what was renamed since, relative to a project."""

    repository: Repository
    name: str
    commit: str

    @classmethod
    def find(cls, folder: Path, names: tuple[str, ...]) -> Base | None:
        """Return the commit at which the change in the work tree around a folder left its base.

        Parameters
        ----------
        folder
            A folder of the work tree.
        names
            Names of the base, of which the first that is known here counts.

        Returns
        -------
        Base or None
            None outside of git.

        Raises
        ------
        GitError
            If none of the names is known here.
        """
        repository = Repository.find(folder)
        if repository is None:
            return None
        for name in names[:-1]:
            try:
                return cls(repository, name, _parting(repository, name))
            except GitError:
                continue
        return cls(repository, names[-1], _parting(repository, names[-1]))

    def added_lines(self, folder: Path) -> dict[str, frozenset[int]]:
        """Return the lines that files below a folder have and the commit has not, by path relative to the folder."""
        prefix = self.repository.prefix(folder)
        return {
            path.removeprefix(prefix): lines for path, lines in self.repository.added_lines(self.commit, prefix).items()
        }

    def renames(self, folder: Path) -> dict[str, str]:
        """Return the new paths of renamed files by the old ones, both relative to a folder."""
        prefix = self.repository.prefix(folder)
        return {
            old.removeprefix(prefix): new.removeprefix(prefix)
            for old, new in self.repository.renames(self.commit, prefix=prefix).items()
        }


def added_lines(folder: Path, bases: tuple[str, ...]) -> dict[str, frozenset[int]]:
    """Return the lines that a change has added to files below a folder, by path relative to it; empty if git is mute.

    Parameters
    ----------
    folder
        A project's folder.
    bases
        Names of what the change is to be merged into; empty: nobody knows.
    """
    try:
        base = Base.find(folder, bases) if bases else None
        return base.added_lines(folder) if base is not None else {}
    except GitError:
        return {}


def renamed(folder: Path, bases: tuple[str, ...]) -> dict[str, str]:
    """Return what git tells of renamed files, as `Base.renames` does; nothing where it does not, for it only helps."""
    try:
        base = Base.find(folder, bases or ("HEAD",))
        return base.renames(folder) if base is not None else {}
    except GitError:
        return {}


def growth(base: Base, root: Path, file: Path, baseline: Baseline) -> tuple[Identity, ...] | None:
    """Return the entries of a baseline that the base's lacks.

    Parameters
    ----------
    base
        The base of the change.
    root, file
        The project's folder and the file of its baseline.
    baseline
        What the file holds now.

    Returns
    -------
    tuple of Identity or None
        None if the base has no baseline in this file, or none that can be read: then there is nothing to keep.
    """
    data = base.repository.show(base.commit, base.repository.prefix(file.parent) + file.name)
    if data is None:
        return None
    try:
        before = read(data, file.name, baseline.kind)
    except EvidenceError:
        return None
    continued = match(before.entries, baseline.entries, renames=base.renames(root))
    return tuple(entry for entry, old in zip(baseline.entries, continued, strict=True) if old is None)


def _parting(repository: Repository, name: str) -> str:
    try:
        return repository.merge_base(name, "HEAD")
    except GitError:
        # a shallow clone may hold both commits and nothing between them
        return repository.resolve(name)


def refusal(shown: str, base: Base, baseline: Baseline, added: Sequence[Identity]) -> str:
    """Return the sentence that refuses entries which the base's baseline lacks; `shown` names the file."""
    first = added[0]
    many = "1 entry is" if len(added) == 1 else f"{len(added)} entries are"
    where = f"{first.rule} in {first.path}{f' {first.scope}' if first.scope else ''}{', ...' if len(added) > 1 else ''}"
    return (
        f"{shown}: {many} not in the baseline of {base.name} ({where}); "
        f"repair the code and run '{baseline.kind.update}', or accept it with --allow-growth"
    )
