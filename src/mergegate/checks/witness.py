"""The story of a blocking call: message, chain of hops, what to write instead, and the cause that findings share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mergegate.finding import Step
from mergegate.rules.model import Blocking, BlockingBody, Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.chains import label, steps
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
        told = steps(program, function, edge, hops)
        last = told[-1]
        who = program.functions[function].qualname
        what = _WHAT.get(entry.category, "holds the thread")
        when = " on first use" if first_use else ""
        cause = ""
        if len(told) > 1:
            message = f"{told[0].text} blocks the event loop{when} in async `{who}`: {_chain(told)}"
            scope = entry.scope if isinstance(entry, BlockingBody) else program.functions[hops[-1][0]].qualname
            cause = f"{last.path}::{scope} -> {last.text}"
        else:
            message = f"{last.text} {what}{when} and blocks the event loop in async `{who}`"
        if not program.functions[function].flags & FunctionFlag.ASYNC:
            message = message.replace(" in async ", " in ", 1)
        return Story(message, self._help(function, hops, entry, last.text), cause, told)

    def _help(self, function: int, hops: Sequence[tuple[int, Edge]], entry: Blocking, primitive: str) -> str:
        imports = self.program.modules[self.program.function_module[function]].imports
        hand_over = self._replacement(_IN_A_THREAD, imports)
        if isinstance(entry, BlockingBody):
            # nobody rewrites an installed package
            sentence = hand_over
        elif not hops:
            sentence = self._replacement(entry.replacement, imports) if entry.replacement else hand_over
        elif entry.replacement and entry.replacement != _IN_A_THREAD:
            inner = self.program.modules[self.program.function_module[hops[-1][0]]].imports
            instead = self._replacement(entry.replacement, [*imports, *inner])
            sentence = f"{hand_over}; or make {label(self.program, hops[-1][0])} async: {instead}"
        else:
            sentence = hand_over
        body = entry.label if isinstance(entry, BlockingBody) else primitive
        called = label(self.program, hops[0][0]) if hops else body
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


def _chain(told: Sequence[Step]) -> str:
    """Return `load() (db.py:41) -> _retry() (net.py:12) -> time.sleep()`, bounded."""
    shown = [f"{before.text} ({step.path}:{step.line})" for before, step in pairwise(told)]
    if len(shown) > _SHOWN_HOPS:
        left_out = len(shown) - _SHOWN_HOPS
        shown = [*shown[: _SHOWN_HOPS - 1], f"... (+{left_out})", shown[-1]]
    return " -> ".join([*shown, told[-1].text])


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
