"""The report: an analysis as the user asked to see it, ready for any reporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mergegate.config import Config
from mergegate.finding import Confidence, Finding
from mergegate.gate import suppression
from mergegate.gate.identity import Identity, fingerprints, identify
from mergegate.gate.matching import match
from mergegate.gate.selection import Selector
from mergegate.gate.source import Sources
from mergegate.gate.suppression import Judged

if TYPE_CHECKING:
    from mergegate.engine import Analysis
    from mergegate.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Result:
    """A reported finding: `status` is `new`, `baselined` or `suppressed`, `reason` what a suppression comment says."""

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

    @property
    def baselined(self) -> int:
        """How many results were known before."""
        return sum(result.status == "baselined" for result in self.results)


class Known(NamedTuple):
    """Findings of before: what continues one of them is not new.

    Attributes
    ----------
    identities
        What they are recognised by.
    renames
        The new paths of files that were renamed since, by the old ones, as far as git tells.
    """

    identities: Sequence[Identity]
    renames: Mapping[str, str] = {}


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
    identities
        What each is recognised by; empty unless there were findings of before.
    continued
        Which of the findings of before each continues, by position.
    """

    judged: list[Judged]
    shown: list[int]
    hidden: Mapping[Confidence, int]
    identities: Sequence[Identity] = ()
    continued: Sequence[int | None] = ()


def judge(
    analysis: Analysis,
    config: Config,
    paths: Collection[str] = (),
    *,
    sources: Sources | None = None,
    known: Known | None = None,
) -> Verdicts:
    """Apply suppression comments, findings of before and settings to the findings of an analysis.

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
    known
        The findings of before. All findings are compared with them, whatever is shown.
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
    identities: Sequence[Identity] = ()
    continued: Sequence[int | None] = ()
    if known is not None:
        identities = identify([each.finding for each in judged], sources)
        continued = match(known.identities, identities, renames=known.renames)
        for index, old in enumerate(continued):
            if old is not None and judged[index].status == "new":
                judged[index] = judged[index]._replace(status="baselined")
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
    return Verdicts(judged, shown, hidden, identities, continued)


def make_report(
    analysis: Analysis, config: Config, paths: Collection[str] = (), *, known: Known | None = None
) -> Report:
    """Judge, select and identify the findings of an analysis; the parameters are those of `judge`."""
    sources = Sources(analysis.sources)
    return report_of(analysis, config, judge(analysis, config, paths, sources=sources, known=known), sources)


def report_of(analysis: Analysis, config: Config, verdicts: Verdicts, sources: Sources) -> Report:
    """Return the report on findings that have been judged."""
    judged, shown = verdicts.judged, frozenset(verdicts.shown)
    identities = verdicts.identities or identify([each.finding for each in judged], sources)
    # fingerprints number equal findings, so they are taken from all
    results = [
        Result(each.finding, each.status, print_, each.reason)
        for index, (each, print_) in enumerate(zip(judged, fingerprints(identities), strict=True))
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
