"""Blocking calls on the event loop: what an async function runs, directly or through helpers, that holds its thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergegate.checks.circumstances import Circumstances
from mergegate.checks.witness import WitnessWriter
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.model import Blocking, BlockingBody, Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.contexts import Chain, Contexts
from mergegate.semantics.effects import Effects, runs_in_loop
from mergegate.semantics.graph import Edge, Primitive

# a chain of more helpers than this holds too many conditions that the analysis cannot see
_FAR = 5
# nobody follows a single system call that far
_FAR_FOR_METADATA = 3


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield one finding for each call on the event loop that blocks it.

    Parameters
    ----------
    rules
        The rules to report; each names the categories of knowledge entries that it is about. Of two rules with the
        same categories, the one whose id says so reports calls through helpers.
    """
    return _BlockingCheck(program, rules, knowledge).findings()


class _BlockingCheck:
    def __init__(self, program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> None:
        self.program = program
        self.direct: dict[str, Rule] = {}
        self.through: dict[str, Rule] = {}
        for rule in rules:
            for category in rule.categories:
                if rule.id != _HELPER_RULE:
                    self.direct[category] = rule
                    self.through.setdefault(category, rule)
                else:
                    self.through[category] = rule
        self.circumstances = Circumstances(program)
        self.witness = WitnessWriter(program, knowledge)
        self.effects = Effects(program, self._is_wanted, self._is_usable)
        self.contexts = Contexts(program, self.effects, self._is_usable)

    def _is_wanted(self, primitive: Primitive) -> bool:
        return primitive.entry.category in self.direct or primitive.entry.category in self.through

    def _is_usable(self, function: int, edge: Edge) -> bool:
        return runs_in_loop(self.program, function, edge)

    def findings(self) -> Iterable[Finding]:
        """Yield the findings of all functions that run on the loop."""
        for function, edges in enumerate(self.program.edges):
            if edges and self.program.runs_on_loop(function):
                yield from self._in_function(function)

    def _in_function(self, function: int) -> Iterable[Finding]:
        best: dict[int, tuple[Chain, Edge]] = {}
        for edge in self.program.edges[function]:
            if not self._is_usable(function, edge):
                continue
            chain = self.contexts.best(function, edge)
            if chain is not None and (edge.operation not in best or chain.cost < best[edge.operation][0].cost):
                best[edge.operation] = (chain, edge)
        opened = {self._name_of(edge) for _, edge in best.values()}
        # a call and the `with` or loop around it are one place, for which the stronger speaks
        places: dict[tuple[int, int, int, int], tuple[Chain, Edge]] = {}
        for position in sorted(best):
            operation = self.program.functions[function].operations[position]
            place = (operation.line, operation.column, operation.end_line, operation.end_column)
            chain = best[position][0]
            entry = self._primitive_of(chain).entry
            if opened.isdisjoint(entry.follows) and (place not in places or chain.cost < places[place][0].cost):
                places[place] = best[position]
        for chain, edge in places.values():
            finding = self._finding(function, chain, edge)
            if finding is not None:
                yield finding

    def _name_of(self, edge: Edge) -> str:
        return self.program.primitives[-1 - edge.target].name if edge.target < 0 else ""

    def _primitive_of(self, chain: Chain) -> Primitive:
        return self.program.primitives[-1 - chain.last.target]

    def _finding(self, function: int, chain: Chain, edge: Edge) -> Finding | None:
        program = self.program
        cost, hops, entry = chain.cost, chain.hops, self._primitive_of(chain).entry
        fact = program.functions[function]
        operation = fact.operations[edge.operation]
        behind = hops or isinstance(entry, BlockingBody)
        rule = (self.through if behind else self.direct).get(entry.category)
        if rule is None:
            return None
        far = len(hops) > (_FAR_FOR_METADATA if entry.grade == "metadata" else _FAR)
        limits = [rule.confidence.lowered(cost.first_use + far), entry.confidence or Confidence.HIGH]
        if cost.uncertain:
            limits.append(Confidence.MEDIUM if cost.uncertain == 1 else Confidence.LOW)
        if self.circumstances.is_harmless_so_far(function, operation):
            limits.append(Confidence.LOW)
        alone = self.circumstances.is_alone(function)
        if alone:
            limits.append(Confidence.MEDIUM)
        story = self.witness.tell(function, edge, hops, entry, first_use=cost.first_use)
        return Finding(
            rule=rule.id,
            family=rule.family,
            severity=Severity.INFO if cost.first_use else rule.severity,
            confidence=min(limits, key=lambda limit: limit.rank),
            path=program.paths[program.function_module[function]],
            line=operation.line,
            column=operation.column,
            end_line=operation.end_line,
            end_column=operation.end_column,
            message=f"{story.message}; {_ALONE}" if alone else story.message,
            help=story.help,
            cause=story.cause,
            scope=fact.qualname,
            witness=story.steps,
            fix=() if behind or operation.kind != "call" else _fix(entry, self._primitive_of(chain).name),
        )


def _fix(entry: Blocking, name: str) -> tuple[str, ...]:
    """Return which rewrite repairs a direct call: what only waits, or what may run in any thread."""
    if entry.category == "sleep":
        return ("sleep",) if name == "time.sleep" else ()
    return ("thread", name) if entry.category in _IN_ANY_THREAD else ()


_ALONE = "nothing but its own command is known to wait, whose event loop runs no other task"
# categories whose functions, as far as they belong to a module, may run in any thread
_IN_ANY_THREAD = frozenset({"process", "network", "file", "metadata", "input"})
_HELPER_RULE = "blocking-helper-in-async"
