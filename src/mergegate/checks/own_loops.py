"""Loops of one command: coroutines that only a command's own event loop runs, where nothing else waits for its thread.

`asyncio.run(main())` makes a loop for one coroutine. As long as all that runs there is awaited one after the other, a
blocking call delays nobody but the command itself. That ends where the loop is shared: with the first task, group or
server that any of these coroutines starts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from zlib import crc32

from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.choices import parts_of
from mergegate.semantics.values import Union
from mergegate.syntax.summary import Flag, FunctionFlag, ModuleSummary, Row

# what lets other work run on the same loop, by the last name
_SHARING = frozenset(
    {
        "gather", "create_task", "ensure_future", "TaskGroup", "create_task_group", "open_nursery", "start_soon",
        "as_completed", "start_server", "create_server", "serve", "serve_forever", "run_forever", "call_soon",
        "call_later", "run_coroutine_threadsafe",
    }
)  # fmt: skip


class OwnLoops:
    """Finds the coroutines that run in such a loop only, as far as the program shows.

    Parameters
    ----------
    roots
        The coroutines that loops are made for.
    """

    def __init__(self, program: CallGraph, roots: Iterable[int]) -> None:
        self.program = program
        self._callees: dict[int, frozenset[int]] = {}
        self._shares: dict[int, bool] = {}
        trees = {root: self._tree(root) for root in sorted(roots)}
        users = self._users({function for tree in trees.values() for function in tree})
        # the roots that run in other loops as well: `asyncio.run` is only one of the ways to them
        self.open_roots = self._open_roots(trees.keys(), users)
        trees = {root: tree for root, tree in trees.items() if root not in self.open_roots}
        shared = set[int]().union(*(tree for tree in trees.values() if any(map(self._is_sharing, tree))))
        kept = {function for tree in trees.values() for function in tree} - shared
        self.functions = self._without_outsiders(kept, set(trees), users)

    def _tree(self, root: int) -> set[int]:
        """Return a coroutine and all that it awaits, directly or through others."""
        found = {root}
        pending = [root]
        while pending:
            for function in self._awaited(pending.pop()) - found:
                found.add(function)
                pending.append(function)
        return found

    def _awaited(self, function: int) -> frozenset[int]:
        known = self._callees.get(function)
        if known is None:
            program = self.program
            module = program.function_module[function]
            found: set[int] = set()
            shares = False
            for operation in program.functions[function].operations:
                row = program.row(module, operation.node)
                if operation.kind != "call" or row[0] != "(":
                    continue
                callee = program.row(module, row[1])
                shares = shares or callee[-1] in _SHARING
                if operation.flags & Flag.AWAITED:
                    values = program.value(module, row[1])
                    found.update(v[1] for v in values if v[0] == "fn" and self._is_coroutine(v[1]))
            known = self._callees[function] = frozenset(found)
            self._shares[function] = shares
        return known

    def _is_coroutine(self, function: int) -> bool:
        return bool(self.program.functions[function].flags & FunctionFlag.ASYNC)

    def _is_sharing(self, function: int) -> bool:
        return self._shares[function]

    def _open_roots(self, roots: Iterable[int], users: Mapping[int, set[int]]) -> frozenset[int]:
        """Return the roots that are handed on, or awaited by a coroutine that no such loop runs."""
        roots = set(roots)
        return frozenset(
            root
            for root in roots
            if any(user < 0 or self._is_coroutine(user) for user in users.get(root, set()) - roots)
        )

    def _without_outsiders(self, kept: set[int], roots: set[int], users: Mapping[int, set[int]]) -> frozenset[int]:
        """Leave out what is called or named from anywhere else, and then what these call."""
        changed = True
        while changed:
            outside = {f for f in kept - roots if f not in users or not users[f] <= kept}
            changed = bool(outside)
            kept = kept - outside
        return frozenset(kept)

    def _users(self, wanted: set[int]) -> dict[int, set[int]]:
        """Return who calls each function; those that are named in other ways, or open to a framework, are left out."""
        program = self.program
        names: dict[str, list[int]] = {}
        for function in wanted:
            fact = program.functions[function]
            exports = program.modules[program.function_module[function]].exports or ()
            if not fact.decorators and fact.name not in exports and not self._is_hook(function):
                names.setdefault(fact.name, []).append(function)
        found: dict[int, set[int]] = {function: set() for functions in names.values() for function in functions}
        for module in range(len(program.modules)) if names else ():
            for name, user, node in self._mentions(module, names):
                meant = program.value(module, node)
                for function in names[name]:
                    if _may_be(meant, function):
                        found[function].add(user)
        return found

    def _is_hook(self, function: int) -> bool:
        """Tell whether a method may be one that a base class of a library calls."""
        owner = self.program.owner(function)
        return owner >= 0 and any(isinstance(a, str) and a != "builtins.object" for a in self.program.mro(owner))

    def _mentions(self, module: int, names: dict[str, list[int]]) -> Iterator[tuple[str, int, int]]:
        """Yield (name, function, node) for each call of something of such a name; -1 where it is kept, not called."""
        program = self.program
        first = program.function_base[module]
        own = {
            function - first: name
            for name, functions in names.items()
            for function in functions
            if program.function_module[function] == module
        }
        asked = "\0".join([*sorted(names), *(f"{number}={name}" for number, name in sorted(own.items()))])
        question = f"mentions {crc32(asked.encode('utf-8', 'surrogatepass'))}"
        find = partial(_mentions, program.modules[module], program.own_rows[module], names.keys(), own)
        for name, user, node in program.scanned(question, module, find):
            yield name, user if user < 0 else first + user, node


def _mentions(
    summary: ModuleSummary, own_rows: int, names: Collection[str], own: Mapping[int, str]
) -> list[tuple[str, int, int]]:
    """Return (name, function of the module, node) of what `OwnLoops` asks for."""
    rows: list[Row] = summary.rows[:own_rows]
    named: dict[int, str] = {}
    for node, row in enumerate(rows):
        kind = row[0]
        if kind in _NAMING:
            if row[-1] in names:
                named[node] = row[-1]
        elif kind == "l" and row[1] in own:
            named[node] = own[row[1]]
    if not named:
        return []
    found: list[tuple[str, int, int]] = []
    for row in rows:
        if row[0] != ".":
            parts = (*row[2], *(node for _, node in row[3])) if row[0] == "(" else parts_of(row)
            found.extend((named[part], -1, part) for part in parts if part in named)
    for number, fact in enumerate(summary.functions):
        for operation in fact.operations:
            row = rows[operation.node]
            if operation.kind == "call" and row[0] == "(" and row[1] in named:
                found.append((named[row[1]], number, row[1]))
    return found


# what reads something by name: an attribute, a global name, an import
_NAMING = frozenset({".", "g", "m"})


def _may_be(meant: Union, function: int) -> bool:
    """Tell whether an expression may be a function: where nothing is known of it, its name has to do."""
    return not meant or any(value[0] not in ("fn", "x", "xm", "cls", "mod") or value[1] == function for value in meant)
