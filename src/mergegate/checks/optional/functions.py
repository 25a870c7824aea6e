"""What the functions of the program do with None: give it, refuse it, tell of it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from mergegate.nullness.control import Return
from mergegate.nullness.reading import FunctionTree, Lines
from mergegate.nullness.run import FunctionRun
from mergegate.nullness.values import SAFE, State
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import FunctionFlag

_MAX_NESTING = 12
_APART = FunctionFlag.GENERATOR | FunctionFlag.LAMBDA | FunctionFlag.STUB


class Given(NamedTuple):
    """None that a function gives: where, whether written there, and the parameters that are None whenever it does."""

    line: int
    explicit: bool
    needs: frozenset[int]


class Digest(NamedTuple):
    """What a function does with None.

    Attributes
    ----------
    nones
        Where it gives None itself.
    handed
        The lines that hand on what may be None, each with the reasons.
    returned
        The parameters that it hands back.
    ensured, if_true, if_false
        The parameters that are not None where it comes back, where it gives something truthy, something falsy.
    never
        Whether it does not come back.
    known
        Whether its body has been followed.
    """

    nones: tuple[Given, ...] = ()
    handed: tuple[tuple[int, frozenset[int]], ...] = ()
    returned: frozenset[int] = frozenset()
    ensured: frozenset[int] = frozenset()
    if_true: frozenset[int] = frozenset()
    if_false: frozenset[int] = frozenset()
    never: bool = False
    known: bool = False


UNREAD = Digest()
# makes a run of a function from its tree and what to add to the lines in it, with the number of each parameter
Prepare = Callable[[int, "FunctionTree | ast.Module", int], tuple[FunctionRun, dict[int, int]]]


class Functions:
    """Runs functions, each once.

    Parameters
    ----------
    program
        The program.
    prepare
        Makes a run of a function: in an oracle of its own.
    """

    def __init__(self, program: CallGraph, prepare: Prepare) -> None:
        self.program = program
        self._prepare = prepare
        self._runs: dict[int, FunctionRun | None] = {}
        self._digests: dict[int, Digest] = {}
        self._origins: dict[int, dict[int, int]] = {}
        self._lines: dict[int, Lines] = {}
        self._nesting = 0

    def run(self, function: int) -> FunctionRun | None:
        """Return the run of a function; None if its text is not at hand."""
        if function in self._runs:
            return self._runs[function]
        self._runs[function] = None
        found = self._tree(function)
        if found is None:
            return None
        self._nesting += 1
        run, origins = self._prepare(function, *found)
        run.run()
        self._nesting -= 1
        self._runs[function] = run
        self._origins[function] = origins
        return run

    def lines(self, module: int) -> Lines:
        """Return the lines of a module."""
        known = self._lines.get(module)
        if known is None:
            known = self._lines[module] = Lines(self.program.contents(module))
        return known

    def _tree(self, function: int) -> tuple[FunctionTree | ast.Module, int] | None:
        """Return the tree of a function, of the whole module for its body, and what to add to its lines."""
        module = self.program.function_module[function]
        lines = self.lines(module)
        if function == self.program.function_base[module]:
            tree = lines.module()
            return None if tree is None else (tree, 0)
        fact = self.program.functions[function]
        return lines.function(fact.line, fact.column, fact.end_line)

    def digest(self, function: int) -> Digest:
        """Return what a function does with None; nothing of one that is being followed already."""
        known = self._digests.get(function)
        if known is not None:
            return known
        fact = self.program.functions[function]
        if fact.flags & _APART or self._nesting > _MAX_NESTING:
            return UNREAD
        self._digests[function] = UNREAD
        run = self.run(function)
        if run is not None and not run.failed:
            self._digests[function] = self._read(function, run)
        return self._digests[function]

    def _read(self, function: int, run: FunctionRun) -> Digest:
        origins, offset = self._origins[function], run.offset
        by_number = {number: position for position, number in origins.items()}
        exits = [each.state for each in run.returns]
        if run.end is not None:
            exits.append(run.end)
        nones: list[Given] = []
        handed: list[tuple[int, frozenset[int]]] = []
        returned: set[int] = set()
        parameters = self.program.functions[function].parameters
        rebound = run.rebound
        stable = {p: n for p, n in origins.items() if parameters[p].name not in rebound}

        def needs(state: State) -> frozenset[int]:
            return frozenset(
                p for p, n in stable.items()
                if (held := state.get(parameters[p].name)) is not None and held.origins == {n}
            )  # fmt: skip

        for each in run.returns:
            numbers = each.value.origins - SAFE
            returned |= {by_number[n] for n in numbers if n in by_number}
            literal = {n for n in numbers if n in run.oracle.literals}
            if literal:
                nones.append(Given(each.line + offset, each.explicit, needs(each.state)))
            rest = numbers - literal - by_number.keys()
            if rest:
                handed.append((each.line + offset, rest))
        if run.end is not None and isinstance(run.definition, ast.FunctionDef | ast.AsyncFunctionDef):
            last = run.definition.body[-1]
            nones.append(Given((last.end_lineno or last.lineno) + offset, False, needs(run.end)))
        if all(each.value.origins <= run.oracle.literals for each in run.returns):
            nones = []  # what gives nothing else is no lookup

        def ensured(states: list[State]) -> frozenset[int]:
            return frozenset(
                p for p, n in stable.items()
                if states and all(n not in s[parameters[p].name].origins for s in states if parameters[p].name in s)
            )  # fmt: skip

        return Digest(
            tuple(nones), tuple(handed), frozenset(returned), ensured(exits),
            ensured(self._where(run, truth=True)), ensured(self._where(run, truth=False)), not exits, known=True,
        )  # fmt: skip

    @staticmethod
    def _where(run: FunctionRun, *, truth: bool) -> list[State]:
        """Return what holds where a function gives something truthy, or falsy."""
        found: list[State] = []
        run.quiet += 1
        for each in run.returns:
            after = _assumed(run, each, truth=truth)
            if after is not None:
                found.append(after)
        run.quiet -= 1
        if run.end is not None and not truth:
            found.append(run.end)
        return found


def _assumed(run: FunctionRun, given: Return, *, truth: bool) -> State | None:
    if given.expression is None:
        return None if truth else given.state
    try:
        return run.assume(given.expression, dict(given.state), truth=truth)
    except (RecursionError, ValueError):
        return given.state
