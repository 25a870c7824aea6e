"""Bodies of an installed package that block: for each call from outside, the chain that shows it and its demands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mergegate.rules.model import BlockingBody
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.chains import label, steps
from mergegate.semantics.effects import GRADES, Effects, runs_in_loop
from mergegate.semantics.graph import Edge, Primitive
from mergegate.semantics.package_table import BodyFact, DemandFact
from mergegate.syntax.demands import contradicts
from mergegate.syntax.summary import DEMANDS, Demand

# what asks the file system once, and the locks of short sections, are nothing to speak of in a library
_GRADES = frozenset({"unbounded", "contents"})
_LEFT_OUT = frozenset({"lock"})
_CONTENTS = GRADES["contents"]

Chain = Sequence[tuple[int, Edge]]
Demands = frozenset[tuple[int, Demand]]


class Member(NamedTuple):
    """A method or property as one class has it.

    Attributes
    ----------
    name
        Its dotted name.
    inherited
        The names of the same member in the bases, in the order of lookup.
    own
        Whether the class itself defines it.
    edges
        What calling or reading it runs.
    """

    name: str
    inherited: tuple[str, ...]
    own: bool
    is_property: bool
    edges: Sequence[Edge]


class Bodies:
    """Judges calls from outside.

    Parameters
    ----------
    graph
        The package.
    safe
        Functions that do not block whatever they run.

    Attributes
    ----------
    facts
        The bodies that block, each once.
    names
        The dotted names of callables and properties, to the body that they run.
    safe
        Methods that do not block though those that they replace do.
    """

    def __init__(self, graph: CallGraph, safe: frozenset[int]) -> None:
        self.graph = graph
        self._left_alone = safe
        self._always = Effects(graph, _is_wanted, self._runs_always)
        self._at_times = Effects(graph, _is_wanted, self._is_usable)
        self.facts: list[BodyFact] = []
        self.names: dict[str, int] = {}
        self.safe: list[str] = []
        self._numbers: dict[BodyFact, int] = {}

    def add(self, name: str, edges: Iterable[Edge]) -> None:
        """Judge what a callable runs."""
        number = self._number(edges, is_property=False)
        if number is not None:
            self.names[name] = number

    def add_member(self, member: Member) -> None:
        """Judge a method, and what it replaces or repeats in the bases, which were judged before."""
        number = self._number(member.edges, is_property=member.is_property)
        known = next((self.names[name] for name in member.inherited if name in self.names), None)
        if number is not None:
            if member.own or number != known:
                self.names[member.name] = number
        elif known is not None:
            self.safe.append(member.name)

    # -- which edges count ---------------------------------------------------------------------------------------

    def _is_usable(self, function: int, edge: Edge) -> bool:
        """Leave out what runs in some subclass only, what is declared safe, and what a running loop forbids."""
        graph = self.graph
        if not self._leads_on(edge):
            return False
        owner = graph.owner(function)
        if edge.method and owner >= 0 and graph.overriding(owner, edge.method):
            return False
        return runs_in_loop(graph, function, edge)

    def _runs_always(self, function: int, edge: Edge) -> bool:
        """Leave out what the arguments of the function decide, too."""
        return not self.graph.functions[function].operations[edge.operation].guard and self._is_usable(function, edge)

    def _leads_on(self, edge: Edge) -> bool:
        if edge.uncertain or edge.first_use:
            return False
        return edge.target < 0 or self.graph.function_of(edge.target) not in self._left_alone

    # -- facts ---------------------------------------------------------------------------------------------------

    def _number(self, edges: Iterable[Edge], *, is_property: bool) -> int | None:
        """Return the number of the body that a call runs, None if nothing in it blocks."""
        inside = [edge for edge in edges if edge.target >= 0 and self._leads_on(edge)]
        for effects in (self._always, self._at_times):
            found = [(cost, edge) for edge in inside if (cost := effects.of_edge(edge)) and cost.grade <= _CONTENTS]
            if found:
                fact = self._fact(effects.chain(min(found)[1]), is_property=is_property)
                if fact not in self._numbers:
                    self._numbers[fact] = len(self.facts)
                    self.facts.append(fact)
                return self._numbers[fact]
        return None

    def _fact(self, chain: Chain, *, is_property: bool) -> BodyFact:
        graph = self.graph
        function, first = chain[0]
        inside, last = chain[-1]
        entry = graph.primitives[-1 - last.target].entry
        told = steps(graph, function, first, chain[1:])
        return BodyFact(
            label=label(graph, function),
            grade="unbounded" if entry.grade == "unbounded" else "contents",
            category=entry.category,
            scope=entry.scope if isinstance(entry, BlockingBody) else graph.functions[inside].qualname,
            is_property=is_property,
            demands=self._described(function, self._demands(chain)),
            steps=tuple([(step.path, step.line, step.text) for step in told]),
        )

    # -- demands -------------------------------------------------------------------------------------------------

    def _demands(self, chain: Chain) -> Demands:
        """Return what the chain demands of the arguments of its first function.

        What a function demands becomes a demand on its caller where that passes a parameter of its own; where it passes
        anything else, the call itself has been judged by it.
        """
        demands: Demands = frozenset()
        below = -1
        for function, edge in reversed(chain):
            fact = self.graph.functions[function]
            operation = fact.operations[edge.operation]
            if below >= 0:
                demands = self._passed_on(function, operation.node, below, demands)
            # what a guard asks of texts is judged where a call passes one, and not told about a package
            for index, text in fact.guards[operation.guard]:
                plain: Demands = frozenset([(index, wanted) for wanted in DEMANDS if wanted == text])
                demands |= plain
            below = function
        return demands

    def _passed_on(self, caller: int, node: int, function: int, demands: Demands) -> Demands:
        graph = self.graph
        module = graph.function_module[caller]
        row = graph.row(module, node)
        found: set[tuple[int, Demand]] = set()
        if row[0] == "(":
            for position, demand in demands:
                name, place = self._parameter(function, position)
                given = dict(row[3]).get(name, 0)
                argument = graph.row(module, given or (row[2][place] if 0 <= place < len(row[2]) else 0))
                if argument[0] == "p" and argument[1] == caller - graph.function_base[module]:
                    found.add((argument[2], demand))
        return frozenset(found)

    def _parameter(self, function: int, position: int) -> tuple[str, int]:
        """Return the name of a parameter and its place among the arguments of a call, -1 if it has none."""
        fact = self.graph.functions[function]
        parameter = fact.parameters[position]
        bound = fact.owner >= 0 and self.graph.method_kind(function) != "static"
        return parameter.name, position - bound if parameter.kind in "pa" else -1

    def _described(self, function: int, demands: Demands) -> tuple[DemandFact, ...]:
        described: list[DemandFact] = []
        for position, demand in sorted(demands):
            name, place = self._parameter(function, position)
            default = self.graph.functions[function].parameters[position].default
            row = self.graph.row(self.graph.function_module[function], default)
            described.append(DemandFact(name, place, demand, bool(default) and contradicts(row, demand)))
        return tuple(described)


def _is_wanted(primitive: Primitive) -> bool:
    return primitive.entry.grade in _GRADES and primitive.entry.category not in _LEFT_OUT
