"""The story of a blocking call: message, chain of hops, what to write instead, and the cause that findings share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mergegate.finding import Step
from mergegate.rules.model import Blocking, Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.graph import Edge
from mergegate.syntax.summary import FunctionFlag

_SHOWN_HOPS = 4
_IN_A_THREAD = "thread"


class Story(NamedTuple):
    """What a finding says."""

    message: str
    help: str
    cause: str
    steps: tuple[Step, ...]


class WitnessWriter:
    """Puts chains of the call graph into words."""

    def __init__(self, program: CallGraph, knowledge: Knowledge) -> None:
        self.program = program
        self.replacements = knowledge.replacements

    def tell(
        self, function: int, edge: Edge, hops: Sequence[tuple[int, Edge]], entry: Blocking, *, first_use: bool
    ) -> Story:
        """Tell how `function` comes to block.

        Parameters
        ----------
        edge
            The edge taken in `function`.
        hops
            The functions behind it, each with the edge taken in it; empty for a direct call.
        """
        program = self.program
        last = hops[-1][1] if hops else edge
        primitive = f"{_shown(program.primitives[-1 - last.target].name)}()"
        steps = [self._step(function, edge, self._label(hops[0][0]) if hops else primitive)]
        for position, (inside, taken) in enumerate(hops):
            text = self._label(hops[position + 1][0]) if position + 1 < len(hops) else primitive
            steps.append(self._step(inside, taken, text))
        who = program.functions[function].qualname
        what = _WHAT.get(entry.category, "holds the thread")
        when = " on first use" if first_use else ""
        if hops:
            chain = self._chain(hops, steps, primitive)
            message = f"{steps[0].text} blocks the event loop{when} in async `{who}`: {chain}"
            cause = f"{steps[-1].path}::{program.functions[hops[-1][0]].qualname} -> {primitive}"
        else:
            message = f"{primitive} {what}{when} and blocks the event loop in async `{who}`"
            cause = ""
        if not program.functions[function].flags & FunctionFlag.ASYNC:
            message = message.replace(" in async ", " in ", 1)
        return Story(message, self._help(function, hops, entry, primitive), cause, tuple(steps))

    def _chain(self, hops: Sequence[tuple[int, Edge]], steps: Sequence[Step], primitive: str) -> str:
        """Return `load() (db.py:41) -> _retry() (net.py:12) -> time.sleep()`, bounded."""
        shown = [f"{self._label(f)} ({s.path}:{s.line})" for (f, _), s in zip(hops, steps[1:], strict=True)]
        if len(shown) > _SHOWN_HOPS:
            left_out = len(shown) - _SHOWN_HOPS
            shown = [*shown[: _SHOWN_HOPS - 1], f"... (+{left_out})", shown[-1]]
        return " -> ".join([*shown, primitive])

    def _step(self, function: int, edge: Edge, text: str) -> Step:
        operation = self.program.functions[function].operations[edge.operation]
        return Step(self.program.paths[self.program.function_module[function]], operation.line, text)

    def _label(self, function: int) -> str:
        fact = self.program.functions[function]
        if fact.flags & FunctionFlag.LAMBDA:
            return "<lambda>"
        name = fact.qualname.rpartition("<locals>.")[2]
        return name if self.program.callable_of(function).property else f"{name}()"

    def _help(self, function: int, hops: Sequence[tuple[int, Edge]], entry: Blocking, primitive: str) -> str:
        imports = self.program.modules[self.program.function_module[function]].imports
        hand_over = self._replacement(_IN_A_THREAD, imports)
        if not hops:
            sentence = self._replacement(entry.replacement, imports) if entry.replacement else hand_over
        elif entry.replacement and entry.replacement != _IN_A_THREAD:
            inner = self.program.modules[self.program.function_module[hops[-1][0]]].imports
            instead = self._replacement(entry.replacement, [*imports, *inner])
            sentence = f"{hand_over}; or make {self._label(hops[-1][0])} async: {instead}"
        else:
            sentence = hand_over
        called = self._label(hops[0][0]) if hops else primitive
        return sentence.replace("{call}", called.removesuffix("()"))

    def _replacement(self, key: str, imports: Sequence[str]) -> str:
        replacement = self.replacements.get(key)
        if replacement is None:
            return "run it in a thread: `await asyncio.to_thread({call}, ...)`"
        present = {name.partition(".")[0] for name in imports} | set(imports)
        for library, sentence in replacement.by_import.items():
            if library in present:
                return sentence
        return replacement.default


def _shown(name: str) -> str:
    return name.removeprefix("builtins.")


_WHAT = {
    "sleep": "sleeps",
    "process": "waits for a process",
    "network": "waits for the network",
    "database": "waits for the database",
    "cloud": "waits for a cloud service",
    "ai": "waits for a model",
    "input": "waits for input",
    "file": "reads or writes files",
    "metadata": "asks the file system",
    "wait": "waits without yielding to the loop",
    "lock": "waits for a lock",
    "loop": "starts a loop inside a running loop",
}
