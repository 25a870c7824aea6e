"""Findings on contracts as a report, so that every format that shows findings shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mergegate.config import Config
from mergegate.contracts.schemas.findings import FAMILY, rule_texts
from mergegate.contracts.schemas.judgement import Verdict
from mergegate.evidence.contract_lock import lock_condition
from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.conditions import Condition
from mergegate.gate.identity import Fingerprints, identify
from mergegate.gate.report import Report, Result
from mergegate.gate.source import Sources
from mergegate.rules.rule import Rule


def contract_report(config: Config, found: Sequence[Finding], verdicts: Sequence[Verdict] = ()) -> Report:
    """Return a report on findings in schemas.

    Parameters
    ----------
    config
        The project's settings.
    found
        The findings; their paths are relative to the project.
    verdicts
        What has become of the contracts; each is a line of the verdict.
    """
    ordered = sorted(found, key=lambda each: each.sort_key)
    sources = Sources(lambda path: (config.root / path).read_bytes())
    prints = Fingerprints(lambda: identify(ordered, sources))
    results = tuple(Result(each, "new", prints, index) for index, each in enumerate(ordered))
    files = {each.declared.source for each in verdicts if each.declared} or {each.path for each in ordered}
    rules = {rule.id: rule for rule in _rules({each.rule for each in ordered})}
    listed = {(each.path, each.line) for each in ordered}
    conditions = tuple(_unlisted(lock_condition(each), listed) for each in verdicts)
    return Report(config.root, results, {}, rules, sources, len(files), 0, 0, 0.0, conditions=conditions)


def _unlisted(condition: Condition, listed: set[tuple[str, int]]) -> Condition:
    """Return a condition without the places that the report lists anyway."""
    return replace(condition, places=tuple(each for each in condition.places if (each.path, each.line) not in listed))


def _rules(names: set[str]) -> Iterator[Rule]:
    texts = rule_texts()
    for name in sorted(names):
        text = texts[name]
        severity = Severity(text["severity"])
        yield Rule(
            name, "", FAMILY, severity, Confidence.HIGH, "", FAMILY, text["summary"], " ".join(text["why"].split()),
            text["fix"],
        )  # fmt: skip
