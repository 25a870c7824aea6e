"""Annotations on a pull request, as workflow commands of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.finding import Finding, Severity
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_ORDER = tuple(_COMMANDS)


def write(report: Report, style: Style) -> Iterator[str]:
    """Write one workflow command a finding, the worst first: GitHub shows only ten of each kind."""
    del style
    prefix = repository_prefix(report.root)
    for result in sorted(report.new, key=lambda result: _ORDER.index(result.finding.severity)):
        yield f"{_command(report, result.finding, prefix)}\n"
    for warning in report.warnings:
        yield f"::warning title=mergegate::{_data(warning)}\n"


def _command(report: Report, finding: Finding, prefix: str) -> str:
    source = report.sources[finding.path]
    properties = {
        "file": f"{prefix}{finding.path}",
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "title": finding.rule,
    }
    if finding.line == finding.end_line:
        properties["col"] = str(source.characters(finding.line, finding.column) + 1)
        properties["endColumn"] = str(source.characters(finding.end_line, finding.end_column) + 1)
    chain = [f"{step.path}:{step.line} {step.text}" for step in finding.witness]
    message = "\n".join([finding.message, *chain, *([f"help: {finding.help}"] if finding.help else [])])
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
