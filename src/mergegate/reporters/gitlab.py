"""GitLab's code quality report: the new findings, for the widget and the diff of a merge request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from mergegate.finding import Severity
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import printable, printable_path

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a JSON array in ASCII, one object a finding; paths are relative to the repository's root."""
    del style
    prefix = repository_prefix(report.root)
    seen: Counter[str] = Counter()
    issues: list[dict[str, object]] = []
    for result in report.new:
        finding = result.finding
        seen[result.fingerprint] += 1
        occurrence = seen[result.fingerprint]
        issues.append(
            {
                "description": printable(f"{finding.message}; {finding.help}" if finding.help else finding.message),
                "check_name": finding.rule,
                # the projects of a workspace may have the same code in the same place; GitLab shows a repeated
                # fingerprint once
                "fingerprint": result.fingerprint if occurrence == 1 else f"{result.fingerprint}-{occurrence}",
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": printable_path(prefix + finding.path),
                    "lines": {"begin": max(1, finding.line)},
                },
            }
        )
    yield json.dumps(issues, indent=1)
    yield "\n"
