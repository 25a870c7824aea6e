"""Circumstances of a function: whether it runs on the event loop, and whether the loop serves anybody else yet."""

from __future__ import annotations

import re

from mergegate.rules.model import Knowledge, LoopEntry
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import Flag, FunctionFlag, Operation

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|benchmarks?|examples?)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$"
)
# what starts a loop for one coroutine and ends it afterwards
_RUNNERS = frozenset({"asyncio.run", "anyio.run", "trio.run", "asyncio.Runner.run", "uvloop.run"})


class Circumstances:
    """Answers where and when functions run."""

    def __init__(self, program: CallGraph, knowledge: Knowledge) -> None:
        self.program = program
        self.entries: dict[str, list[LoopEntry]] = {}
        for entry in knowledge.loop_entries:
            self.entries.setdefault(entry.base, []).append(entry)
        self.mains = self._main_functions()

    def runs_on_loop(self, function: int) -> bool:
        """Tell whether the body of a function is run by an event loop."""
        program = self.program
        fact = program.functions[function]
        if fact.flags & FunctionFlag.ASYNC:
            return True
        owner = program.owner(function)
        if owner < 0 or not self.entries:
            return False
        for ancestor in program.mro(owner):
            for entry in self.entries.get(str(ancestor), ()):
                if fact.name in entry.methods:
                    twin = entry.unless_defined.format(name=fact.name)
                    return not (twin and program.find_method(owner, twin))
        return False

    def is_harmless_so_far(self, function: int, operation: Operation) -> bool:
        """Tell whether nobody else can be waiting: tests, examples, and a script's own main coroutine."""
        program = self.program
        if operation.flags & Flag.MAIN or function in self.mains:
            return True
        return bool(_TEST_PATH.search(program.paths[program.function_module[function]]))

    def _main_functions(self) -> set[int]:
        """Return the coroutines that are started by `asyncio.run(main())` in the module that defines them."""
        program = self.program
        found: set[int] = set()
        for function, fact in enumerate(program.functions):
            module = program.function_module[function]
            rows = program.modules[module].rows
            for operation in fact.operations:
                row = rows[operation.node]
                if operation.kind != "call" or row[0] != "(" or len(row[2]) != 1 or rows[row[1]][0] not in ".m":
                    continue
                argument = program.row(module, row[2][0])
                if argument[0] == "(" and any(v[0] == "x" and v[1] in _RUNNERS for v in program.value(module, row[1])):
                    for value in program.value(module, argument[1]):
                        if value[0] == "fn" and program.function_module[value[1]] == module:
                            found.add(value[1])
        return found
