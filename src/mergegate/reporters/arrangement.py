"""What comes first and what belongs together, alike in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mergegate.finding import Severity
from mergegate.gate.report import Report, Result

_STATUSES = ("new", "baselined", "suppressed")
_SEVERITIES = tuple(Severity)


def most_relevant_first(report: Report, results: Iterable[Result]) -> list[Result]:
    """Order results: new ones first, of these those in lines that the change has added, then the worst and surest.

    Hosts show a limited number, and readers look at their own lines first. Equals stay in report order.
    """
    return sorted(results, key=lambda result: _rank(result, report.added))


def by_cause(results: Iterable[Result]) -> list[list[Result]]:
    """Put results of one rule that have one cause together, in the order in which their first one comes."""
    groups: dict[tuple[str, object], list[Result]] = {}
    for index, result in enumerate(results):
        finding = result.finding
        groups.setdefault((finding.rule, finding.cause or index), []).append(result)
    return list(groups.values())


def _rank(result: Result, added: Mapping[str, frozenset[int]]) -> tuple[int, bool, int, int]:
    finding = result.finding
    elsewhere = added.get(finding.path, frozenset()).isdisjoint(range(finding.line, finding.end_line + 1))
    return (_STATUSES.index(result.status), elsewhere, _SEVERITIES.index(finding.severity), -finding.confidence.rank)
