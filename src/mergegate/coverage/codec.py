"""What was measured of a file as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mergegate.coverage.model import Branch, FileCoverage, Function, ranges


def to_data(found: FileCoverage, *, taken: bool = False) -> dict[str, Any]:
    """Return what was measured of a file as JSON data.

    Parameters
    ----------
    found
        What was measured.
    taken
        Whether to keep the branches that were taken, which only the judgement of changes needs.
    """
    data: dict[str, Any] = {"statements": _runs(found.statements), "missing": _runs(found.missing)}
    if found.branches:
        data["branches"] = found.branches
        data["missing_branches"] = sorted(map(list, found.missing_branches))
        if taken:
            data["taken"] = sorted(map(list, found.taken))
    if found.functions:
        data["functions"] = [[each.line, each.name] for each in found.functions]
    return data


def from_data(data: Mapping[str, Any]) -> FileCoverage:
    """Return what `to_data` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the data is of another form.
    """
    return FileCoverage(
        frozenset(_lines(data["statements"])),
        frozenset(_lines(data["missing"])),
        int(data.get("branches", 0)),
        _branches(data.get("missing_branches", ())),
        _branches(data.get("taken", ())),
        tuple(Function(int(line), str(name)) for line, name in data.get("functions", ())),
    )


def _branches(pairs: Iterable[Any]) -> frozenset[Branch]:
    return frozenset(Branch(int(source), int(target)) for source, target in pairs)


def _runs(lines: Iterable[int]) -> list[int | list[int]]:
    return [first if first == last else [first, last] for first, last in ranges(lines)]


def _lines(runs: Iterable[Any]) -> Iterable[int]:
    for run in runs:
        first, last = (run, run) if isinstance(run, int) else run
        yield from range(first, last + 1)
