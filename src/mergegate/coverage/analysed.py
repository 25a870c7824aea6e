"""The analysis of measured files by coverage.py, which takes longer than all else, done for what is not remembered."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import coverage
from coverage.exceptions import NoDataError
from coverage.files import relative_directory

from mergegate.coverage.codec import from_data, to_data
from mergegate.coverage.memory import Memory
from mergegate.coverage.model import Branch, FileCoverage

# all that changes which lines of a file count
_SETTINGS = (
    "run:branch", "run:plugins", "report:exclude_lines", "report:exclude_also", "report:partial_branches",
    "report:partial_also", "report:include", "report:omit", "report:ignore_errors", "run:relative_files",
)  # fmt: skip


def analysed(cov: coverage.Coverage, known: Memory | None) -> dict[str, FileCoverage]:
    """Return what a measurement holds by absolute path, as `coverage report` counts it.

    Parameters
    ----------
    cov
        The measurement.
    known
        What is remembered.

    Raises
    ------
    coverage.exceptions.CoverageException
        If coverage.py cannot report on it.
    """
    data = cov.get_data()
    paths = sorted(data.measured_files())
    if known is None or _is_special(cov, paths):
        return _reported(cov, None)
    settings = _settings(cov)
    keys = {path: _key(path, data, settings, known) for path in paths}
    found: dict[str, FileCoverage] = {}
    missed: list[str] = []
    for path, at in keys.items():
        remembered = known.get(at) if at is not None else None
        if remembered is None:
            missed.append(path)
        elif remembered:
            found[os.path.abspath(path)] = from_data(remembered)  # noqa: PTH100
    try:
        fresh = _fresh(cov, missed) if missed else {}
    except NoDataError:
        # all of these are left out by the settings
        if len(missed) == len(paths):
            raise
        fresh = {}
    for path in missed:
        at, made = keys[path], fresh.get(os.path.abspath(path))  # noqa: PTH100
        if at is not None:
            # nothing is what is left out
            known.put(at, to_data(made, taken=True) if made is not None else {})
    return {**found, **fresh}


def _is_special(cov: coverage.Coverage, paths: Iterable[str]) -> bool:
    """Tell whether more than the file itself decides about a file: plugins, contexts, paths that are mapped."""
    if cov.get_option("run:plugins") or cov.get_option("report:contexts"):
        return True
    mapped = cov.get_option("paths")
    patterns = [str(each) for group in mapped.values() for each in group[1:]] if isinstance(mapped, dict) else []
    return any(fnmatch(path, f"*{pattern.lstrip('*').rstrip('/')}/*") for pattern in patterns for path in paths)


def _settings(cov: coverage.Coverage) -> bytes:
    values = [cov.get_option(name) for name in _SETTINGS if _has(cov, name)]
    excluded = [cov.get_exclude_list(which) for which in ("exclude", "partial")]
    return repr((coverage.__version__, values, excluded, relative_directory())).encode("utf-8", "surrogateescape")


def _has(cov: coverage.Coverage, name: str) -> bool:
    try:
        cov.get_option(name)
    except coverage.CoverageException:
        # an option of a later version
        return False
    return True


def _key(path: str, data: coverage.CoverageData, settings: bytes, known: Memory) -> bytes | None:
    """Return what the analysis of a file is remembered by, None if there is no such file."""
    try:
        text = Path(path).read_bytes()
    except OSError:
        return None
    executed = data.arcs(path) if data.has_arcs() else data.lines(path)
    ran = repr(sorted(executed or ())).encode("ascii")
    return known.key(settings, path.encode("utf-8", "surrogateescape"), text, ran, str(data.has_arcs()).encode("ascii"))


def _fresh(cov: coverage.Coverage, paths: Sequence[str]) -> dict[str, FileCoverage]:
    """Return what `_reported` does, from the analyses that its report is written from, in a third of the time."""
    try:
        # no documented part of coverage.py: a version that has it not, or in another form, writes its report
        from coverage.report_core import get_analysis_to_report  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pairs: Iterable[tuple[Any, Any]] = get_analysis_to_report(cov, list(paths))
            return {_absolute(reporter.relative_filename()): _of_analysis(each) for reporter, each in pairs}
    except (ImportError, AttributeError, TypeError):
        return _reported(cov, paths)


def _of_analysis(analysis: Any) -> FileCoverage:
    statements, missing = frozenset[int](analysis.statements), frozenset[int](analysis.missing)
    if not analysis.has_arcs:
        return FileCoverage(statements, missing)
    missed, taken = (
        frozenset(Branch(source, target) for source, targets in arcs.items() for target in targets)
        for arcs in (analysis.missing_branch_arcs(), analysis.executed_branch_arcs())
    )
    return FileCoverage(statements, missing, analysis.numbers.n_branches, missed, taken)


def _reported(cov: coverage.Coverage, paths: Sequence[str] | None) -> dict[str, FileCoverage]:
    with tempfile.TemporaryDirectory(prefix="mergegate-") as folder, warnings.catch_warnings():
        # what it warns of while it measures is its own report's business
        warnings.simplefilter("ignore")
        target = Path(folder) / "coverage.json"
        cov.json_report(
            morfs=list(paths) if paths is not None else None, outfile=str(target), pretty_print=False,
            show_contexts=False,
        )  # fmt: skip
        document = json.loads(target.read_bytes())
    return {_absolute(name): _file(entry) for name, entry in document["files"].items()}


def _absolute(name: str) -> str:
    return os.path.abspath(name if Path(name).is_absolute() else f"{relative_directory()}{name}")  # noqa: PTH100


def _file(entry: Mapping[str, Any]) -> FileCoverage:
    missing = frozenset[int](entry["missing_lines"])
    statements = frozenset[int](entry["executed_lines"]) | missing
    summary = entry["summary"]
    missed, taken = (
        frozenset(Branch(source, target) for source, target in entry.get(f"{kind}_branches", ()))
        for kind in ("missing", "executed")
    )
    return FileCoverage(statements, missing, summary.get("num_branches", 0), missed, taken)
