"""The statements that a change brings: what the work tree has and the base has not, however it is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mergegate.coverage.matching import match_across, match_keys, same_code
from mergegate.coverage.model import Figure, Measurement
from mergegate.coverage.statements import FileCode, Key, OtherCode, PythonCode, code_of, spread, squeezed
from mergegate.gate.growth import Base
from mergegate.gate.source import Source


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change brings to a file: the lines of its statements."""

    path: str
    lines: frozenset[int]


@dataclass(slots=True)
class _Pair:
    """A file of the work tree with what the base had in its place."""

    path: str
    code: FileCode | None
    new: Counter[Key]
    free: Counter[Key]


def changed_statements(
    base: Base, root: Path, measurement: Measurement, code: Callable[[str], FileCode]
) -> list[Changed]:
    """Return the measured statements that a change brings.

    A statement that moved within its file, or with its function to another file, is none of them; a copy is.

    Parameters
    ----------
    base
        The commit that the change started from.
    root
        The project's folder.
    measurement
        What was measured.
    code
        Gives the code of a measured file.

    Raises
    ------
    GitError
        If the commit cannot be read.
    """
    repository, prefix = base.repository, base.repository.prefix(root)
    blobs = repository.files(base.commit, prefix)
    changes = repository.changes(base.commit, prefix=prefix)
    old_paths = {new: old for old, new in changes.renames.items()}
    touched: list[tuple[str, str | None]] = []
    for path in measurement.files:
        old = old_paths.get(prefix + path, prefix + path)
        if old not in blobs or old in changes.paths or not blobs[old].is_file:
            touched.append((path, old if old in blobs and blobs[old].is_file else None))
    taken = {old for _, old in touched}
    gone = [old for old in sorted(changes.paths) if old in blobs and blobs[old].is_file and old not in taken]
    wanted = [old for _, old in touched if old is not None] + [old for old in gone if old.endswith(".py")]
    befores = dict(zip(wanted, repository.read(blobs[old].id for old in wanted), strict=True))
    added = repository.added_lines(base.commit, prefix)
    pairs: list[_Pair] = []
    found: list[Changed] = []
    for path, old in touched:
        now = code(path)
        before = code_of(path, befores[old]) if old is not None else None
        if isinstance(now, PythonCode) and (before is None or isinstance(before, PythonCode)):
            pairs.append(_pair(path, now, measurement.files[path].statements, before))
        else:
            lines = measurement.files[path].statements
            if old is not None:
                lines = _other_lines(now, lines, added.get(prefix + path, frozenset()), befores[old])
            found.append(Changed(path, lines))
    pairs += [_Pair("", None, Counter(), code_of(old, befores[old]).every) for old in gone if old in befores]
    match_across([(each.new, each.free) for each in pairs])
    found += [Changed(each.path, _lines(each, measurement)) for each in pairs if each.code is not None]
    return sorted((each for each in found if each.lines), key=lambda each: each.path)


def figure(changed: Sequence[Changed], measurement: Measurement) -> Figure:
    """Return how much of a change is covered: statements, and branches if they were measured."""
    total = Figure(0, 0)
    for each in changed:
        total += measurement.files[each.path].on(each.lines)
    return total


def _pair(path: str, now: FileCode, statements: frozenset[int], before: FileCode | None) -> _Pair:
    measured = now.counted(statements)
    if before is None:
        return _Pair(path, now, measured, Counter())
    # excluded statements of now are as good as measured ones: what excludes them may be all that changed
    new, free = measured - before.every, before.every - now.every
    match_keys(new, free, same_code)
    return _Pair(path, now, new, free)


def _lines(pair: _Pair, measurement: Measurement) -> frozenset[int]:
    assert pair.code is not None
    return frozenset(spread(pair.new, pair.code.by_key(measurement.files[pair.path].statements)))


def _other_lines(code: FileCode, statements: frozenset[int], added: frozenset[int], before: bytes) -> frozenset[int]:
    """Return the statements with lines that git calls added and a text that is new: formatters wrap and join lines."""
    if not added:
        return frozenset()
    old, new = squeezed("\n".join(Source(before).lines)), squeezed(code.text)
    pieces = code if isinstance(code, OtherCode) else OtherCode(code.text, None)
    kept: set[int] = set()
    for line in statements:
        piece = pieces.piece(line)
        if added.isdisjoint(range(line, line + piece.count("\n") + 1)):
            continue
        text = squeezed(piece)
        if not text or new.count(text) > old.count(text):
            kept.add(line)
    return frozenset(kept)
