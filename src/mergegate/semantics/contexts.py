"""Contexts: whether the chain to a blocking call can run at all with the constants that are passed along it.

The effects say what a function may run whoever calls it. A chain found there is followed from its first call once more,
carrying the constants that each call passes to the next one. Where they rule a branch out that the chain goes through,
the best chain without it is searched for: most often there is none.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.calls import UNKNOWN_ROW
from mergegate.semantics.effects import Cost, Effects
from mergegate.semantics.graph import Edge, Virtual
from mergegate.semantics.values import Arguments, Value
from mergegate.syntax.demands import alternatives
from mergegate.syntax.summary import FunctionFlag, Row

Hop = tuple[int, Edge]
# what is known of the parameters of a function: (index, path) with the constant
Known = frozenset[tuple[int, str, Row]]

NOTHING: Known = frozenset()
# of more functions than this in more contexts than this nobody knows how they come together
_MAX_STEPS = 300
_SEVERAL = ("(",)


class Chain(NamedTuple):
    """What an edge leads to: the cost, the hops behind it, and the edge to what blocks."""

    cost: Cost
    hops: tuple[Hop, ...]
    last: Edge


class _Step(NamedTuple):
    """A place that the search has reached: what comes before it, and the best that may come after."""

    cost: Cost
    order: int
    before: Cost
    edge: Edge
    known: Known
    hops: tuple[Hop, ...]


class Contexts:
    """Follows chains with the constants that are passed along them.

    Parameters
    ----------
    usable
        Tells whether an edge of a function may be taken.
    """

    def __init__(self, graph: CallGraph, effects: Effects, usable: Callable[[int, Edge], bool]) -> None:
        self.graph = graph
        self.effects = effects
        self.usable = usable
        self._searched: dict[tuple[int, Known], Chain | Literal[True] | None] = {}
        self._order = 0

    def best(self, function: int, edge: Edge) -> Chain | None:
        """Return the strongest and shortest chain that an edge of a function really leads to, None if there is none."""
        cost = self.effects.of_edge(edge)
        if cost is None:
            return None
        hops = self.effects.chain(edge)
        chain = Chain(cost, tuple(hops), hops[-1][1] if hops else edge)
        if not any(self._guards_of(below, way) for below, way in hops) or self._runs(function, edge, hops):
            return chain
        return self._other(function, edge, chain)

    # -- one chain -----------------------------------------------------------------------------------------------

    def _guards_of(self, function: int, edge: Edge) -> bool:
        return bool(self.graph.functions[function].operations[edge.operation].guard)

    def _runs(self, function: int, edge: Edge, hops: list[Hop]) -> bool:
        known = NOTHING
        caller = (function, edge)
        for below, way in hops:
            known = self._passed(*caller, below, known)
            if self._is_ruled_out(below, way, known):
                return False
            caller = (below, way)
        return True

    def _is_ruled_out(self, function: int, edge: Edge, known: Known) -> bool:
        """Tell whether what is known of the parameters of a function keeps it from taking an edge."""
        if not known:
            return False
        fact = self.graph.functions[function]
        held = {(index, path): row for index, path, row in known}
        for index, demand in fact.guards[fact.operations[edge.operation].guard]:
            if self.graph.is_refuted(demand, lambda path, i=index: held.get((i, path), UNKNOWN_ROW)):
                return True
        return False

    # -- the best chain ------------------------------------------------------------------------------------------

    def _other(self, function: int, edge: Edge, promised: Chain) -> Chain | None:
        """Return the best chain behind an edge whose promised one is ruled out."""
        found: Chain | None = None
        for below in self._bodies(edge.target):
            known = self._passed(function, edge, self.graph.function_of(below), NOTHING)
            if (below, known) not in self._searched:
                self._searched[below, known] = self._search(below, known)
            rest = self._searched[below, known]
            if rest is True:
                return promised
            if rest is not None:
                before = Cost(edge.uncertain, edge.first_use, 0, 1)
                chain = Chain(_together(before, rest.cost), rest.hops, rest.last)
                found = chain if found is None or chain.cost < found.cost else found
        return found

    def _search(self, node: int, known: Known) -> Chain | Literal[True] | None:
        """Search for the best chain from a function in the order of what the effects promise, the best first.

        Returns
        -------
        Chain, True or None
            True if the search was given up.
        """
        heap: list[_Step] = []
        seen = {(node, known)}
        self._spread(heap, node, known, Cost(0, False, 0, 0), ())
        while heap:
            step = heapq.heappop(heap)
            if step.edge.target < 0:
                return Chain(step.cost, step.hops, step.edge)
            for below in self._bodies(step.edge.target):
                passed = self._passed(step.hops[-1][0], step.edge, self.graph.function_of(below), step.known)
                if (below, passed) in seen:
                    continue
                seen.add((below, passed))
                if len(seen) > _MAX_STEPS:
                    return True
                self._spread(heap, below, passed, step.before, step.hops)
        return None

    def _spread(self, heap: list[_Step], node: int, known: Known, before: Cost, hops: tuple[Hop, ...]) -> None:
        """Add the ways on from a function that is reached."""
        function = self.graph.function_of(node)
        for way in self.graph.node_edges(node):
            rest = self.effects.of_edge(way)
            if rest is None or not self.usable(function, way) or self._is_ruled_out(function, way, known):
                continue
            self._order += 1
            cost = _together(before, rest)
            heapq.heappush(heap, _Step(cost, self._order, _after(before, way), way, known, (*hops, (function, way))))

    def _bodies(self, node: int) -> Iterator[int]:
        """Yield the nodes of single functions that a node stands for."""
        graph = self.graph
        if node >= graph.first_group:
            group = graph.groups[node - graph.first_group]
            if isinstance(group, Virtual):
                for target in group.targets:
                    yield from self._bodies(target)
                return
        if not graph.functions[graph.function_of(node)].flags & FunctionFlag.ASYNC:
            yield node

    # -- what a call passes --------------------------------------------------------------------------------------

    def _passed(self, caller: int, edge: Edge, function: int, known: Known) -> Known:
        """Return what is known of the parameters of a function that an edge of its caller runs."""
        graph = self.graph
        fact = graph.functions[function]
        if not fact.parameters:
            return NOTHING
        operation = graph.functions[caller].operations[edge.operation]
        module = graph.function_module[caller]
        row = graph.row(module, operation.node)
        if row[0] != "(" or operation.kind != "call":
            return NOTHING
        bound, receiver = self._receiver(module, row[1], function)
        if not bound:
            return NOTHING
        arguments = Arguments(module, row[2], row[3])
        held = {(index, path): value for index, path, value in known}
        own = caller - graph.function_base[module]
        found: list[tuple[int, str, Row]] = []
        for index, path in self._asked(function):
            value = graph.passed_row(function, receiver, arguments, index, path)
            if value[0] == "p" and value[1] == own:
                value = held.get((value[2], ""), UNKNOWN_ROW)
            kind = value[0]
            if kind in "k#E" or (kind == "s" and len(value) > 1):
                found.append((index, path, value))
            elif kind in _THERE:
                found.append((index, path, _SEVERAL))
        return frozenset(found)

    def _asked(self, function: int) -> Iterator[tuple[int, str]]:
        """Yield what of a function's parameters its guards ask about, and all parameters that it may hand on."""
        fact = self.graph.functions[function]
        for index, parameter in enumerate(fact.parameters):
            if parameter.kind not in ("*", "**"):
                yield index, ""
        paths = {
            (index, test.path) for guard in fact.guards for index, demand in guard for test in alternatives(demand)
        }
        yield from sorted(pair for pair in paths if pair[1])

    def _receiver(self, module: int, callee: int, function: int) -> tuple[bool, Value | None]:
        """Return whether a call passes its own arguments to a function, and on which receiver."""
        graph = self.graph
        fact = graph.functions[function]
        for value in graph.value(module, callee):
            if value[0] == "fn":
                if value[1] == function:
                    return True, value[2]
                if fact.owner >= 0 and value[2] is not None and graph.fact(value[1]).name == fact.name:
                    return graph.method_kind(function) != "static", value[2]
            elif value[0] == "cls" and fact.name == "__init__":
                return True, None
        return False, None


def _after(before: Cost, edge: Edge) -> Cost:
    return Cost(min(before.uncertain + edge.uncertain, 3), before.first_use or edge.first_use, 0, before.hops + 1)


def _together(before: Cost, rest: Cost) -> Cost:
    uncertain = min(before.uncertain + rest.uncertain, 3)
    return Cost(uncertain, before.first_use or rest.first_use, rest.grade, before.hops + rest.hops)


_THERE = frozenset("(clbLSGDT/s")
