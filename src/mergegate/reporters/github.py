"""Annotations on a pull request, as workflow commands of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mergegate.finding import Finding, Severity
from mergegate.gate.conditions import Condition
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.arrangement import most_relevant_first
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import clipped, printable, printable_path
from mergegate.reporters.verdict import blocking, entry

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_A_STEP = 10
"""GitHub shows that many annotations of each kind a step and drops the others without a word."""
_PLACES = 3
"""The places of one condition must not take the room of all others."""
_LONGEST = 4000


def write(report: Report, style: Style) -> Iterator[str]:
    """Write one workflow command a finding, the worst first, as many as GitHub shows; the last counts the others."""
    del style
    prefix = repository_prefix(report.root)
    commands: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for warning in report.warnings:
        commands["warning"].append(f"::warning title=mergegate::{_data(printable(warning))}\n")
    for condition in blocking(report.conditions):
        commands["error"] += [f"{line}\n" for line in _blocked(condition, prefix)]
    for result in most_relevant_first(report, report.new):
        finding = result.finding
        commands[_COMMANDS[finding.severity]].append(f"{_command(report, finding, prefix)}\n")
    more = _more(commands)
    room = {kind: _A_STEP - (kind == "notice" and bool(more)) for kind in commands}
    for kind, lines in commands.items():
        yield from lines[: room[kind]]
    yield more


def _blocked(condition: Condition, prefix: str) -> Iterator[str]:
    """Yield what keeps the gate closed, then its places; findings come after it with places of their own."""
    told = entry(condition)
    title = _property(f"mergegate: {told.source}")
    text = f"{told.figure}\n{told.text}" if told.text else told.figure
    yield f"::error title={title}::{_data(clipped(text, _LONGEST))}"
    for place in condition.places[:_PLACES]:
        at = f"file={_property(printable_path(prefix + place.path))},line={max(place.line, 1)}"
        yield f"::error {at},title={title}::{_data(clipped(printable(place.text), _LONGEST))}"


def _more(commands: Mapping[str, list[str]]) -> str:
    """Return the notice that counts what is not shown; empty if all is."""
    left_out = {kind: max(0, len(lines) - _A_STEP) for kind, lines in commands.items()}
    if not any(left_out.values()):
        return ""
    # this notice takes the place of another one
    left_out["notice"] = max(0, len(commands["notice"]) - _A_STEP + 1)
    many = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in left_out.items() if count)
    text = (
        f"{sum(left_out.values())} more than GitHub shows ({many}); "
        "--report summary=$GITHUB_STEP_SUMMARY lists all of them"
    )
    return f"::notice title=mergegate::{_data(text)}\n"


def _command(report: Report, finding: Finding, prefix: str) -> str:
    source = report.sources[finding.path]
    properties = {
        "file": printable_path(prefix + finding.path),
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "title": finding.rule,
    }
    if finding.line == finding.end_line:
        properties["col"] = str(source.characters(finding.line, finding.column) + 1)
        properties["endColumn"] = str(source.characters(finding.end_line, finding.end_column) + 1)
    chain = (f"{printable_path(prefix + step.path)}:{step.line} {printable(step.text)}" for step in finding.witness)
    advice = [f"help: {printable(finding.help)}"] if finding.help else []
    message = clipped("\n".join([printable(finding.message), *chain, *advice]), _LONGEST)
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
