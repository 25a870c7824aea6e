"""Evaluation: from the summaries of all files to the findings of all rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from mergegate.checks import CHECKS
from mergegate.config import Config
from mergegate.engine.dependencies import Dependencies
from mergegate.engine.extraction import Summary
from mergegate.engine.inputs import Input
from mergegate.engine.links import Links
from mergegate.engine.results import Outcome, pragma
from mergegate.engine.room import give_back
from mergegate.engine.stack import on_fresh_stack
from mergegate.engine.vocabulary import Vocabulary
from mergegate.errors import RuleError
from mergegate.finding import Finding
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.program import link, link_after
from mergegate.semantics.recording import RecordingGraph
from mergegate.syntax.codec import decode

if TYPE_CHECKING:
    from mergegate.syntax.pragmas import Pragma
    from mergegate.syntax.summary import ModuleSummary, Row

UNREADABLE = "unreadable-file"
# rules that no algorithm of `checks` looks for: the engine, another stage or the gate reports them
_BUILT_IN = ("core", "secrets")
# bytes of summaries, above which half a million lines take more room than comparing their rows takes time
_MUCH = 12_000_000


class Asked(NamedTuple):
    """What is asked of a program, and what may be looked at for the answers.

    Attributes
    ----------
    inputs
        The files of the program, sorted by path.
    vocabulary
        What to look for.
    checks
        The checks to ask.
    contents
        Returns the contents of a file, for checks that look at bodies again.
    stage_results
        What other stages know of files, by stage and path.
    """

    inputs: Sequence[Input]
    vocabulary: Vocabulary
    checks: Collection[str]
    contents: Callable[[Input], bytes]
    stage_results: Mapping[str, Mapping[str, Any]]

    def outcome(self, program: CallGraph, knowledge: Knowledge) -> Outcome:
        """Return what a linked program shows.

        Parameters
        ----------
        knowledge
            The knowledge tables, those of installed packages included.
        """
        by_path = {each.path: each for each in self.inputs}
        program.texts = lambda path: self.contents(by_path[path])
        program.stage_results = self.stage_results
        rules = self.vocabulary.rules
        unreadable = _unreadable(program, self.inputs, rules[UNREADABLE])
        findings = [*unreadable, *_ask(program, rules, knowledge, self.checks)]
        return Outcome(tuple(sorted(findings, key=lambda finding: finding.sort_key)), _pragmas(program))


def evaluate(
    asked: Asked, config: Config, summaries: list[Summary], dependencies: Dependencies, *, links: Links | None = None
) -> Outcome:
    """Link the summaries into a program and ask all checks.

    Parameters
    ----------
    asked
        What to ask.
    config
        The project.
    summaries
        Those of the files, which are let go of.
    dependencies
        The installed packages.
    links
        What is known of the program before the last edit; None: nothing is, and nothing is kept.

    Raises
    ------
    RuleError
        If a rule asks for a check that does not exist.
    """
    inputs = asked.inputs
    modules = list(zip([each.path for each in inputs], _decoded(summaries), strict=True))
    # the cache serves no other thread
    extended = dependencies.extend(asked.vocabulary, modules)
    before = links.before(inputs, dependencies.tables) if links is not None else None

    def run() -> tuple[CallGraph, Outcome]:
        program = link(modules, extended, config.src) if links is None else None
        program = program or link_after(before, modules, extended, config.src)
        outcome = asked.outcome(program, extended)
        if program.is_entangled and before is not None:
            program.take_back_rows()
            program = link_after(None, modules, extended, config.src)
            outcome = asked.outcome(program, extended)
        return program, outcome

    program, outcome = on_fresh_stack(run)
    if links is not None and isinstance(program, RecordingGraph):
        links.keep(program)
    return outcome


def _decoded(summaries: list[Summary]) -> Iterable[ModuleSummary]:
    """Yield a summary for each module: linking adds to its rows, so that no two share them."""
    seen: set[int] = set()
    is_big = sum(len(summary) for summary in summaries if isinstance(summary, bytes)) > _MUCH
    shared: dict[Row, Row] | None = {} if is_big else None
    if is_big:
        # the contents of all files
        give_back()
    for position, summary in enumerate(summaries):
        if isinstance(summary, bytes):
            # a big program would be held twice
            summaries[position] = b""
            yield decode(summary, shared, lazily=not is_big)
        else:
            # equal files have the same summary
            yield replace(summary, rows=[*summary.rows]) if id(summary) in seen else summary
            seen.add(id(summary))
    if is_big:
        # the encoded summaries
        give_back()


def _ask(
    program: CallGraph, rules: Mapping[str, Rule], knowledge: Knowledge, checks: Collection[str]
) -> Iterable[Finding]:
    by_check: dict[str, list[Rule]] = {}
    for rule in rules.values():
        if rule.check not in _BUILT_IN and rule.check in checks:
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
    repair = f'repair it, or leave it out on purpose: exclude = ["/{path}"] in the settings of mergegate'
    return Finding(
        rule.id, rule.family, rule.severity, rule.confidence, path, line, column, line, column, message, help=repair
    )


def _pragmas(program: CallGraph) -> Mapping[str, tuple[Pragma, ...]]:
    return {
        path: tuple(map(pragma, summary.pragmas))
        for path, summary in zip(program.paths, program.modules, strict=True)
        if summary.pragmas
    }
