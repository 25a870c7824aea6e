"""`mergegate check --staged`: what is about to be committed, as the index has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.config import Config
from mergegate.errors import MergegateError
from mergegate.files.ignore import SUFFIX
from mergegate.git import Repository
from mergegate.secrets.kinds import kind_of


class Staged(NamedTuple):
    """The index of a repository, as far as it differs from a commit or from the files that are there.

    Attributes
    ----------
    paths
        The files to report on: what the next commit adds or changes and a rule may look at.
    contents
        What the index holds where the files differ from it.
    """

    paths: tuple[Path, ...]
    contents: Mapping[Path, bytes]

    def overlay(self, config: Config) -> dict[str, bytes]:
        """Return the contents that count instead of those of a project's files."""
        root = config.root.resolve()
        inside = {path: data for path, data in self.contents.items() if path.is_relative_to(root)}
        return {path.relative_to(root).as_posix(): data for path, data in inside.items()}


def staged(project: Config, paths: Sequence[Path]) -> Staged:
    """Return what is staged in the repository of a project.

    Parameters
    ----------
    project
        The project.
    paths
        Files and folders to which that is limited; none: everything.

    Raises
    ------
    MergegateError
        If there is no repository or git fails.
    """
    repository = Repository.find(project.root)
    if repository is None:
        raise MergegateError(f"{project.root} is in no git repository, so nothing is staged", "leave out --staged")
    index = repository.index()
    root = project.root.resolve()
    limits = [path.resolve() for path in paths] or [root]
    chosen = [
        path
        for name in index.staged
        if _is_read(name) and any((path := repository.root / name).is_relative_to(limit) for limit in limits)
    ]
    contents = dict(
        zip(map(repository.root.joinpath, index.differing), repository.read(index.differing.values()), strict=True)
    )
    # as the project's root is spelled, which may lead through a symbolic link
    return Staged(tuple(project.root / path.relative_to(root) for path in chosen), contents)


def _is_read(name: str) -> bool:
    return name.endswith(SUFFIX) or bool(kind_of(name))
