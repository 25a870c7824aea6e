"""Effects: which functions may block their caller, each with the strongest and shortest witness."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from mergegate.rules.model import BlockingBody
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.graph import Edge, Primitive
from mergegate.syntax.summary import Flag, FunctionFlag

GRADES = {"unbounded": 0, "contents": 1, "metadata": 2, "first-use": 3}


class Cost(NamedTuple):
    """How strong an effect is; smaller is stronger: what is uncertain, first use only, grade, then hops.

    Uncertain are a dispatch to one of several overrides, and the body of an installed package: other releases may have
    another one.
    """

    uncertain: int
    first_use: bool
    grade: int
    hops: int


class Effect(NamedTuple):
    """The effect of a node: its cost and the edge that leads there."""

    cost: Cost
    edge: Edge


class Effects:
    """Least-cost effects by Dijkstra's algorithm, from the primitives up through the callers.

    Parameters
    ----------
    wanted
        Tells which primitives count.
    usable
        Tells whether an edge of a function may be taken.
    """

    def __init__(
        self, graph: CallGraph, wanted: Callable[[Primitive], bool], usable: Callable[[int, Edge], bool]
    ) -> None:
        self.graph = graph
        self.wanted = wanted
        self.usable = usable
        self.effects: dict[int, Effect] = {}
        self._solve()

    def of_edge(self, edge: Edge) -> Cost | None:
        """Return the cost of taking an edge, or None if it leads to nothing that blocks."""
        if edge.target < 0:
            primitive = self.graph.primitives[-1 - edge.target]
            if not self.wanted(primitive):
                return None
            entry = primitive.entry
            inside = (1, len(entry.steps)) if isinstance(entry, BlockingBody) else (0, 0)
            return _through(edge, Cost(inside[0], False, GRADES[entry.grade], inside[1]))
        effect = self.effects.get(edge.target)
        return None if effect is None else _through(edge, effect.cost)

    def _solve(self) -> None:
        callers: dict[int, list[tuple[int, Edge]]] = {}
        heap: list[tuple[Cost, int, Edge]] = []
        node = 0
        # expanding a group may make new ones, behind the last
        while node < self.graph.first_group + len(self.graph.groups):
            function = self.graph.function_of(node)
            if function < 0 or not self.graph.functions[function].flags & FunctionFlag.ASYNC:
                for edge in self.graph.node_edges(node):
                    if function >= 0 and not self.usable(function, edge):
                        continue
                    if edge.target >= 0:
                        callers.setdefault(edge.target, []).append((node, edge))
                    else:
                        cost = self.of_edge(edge)
                        if cost is not None:
                            heapq.heappush(heap, (cost, node, edge))
            node += 1
        while heap:
            cost, node, edge = heapq.heappop(heap)
            if node in self.effects:
                continue
            self.effects[node] = Effect(cost, edge)
            for caller, reverse in callers.get(node, ()):
                if caller not in self.effects:
                    heapq.heappush(heap, (_through(reverse, cost), caller, reverse))

    def chain(self, edge: Edge) -> list[tuple[int, Edge]]:
        """Return the hops behind an edge: (function, the edge taken in it), down to the primitive's edge."""
        hops: list[tuple[int, Edge]] = []
        while edge.target >= 0:
            effect = self.effects[edge.target]
            function = self.graph.function_of(edge.target)
            if function >= 0:
                hops.append((function, effect.edge))
            edge = effect.edge
        return hops


def runs_in_loop(graph: CallGraph, function: int, edge: Edge) -> bool:
    """Tell whether an edge may be taken while an event loop runs: no loop is started where one was looked for before.

    A probe makes it harmless: `try: get_running_loop() except RuntimeError: run(...)`.
    """
    if edge.target >= 0 or graph.primitives[-1 - edge.target].entry.category != _LOOP:
        return True
    fact = graph.functions[function]
    return not (fact.flags & FunctionFlag.CHECKS_LOOP or fact.operations[edge.operation].flags & Flag.LOOP_GUARDED)


def _through(edge: Edge, cost: Cost) -> Cost:
    uncertain = min(cost.uncertain + edge.uncertain, 3)
    return Cost(uncertain, cost.first_use or edge.first_use, cost.grade, cost.hops + 1)


_LOOP = "loop"
