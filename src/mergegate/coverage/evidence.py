"""The evidence that a run leaves for `mergegate gate` and for reports: figures, gaps and conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from mergegate.config import Config
from mergegate.coverage.conditions import components
from mergegate.coverage.model import Branch, Figure, FileCoverage, Function, Measurement, Setting, ranges, total
from mergegate.coverage.verdict import Verdict
from mergegate.errors import EvidenceError
from mergegate.evidence.files import Evidence, digests, read, write

KIND = "coverage"


def leave(config: Config, verdict: Verdict) -> Path:
    """Write the evidence of a whole run; return its file.

    Raises
    ------
    EvidenceError
        If it cannot be written.
    """
    measurement = verdict.measurement
    figures: dict[str, Any] = {
        "total": list(measurement.figure),
        "components": {name: list(figure) for name, figure in component_figures(config, measurement).items()},
        "measured": _setting(measurement.setting),
        "files": {path: _file(each) for path, each in measurement.files.items()},
    }
    inputs = digests(config.root, measurement.files)
    return write(config.root, Evidence(KIND, measurement.tools, inputs, figures, tuple(verdict.conditions)))


def left(root: Path) -> tuple[Measurement, Evidence] | None:
    """Return what the last whole run measured in a project, None if it left nothing.

    Raises
    ------
    EvidenceError
        If the evidence is damaged.
    """
    found = read(root, KIND)
    if found is None:
        return None
    try:
        files = {path: _read_file(data) for path, data in cast("Mapping[str, Any]", found.figures["files"]).items()}
        measured = found.figures["measured"]
        setting = Setting(**measured) if measured else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise EvidenceError("The evidence of coverage is damaged", "run all tests again") from None
    return Measurement(files, setting, found.tools), found


def _setting(setting: Setting | None) -> dict[str, Any] | None:
    if setting is None:
        return None
    return {"coverage": setting.coverage, "python": setting.python, "core": setting.core, "branch": setting.branch}


def _file(found: FileCoverage) -> dict[str, Any]:
    data: dict[str, Any] = {"statements": _runs(found.statements), "missing": _runs(found.missing)}
    if found.branches:
        data["branches"] = found.branches
        data["missing_branches"] = sorted(map(list, found.missing_branches))
    if found.functions:
        data["functions"] = [[each.line, each.name] for each in found.functions]
    return data


def _runs(lines: Iterable[int]) -> list[int | list[int]]:
    return [first if first == last else [first, last] for first, last in ranges(lines)]


def _read_file(data: Mapping[str, Any]) -> FileCoverage:
    return FileCoverage(
        frozenset(_lines(data["statements"])),
        frozenset(_lines(data["missing"])),
        int(data.get("branches", 0)),
        frozenset(Branch(int(source), int(target)) for source, target in data.get("missing_branches", ())),
        functions=tuple(Function(int(line), str(name)) for line, name in data.get("functions", ())),
    )


def _lines(runs: Iterable[Any]) -> Iterable[int]:
    for run in runs:
        first, last = (run, run) if isinstance(run, int) else run
        yield from range(first, last + 1)


def component_figures(config: Config, measurement: Measurement) -> dict[str, Figure]:
    """Return the figures of all components with a floor."""
    return {
        name: total(each.figure for path, each in measurement.files.items() if belongs(path))
        for name, belongs in components(config.coverage).items()
    }
