"""SARIF 2.1.0 for code scanning: rules with their help, results with the witness as a code flow."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mergegate import __version__
from mergegate.finding import Severity
from mergegate.gate.report import Report, Result
from mergegate.reporters import Style
from mergegate.reporters.arrangement import most_relevant_first
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import printable_lines
from mergegate.reporters.rule_help import rule_markdown, rule_text
from mergegate.reporters.sarif_places import SarifPlaces
from mergegate.rules.rule import Rule

_SCHEMA = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_STATES = {"new": "new", "baselined": "unchanged", "suppressed": "unchanged"}
_LINK = re.compile(r"\[[^\]]*\]\(")
# GitHub refuses an upload over either of these, whole
_MOST_RESULTS = 25_000
_MOST_BYTES = 10_000_000

Json = dict[str, Any]


def write(report: Report, style: Style) -> Iterator[str]:
    """Write a report as one SARIF log in ASCII; paths are relative to the repository's root.

    The most relevant results come first, and only as many as GitHub accepts.
    """
    del style
    results = most_relevant_first(report, report.results)
    places = SarifPlaces(report)
    shown = min(len(results), _MOST_RESULTS)
    text = json.dumps(_log(report, results[:shown], places), indent=1)
    while shown and not _is_accepted(text):
        shown //= 2
        text = json.dumps(_log(report, results[:shown], places), indent=1)
    yield text
    yield "\n"


def _is_accepted(text: str) -> bool:
    return len(text) <= _MOST_BYTES or len(gzip.compress(text.encode("ascii"), 1)) <= _MOST_BYTES


def _log(report: Report, results: Sequence[Result], places: SarifPlaces) -> Json:
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    run: Json = {
        "tool": {
            "driver": {
                "name": "mergegate",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        # code scanning keeps the alerts of each category apart: what stands before the last slash
        "automationDetails": {"id": f"mergegate/{repository_prefix(report.root)}"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {places.base: {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(report, len(report.results) - len(results)),
            }
        ],
        "results": [_result(result, indexes, places) for result in results],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _notifications(report: Report, left_out: int) -> list[Json]:
    more = [f"{left_out} less relevant results are left out: GitHub would refuse the log"] if left_out else []
    return [{"level": "warning", "message": {"text": _text(warning)}} for warning in (*report.warnings, *more)]


def _rule(rule: Rule) -> Json:
    # empty strings are refused, and a plugin's rule may lack any of the texts
    summary = rule.summary.strip() or rule.id
    described: Json = {
        "id": rule.id,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": rule.rationale.strip() or summary},
        "help": {"text": rule_text(rule).strip() or summary, "markdown": rule_markdown(rule) or summary},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.enabled},
        "properties": {
            "family": rule.family,
            "confidence": rule.confidence.value,
            "precision": rule.confidence.value,
            "tags": [rule.family, *(("fixable",) if rule.applicability else ())],
        },
    }
    links = [reference for reference in rule.references if reference.startswith("https://")]
    if links:
        described["helpUri"] = links[0]
    return described


def _result(result: Result, indexes: Mapping[str, int], places: SarifPlaces) -> Json:
    finding = result.finding
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    line_hash = places.line_hash(finding)
    described: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(message) or finding.rule},
        "locations": [places.of_finding(finding)],
        "partialFingerprints": {
            "mergegate/v1": result.fingerprint,
            **({"primaryLocationLineHash": line_hash} if line_hash else {}),
        },
        "baselineState": _STATES[result.status],
        "properties": {"family": finding.family, "confidence": finding.confidence.value},
    }
    if finding.rule in indexes:
        described["ruleIndex"] = indexes[finding.rule]
    if finding.witness:
        described["codeFlows"] = [{"threadFlows": [{"locations": places.of_witness(finding, _text)}]}]
    if result.status == "suppressed":
        justification = {"justification": result.reason} if result.reason else {}
        described["suppressions"] = [{"kind": "inSource", **justification}]
    return described


def _text(text: str) -> str:
    """Return plain message text: what would read as an embedded link is escaped."""
    plain = printable_lines(text)
    return re.sub(r"([\\\[\]])", r"\\\1", plain) if _LINK.search(plain) else plain
