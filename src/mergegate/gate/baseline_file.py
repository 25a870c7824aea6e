"""The file of a baseline: read, with conflict markers merged in memory, and changed by one process at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mergegate.cache.lock import locked
from mergegate.errors import EvidenceError, MergegateError
from mergegate.files.writing import write_change, write_whole
from mergegate.gate.baseline import FINDINGS, Baseline, Kind, broken, read, shown_path, written
from mergegate.gate.baseline_merge import Sides, conflict_sides, merge_three
from mergegate.git import GitError, Repository

_MARKER = b"<<<<<<< "


class Loaded(NamedTuple):
    """A baseline, and whether git left its file in conflict, so that the two sides were merged in memory."""

    baseline: Baseline
    conflicted: bool = False


def load(path: Path, kind: Kind | None = FINDINGS) -> Loaded:
    """Read the baseline in a file, which must be of a kind unless that is None.

    Raises
    ------
    EvidenceError
        If the file is missing, cannot be read or holds no baseline.
    """
    shown = shown_path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        create = (kind or FINDINGS).create
        raise EvidenceError(f"There is no baseline {shown}", f"'{create}' makes it") from None
    except OSError as error:
        raise broken(shown, f"cannot be read: {error.strerror}", kind) from None
    if _MARKER not in data:
        return Loaded(read(data, shown, kind))
    sides = conflict_sides(data.decode("utf-8", "replace"))
    if sides is None:
        raise broken(shown, "holds conflict markers that do not fit together", kind)
    return Loaded(_merged(sides, path, shown, kind), conflicted=True)


def change(path: Path, folder: Path, known: Baseline, wanted: Baseline) -> bool:
    """Change a baseline's file; what other processes have changed in it meanwhile stays changed.

    Parameters
    ----------
    path
        The file.
    folder
        The folder of the project's cache, where the lock is kept.
    known
        What the file held when `wanted` was made of it.
    wanted
        What it is to hold.

    Returns
    -------
    bool
        Whether there was something to write.

    Raises
    ------
    EvidenceError
        If the file has gone or has become unreadable.
    MergegateError
        If it cannot be locked or written.
    """
    with locked(folder, path):
        present = load(path, known.kind).baseline
        text = written(wanted if present == known else merge_three(known, present, wanted))
        with _failing_clearly(path):
            return write_change(path, text)


def create(path: Path, folder: Path, baseline: Baseline, *, force: bool = False) -> None:
    """Write a baseline to a file that does not exist, unless `force` says that it may.

    Raises
    ------
    MergegateError
        If it exists, or cannot be locked or written.
    """
    with locked(folder, path):
        if not force:
            refuse_existing(path, baseline.kind)
        with _failing_clearly(path):
            write_whole(path, (written(baseline),))


def refuse_existing(path: Path, kind: Kind = FINDINGS) -> None:
    """Raise `MergegateError` if a file exists."""
    if path.exists():
        hint = f"'{kind.update}' brings it up to date, '{kind.remake}' makes it anew"
        raise MergegateError(f"There is a baseline {shown_path(path)} already", hint)


@contextmanager
def _failing_clearly(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        message = f"The baseline {shown_path(path)} cannot be written: {error.strerror}"
        raise MergegateError(message, "make the file and its folder writable") from None


def merge_files(base: Path, ours: Path, theirs: Path) -> Baseline:
    """Merge three files as git gives them to a merge driver, and write the result over ours.

    Raises
    ------
    EvidenceError
        If one of the two sides is no baseline; nothing is written then.
    MergegateError
        If the result cannot be written.
    """
    one = load(ours, None).baseline
    other = load(theirs, one.kind).baseline
    try:
        started = load(base, one.kind).baseline
    except EvidenceError:
        # git gives an empty file if both sides made the baseline
        started = _common(one, other)
    merged = merge_three(started, one, other)
    with _failing_clearly(ours):
        write_whole(ours, (written(merged),))
    return merged


def _common(ours: Baseline, theirs: Baseline) -> Baseline:
    """Return what two sides share: with it as their base, what only one of them has counts as added."""
    entries = (Counter(ours.entries) & Counter(theirs.entries)).elements()
    return Baseline.of(entries, {*ours.rules} & {*theirs.rules}, "", ours.kind)


def _merged(sides: Sides, path: Path, shown: str, kind: Kind | None) -> Baseline:
    """Merge the sides of a conflict."""
    ours, theirs = (read(text.encode(), shown, kind) for text in (sides.ours, sides.theirs))
    base = sides.base.encode() if sides.base is not None else staged_base(path)
    return merge_three(_common(ours, theirs) if base is None else read(base, shown, kind), ours, theirs)


def staged_base(path: Path) -> bytes | None:
    """Return what the two sides of a merge under way started from, None if git does not tell."""
    try:
        repository = Repository.find(path.parent)
        if repository is None:
            return None
        name = repository.prefix(path.parent) + path.name
        return next(repository.read((f":1:{name}",)))
    except GitError:
        return None
