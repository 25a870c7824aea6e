"""The report: an analysis as the user asked to see it, ready for any reporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mergegate.config import Config
from mergegate.finding import Confidence, Finding
from mergegate.gate import suppression
from mergegate.gate.identity import fingerprints, identify
from mergegate.gate.selection import Selector
from mergegate.gate.source import Sources
from mergegate.gate.suppression import Judged

if TYPE_CHECKING:
    from mergegate.engine import Analysis
    from mergegate.rules.rule import Rule


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
        The folder to which the findings' paths are relative.
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


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All findings of an analysis with their fate.

    Attributes
    ----------
    judged
        All of them, in report order.
    shown
        Positions of those that the settings report.
    hidden
        How many new ones would be shown but for their confidence.
    """

    judged: list[Judged]
    shown: list[int]
    hidden: Mapping[Confidence, int]


def judge(
    analysis: Analysis,
    config: Config,
    paths: Collection[str] = (),
    *,
    sources: Sources | None = None,
) -> Verdicts:
    """Apply suppression comments and settings to the findings of an analysis.

    Parameters
    ----------
    analysis
        What the engine found in the whole program.
    config
        The project's settings.
    paths
        Files and folders to report on, relative to the root; none: everything.
    sources
        The analysed files, if they are at hand already.
    """
    selector = Selector(config, analysis.rules, paths)
    sources = sources or Sources(analysis.sources)
    judged = suppression.apply(
        analysis.findings,
        analysis.pragmas,
        analysis.rules,
        require_reason=config.require_reasons,
        line_text=sources.line_text,
    )
    hidden: Counter[Confidence] = Counter()
    shown: list[int] = []
    for index, each in enumerate(judged):
        if not selector.wants(each.finding):
            continue
        if selector.confident(each.finding):
            shown.append(index)
            judged[index] = each._replace(finding=selector.graded(each.finding))
        elif each.status == "new":
            hidden[each.finding.confidence] += 1
    return Verdicts(judged, shown, hidden)


def make_report(analysis: Analysis, config: Config, paths: Collection[str] = ()) -> Report:
    """Judge, select and identify the findings of an analysis; the parameters are those of `judge`."""
    sources = Sources(analysis.sources)
    verdicts = judge(analysis, config, paths, sources=sources)
    judged, shown = verdicts.judged, frozenset(verdicts.shown)
    # fingerprints number equal findings, so they are taken from all
    prints = fingerprints(identify([each.finding for each in judged], sources))
    results = [
        Result(each.finding, each.status, print_, each.reason)
        for index, (each, print_) in enumerate(zip(judged, prints, strict=True))
        if index in shown
    ]
    return Report(
        config.root, tuple(results), verdicts.hidden, analysis.rules, sources,
        analysis.files, analysis.lines, analysis.cached, analysis.seconds, analysis.warnings,
    )  # fmt: skip


def combined(reports: Sequence[Report]) -> Report:
    """Return one report on several projects of a workspace; paths become relative to the first one's root."""
    first = reports[0]
    if len(reports) == 1:
        return first
    results: list[Result] = []
    sources: dict[str, Sources] = {}
    hidden: Counter[Confidence] = Counter()
    for report in reports:
        prefix = report.root.relative_to(first.root).as_posix()
        prefix = "" if prefix == "." else f"{prefix}/"
        sources[prefix] = report.sources
        hidden.update(report.hidden)
        results.extend(replace(each, finding=_moved(each.finding, prefix)) for each in report.results)
    results.sort(key=lambda result: result.finding.sort_key)
    return Report(
        first.root,
        tuple(results),
        hidden,
        {name: rule for report in reversed(reports) for name, rule in report.rules.items()},
        Sources.joined(sources),
        sum(report.files for report in reports),
        sum(report.lines for report in reports),
        sum(report.cached for report in reports),
        sum(report.seconds for report in reports),
        tuple(dict.fromkeys(warning for report in reports for warning in report.warnings)),
    )


def _moved(finding: Finding, prefix: str) -> Finding:
    if not prefix:
        return finding
    witness = tuple(replace(step, path=f"{prefix}{step.path}") for step in finding.witness)
    cause = f"{prefix}{finding.cause}" if finding.cause else ""
    return replace(finding, path=f"{prefix}{finding.path}", witness=witness, cause=cause)
