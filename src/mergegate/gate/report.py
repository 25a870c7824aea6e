"""The report: an analysis as the user asked to see it, ready for any reporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mergegate.config import Config
from mergegate.finding import Confidence, Finding
from mergegate.gate import remembered, suppression
from mergegate.gate.conditions import Condition
from mergegate.gate.identity import Fingerprints, Identity
from mergegate.gate.matching import match
from mergegate.gate.selection import Selector
from mergegate.gate.source import Sources
from mergegate.gate.suppression import Judged

if TYPE_CHECKING:
    from mergegate.engine import Analysis
    from mergegate.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Result:
    """A reported finding: `status` is `new`, `baselined` or `suppressed`, `reason` what a suppression comment says.

    Its fingerprint is number `index` of `prints`.
    """

    finding: Finding
    status: str
    prints: Fingerprints
    index: int
    reason: str = ""

    @property
    def fingerprint(self) -> str:
        """What it is known by in reports; the first one that is asked for costs parsing the files with findings."""
        return self.prints[self.index]


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
    in_base
        How many of the results that are not new were in the base of the change alone, in no baseline.
    base
        What the user calls that base; empty if there is none.
    conditions
        The verdict of the merge gate; empty where only findings were asked for.
    added
        The lines that the change under review has added, by path; empty where it is not known what changed.
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
    in_base: int = 0
    base: str = ""
    conditions: tuple[Condition, ...] = ()
    added: Mapping[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])

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
        """How many results were known before, to a baseline or to the base."""
        return sum(result.status == "baselined" for result in self.results)


class Known(NamedTuple):
    """Findings of before: what continues one of them is not new.

    Attributes
    ----------
    identities
        What they are recognised by.
    renames
        The new paths of files that were renamed since, by the old ones, as far as git tells.
    silent
        Positions of those that were suppressed or not selected: what continues one of them is new all the same.
    hidden
        Positions of those that were not reported for their confidence: what is reported of them now is new.
    """

    identities: Sequence[Identity]
    renames: Mapping[str, str] = {}
    silent: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()

    def excuse(self, position: int, *, reported: bool) -> bool:
        """Tell whether the finding that continues one of them is not new, given whether it is reported."""
        return position not in self.silent and not (reported and position in self.hidden)


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
        Positions of the new ones that would be shown but for their confidence.
    identities
        What each is recognised by; empty unless there were findings of before.
    continued
        Which of the findings in the baseline each continues, by position.
    in_base
        Positions of those that the base of the change had and no baseline holds.
    complaints
        What is wrong with the project's waivers.
    """

    judged: list[Judged]
    shown: list[int]
    hidden: list[int]
    identities: Sequence[Identity] = ()
    continued: Sequence[int | None] = ()
    in_base: frozenset[int] = frozenset()
    complaints: tuple[str, ...] = ()


def judge(
    analysis: Analysis,
    config: Config,
    paths: Collection[str] = (),
    *,
    sources: Sources | None = None,
    known: Known | None = None,
    base: Known | None = None,
) -> Verdicts:
    """Apply suppression comments, findings of before, waivers and settings to the findings of an analysis.

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
        The findings in the baseline. All findings are compared with them, whatever is shown.
    base
        The findings of the commit with which the project is compared. New is what neither has.
    """
    selector = Selector(config, analysis.rules, paths)
    sources = sources or Sources.of(analysis)
    judged = suppression.apply(
        analysis.findings,
        analysis.pragmas,
        analysis.rules,
        require_reason=config.require_reasons,
        line_text=sources.line_text,
    )
    identities: Sequence[Identity] = ()
    continued: Sequence[int | None] = ()
    in_base: list[int] = []
    if known is not None or base is not None:
        identities = remembered.identities(analysis, [each.finding for each in judged], sources)
    if known is not None:
        continued = match(known.identities, identities, renames=known.renames)
        _excuse(judged, continued, known, selector)
    if base is not None:
        in_base = _excuse(judged, match(base.identities, identities, renames=base.renames), base, selector)
    complaints = _waive(judged, config) if config.waivers else ()
    shown: list[int] = []
    hidden: list[int] = []
    for index, each in enumerate(judged):
        if not selector.wants(each.finding):
            continue
        if selector.confident(each.finding):
            shown.append(index)
            judged[index] = each._replace(finding=selector.graded(each.finding))
        elif each.status == "new":
            hidden.append(index)
    return Verdicts(judged, shown, hidden, identities, continued, frozenset(in_base), complaints)


