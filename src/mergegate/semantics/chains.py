"""Chains: the hops from a call to the blocking primitive behind it, in words."""

from __future__ import annotations

from collections.abc import Sequence

from mergegate.finding import Step
from mergegate.rules.model import BlockingBody
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.graph import Edge, Primitive
from mergegate.syntax.summary import FunctionFlag


def label(program: CallGraph, function: int) -> str:
    """Return how messages call a function: `load()`, `Client.get()`, a property without parentheses."""
    fact = program.functions[function]
    if fact.flags & FunctionFlag.LAMBDA:
        return "<lambda>"
    name = fact.qualname.rpartition("<locals>.")[2]
    return name if program.callable_of(function).property else f"{name}()"


def primitive_label(primitive: Primitive) -> str:
    """Return how messages call what blocks, as it is called from the program."""
    entry = primitive.entry
    if isinstance(entry, BlockingBody):
        return f"{entry.label} in installed package {entry.package}"
    return f"{primitive.name.removeprefix('builtins.')}()"


def steps(program: CallGraph, function: int, edge: Edge, hops: Sequence[tuple[int, Edge]]) -> tuple[Step, ...]:
    """Return the steps from the place in `function` that takes `edge` down to what blocks.

    Parameters
    ----------
    hops
        The functions behind the edge, each with the edge taken in it. A body of an installed package goes on behind the
        last of them.
    """
    found: list[Step] = []
    for inside, following in hops:
        found.append(_step(program, function, edge, label(program, inside)))
        function, edge = inside, following
    primitive = program.primitives[-1 - edge.target]
    found.append(_step(program, function, edge, primitive_label(primitive)))
    if isinstance(primitive.entry, BlockingBody):
        found.extend(primitive.entry.steps)
    return tuple(found)


def _step(program: CallGraph, function: int, edge: Edge, text: str) -> Step:
    operation = program.functions[function].operations[edge.operation]
    return Step(program.paths[program.function_module[function]], operation.line, text)
