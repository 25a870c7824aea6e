"""The format for programs: every result with all its fields; `schemas/report.schema.json` describes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from mergegate.finding import Severity
from mergegate.gate.conditions import Condition
from mergegate.gate.report import Report, Result
from mergegate.gate.verdict import is_open
from mergegate.reporters import Style

VERSION = 1


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a report as one JSON document in ASCII."""
    del style
    document = {
        "version": VERSION,
        "findings": [_finding(report, result) for result in report.results],
        "errors": [{"message": warning} for warning in report.warnings],
        "summary": _summary(report),
    }
    if report.conditions:
        document["gate"] = _gate(report.conditions)
    yield json.dumps(document, indent=2)
    yield "\n"


def _finding(report: Report, result: Result) -> dict[str, object]:
    finding = result.finding
    source = report.sources[finding.path]
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": finding.path,
        "line": finding.line,
        "column": source.characters(finding.line, finding.column) + 1,
        "end_line": finding.end_line,
        "end_column": source.characters(finding.end_line, finding.end_column) + 1,
        "message": finding.message,
        "help": finding.help,
        "cause": finding.cause,
        "witness": [{"path": step.path, "line": step.line, "text": step.text} for step in finding.witness],
        "fingerprint": result.fingerprint,
        "status": result.status,
    }


def _gate(conditions: Sequence[Condition]) -> dict[str, object]:
    return {
        "open": is_open(conditions),
        "conditions": [
            {
                "source": condition.source,
                "name": condition.name,
                "status": condition.status.value,
                "actual": condition.actual,
                "limit": condition.limit,
                "text": condition.text,
                "places": [{"path": place.path, "line": place.line, "text": place.text} for place in condition.places],
            }
            for condition in conditions
        ],
    }


def _summary(report: Report) -> dict[str, object]:
    new = report.new
    severities = Counter(result.finding.severity for result in new)
    return {
        "new": len(new),
        "baselined": report.baselined,
        "in_base": report.in_base,
        "suppressed": report.suppressed,
        "hidden": {confidence.value: count for confidence, count in sorted(report.hidden.items())},
        **{severity.value: severities[severity] for severity in Severity},
        "files": report.files,
        "lines": report.lines,
        "cached": report.cached,
        "seconds": round(report.seconds, 3),
    }