def _excuse(judged: list[Judged], continued: Sequence[int | None], known: Known, selector: Selector) -> list[int]:
    """Give the new ones that continue a finding of before the status `baselined`; return their positions."""
    excused: list[int] = []
    for index, old in enumerate(continued):
        each = judged[index]
        reported = selector.confident(each.finding)
        if old is not None and each.status == "new" and known.excuse(old, reported=reported):
            judged[index] = each._replace(status="baselined")
            excused.append(index)
    return excused


def _waive(judged: list[Judged], config: Config) -> tuple[str, ...]:
    """Give the new ones that a waiver covers the status `suppressed`; return what is wrong with the waivers."""
    from mergegate.gate.waivers import Waivers  # noqa: PLC0415 - only projects with waivers pay for it

    waivers = Waivers(config, date.today())
    for index, each in enumerate(judged):
        # what a baseline excuses shows as well that a waiver is of use
        reason = waivers.reason(each.finding) if each.status != "suppressed" else None
        if reason is not None and each.status == "new":
            judged[index] = each._replace(status="suppressed", reason=reason)
    return tuple(waivers.complaints())


def make_report(
    analysis: Analysis,
    config: Config,
    paths: Collection[str] = (),
    *,
    known: Known | None = None,
    base: Known | None = None,
) -> Report:
    """Judge, select and identify the findings of an analysis; the parameters are those of `judge`."""
    sources = Sources.of(analysis)
    return report_of(analysis, config, judge(analysis, config, paths, sources=sources, known=known, base=base), sources)


def report_of(analysis: Analysis, config: Config, verdicts: Verdicts, sources: Sources) -> Report:
    """Return the report on findings that have been judged."""
    judged, shown = verdicts.judged, frozenset(verdicts.shown)
    findings = [each.finding for each in judged]

    def identities() -> Sequence[Identity]:
        return verdicts.identities or remembered.identities(analysis, findings, sources)

    # fingerprints number equal findings, so they are taken from all
    prints = Fingerprints(identities)
    results = [
        Result(each.finding, each.status, prints, index, each.reason)
        for index, each in enumerate(judged)
        if index in shown
    ]
    hidden = Counter(judged[index].finding.confidence for index in verdicts.hidden)
    return Report(
        config.root, tuple(results), hidden, analysis.rules, sources,
        analysis.files, analysis.lines, analysis.cached, analysis.seconds,
        (*analysis.warnings, *verdicts.complaints),
        in_base=len(verdicts.in_base & shown),
    )  # fmt: skip


def combined(reports: Sequence[Report]) -> Report:
    """Return one report on several projects of a workspace; paths become relative to the first one's root."""
    first = reports[0]
    if len(reports) == 1:
        return first
    results: list[Result] = []
    sources: dict[str, Sources] = {}
    hidden: Counter[Confidence] = Counter()
    added: dict[str, frozenset[int]] = {}
    for report in reports:
        prefix = report.root.relative_to(first.root).as_posix()
        prefix = "" if prefix == "." else f"{prefix}/"
        sources[prefix] = report.sources
        hidden.update(report.hidden)
        added.update({f"{prefix}{path}": lines for path, lines in report.added.items()})
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
        sum(report.in_base for report in reports),
        first.base,
        added=added,
    )


def _moved(finding: Finding, prefix: str) -> Finding:
    if not prefix:
        return finding
    witness = tuple(replace(step, path=f"{prefix}{step.path}") for step in finding.witness)
    cause = f"{prefix}{finding.cause}" if finding.cause else ""
    return replace(finding, path=f"{prefix}{finding.path}", witness=witness, cause=cause)
