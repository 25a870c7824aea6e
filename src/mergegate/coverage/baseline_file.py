"""The file of a coverage baseline: read, merged where branches met, and changed by one process at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mergegate.cache.lock import locked
from mergegate.coverage.baseline import COMMAND, CoverageBaseline, Record, broken, read, written
from mergegate.coverage.model import Figure
from mergegate.coverage.statements import Key
from mergegate.errors import EvidenceError, MergegateError
from mergegate.files.writing import write_change, write_whole
from mergegate.gate.baseline import shown_path
from mergegate.gate.baseline_file import staged_base
from mergegate.gate.baseline_merge import conflict_sides

_MARKER = b"<<<<<<< "
_NONE = CoverageBaseline(None, {})


class Loaded(NamedTuple):
    """A baseline, and whether git left its file in conflict, so that the two sides were merged in memory."""

    baseline: CoverageBaseline
    conflicted: bool = False


def load(path: Path) -> Loaded | None:
    """Read the baseline in a file, None if there is no such file.

    Raises
    ------
    EvidenceError
        If the file cannot be read or holds no baseline.
    """
    shown = shown_path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise broken(shown, f"cannot be read: {error.strerror}") from None
    if _MARKER not in data:
        return Loaded(read(data, shown))
    sides = conflict_sides(data.decode("utf-8", "replace"))
    if sides is None:
        raise broken(shown, "holds conflict markers that do not fit together")
    ours, theirs = (read(text.encode(), shown) for text in (sides.ours, sides.theirs))
    base = sides.base.encode() if sides.base is not None else staged_base(path)
    started = shared(ours, theirs) if base is None else read(base, shown)
    return Loaded(merge_three(started, ours, theirs), conflicted=True)


def change(path: Path, folder: Path, make: Callable[[CoverageBaseline | None], CoverageBaseline | None]) -> bool:
    """Change a baseline's file, whole and by one process at a time.

    Parameters
    ----------
    path
        The file; its folder is made if it is missing.
    folder
        The folder of the project's cache, where the lock is kept.
    make
        Gives what the file is to hold, given what it holds when nobody else can change it; None: leave it.

    Returns
    -------
    bool
        Whether there was something to write.

    Raises
    ------
    EvidenceError
        If the file has become unreadable.
    MergegateError
        If it cannot be locked or written.
    """
    with locked(folder, path):
        try:
            present = load(path)
        except EvidenceError:
            present = None
        wanted = make(present.baseline if present is not None else None)
        if wanted is None:
            return False
        text = written(wanted)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return write_change(path, text)
        except OSError as error:
            message = f"The coverage baseline {shown_path(path)} cannot be written: {error.strerror}"
            raise MergegateError(message, "make the file and its folder writable") from None


def merge_files(base: Path, ours: Path, theirs: Path) -> None:
    """Merge three files as git gives them to a merge driver, and write the result over ours.

    Raises
    ------
    EvidenceError
        If one of the two sides is no baseline; nothing is written then.
    MergegateError
        If the result cannot be written.
    """
    one, other = _required(ours), _required(theirs)
    try:
        started = _required(base)
    except EvidenceError:
        # git gives an empty file if both sides made the baseline
        started = shared(one, other)
    try:
        write_whole(ours, (written(merge_three(started, one, other)),))
    except OSError as error:
        raise MergegateError(f"{ours} cannot be written: {error.strerror}", "make it writable") from None


def _required(path: Path) -> CoverageBaseline:
    found = load(path)
    if found is None:
        raise EvidenceError(f"There is no coverage baseline {shown_path(path)}", f"'{COMMAND}' makes it")
    return found.baseline


# -- merging -----------------------------------------------------------------------------------------------------------


def merge_three(base: CoverageBaseline, ours: CoverageBaseline, theirs: CoverageBaseline) -> CoverageBaseline:
    """Return what two branches made of a baseline: without what either has covered, with what either has added.

    The figures of a file that both have changed are those of a file with both changes. The sides may change places.
    """
    setting = ours.setting if theirs.setting in (ours.setting, base.setting) else theirs.setting
    files: dict[str, Record | None] = {}
    for path in sorted({*ours.files, *theirs.files}):
        merged = _merged(path, base.files, ours.files, theirs.files)
        if merged is not _GONE:
            files[path] = merged
    return CoverageBaseline(setting, files)


def shared(ours: CoverageBaseline, theirs: CoverageBaseline) -> CoverageBaseline:
    """Return what two baselines have in common: with it as their base, what only one of them has counts as added."""
    return CoverageBaseline(
        None, {path: record for path, record in ours.files.items() if theirs.files.get(path, _GONE) == record}
    )


_GONE = Record(Figure(-1, -1))


def _merged(
    path: str, base: Mapping[str, Record | None], ours: Mapping[str, Record | None], theirs: Mapping[str, Record | None]
) -> Record | None:
    first, one, other = (side.get(path, _GONE) for side in (base, ours, theirs))
    if other in (one, first):
        return one
    if one == first:
        return other
    if one is None or other is None or _GONE in (one, other):
        # measured wins over not measured, and kept and changed over removed
        return next((each for each in (one, other) if each is not None and each != _GONE), _GONE)
    start = first if first is not None and first != _GONE else Record(Figure(0, 0))
    missing = _arithmetic(start.missing, one.missing, other.missing)
    partial = _arithmetic(start.partial, one.partial, other.partial)
    return Record(
        _figures(start.lines, one.lines, other.lines), _figures(start.ways, one.ways, other.ways), missing, partial
    )


def _arithmetic(base: Counter[Key], ours: Counter[Key], theirs: Counter[Key]) -> Counter[Key]:
    return (ours & theirs) + ((ours - base) | (theirs - base)) - ((ours - base) & (theirs - base))


def _figures(base: Figure, ours: Figure, theirs: Figure) -> Figure:
    count = max(0, ours.total + theirs.total - base.total)
    uncovered = [each.total - each.covered for each in (base, ours, theirs)]
    return Figure(max(0, count - max(0, uncovered[1] + uncovered[2] - uncovered[0])), count)
