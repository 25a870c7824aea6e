"""The evidence that a run leaves for `mergegate gate` and for reports: figures, gaps and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mergegate.config import Config
from mergegate.coverage.codec import from_data, to_data
from mergegate.coverage.conditions import components
from mergegate.coverage.model import Figure, Measurement, Setting, total
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
        "files": {path: to_data(each) for path, each in measurement.files.items()},
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
        files = {path: from_data(data) for path, data in cast("Mapping[str, Any]", found.figures["files"]).items()}
        measured = found.figures["measured"]
        setting = Setting(**measured) if measured else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise EvidenceError("The evidence of coverage is damaged", "run all tests again") from None
    return Measurement(files, setting, found.tools), found


def _setting(setting: Setting | None) -> dict[str, Any] | None:
    if setting is None:
        return None
    return {"coverage": setting.coverage, "python": setting.python, "core": setting.core, "branch": setting.branch}


def component_figures(config: Config, measurement: Measurement) -> dict[str, Figure]:
    """Return the figures of all components with a floor."""
    return {
        name: total(each.figure for path, each in measurement.files.items() if belongs(path))
        for name, belongs in components(config.coverage).items()
    }
