"""Patterns of pydantic 1: what breaks, warns or is silently ignored under pydantic 2, on proven models alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergegate.checks.pydantic.configuration import configuration_findings
from mergegate.checks.pydantic.fields import field_findings
from mergegate.checks.pydantic.imports import import_findings
from mergegate.checks.pydantic.later import later_findings
from mergegate.checks.pydantic.members import member_findings, override_findings
from mergegate.checks.pydantic.methods import method_findings
from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.optional import optional_findings
from mergegate.checks.pydantic.report import Reporter
from mergegate.checks.pydantic.validators import validator_findings
from mergegate.finding import Finding
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph

__all__ = ["check"]


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield one finding for each place that pydantic 2 refuses, warns of or ignores.

    Parameters
    ----------
    rules
        The rules to report, picked by id; see `rules/pydantic`.
    """
    del knowledge
    if not _is_in_reach(program):
        return
    models = Models(program)
    reporter = Reporter(program, {rule.id: rule for rule in rules})
    parts = (
        import_findings, configuration_findings, field_findings, validator_findings, method_findings, member_findings,
        later_findings,
    )  # fmt: skip
    found = {finding.sort_key: finding for part in parts for finding in part(models, reporter)}
    yield from found.values()
    traced = {finding.path for finding in found.values()}
    yield from override_findings(models, reporter, traced)
    yield from optional_findings(models, reporter, traced)


def _is_in_reach(program: CallGraph) -> bool:
    """Tell whether the program uses pydantic at all, and is not pydantic itself."""
    if program.index.by_name.get("pydantic"):
        return False
    return any(name.startswith("pydantic") for summary in program.modules for name in summary.imports)
