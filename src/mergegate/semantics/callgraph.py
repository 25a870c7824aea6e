"""The call graph: for each operation of each function, what runs on the caller's thread before it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from mergegate.rules.model import BlockingBody, Knowledge
from mergegate.semantics.dispatch import Dispatch, Site
from mergegate.semantics.graph import Edge, Special, Virtual
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import Arguments, ClassKey, Value
from mergegate.syntax.summary import Flag, FunctionFlag, ModuleSummary


class CallGraph(Dispatch):
    """Resolves every operation of the program to what it runs."""

    def __init__(
        self,
        paths: Sequence[str],
        summaries: Sequence[ModuleSummary],
        knowledge: Knowledge,
        types: TypeTable,
        source_roots: Sequence[str] = (),
    ) -> None:
        super().__init__(paths, summaries, knowledge, types, source_roots)
        self.edges: list[list[Edge]] = [[] for _ in self.functions]
        self.texts: Callable[[str], bytes] = _no_text
        # what other stages know of files, by stage and path
        self.stage_results: Mapping[str, Mapping[str, Any]] = {}
        self.property_names = {
            f.name for f in self.functions if f.owner >= 0 and f.decorators and not f.flags & FunctionFlag.LAMBDA
        }
        bodies = ((name, body) for name, body in knowledge.blocking.items() if isinstance(body, BlockingBody))
        self.property_names |= {name.rpartition(".")[2] for name, body in bodies if body.is_property}
        # operators cost nothing where no class of the program defines them
        self.operators = {name for c in self.classes for name in c.names if name.startswith("__")}
        self._hook_names = {name for entry in knowledge.loop_entries for name in entry.methods}
        on_loop = (name for name, effect in knowledge.decorators.items() if effect == "loop")
        self._loop_decorators = {name.rpartition(".")[2] for name in on_loop}
        self.reached: set[int] = set()
        self._built: set[int] = set()
        self._handed: list[tuple[int, int, int, Value | None]] = []
        self._called_parameters: dict[int, dict[int, bool]] = {}
        self._handed_over: set[tuple[int, int, int, int, bool]] = set()

    def contents(self, module: int) -> bytes:
        """Return the text of a module, for checks that look at bodies again; whoever links says where it is."""
        return self.texts(self.paths[module])

    def build(self) -> None:
        """Resolve the operations of all functions that an event loop runs, and of all that these may run."""
        self._follow([f for f in range(len(self.functions)) if self.runs_on_loop(f)])

    def runs_on_loop(self, function: int) -> bool:
        """Tell whether an event loop runs the body of a function: it is async, or a framework calls it there."""
        fact = self.functions[function]
        if fact.flags & FunctionFlag.ASYNC or (fact.decorators and self._is_handler(function)):
            return True
        if fact.owner < 0 or fact.name not in self._hook_names:
            return False
        owner = self.owner(function)
        ancestors = self.mro(owner)
        for entry in self.knowledge.loop_entries:
            if fact.name in entry.methods and entry.base in ancestors:
                twin = entry.unless_defined.format(name=fact.name)
                return not (twin and self.find_method(owner, twin))
        return False

    def _is_handler(self, function: int) -> bool:
        """Tell whether a decorator of a library hands a plain function to the event loop."""
        module = self.function_module[function]
        rows = [self.row(module, node) for node in self.functions[function].decorators]
        names = {(self.row(module, row[1]) if row[0] == "(" else row)[-1] for row in rows}
        # few decorators are spelled like one of those: the others need not be resolved
        return not self._loop_decorators.isdisjoint(names) and self.callable_of(function).effect == "loop"

    def _follow(self, nodes: list[int]) -> None:
        """Build the edges of the given nodes and of all that they lead to."""
        pending = list(nodes)
        while pending:
            while pending:
                node = pending.pop()
                if node in self.reached:
                    continue
                self.reached.add(node)
                function = self.function_of(node)
                if function >= 0:
                    self._build(function)
                pending.extend(edge.target for edge in self.node_edges(node) if edge.target >= 0)
            pending = self._hand_over_callables()

    def remembered(self, check: str, function: int, find: Callable[[], Any]) -> Any:
        """Return what a check finds out about a function; `RecordingGraph` gives this its meaning.

        Parameters
        ----------
        check
            What the answer is remembered by.
        find
            Asks; it may read the function's operations, and of other functions what evaluation reads. The answer must
            be plain data without ids.
        """
        del check, function
        return find()

    def scanned(self, check: str, module: int, find: Callable[[], Any]) -> Any:
        """Return what a check finds out about a module from its summary alone; `RecordingGraph` remembers it."""
        del check, module
        return find()

    def _build(self, function: int) -> None:
        if function not in self._built:
            self._built.add(function)
            self._build_function(function)

    def node_edges(self, node: int) -> list[Edge]:
        """Return the edges of a function or group."""
        if node < self.first_group:
            return self.edges[node]
        group = self.groups[node - self.first_group]
        if isinstance(group, Virtual):
            return [Edge(0, target, 0, False) for target in group.targets]
        return self._special_edges(group)

    def function_of(self, node: int) -> int:
        """Return the function that a node runs, or -1 for one that stands for several."""
        if node < self.first_group:
            return node
        group = self.groups[node - self.first_group]
        return group.function if isinstance(group, Special) else -1

    def _special_edges(self, group: Special) -> list[Edge]:
        edges = self.edges[group.function]
        if group.guards is not None:
            operations = self.functions[group.function].operations
            edges = [edge for edge in edges if operations[edge.operation].guard in group.guards]
        if group.receiver < 0:
            return list(edges)
        found: list[Edge] = []
        again: dict[tuple[int, str], Edge] = {}
        for edge in edges:
            if edge.method:
                again.setdefault((edge.operation, edge.method), edge)
            else:
                found.append(edge)
        for edge in again.values():
            found.extend(self.method_edges(edge, group.receiver, exact=group.exact))
        return found

    # -- operations ----------------------------------------------------------------------------------------------

    def _build_function(self, function: int) -> None:
        module = self.function_module[function]
        rows = self.modules[module].rows
        edges = self.edges[function]
        for position, operation in enumerate(self.functions[function].operations):
            row = rows[operation.node]
            site = Site(module, position, row, bool(operation.flags & Flag.FIRST_USE), edges, function)
            kind = operation.kind
            if kind == "call":
                if not operation.flags & Flag.AWAITED and row[0] == "(":
                    self._call_operation(function, site)
            elif kind == "attribute":
                if row[0] == "." and row[2] in self.property_names:
                    self._property_edges(site)
            elif kind == "enter":
                self._protocol_edges(site, operation.node, ("__enter__", "__exit__"), "cm")
            elif kind == "lock":
                self._lock_edges(site, operation.node)
            elif kind == "iterate":
                self._protocol_edges(site, operation.node, ("__iter__", "__next__"), "gen")
            elif kind in self.operators:
                self._protocol_edges(site, operation.node, (kind,), "")

    def _call_operation(self, function: int, site: Site) -> None:
        row = site.row
        for value in self.value(site.module, row[1]):
            kind = value[0]
            self.call_edges(site, value)
            if kind == "fn":
                if row[2] or row[3]:
                    self._handed.append((function, site.operation, value[1], value[2]))
            elif kind in ("x", "cls", "xm") and (row[2] or row[3]):
                self._library_call(site, value)

    def _library_call(self, site: Site, value: Value) -> None:
        """Add what a library function does with its arguments at once: consume an iterator, call a callback."""
        name = f"{value[1]}.{value[3]}" if value[0] == "xm" else value[1]
        if not isinstance(name, str):
            return
        if name in _ENTERING and site.row[2]:
            self._protocol_edges(site, site.row[2][0], ("__enter__",), "cm")
        if name in _CONSUMERS or name.rpartition(".")[2] == "join":
            for node in site.row[2]:
                self._protocol_edges(site, node, ("__iter__", "__next__"), "gen")
        caller = self.knowledge.callers.get(name)
        if caller is not None:
            node = dict(site.row[3]).get(caller.argument, 0)
            if not node and caller.position is not None and caller.position < len(site.row[2]):
                node = site.row[2][caller.position]
            if node:
                self._callback_edges(site, node)

    def _callback_edges(self, site: Site, node: int) -> None:
        """Add what calling the argument `node` runs."""
        for value in self.value(site.module, node):
            if value[0] in ("fn", "part", "x", "xm"):
                self.call_edges(site.without_arguments(), value)
            elif value[0] == "gen":
                self._generator_edges(site, node, value[1])

    def _property_edges(self, site: Site) -> None:
        for value in self.value(site.module, site.row[1]):
            if value[0] != "ins":
                continue
            hit = self.find_method(value[1], site.row[2])
            if hit is None:
                self._installed_property_edges(site, value[1])
                continue
            for member in self.value(self.class_module[hit[0]], hit[1]):
                if member[0] == "fn" and self.is_property(member[1]):
                    self.function_edges(site.without_arguments(), member[1], value)

    def _installed_property_edges(self, site: Site, key: ClassKey) -> None:
        """Add the body of a property that the class has from an installed package."""
        for ancestor in self.mro(key):
            name = f"{ancestor}.{site.row[2]}"
            verdict = self._verdict(name)
            if verdict is not None:
                if isinstance(verdict, BlockingBody) and verdict.is_property:
                    self._external_edges(site.without_arguments(), (name,))
                return

    def _protocol_edges(self, site: Site, node: int, methods: tuple[str, ...], generator: str) -> None:
        """Add what entering a context or running an iteration executes."""
        plain = site.without_arguments()
        for value in self.value(site.module, node):
            if value[0] == generator:
                self._generator_edges(site, node, value[1])
            elif value[0] == "ins":
                for method in methods:
                    for member in self._attribute_of_value(value, method):
                        if member[0] == "fn":
                            self.function_edges(plain, member[1], value, running=True)
                        elif member[0] == "xm":
                            self.call_edges(self._making(site, node, value[1]), member)

    def _making(self, site: Site, node: int, key: ClassKey) -> Site:
        """Return the place with the call that makes an object of a class, if `node` is one: `with Lock(timeout=0)`."""
        row = self.row(site.module, node)
        if row[0] == "(" and any(v[0] in ("cls", "x") and v[1] == key for v in self.value(site.module, row[1])):
            return site._replace(row=row)
        return site.without_arguments()._replace(function=site.function)

    def _generator_edges(self, site: Site, node: int, generator: int) -> None:
        """Add the body of a generator function, run with what the call `node` passed to it if that is the maker."""
        row = self.row(site.module, node)
        for maker in self.value(site.module, row[1]) if row[0] == "(" else ():
            if maker[0] == "fn" and maker[1] == generator:
                self.function_edges(site._replace(row=row), generator, maker[2], running=True)
                return
        self.function_edges(site.without_arguments(), generator, None, running=True)

    def _lock_edges(self, site: Site, node: int) -> None:
        """Add the wait for a thread's lock that is held over an `await`; a short section without one is left alone."""
        for value in self.value(site.module, node):
            if value[0] == "ins" and isinstance(value[1], str):
                entry = self.knowledge.lookup(f"{value[1]}.acquire")
                if entry is not None and entry.category == "lock":
                    self.call_edges(site.without_arguments(), ("xm", value[1], value[2], "acquire"))

    # -- callables as arguments ----------------------------------------------------------------------------------

    def _called(self, function: int) -> dict[int, bool]:
        """Return the positions of those parameters that a function is known to call: whether on first use only."""
        known = self._called_parameters.get(function)
        if known is None:
            module = self.function_module[function]
            found = self.scanned("called", module, partial(_called_parameters, self.modules[module]))
            self._called_of_module(module, found)
            known = self._called_parameters[function]
        return known

    def _called_of_module(self, module: int, found: list[tuple[int, int, bool]]) -> None:
        base = self.function_base[module]
        for number in range(len(self.modules[module].functions)):
            self._called_parameters[base + number] = {}
        for number, position, lazily in found:
            self._called_parameters[base + number][position] = lazily

    def _hand_over_callables(self) -> list[int]:
        """Connect calls that pass a function to a helper which calls its parameter, through any number of helpers.

        Returns
        -------
        list
            The nodes that the new edges lead to.
        """
        grown = True
        while grown:
            grown = False
            for function, position, target, receiver in self._handed:
                for parameter, once in tuple(self._called(target).items()):
                    module, node = self._passed(function, position, target, receiver, parameter)
                    row = self.row(module, node)
                    if row[0] == "p" and row[1] == function - self.function_base[module]:
                        known = self._called(function)
                        lazily = known.get(row[2], True) and (once or self._is_lazy(function, position))
                        grown = grown or known.get(row[2]) != lazily
                        known[row[2]] = lazily
        found: list[int] = []
        for function, position, target, receiver in self._handed:
            for parameter, once in sorted(self._called(target).items()):
                key = (function, position, target, parameter, once)
                if key not in self._handed_over and self.running(target):
                    self._handed_over.add(key)
                    found.extend(self._connect(function, position, target, receiver, parameter))
        return found

    def _is_lazy(self, function: int, position: int) -> bool:
        return bool(self.functions[function].operations[position].flags & Flag.FIRST_USE)

    def _connect(self, function: int, position: int, target: int, receiver: Value | None, parameter: int) -> list[int]:
        module, node = self._passed(function, position, target, receiver, parameter)
        edges = self.edges[function]
        before = len(edges)
        if node:
            first_use = self._called(target)[parameter] or self._is_lazy(function, position)
            self._callback_edges(Site(module, position, self.row(module, 0), first_use, edges), node)
        return [edge.target for edge in edges[before:] if edge.target >= 0]

    def _passed(
        self, function: int, position: int, target: int, receiver: Value | None, parameter: int
    ) -> tuple[int, int]:
        """Return the (module, node) that an operation passes for a parameter of its target; node 0 if none."""
        module = self.function_module[function]
        row: Any = self.modules[module].rows[self.functions[function].operations[position].node]
        return module, self.argument_node(target, receiver, Arguments(module, row[2], row[3]), parameter)


def _called_parameters(summary: ModuleSummary) -> list[tuple[int, int, bool]]:
    """Return (function, parameter, whether on first use only) of the own parameters that functions call."""
    found: dict[tuple[int, int], bool] = {}
    rows: list[Any] = summary.rows
    for number, fact in enumerate(summary.functions):
        for operation in fact.operations if fact.parameters else ():
            row = rows[operation.node]
            if operation.kind == "call" and row[0] == "(" and not operation.flags & Flag.AWAITED:
                callee = rows[row[1]]
                if callee[0] == "p" and callee[1] == number:
                    place = number, callee[2]
                    found[place] = found.get(place, True) and bool(operation.flags & Flag.FIRST_USE)
    return [(number, position, lazily) for (number, position), lazily in found.items()]


# `stack.enter_context(manager)` is a `with` written as a call
_ENTERING = frozenset({"contextlib.ExitStack.enter_context", "contextlib.AsyncExitStack.enter_context"})
# builtins that run an iterator to its end
_CONSUMERS = frozenset(
    f"builtins.{name}"
    for name in ("list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "any", "all", "min", "max", "next")
)

__all__ = ["CallGraph", "Edge"]


def _no_text(path: str) -> bytes:
    del path
    return b""
