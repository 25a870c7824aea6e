"""Linking an installed package on its own: what its public callables run and give."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mergegate.rules.model import Knowledge
from mergegate.semantics.bodies import Bodies, Member
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.dispatch import Site
from mergegate.semantics.graph import Edge
from mergegate.semantics.package_table import PackageTable, table_types
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import DECLARED, EXACT, NO_ARGUMENTS, SELF, UNKNOWN, Union, Value
from mergegate.semantics.written_types import TypeWriter
from mergegate.syntax.summary import ModuleSummary


class PackageGraph(CallGraph):
    """The call graph of an installed package, in which only receivers of a sure class lead anywhere."""

    def function_edges(self, site: Site, function: int, receiver: Value | None, *, running: bool = False) -> None:
        """Add edges to a function, unless the receiver may be of a subclass that has another one."""
        if receiver is None or not self._is_vague(receiver, self.functions[function].name):
            super().function_edges(site, function, receiver, running=running)

    def _is_vague(self, receiver: Value, method: str) -> bool:
        declared = receiver[0] == "ins" and receiver[3] == DECLARED and isinstance(receiver[1], int)
        return declared and bool(self.overriding(receiver[1], method))

    def _subclass_attribute(self, key: int, name: str) -> Union:
        """Return nothing: which subclass is meant is not known."""
        del key, name
        return UNKNOWN

    def node_edges(self, node: int) -> list[Edge]:
        """Return the edges of a function or group that are sure to be taken."""
        return [edge for edge in super().node_edges(node) if not edge.uncertain]

    def follow(self, edges: Iterable[Edge]) -> None:
        """Resolve the operations of all that calls from outside may run."""
        self._follow([edge.target for edge in edges if edge.target >= 0 and not edge.uncertain])

    def edges_of_call(self, value: Value) -> list[Edge]:
        """Return the edges of a call from outside, of whose arguments nothing is known."""
        edges: list[Edge] = []
        self.call_edges(_outside(edges), value)
        return edges

    def edges_of_running(self, function: int) -> list[Edge]:
        """Return the edges of running a generator to its end."""
        edges: list[Edge] = []
        self.function_edges(_outside(edges), function, None, running=True)
        return edges

    def edges_of_reading(self, function: int, receiver: Value) -> list[Edge]:
        """Return the edges of reading a property from outside."""
        edges: list[Edge] = []
        self.function_edges(_outside(edges), function, receiver)
        return edges


def _outside(edges: list[Edge]) -> Site:
    return Site(-1, 0, None, False, edges).without_arguments()


def link_package(
    top: str, package: str, modules: Iterable[tuple[str, ModuleSummary]], knowledge: Knowledge
) -> PackageTable:
    """Link the modules of an installed package and return what they say of its callables.

    Parameters
    ----------
    top
        The top-level package.
    package
        Its distribution, as `name==version`.
    modules
        (path, summary) of its modules; the part of a path behind the first folder is the path among the installed.
    knowledge
        The knowledge tables, with the tables of the packages that this one uses.
    """
    ordered = sorted(modules, key=lambda pair: pair[0])
    types = TypeTable(knowledge.types, knowledge.aliases)
    graph = PackageGraph([path for path, _ in ordered], [summary for _, summary in ordered], knowledge, types)
    return _Export(graph, top, package, knowledge).table()


class _Export:
    def __init__(self, graph: PackageGraph, top: str, package: str, knowledge: Knowledge) -> None:
        self.graph = graph
        self.top = top
        self.package = package
        self.knowledge = knowledge
        self.keys: list[str] = _module_keys(graph)
        named = ((key, self._class_name(key)) for key in range(len(graph.classes)))
        self.class_names: dict[int, str] = {key: name for key, name in named if name}
        self.types = TypeWriter(graph, self.class_names, self._dotted)
        self.records: list[dict[str, dict[str, Any]]] = [{"a": {}, "c": {}, "f": {}, "v": {}} for _ in graph.modules]
        self.functions: dict[str, list[Edge]] = {}
        self.members: list[Member] = []

    def table(self) -> PackageTable:
        """Return the table."""
        graph = self.graph
        for module in range(len(graph.modules)):
            for name, place in self._names(module).items():
                self._add_name(module, name, graph.value(*place))
        for key, name in self.class_names.items():
            self._add_class(key, name)
        for name, made in self.types.made.items():
            module = graph.function_module[made.function]
            bases = ["typing.Iterator"] if made.method == "__next__" else []
            self.records[module]["c"][name[len(self.keys[module]) + 1 :]] = {"b": bases, "m": made.methods, "v": {}}
            self.functions[f"{name}.{made.method}"] = graph.edges_of_running(made.function)
        for edges in (*self.functions.values(), *[member.edges for member in self.members]):
            graph.follow(edges)
        bodies = Bodies(graph, self._safe_functions())
        for name, edges in self.functions.items():
            bodies.add(name, edges)
        # bases first: what a class inherits is compared with what they have
        for member in sorted(self.members, key=lambda member: not member.own):
            bodies.add_member(member)
        types = table_types(dict(zip(self.keys, self.records, strict=True)))
        return PackageTable(self.package, self.top, types, self._aliases(), bodies.facts, bodies.names, bodies.safe)

    # -- names ---------------------------------------------------------------------------------------------------

    def _names(self, module: int) -> dict[str, tuple[int, int]]:
        """Return the (module, node) of all public names of a module, and of its classes."""
        graph, summary = self.graph, self.graph.modules[module]
        found = {name: (module, node) for name, node in summary.names.items() if not name.startswith("_")}
        for level, star in summary.stars:
            source = graph.index.find(graph.index.absolute(module, level, star), module)
            if source >= 0 and source != module:
                exports = graph.modules[source].exports
                for name in exports if exports is not None else self._star_names(source, 0):
                    place = graph.definition(source, name)
                    if place is not None:
                        found.setdefault(name, place)
        return found

    def _star_names(self, module: int, depth: int) -> list[str]:
        graph, summary = self.graph, self.graph.modules[module]
        found = [name for name in summary.names if not name.startswith("_")]
        for level, star in summary.stars if depth < 5 else ():
            source = graph.index.find(graph.index.absolute(module, level, star), module)
            if source >= 0:
                found.extend(self._star_names(source, depth + 1))
        return found

    def _add_name(self, module: int, name: str, union: Union) -> None:
        """Record what a name of module scope stands for."""
        record, dotted = self.records[module], f"{self.keys[module]}.{name}"
        functions = [value for value in union if value[0] == "fn"]
        if functions:
            target = self._function_name(functions[0]) if len(union) == 1 else dotted
            if target and target != dotted:
                record["a"][name] = target
            else:
                self._add_function(record, name, dotted, functions)
            return
        target = next((found for value in union if (found := self._alias(value))), "")
        if target and target != dotted:
            record["a"][name] = target
        elif not target and union:
            written = self.types.type_of(union)
            if written is not None:
                record["v"][name] = written

    def _add_function(self, record: dict[str, Any], name: str, dotted: str, functions: Sequence[Value]) -> None:
        results = [self.types.type_of(self._result(value)) for value in functions]
        record["f"][name] = results[0] if len(results) == 1 else ["|", *results] if all(results) else None
        self.functions[dotted] = [edge for value in functions for edge in self.graph.edges_of_call(value)]

    def _alias(self, value: Sequence[Any]) -> str:
        """Return the dotted name that a name of module scope is another name of; empty if it is none."""
        kind, name = value[0], ""
        if kind == "cls" and isinstance(value[1], int):
            name = self.class_names.get(value[1], "")
        elif kind == "mod" and value[2] >= 0:
            name = self.keys[int(value[2])]
        elif kind in ("cls", "mod", "x"):
            name = str(value[1])
        outside = name.partition(".")[0] in sys.stdlib_module_names or name.startswith("builtins.") or "(" in name
        return "" if outside else name

    def _function_name(self, value: Value) -> str:
        """Return the dotted name of a function of module scope; empty for methods and nested ones."""
        function: int = value[1]
        bound = value[2] is not None or self.graph.fact(function).owner >= 0
        return "" if bound else self._dotted(function)

    def _dotted(self, function: int) -> str:
        qualname = self.graph.functions[function].qualname
        return "" if "<" in qualname else f"{self.keys[self.graph.function_module[function]]}.{qualname}"

    def _class_name(self, key: int) -> str:
        qualname = self.graph.classes[key].qualname
        return "" if "<" in qualname else f"{self.keys[self.graph.class_module[key]]}.{qualname}"

    def _result(self, value: Value) -> Union:
        return self.graph.function_result(value[1], value[2], NO_ARGUMENTS)

    # -- classes -------------------------------------------------------------------------------------------------

    def _add_class(self, key: int, name: str) -> None:
        graph, fact = self.graph, self.graph.classes[key]
        bases = [self.class_names.get(base, "?") if isinstance(base, int) else base for base in graph.bases(key)]
        methods: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for member in dict.fromkeys([*fact.names, *fact.attributes]):
            if _is_public(member):
                self._add_member_type(key, member, methods, attributes)
        self.records[graph.class_module[key]]["c"][fact.qualname] = {"b": bases, "m": methods, "v": attributes}
        self.functions[name] = graph.edges_of_call(("cls", key))
        for ancestor in graph.mro(key):
            if isinstance(ancestor, int):
                for member in graph.classes[ancestor].names:
                    if _is_public(member):
                        self._add_member(key, name, member, own=ancestor == key)

    def _add_member_type(self, key: int, name: str, methods: dict[str, Any], attributes: dict[str, Any]) -> None:
        union = self.graph.attribute_of((("ins", key, (), SELF),), name)
        bound = [value for value in union if value[0] == "fn"]
        if bound:
            results = [self.types.type_of(self._result(value), key) for value in bound]
            methods[name] = results[0] if len(results) == 1 else None
        else:
            attributes[name] = self.types.type_of(union, key)

    def _add_member(self, key: int, owner: str, name: str, *, own: bool) -> None:
        """Note what a method or property runs when the receiver is of just this class."""
        graph = self.graph
        hit = graph.find_method(key, name)
        if hit is None or (hit[0] == key) != own:
            return
        receiver = ("ins", key, (), EXACT)
        edges: list[Edge] = []
        is_property = False
        for value in graph.value(graph.class_module[hit[0]], hit[1]):
            if value[0] == "fn" and graph.is_property(value[1]):
                is_property = True
                edges += graph.edges_of_reading(value[1], receiver)
        if not is_property:
            for value in graph.attribute_of((receiver,), name):
                if value[0] == "fn":
                    edges += graph.edges_of_call(value)
        bases = [self.class_names.get(a, "") if isinstance(a, int) else a for a in graph.mro(key)[1:]]
        inherited = tuple([f"{base}.{name}" for base in bases if base])
        self.members.append(Member(f"{owner}.{name}", inherited, own, is_property, edges))

    # -- what overrules ------------------------------------------------------------------------------------------

    def _safe_functions(self) -> frozenset[int]:
        """Return the functions of the package that the knowledge tables call safe."""
        found: set[int] = set()
        if not any(name.partition(".")[0] == self.top for name in self.knowledge.safe):
            return frozenset()
        types = TypeTable(dict(zip(self.keys, self.records, strict=True)), self._aliases())
        safe = {types.canonical(name) for name in self.knowledge.safe if name.partition(".")[0] == self.top}
        for function, fact in enumerate(self.graph.functions):
            if f"{self.keys[self.graph.function_module[function]]}.{fact.qualname}" in safe:
                found.add(function)
        return frozenset(found)

    def _aliases(self) -> dict[str, str]:
        """Return what module names stand for where a package has something else of the same name."""
        found: dict[str, str] = {}
        for module, key in enumerate(self.keys):
            name = self.graph.index.names[module]
            if key == name:
                continue
            if key.endswith(_SHADOWED):
                record = self.records[module]
                for member in [*record["a"], *record["c"], *record["f"], *record["v"]]:
                    found[f"{name}.{member}"] = f"{key}.{member}"
            else:
                found[name] = key
        return found


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _module_keys(graph: CallGraph) -> list[str]:
    """Return the names of modules in the table; a module that its package hides behind another name has one of its own.

    After `from .client import client` in a package, `package.client` is no longer the module.
    """
    names = graph.index.names
    numbers = {name: module for module, name in enumerate(names)}
    hidden: set[str] = set()
    for name in names:
        parent, _, last = name.rpartition(".")
        module = numbers.get(parent)
        if module is not None and last in graph.modules[module].names:
            place = graph.definition(module, last)
            union = graph.value(*place) if place is not None else UNKNOWN
            if union and not any(value[0] == "mod" for value in union):
                hidden.add(name)
    return [_renamed(name, hidden) for name in names]


def _renamed(name: str, hidden: set[str]) -> str:
    key, prefix = "", ""
    for part in name.split("."):
        prefix = f"{prefix}.{part}" if prefix else part
        key = f"{key}.{part}" if key else part
        if prefix in hidden:
            key += _SHADOWED
    return key


_SHADOWED = "<module>"
