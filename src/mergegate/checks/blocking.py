"""Blocking calls on the event loop: what an async function runs, directly or through helpers, that holds its thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergegate.checks.circumstances import Circumstances
from mergegate.checks.witness import WitnessWriter
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.model import Blocking, Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.effects import GRADES, Cost, Effects
from mergegate.semantics.graph import Edge, Primitive
from mergegate.syntax.summary import Flag, FunctionFlag

_FIRST_USE = GRADES["first-use"]
# categories that a probe for a running loop makes harmless: `try: get_running_loop() except RuntimeError: run(...)`
_LOOP = "loop"


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

    def _is_wanted(self, primitive: Primitive) -> bool:
        return primitive.entry.category in self.direct or primitive.entry.category in self.through

    def _is_usable(self, function: int, edge: Edge) -> bool:
        """Leave out what does not run while a loop runs."""
        operation = self.program.functions[function].operations[edge.operation]
        if operation.flags & Flag.LOOP_GUARDED or self.program.functions[function].flags & FunctionFlag.CHECKS_LOOP:
            return not self._is_loop_run(edge)
        return True

    def _is_loop_run(self, edge: Edge) -> bool:
        return edge.target < 0 and self.program.primitives[-1 - edge.target].entry.category == _LOOP

    def findings(self) -> Iterable[Finding]:
        """Yield the findings of all functions that run on the loop."""
        for function, fact in enumerate(self.program.functions):
            if fact.operations and self.program.runs_on_loop(function):
                yield from self._in_function(function)

    def _in_function(self, function: int) -> Iterable[Finding]:
        best: dict[int, tuple[Cost, Edge]] = {}
        for edge in self.program.edges[function]:
            if not self._is_usable(function, edge):
                continue
            cost = self.effects.of_edge(edge)
            if cost is not None and (edge.operation not in best or cost < best[edge.operation][0]):
                best[edge.operation] = (cost, edge)
        opened = {self._name_of(edge) for _, edge in best.values()}
        places: set[tuple[int, int, int, int]] = set()
        for position in sorted(best):
            cost, edge = best[position]
            operation = self.program.functions[function].operations[position]
            entry = self._primitive_of(edge).entry
            if entry.follows and not opened.isdisjoint(entry.follows):
                continue
            # a call and the `with` or loop around it are one place
            place = (operation.line, operation.column, operation.end_line, operation.end_column)
            if place not in places:
                places.add(place)
                finding = self._finding(function, cost, edge, entry)
                if finding is not None:
                    yield finding

    def _name_of(self, edge: Edge) -> str:
        return self.program.primitives[-1 - edge.target].name if edge.target < 0 else ""

    def _primitive_of(self, edge: Edge) -> Primitive:
        while edge.target >= 0:
            edge = self.effects.effects[edge.target].edge
        return self.program.primitives[-1 - edge.target]

    def _finding(self, function: int, cost: Cost, edge: Edge, entry: Blocking) -> Finding | None:
        program = self.program
        fact = program.functions[function]
        operation = fact.operations[edge.operation]
        hops = self.effects.chain(edge)
        rule = (self.through if hops else self.direct).get(entry.category)
        if rule is None:
            return None
        confidence = rule.confidence
        if cost.uncertain:
            confidence = _at_most(confidence, Confidence.MEDIUM if cost.uncertain == 1 else Confidence.LOW)
        if cost.grade == _FIRST_USE:
            confidence = _at_most(confidence, Confidence.MEDIUM)
        if self.circumstances.is_harmless_so_far(function, operation):
            confidence = _at_most(confidence, Confidence.LOW)
        story = self.witness.tell(function, edge, hops, entry, first_use=cost.grade == _FIRST_USE)
        return Finding(
            rule=rule.id,
            family=rule.family,
            severity=Severity.INFO if cost.grade == _FIRST_USE else rule.severity,
            confidence=confidence,
            path=program.paths[program.function_module[function]],
            line=operation.line,
            column=operation.column,
            end_line=operation.end_line,
            end_column=operation.end_column,
            message=story.message,
            help=story.help,
            cause=story.cause,
            scope=fact.qualname,
            witness=story.steps,
        )


def _at_most(confidence: Confidence, limit: Confidence) -> Confidence:
    return min(confidence, limit, key=lambda c: c.rank)


_HELPER_RULE = "blocking-helper-in-async"
