"""SARIF 2.1.0 for code scanning: rules with their help, results with the witness as a code flow."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mergegate import __version__
from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.report import Report, Result
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.rule_help import rule_markdown, rule_text
from mergegate.rules.rule import Rule

_SCHEMA = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_STATES = {"new": "new", "baselined": "unchanged", "suppressed": "unchanged"}
_LINK = re.compile(r"\[[^\]]*\]\(")

Json = dict[str, Any]


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a report as one SARIF log in ASCII; paths are relative to the repository's root."""
    del style
    yield json.dumps(_log(report), indent=1)
    yield "\n"


def _log(report: Report) -> Json:
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    places = _Places(report)
    run: Json = {
        "tool": {
            "driver": {
                "name": "mergegate",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository."}}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}],
        "results": [_result(result, indexes, places) for result in report.results],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _notifications(report: Report) -> list[Json]:
    return [{"level": "warning", "message": {"text": _text(warning)}} for warning in report.warnings]


def _rule(rule: Rule) -> Json:
    described: Json = {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.rationale or rule.summary},
        "help": {"text": rule_text(rule), "markdown": rule_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.enabled},
        "properties": {
            "family": rule.family,
            "confidence": rule.confidence.value,
            "precision": _PRECISION[rule.confidence],
            "tags": [rule.family],
        },
    }
    links = [reference for reference in rule.references if reference.startswith("https://")]
    if links:
        described["helpUri"] = links[0]
    return described


def _result(result: Result, indexes: Mapping[str, int], places: _Places) -> Json:
    finding = result.finding
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    described: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(message)},
        "locations": [places.of_finding(finding)],
        "partialFingerprints": {"mergegate/v1": result.fingerprint},
        "baselineState": _STATES[result.status],
        "properties": {"family": finding.family, "confidence": finding.confidence.value},
    }
    if finding.rule in indexes:
        described["ruleIndex"] = indexes[finding.rule]
    if finding.witness:
        described["codeFlows"] = [{"threadFlows": [{"locations": places.of_witness(finding)}]}]
    if result.status == "suppressed":
        justification = {"justification": result.reason} if result.reason else {}
        described["suppressions"] = [{"kind": "inSource", **justification}]
    return described


class _Places:
    """Builds locations."""

    def __init__(self, report: Report) -> None:
        self.sources = report.sources
        self.prefix = repository_prefix(report.root)

    def of_finding(self, finding: Finding) -> Json:
        """Return the location of a finding."""
        source = self.sources[finding.path]
        region: Json = {
            "startLine": finding.line,
            "startColumn": source.utf16(finding.line, finding.column) + 1,
            "endLine": finding.end_line,
            "endColumn": source.utf16(finding.end_line, finding.end_column) + 1,
        }
        location: Json = {"physicalLocation": self._physical(finding.path, region)}
        if finding.scope:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.scope}]
        return location

    def of_witness(self, finding: Finding) -> list[Json]:
        """Return the steps of a finding's witness, the finding's own place first."""
        steps: list[Json] = []
        first = finding.witness[0]
        if (first.path, first.line) != (finding.path, finding.line):
            steps.append({"location": {**self.of_finding(finding), "message": {"text": _text(finding.message)}}})
        for step in finding.witness:
            physical = self._physical(step.path, {"startLine": step.line})
            steps.append({"location": {"physicalLocation": physical, "message": {"text": _text(step.text)}}})
        return steps

    def _physical(self, path: str, region: Json) -> Json:
        # the bytes of the name are encoded, so a name that is no valid text stays the same file
        uri = quote(os.fsencode(self.prefix + path), safe="/")
        return {"artifactLocation": {"uri": uri, "uriBaseId": _BASE}, "region": region}


def _text(text: str) -> str:
    """Return plain message text: what would read as an embedded link is escaped."""
    return re.sub(r"([\\\[\]])", r"\\\1", text) if _LINK.search(text) else text
