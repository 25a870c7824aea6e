"""The conditions on findings: how many may be new, and how many there may be at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergegate.config_gate import GateConfig
from mergegate.finding import Severity
from mergegate.gate.conditions import Condition, Status
from mergegate.gate.report import Report, Result
from mergegate.rules.selection import EVERYTHING

SOURCE = "findings"
_BY_WEIGHT = tuple(Severity)


def finding_conditions(report: Report, settings: GateConfig) -> list[Condition]:
    """Judge a report by the conditions of the project.

    Parameters
    ----------
    report
        The findings.
    settings
        The conditions.
    """
    return [_new(report, settings), *_ceilings(report, settings)]


def _new(report: Report, settings: GateConfig) -> Condition:
    counted = [result for result in report.new if _counts(result, settings)]
    below = len(report.new) - len(counted)
    name = "new findings" if settings.fail_on == Severity.INFO else f"new findings of severity {_at_least(settings)}"
    text = ""
    if len(counted) > settings.max_new:
        text = f"'mergegate explain {counted[0].finding.rule}' tells how to fix the first"
    elif below:
        text = f"{below} below that severity {'is' if below == 1 else 'are'} let through"
    return _limited(name, len(counted), settings.max_new, text)


def _ceilings(report: Report, settings: GateConfig) -> Iterator[Condition]:
    present = [result for result in report.results if result.status != "suppressed"]
    for name, most in settings.max_findings.items():
        found = [result for result in present if name in (result.finding.rule, result.finding.family, EVERYTHING)]
        shown = "findings in all" if name == EVERYTHING else f"{name} in all"
        text = f"{len(found) - most} too many: 'mergegate check --no-baseline' lists them" if len(found) > most else ""
        yield _limited(shown, len(found), most, text)


def _limited(name: str, count: int, most: int, text: str) -> Condition:
    status = Status.PASSED if count <= most else Status.FAILED
    return Condition(SOURCE, name, status, str(count), f"at most {most}", text)


def _counts(result: Result, settings: GateConfig) -> bool:
    return _BY_WEIGHT.index(result.finding.severity) <= _BY_WEIGHT.index(Severity(settings.fail_on))


def _at_least(settings: GateConfig) -> str:
    return " or ".join(_BY_WEIGHT[: _BY_WEIGHT.index(Severity(settings.fail_on)) + 1])


def is_open(conditions: Sequence[Condition]) -> bool:
    """Tell whether nothing keeps the change from being merged."""
    return not any(condition.status.exit_code for condition in conditions)
