"""Evaluation: from the summaries of all files to the findings of all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mergegate.checks import CHECKS
from mergegate.config import Config
from mergegate.engine.dependencies import Dependencies
from mergegate.engine.extraction import Summary
from mergegate.engine.inputs import Input
from mergegate.engine.results import Outcome, pragma
from mergegate.engine.stack import on_fresh_stack
from mergegate.engine.vocabulary import Vocabulary
from mergegate.errors import RuleError
from mergegate.finding import Finding
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.program import link
from mergegate.syntax.codec import decode

if TYPE_CHECKING:
    from mergegate.syntax.pragmas import Pragma
    from mergegate.syntax.summary import ModuleSummary

UNREADABLE = "unreadable-file"
# rules that no algorithm of `checks` looks for: the engine, another stage or the gate reports them
_BUILT_IN = ("core", "secrets", "pii")


def evaluate(
    config: Config,
    vocabulary: Vocabulary,
    inputs: Sequence[Input],
    summaries: Sequence[Summary],
    dependencies: Dependencies,
) -> Outcome:
    """Link the summaries into a program and ask all checks.

    Parameters
    ----------
    config
        The project.
    vocabulary
        What to look for.
    inputs, summaries
        The files of the program, sorted by path, and their summaries.
    dependencies
        The installed packages.

    Raises
    ------
    RuleError
        If a rule asks for a check that does not exist.
    """
    rules = vocabulary.rules
    modules = list(zip([each.path for each in inputs], _decoded(summaries), strict=True))
    # the cache serves no other thread
    extended = dependencies.extend(vocabulary, modules)

    def run() -> Outcome:
        program = link(modules, extended, config.src)
        findings = [*_unreadable(program, inputs, rules[UNREADABLE]), *_ask(program, rules, extended)]
        return Outcome(tuple(sorted(findings, key=lambda finding: finding.sort_key)), _pragmas(program))

    return on_fresh_stack(run)


def _decoded(summaries: Sequence[Summary]) -> Iterable[ModuleSummary]:
    """Yield a summary for each module: linking adds to its rows, so that no two share them."""
    seen: set[int] = set()
    for summary in summaries:
        if isinstance(summary, bytes):
            yield decode(summary)
        else:
            # equal files have the same summary
            yield replace(summary, rows=[*summary.rows]) if id(summary) in seen else summary
            seen.add(id(summary))


def _ask(program: CallGraph, rules: Mapping[str, Rule], knowledge: Knowledge) -> Iterable[Finding]:
    by_check: dict[str, list[Rule]] = {}
    for rule in rules.values():
        if rule.check not in _BUILT_IN:
            by_check.setdefault(rule.check, []).append(rule)
    for name, asked in sorted(by_check.items()):
        check = CHECKS.get(name)
        if check is None:
            raise RuleError(
                f'the rule {asked[0].id} asks for the check "{name}"', f"known: {', '.join(sorted(CHECKS))}"
            )
        yield from check(program, asked, knowledge)


def _unreadable(program: CallGraph, inputs: Sequence[Input], rule: Rule) -> Iterable[Finding]:
    problems = {path: summary.problem for path, summary in zip(program.paths, program.modules, strict=True)}
    for each in inputs:
        problem = problems[each.path]
        if each.problem:
            yield _finding(rule, each.path, 1, 0, each.problem)
        elif problem is not None:
            yield _finding(rule, each.path, problem.line, problem.column, problem.reason)


def _finding(rule: Rule, path: str, line: int, column: int, reason: str) -> Finding:
    message = f"this file is not analysed: {reason}"
    return Finding(
        rule.id, rule.family, rule.severity, rule.confidence, path, line, column, line, column, message, help=rule.fix
    )


def _pragmas(program: CallGraph) -> Mapping[str, tuple[Pragma, ...]]:
    return {
        path: tuple(map(pragma, summary.pragmas))
        for path, summary in zip(program.paths, program.modules, strict=True)
        if summary.pragmas
    }
