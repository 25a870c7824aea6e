"""The report: an analysis as the user asked to see it, ready for any reporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mergegate.finding import Confidence, Finding
from mergegate.gate import suppression
from mergegate.gate.fingerprint import fingerprints
from mergegate.gate.selection import Selection, Selector
from mergegate.gate.source import Sources
from mergegate.rules.model import Rule

if TYPE_CHECKING:
    from mergegate.engine import Analysis


@dataclass(frozen=True, slots=True)
class Result:
    """A reported finding: `status` is `new` or `suppressed`, `reason` what the suppression comment says."""

    finding: Finding
    status: str
    fingerprint: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a reporter needs.

    Attributes
    ----------
    root
        The project root; the findings' paths are relative to it.
    results
        What is reported, in report order, suppressed findings included.
    hidden
        How many new findings stay out for their confidence, by confidence.
    """

    root: Path
    results: tuple[Result, ...]
    hidden: Mapping[Confidence, int]
    rules: Mapping[str, Rule]
    sources: Sources
    files: int
    lines: int
    cached: int
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[Result, ...]:
        """The results that block: neither suppressed nor known before."""
        return tuple(result for result in self.results if result.status == "new")

    @property
    def suppressed(self) -> int:
        """How many results a comment suppresses."""
        return sum(result.status == "suppressed" for result in self.results)


def make_report(
    analysis: Analysis,
    root: Path,
    rules: Mapping[str, Rule],
    selection: Selection,
    *,
    require_reason: bool = False,
) -> Report:
    """Judge, identify and select the findings of an analysis.

    Parameters
    ----------
    analysis
        What the engine found in the whole program.
    root
        The project root.
    rules
        The known rules by id.
    selection
        What to report.
    require_reason
        Whether suppression comments must say why.

    Raises
    ------
    ConfigError
        If the selection names an unknown rule or family.
    """
    selector = Selector(selection, rules)
    sources = Sources(analysis.read)
    judged = suppression.apply(
        analysis.findings, analysis.pragmas, rules, require_reason=require_reason, line_text=sources.line_text
    )
    hidden: Counter[Confidence] = Counter()
    shown: set[int] = set()
    for index, each in enumerate(judged):
        if not selector.wants(each.finding):
            continue
        if selector.confident(each.finding):
            shown.add(index)
        elif each.status == "new":
            hidden[each.finding.confidence] += 1
    # identities number equal findings of a file, so they are taken from all its findings; other files stay unread
    files = {judged[index].finding.path for index in shown}
    indexes = [index for index, each in enumerate(judged) if each.finding.path in files]
    identities = fingerprints([judged[index].finding for index in indexes], sources.line_text)
    results = [
        Result(selector.graded(judged[index].finding), judged[index].status, identity, judged[index].reason)
        for index, identity in zip(indexes, identities, strict=True)
        if index in shown
    ]
    return Report(
        root, tuple(results), hidden, rules, sources,
        analysis.files, analysis.lines, analysis.cached, analysis.seconds, tuple(analysis.warnings),
    )  # fmt: skip
