"""The report on coverage for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mergegate.coverage.gaps import Gap
from mergegate.coverage.overview import Overview


def write(overview: Overview, limit: int) -> Iterator[str]:
    """Write the report; figures are lists of what is covered and of what there is."""
    data = {
        "version": 1,
        "total": list(overview.measurement.figure),
        "components": {name: {"figure": list(now), "floor": floor} for name, (now, floor) in overview.floors.items()},
        "files": {
            path: {"statements": list(each.lines), "branches": list(each.ways)}
            for path, each in overview.measurement.files.items()
        },
        "gaps": [_gap(each) for each in overview.gaps[:limit]],
        "plan": [
            {
                "component": step.name, "floor": step.floor, "now": list(step.now), "then": list(step.then),
                "functions": [
                    {"path": gap.path, "name": gap.name, "line": gap.line, "gain": gap.gain} for gap in step.functions
                ],
            }
            for step in overview.steps
        ],
        "history": [{"day": each.day, "commit": each.commit, "total": list(each.figure)} for each in overview.history],
        "notes": list(overview.notes),
    }  # fmt: skip
    yield json.dumps(data, indent=2) + "\n"


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "path": gap.path,
        "name": gap.name,
        "line": gap.line,
        "statements": list(gap.statements),
        "missing_branches": gap.ways.total,
        "changes": gap.changes,
        "findings": gap.findings,
        "weight": gap.weight,
        "lines": list(gap.lines),
    }
