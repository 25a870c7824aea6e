"""Effects: which functions may block their caller, each with the strongest and shortest witness."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.graph import Edge, Primitive
from mergegate.syntax.summary import FunctionFlag

GRADES = {"unbounded": 0, "contents": 1, "metadata": 2, "first-use": 3}


class Cost(NamedTuple):
    """How strong an effect is; smaller is stronger: uncertain dispatch, grade, then hops."""

    uncertain: int
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
            return _through(edge, Cost(0, GRADES[primitive.entry.grade], 0))
        effect = self.effects.get(edge.target)
        return None if effect is None else _through(edge, effect.cost)

    def _solve(self) -> None:
        callers: dict[int, list[tuple[int, Edge]]] = {}
        heap: list[tuple[Cost, int, Edge]] = []
        for node in sorted(self.graph.reached):
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


def _through(edge: Edge, cost: Cost) -> Cost:
    grade = max(cost.grade, GRADES["first-use"]) if edge.first_use else cost.grade
    return Cost(min(cost.uncertain + edge.uncertain, 3), grade, cost.hops + 1)
