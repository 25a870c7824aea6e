"""GitLab's code quality report: the new findings, for the widget and the diff of a merge request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from mergegate.finding import Severity
from mergegate.gate.conditions import Condition
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import printable, printable_path
from mergegate.reporters.verdict import blocking

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a JSON array in ASCII, one object a finding; paths are relative to the repository's root."""
    del style
    prefix = repository_prefix(report.root)
    seen: Counter[str] = Counter()
    issues: list[dict[str, object]] = []
    for result in report.new:
        finding = result.finding
        issues.append(
            {
                "description": printable(f"{finding.message}; {finding.help}" if finding.help else finding.message),
                "check_name": finding.rule,
                "fingerprint": _unique(result.fingerprint, seen),
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": printable_path(prefix + finding.path),
                    "lines": {"begin": max(1, finding.line)},
                },
            }
        )
    for condition in blocking(report.conditions):
        issues += _blocked(condition, prefix, seen)
    yield json.dumps(issues, indent=1)
    yield "\n"


def _blocked(condition: Condition, prefix: str, seen: Counter[str]) -> Iterator[dict[str, object]]:
    """Yield the places at which a condition failed as issues; one that failed as a whole has no line to stand at."""
    for place in condition.places:
        key = "\0".join((condition.source, condition.name, place.path, place.text))
        yield {
            "description": printable(place.text),
            "check_name": printable(f"{condition.source}: {condition.name}"),
            "fingerprint": _unique(sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32], seen),
            "severity": "critical",
            "location": {
                "path": printable_path(prefix + place.path),
                "lines": {"begin": max(1, place.line)},
            },
        }


def _unique(fingerprint: str, seen: Counter[str]) -> str:
    """Return a fingerprint with its number: GitLab shows one that is repeated once, and workspaces repeat code."""
    seen[fingerprint] += 1
    return fingerprint if seen[fingerprint] == 1 else f"{fingerprint}-{seen[fingerprint]}"
