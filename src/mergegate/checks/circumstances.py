"""Circumstances of a call: whether the event loop serves anybody else yet who would have to wait."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import Any

from mergegate.checks.own_loops import OwnLoops
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import SELF, Value, how_known
from mergegate.syntax.summary import Flag, FunctionFlag, ModuleSummary, Operation

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|benchmarks?|examples?)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$"
)
# what starts a loop for one coroutine and ends it afterwards
_RUNNERS = frozenset({"asyncio.run", "anyio.run", "trio.run", "asyncio.Runner.run", "uvloop.run"})
_LOOP_LIBRARIES = frozenset(name.partition(".")[0] for name in _RUNNERS)
# by which arguments an application takes what it runs before it serves the first request and after the last one
_STAGES = frozenset({"lifespan", "on_startup", "on_shutdown"})
_SERVERS = frozenset({"fastapi", "starlette", "litestar", "fastmcp", "mcp", "nicegui"})


class Circumstances:
    """Answers when functions run."""

    def __init__(self, program: CallGraph) -> None:
        self.program = program
        started = self._started_alone()
        commands = {f for f, fact in enumerate(program.functions) if fact.decorators and self._is_command(f)}
        loops = OwnLoops(program, {f for f, _ in started} | commands)
        self.own_loops = loops.functions
        scripts = {f for f, home in started if program.function_module[f] == home}
        self.alone = (scripts - loops.open_roots) | self._stages()

    def is_harmless_so_far(self, function: int, operation: Operation) -> bool:
        """Tell whether nobody else can be waiting: tests, examples, scripts and commands, a server's start."""
        program = self.program
        if operation.flags & Flag.MAIN or function in self.alone or program.callable_of(function).effect == "command":
            return True
        return bool(_TEST_PATH.search(program.paths[program.function_module[function]]))

    def is_alone(self, function: int) -> bool:
        """Tell whether only loops that commands make for themselves are known to run a coroutine."""
        return function in self.own_loops

    def _is_command(self, function: int) -> bool:
        is_coroutine = self.program.functions[function].flags & FunctionFlag.ASYNC
        return bool(is_coroutine) and self.program.callable_of(function).effect == "command"

    def _started_alone(self) -> set[tuple[int, int]]:
        """Return the coroutines that are started by `asyncio.run(main())`, with the modules that do so."""
        program = self.program
        found: set[tuple[int, int]] = set()
        for module, summary in enumerate(program.modules):
            if _LOOP_LIBRARIES.isdisjoint(summary.imports):
                continue
            for callee, inner in program.scanned("runners", module, partial(_nested_calls, summary)):
                if any(v[0] == "x" and v[1] in _RUNNERS for v in program.value(module, callee)):
                    for value in program.value(module, inner):
                        if value[0] == "fn" and not self._is_twin(value):
                            found.add((value[1], module))
        return found

    def _is_twin(self, started: Value) -> bool:
        """Tell whether `asyncio.run(self.apply())` only offers a public coroutine method to callers without a loop."""
        function: int = started[1]
        receiver = started[2]
        is_own = receiver is not None and receiver[0] in ("ins", "cls") and how_known(receiver) == SELF
        return is_own and not self.program.functions[function].name.startswith("_")

    def _stages(self) -> set[int]:
        """Return the functions that an application runs while it does not serve: `FastAPI(lifespan=...)`."""
        program = self.program
        found: set[int] = set()
        for module, summary in enumerate(program.modules):
            if _SERVERS.isdisjoint(name.partition(".")[0] for name in summary.imports):
                continue
            for node in program.scanned("stages", module, partial(_stages, summary, program.own_rows[module])):
                given = program.value(module, node)
                listed = program.element_of(tuple(v for v in given if v[0] == "ins"))
                found.update(v[1] for v in (*given, *listed) if v[0] == "fn")
        return found


def _nested_calls(summary: ModuleSummary) -> list[tuple[int, int]]:
    """Return the nodes of `run` and `main` of each `library.run(main())` that a module executes."""
    found: dict[tuple[int, int], None] = {}
    rows: list[Any] = summary.rows
    for fact in summary.functions:
        for operation in fact.operations:
            row = rows[operation.node]
            if operation.kind == "call" and row[0] == "(" and len(row[2]) == 1 and rows[row[1]][0] in ".m":
                argument = rows[row[2][0]]
                if argument[0] == "(":
                    found[row[1], argument[1]] = None
    return list(found)


def _stages(summary: ModuleSummary, own_rows: int) -> list[int]:
    """Return the nodes that a module passes as stages of an application."""
    calls = (row for row in islice(summary.rows, own_rows) if row[0] == "(")
    return [node for row in calls for name, node in row[3] if name in _STAGES]
