"""Effects: which functions may block their caller, each with the strongest and shortest witness."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from mergegate.semantics.callgraph import CallGraph, Edge, Primitive
from mergegate.syntax.summary import FunctionFlag

GRADES = {"unbounded": 0, "contents": 1, "metadata": 2, "first-use": 3}


class Cost(NamedTuple):
    """How strong an effect is; smaller is stronger: uncertain dispatch, grade, then hops."""

    uncertain: int
    grade: int
    hops: int


class Effect(NamedTuple):
    """The effect of a function: its cost and the edge that leads there."""

    cost: Cost
    edge: Edge


class Effects:
    """Least-cost effects by Dijkstra's algorithm, from the primitives up through the callers."""

    def __init__(self, graph: CallGraph, wanted: Callable[[Primitive], bool], usable: Callable[[int, Edge], bool]) -> None:
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
            cost = Cost(0, GRADES[primitive.entry.grade], 0)
        else:
            effect = self.effects.get(edge.target)
            if effect is None:
                return None
            cost = effect.cost
        return self._through(edge, cost)

    def _through(self, edge: Edge, cost: Cost) -> Cost:
        grade = max(cost.grade, GRADES["first-use"]) if edge.first_use else cost.grade
        return Cost(min(cost.uncertain + edge.uncertain, 3), grade, cost.hops + 1)

    def _solve(self) -> None:
        graph = self.graph
        callers: dict[int, list[tuple[int, Edge]]] = {}
        heap: list[tuple[Cost, int, Edge]] = []
        for function, edges in enumerate(graph.edges):
            if not edges or graph.functions[function].flags & FunctionFlag.ASYNC:
                continue
            for edge in edges:
                if not self.usable(function, edge):
                    continue
                if edge.target < 0:
                    cost = self.of_edge(edge)
                    if cost is not None:
                        heapq.heappush(heap, (cost, function, edge))
                else:
                    callers.setdefault(edge.target, []).append((function, edge))
        for number, targets in enumerate(graph.virtual_edges):
            for target in targets:
                callers.setdefault(target, []).append((graph.first_virtual + number, Edge(0, target, 0, False)))
        while heap:
            cost, function, edge = heapq.heappop(heap)
            if function in self.effects:
                continue
            self.effects[function] = Effect(cost, edge)
            for caller, reverse in callers.get(function, ()):
                if caller not in self.effects:
                    heapq.heappush(heap, (self._through(reverse, cost), caller, reverse))

    def chain(self, edge: Edge) -> list[tuple[int, Edge]]:
        """Return the hops behind an edge: (function, the edge taken in it), down to the primitive's edge."""
        hops: list[tuple[int, Edge]] = []
        while edge.target >= 0:
            effect = self.effects[edge.target]
            if edge.target < self.graph.first_virtual:
                hops.append((edge.target, effect.edge))
            edge = effect.edge
        return hops
