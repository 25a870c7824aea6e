"""Paths in reports, mapped to files of the project: by the longest common end, for reports come from other places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from mergegate.errors import EvidenceError
from mergegate.files.walk import ENVIRONMENT_MARKS, NEVER


class Tree:
    """The files of a project, walked when first needed.

    Parameters
    ----------
    root
        The project's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """All paths relative to the root, by file name."""
        found: dict[str, list[str]] = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(each for each in folders if each not in NEVER)
            if not ENVIRONMENT_MARKS.isdisjoint(names) or not ENVIRONMENT_MARKS.isdisjoint(folders):
                folders.clear()
                continue
            base = Path(folder).relative_to(self.root).as_posix()
            for name in names:
                found.setdefault(name, []).append(name if base == "." else f"{base}/{name}")
        return found

    def own(self, path: str) -> str | None:
        """Return an absolute path relative to the root if it is a file of the project, not one of an environment."""
        real = Path(path)
        for candidate in (real, Path(os.path.realpath(path))):
            for root in (self.root, Path(os.path.realpath(self.root))):
                if candidate.is_absolute() and candidate.is_relative_to(root):
                    relative = candidate.relative_to(root)
                    if NEVER.isdisjoint(relative.parts) and candidate.is_file():
                        return relative.as_posix()
        return None

    def find(self, path: str, report: str, *, near: str = "") -> str | None:
        """Return the file of the project that a path in a report means.

        Parameters
        ----------
        path
            The path as the report has it: of another machine, with slashes of any kind, relative to any folder.
        report
            How to name the report in errors.
        near
            The folder of the report relative to the project: what lies near it is meant rather than what does not.

        Returns
        -------
        str or None
            None if the project has no such file.

        Raises
        ------
        EvidenceError
            If several files end in the same way.
        """
        own = self.own(path)
        if own is not None:
            return own
        wanted = _parts(path)
        if not wanted:
            return None
        scored = [(_common(wanted, _parts(each)), each) for each in self.by_name.get(wanted[-1], ())]
        fitting = [
            (score, each)
            for score, each in scored
            # a file name alone says little, unless it is all there is
            if score > 1 or score in (len(wanted), len(_parts(each)))
        ]
        best = [each for score, each in fitting if score == max(score for score, _ in fitting)]
        if len(best) > 1:
            best = _nearest(best, near, path)
        if len(best) > 1:
            shown = ", ".join(sorted(best)[:3])
            raise EvidenceError(
                f"{report} speaks of {path}, which may be any of {shown}",
                "run the tool where its paths are relative to the project, or leave the others out of the project",
            )
        return best[0] if best else None


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("/", ".", ".."))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for mine, its in zip(reversed(one), reversed(other), strict=False):
        if mine != its:
            break
        count += 1
    return count


def _nearest(paths: Iterable[str], near: str, path: str) -> list[str]:
    """Return those that lie below the nearest folder above the report, else the one that is spelled as the report."""
    found = list(paths)
    for folder in _upwards(near):
        below = [each for each in found if each.startswith(f"{folder}/")]
        if below:
            return below
    return [each for each in found if each == path.replace("\\", "/").removeprefix("./")] or found


def _upwards(folder: str) -> Iterator[str]:
    while folder and folder != ".":
        yield folder
        folder = PurePosixPath(folder).parent.as_posix()
