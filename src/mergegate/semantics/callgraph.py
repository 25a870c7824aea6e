"""The call graph: for each operation of each function, what runs on the caller's thread before it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mergegate.rules.model import Blocking, Knowledge
from mergegate.semantics.callables import Callables
from mergegate.semantics.conditions import applies
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import EXACT, ClassKey, Union, Value
from mergegate.syntax.summary import Flag, FunctionFlag, ModuleSummary, Operation


class Edge(NamedTuple):
    """One thing that an operation runs.

    Attributes
    ----------
    operation
        Index of the operation in its function.
    target
        A function's id, a virtual call's id (from `CallGraph.first_virtual` on), or ``-1 - n`` for primitive n.
    uncertain
        1 if only some receivers lead there (an override in a subclass).
    first_use
        Whether it runs only the first time.
    """

    operation: int
    target: int
    uncertain: int
    first_use: bool


class Primitive(NamedTuple):
    """A blocking primitive as it was met: the knowledge entry and the dotted name that matched."""

    entry: Blocking
    name: str


class CallGraph(Callables):
    """Resolves every operation of the program to what it runs."""

    def __init__(
        self,
        paths: Sequence[str],
        summaries: Sequence[ModuleSummary],
        knowledge: Knowledge,
        types: TypeTable,
        source_roots: Sequence[str] = (),
    ) -> None:
        super().__init__(paths, summaries, types, source_roots)
        self.knowledge = knowledge
        self.decorator_effects = {**_BUILTIN_DECORATORS, **knowledge.decorators}
        self._callables = {}
        self.prepare_values()
        self.prepare_hierarchy()
        # what was asked before the hierarchy stood may have been answered without it
        self.prepare_values()
        self._callables = {}
        self.primitives: list[Primitive] = []
        self._primitive_ids: dict[tuple[str, int], int] = {}
        self.first_virtual = len(self.functions)
        self.virtual_calls: list[tuple[int, str]] = []
        self._virtual_ids: dict[tuple[int, str], int] = {}
        self.edges: list[list[Edge]] = [[] for _ in self.functions]
        self.virtual_edges: list[list[int]] = []
        self._property_names = {
            f.name for f in self.functions if f.owner >= 0 and f.decorators and not f.flags & FunctionFlag.LAMBDA
        }
        self._called_parameters = self._directly_called_parameters()
        self._handed: list[tuple[int, int, int, Value | None]] = []

    def build(self) -> None:
        """Resolve all operations."""
        for function in range(len(self.functions)):
            self._build_function(function)
        self._hand_over_callables()

    # -- operations ----------------------------------------------------------------------------------------------

    def _build_function(self, function: int) -> None:
        module = self.function_module[function]
        rows = self.modules[module].rows
        edges = self.edges[function]
        for position, operation in enumerate(self.functions[function].operations):
            if operation.flags & Flag.AWAITED and operation.kind == "call":
                self._callback_edges(module, operation, position, edges)
                continue
            kind = operation.kind
            if kind == "call":
                self._call_edges(function, module, position, operation, edges)
            elif kind == "attribute":
                row = rows[operation.node]
                if row[0] == "." and row[2] in self._property_names:
                    self._property_edges(module, position, operation, row, edges)
            elif kind == "enter":
                self._protocol_edges(module, position, operation, ("__enter__", "__exit__"), "cm", edges)
            elif kind == "iterate":
                self._protocol_edges(module, position, operation, ("__iter__", "__next__"), "gen", edges)

    def _call_edges(
        self, function: int, module: int, position: int, operation: Operation, edges: list[Edge]
    ) -> None:
        row = self.modules[module].rows[operation.node]
        if row[0] != "(":
            return
        first_use = bool(operation.flags & Flag.FIRST_USE)
        values = self.value(module, row[1])
        shared = len(values) > 1
        for value in values:
            self._value_edges(module, position, row, value, first_use, edges)
            if value[0] == "fn" and (row[2] or row[3]):
                self._handed.append((function, position, value[1], value[2]))
        del shared

    def _value_edges(
        self, module: int, position: int, row: Any, value: Value, first_use: bool, edges: list[Edge]
    ) -> None:
        kind = value[0]
        if kind == "fn":
            self._function_edges(position, value[1], value[2], first_use, edges)
        elif kind == "cls":
            self._constructor_edges(module, position, row, value[1], first_use, edges)
        elif kind == "x":
            self._external_edges(module, position, row, value[1], (value[1],), first_use, edges)
        elif kind == "xm":
            names = [f"{ancestor}.{value[3]}" for ancestor in self.mro(value[1])]
            self._external_edges(module, position, row, names[0], names, first_use, edges)
        elif kind == "part":
            for inner in value[1]:
                self._value_edges(module, position, ("(", 0, (), ()), inner, first_use, edges)
        elif kind == "ins":
            for inner in self._attribute_of_value(value, "__call__"):
                if inner[0] in ("fn", "xm"):
                    self._value_edges(module, position, row, inner, first_use, edges)

    def _function_edges(
        self, position: int, function: int, receiver: Value | None, first_use: bool, edges: list[Edge], *, running: bool = False
    ) -> None:
        """Add edges to a function and, if the receiver may be of a subclass, to its overrides."""
        fact = self.functions[function]
        if receiver is not None and receiver[0] == "ins" and receiver[3] != EXACT and isinstance(receiver[1], int):
            if self.overriding(receiver[1], fact.name):
                edges.append(Edge(position, self._virtual(receiver[1], fact.name), 1, first_use))
        if fact.flags & FunctionFlag.STUB:
            return
        for target in self.running(function, generator=running):
            cached = self.callable_of(function).effect == "cache"
            edges.append(Edge(position, target, 0, first_use or cached))

    def running(self, function: int, *, generator: bool = False) -> list[int]:
        """Return the functions whose bodies run on the caller's thread when `function` is called."""
        made = self.callable_of(function)
        flags = self.functions[function].flags
        if self.is_async(function) or flags & FunctionFlag.ASYNC:
            return []
        if flags & FunctionFlag.GENERATOR and not generator:
            return []
        found = [w for w in made.wrappers if not self.functions[w].flags & (FunctionFlag.ASYNC | FunctionFlag.GENERATOR)]
        if made.runs or any(self._calls_decorated(w) for w in found):
            found.append(function)
        return found

    def _calls_decorated(self, wrapper: int) -> bool:
        """Tell whether a wrapper calls a parameter of the decorator around it."""
        module = self.function_module[wrapper]
        rows = self.modules[module].rows
        own = wrapper - self.function_base[module]
        for operation in self.functions[wrapper].operations:
            row = rows[operation.node]
            if operation.kind == "call" and row[0] == "(":
                callee = rows[row[1]]
                if callee[0] == "p" and callee[1] != own:
                    return True
        return False

    def _virtual(self, key: int, name: str) -> int:
        known = self._virtual_ids.get((key, name))
        if known is None:
            known = self._virtual_ids[key, name] = self.first_virtual + len(self.virtual_calls)
            self.virtual_calls.append((key, name))
            targets: list[int] = []
            for subclass in self.overriding(key, name):
                node = self.classes[subclass].names[name]
                for value in self.value(self.class_module[subclass], node):
                    if value[0] == "fn" and not self.functions[value[1]].flags & FunctionFlag.STUB:
                        generator = self.callable_of(value[1]).effect == "contextmanager"
                        targets.extend(self.running(value[1], generator=generator))
            self.virtual_edges.append(list(dict.fromkeys(targets)))
        return known

    def _constructor_edges(
        self, module: int, position: int, row: Any, key: ClassKey, first_use: bool, edges: list[Edge]
    ) -> None:
        if isinstance(key, str):
            self._external_edges(module, position, row, key, [str(a) for a in self.mro(key)][:1], first_use, edges)
            return
        found = False
        for name in ("__new__", "__init__", "__post_init__", "model_post_init"):
            hit = self.find_method(key, name)
            if hit is not None:
                for value in self.value(self.class_module[hit[0]], hit[1]):
                    if value[0] == "fn":
                        found = found or name == "__init__"
                        self._function_edges(position, value[1], None, first_use, edges)
        if not found:
            externals = [a for a in self.mro(key) if isinstance(a, str)]
            self._external_edges(module, position, row, self.classes[key].name, externals[:1], first_use, edges)

    def _external_edges(
        self, module: int, position: int, row: Any, shown: str, names: Iterable[str], first_use: bool, edges: list[Edge]
    ) -> None:
        for name in names:
            if self.knowledge.is_safe(name):
                return
            entry = self.knowledge.lookup(name)
            if entry is not None:
                if applies(self, entry, module, row):
                    lazily = first_use or entry.grade == "first-use"
                    edges.append(Edge(position, self._primitive(entry, name), 0, lazily))
                return
        del shown

    def _primitive(self, entry: Blocking, name: str) -> int:
        key = (name, id(entry))
        known = self._primitive_ids.get(key)
        if known is None:
            known = self._primitive_ids[key] = len(self.primitives)
            self.primitives.append(Primitive(entry, name))
        return -1 - known

    def _property_edges(self, module: int, position: int, operation: Operation, row: Any, edges: list[Edge]) -> None:
        for value in self.value(module, row[1]):
            if value[0] != "ins" or not isinstance(value[1], int):
                continue
            hit = self.find_method(value[1], row[2])
            if hit is None:
                continue
            for member in self.value(self.class_module[hit[0]], hit[1]):
                if member[0] == "fn" and self.is_property(member[1]):
                    self._function_edges(position, member[1], value, bool(operation.flags & Flag.FIRST_USE), edges)

    def _protocol_edges(
        self, module: int, position: int, operation: Operation, methods: tuple[str, ...], generator: str, edges: list[Edge]
    ) -> None:
        """Add what entering a context or running an iteration executes."""
        first_use = bool(operation.flags & Flag.FIRST_USE)
        for value in self.value(module, operation.node):
            if value[0] == generator:
                self._function_edges(position, value[1], None, first_use, edges, running=True)
            elif value[0] == "ins":
                for method in methods:
                    self._special_method_edges(module, position, value, method, first_use, edges)

    def _special_method_edges(
        self, module: int, position: int, value: Value, method: str, first_use: bool, edges: list[Edge]
    ) -> None:
        for member in self._attribute_of_value(value, method):
            if member[0] == "fn":
                self._function_edges(position, member[1], value, first_use, edges, running=True)
            elif member[0] == "xm":
                self._value_edges(module, position, ("(", 0, (), ()), member, first_use, edges)

    # -- callables as arguments ----------------------------------------------------------------------------------

    def _callback_edges(self, module: int, operation: Operation, position: int, edges: list[Edge]) -> None:
        """An awaited call runs nothing here itself; its arguments are operations of their own."""

    def argument_edges(self, module: int, row: Any, node: int) -> list[Edge]:
        """Return what calling the argument `node` would run."""
        found: list[Edge] = []
        for value in self.value(module, node):
            if value[0] in ("fn", "part", "x", "xm"):
                self._value_edges(module, 0, ("(", 0, (), ()), value, False, found)
            elif value[0] == "gen":
                self._function_edges(0, value[1], None, False, found, running=True)
        del row
        return found

    def _directly_called_parameters(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for function, fact in enumerate(self.functions):
            if not fact.parameters:
                continue
            module = self.function_module[function]
            rows = self.modules[module].rows
            own = function - self.function_base[module]
            for operation in fact.operations:
                row = rows[operation.node]
                if operation.kind == "call" and row[0] == "(" and not operation.flags & Flag.AWAITED:
                    callee = rows[row[1]]
                    if callee[0] == "p" and callee[1] == own:
                        found.setdefault(function, set()).add(callee[2])
        return found

    def _hand_over_callables(self) -> None:
        """Connect calls that pass a function to a helper which calls its parameter, through any number of helpers."""
        called = self._called_parameters
        grown = True
        while grown:
            grown = False
            for function, position, target, receiver in self._handed:
                for parameter in called.get(target, ()):
                    node, module = self._passed(function, position, target, receiver, parameter)
                    row = self.modules[module].rows[node]
                    if row[0] == "p" and row[1] == function - self.function_base[module]:
                        known = called.setdefault(function, set())
                        if row[2] not in known:
                            known.add(row[2])
                            grown = True
        for function, position, target, receiver in self._handed:
            operation = self.functions[function].operations[position]
            if target in called and self.running(target):
                for parameter in called[target]:
                    node, module = self._passed(function, position, target, receiver, parameter)
                    for edge in self.argument_edges(module, None, node) if node else ():
                        first_use = bool(operation.flags & Flag.FIRST_USE) or edge.first_use
                        self.edges[function].append(Edge(position, edge.target, edge.uncertain, first_use))

    def _passed(
        self, function: int, position: int, target: int, receiver: Value | None, parameter: int
    ) -> tuple[int, int]:
        module = self.function_module[function]
        row = self.modules[module].rows[self.functions[function].operations[position].node]
        return self.argument_node(target, receiver, row[2], row[3], parameter), module


_BUILTIN_DECORATORS = {
    "builtins.property": "property",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "abc.abstractproperty": "property",
    "functools.cached_property": "cached-property",
    "functools.lru_cache": "cache",
    "functools.cache": "cache",
    "contextlib.contextmanager": "contextmanager",
    "contextlib.asynccontextmanager": "asynccontextmanager",
}

__all__ = ["CallGraph", "Edge", "Primitive", "Union"]
