"""Linking an installed package on its own: what its public callables run and give."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mergegate.rules.model import BlockingBody, Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.chains import label, steps
from mergegate.semantics.dispatch import Site
from mergegate.semantics.effects import GRADES, Cost, Effects, runs_in_loop
from mergegate.semantics.graph import Edge, Primitive
from mergegate.semantics.package_table import BodyFact, PackageTable, table_types
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import DECLARED, EXACT, NO_ARGUMENTS, SELF, UNKNOWN, Union, Value
from mergegate.semantics.written_types import TypeWriter
from mergegate.syntax.summary import ModuleSummary

# a library's locks guard short sections; what it asks of the file system once is nothing to speak of
_GRADES = frozenset({"unbounded", "contents"})
_LEFT_OUT = frozenset({"lock"})
_CONTENTS = GRADES["contents"]


class PackageGraph(CallGraph):
    """The call graph of an installed package, in which only receivers of a sure class lead anywhere."""

    def function_edges(self, site: Site, function: int, receiver: Value | None, *, running: bool = False) -> None:
        """Add edges to a function, unless the receiver may be of a subclass that has another one."""
        declared = receiver is not None and receiver[0] == "ins" and receiver[3] == DECLARED
        key = receiver[1] if receiver is not None and declared else ""
        if isinstance(key, int) and self.overriding(key, self.fact(function).name):
            return
        super().function_edges(site, function, receiver, running=running)

    def _subclass_attribute(self, key: int, name: str) -> Union:
        """Return nothing: which subclass is meant is not known."""
        del key, name
        return UNKNOWN

    def edges_of_call(self, value: Value) -> list[Edge]:
        """Return the edges of a call from outside, of whose arguments nothing is known."""
        edges: list[Edge] = []
        self.call_edges(_outside(edges), value)
        return edges

    def edges_of_reading(self, function: int, receiver: Value) -> list[Edge]:
        """Return the edges of reading a property from outside."""
        edges: list[Edge] = []
        self.function_edges(_outside(edges), function, receiver)
        return edges


def _outside(edges: list[Edge]) -> Site:
    return Site(-1, 0, None, False, edges).without_arguments()


class _Member(NamedTuple):
    """A method or property as one class has it: the names of the same member in its bases, and what calling it runs."""

    name: str
    inherited: tuple[str, ...]
    own: bool
    is_property: bool
    edges: list[Edge]


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
    graph.build()
    return _Export(graph, top, package, knowledge).table()


class _Export:
    def __init__(self, graph: PackageGraph, top: str, package: str, knowledge: Knowledge) -> None:
        self.graph = graph
        self.top = top
        self.package = package
        self.knowledge = knowledge
        self.keys = _module_keys(graph)
        self.class_names = {key: name for key in range(len(graph.classes)) if (name := self._class_name(key))}
        self.types = TypeWriter(graph, self.class_names)
        self.records: list[dict[str, dict[str, Any]]] = [{"a": {}, "c": {}, "f": {}, "v": {}} for _ in graph.modules]
        self.functions: dict[str, list[Edge]] = {}
        self.members: list[_Member] = []

    def table(self) -> PackageTable:
        """Return the table."""
        for module in range(len(self.graph.modules)):
            for name, place in self._names(module).items():
                self._add_name(module, name, self.graph.value(*place))
        for key, name in self.class_names.items():
            self._add_class(key, name)
        judged = _Judged(self.graph, self._safe_functions(), self.package)
        for name, edges in self.functions.items():
            judged.add(name, edges, is_property=False)
        # bases first: what a class inherits is compared with what they have
        for member in sorted(self.members, key=lambda member: not member.own):
            judged.add_member(member)
        modules = {self.keys[module]: record for module, record in enumerate(self.records)}
        return PackageTable(
            self.package, self.top, table_types(modules), self._aliases(), judged.bodies, judged.names, judged.safe
        )

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

    def _alias(self, value: Value) -> str:
        """Return the dotted name that a name of module scope is another name of; empty if it is none."""
        kind = value[0]
        name: str = value[1] if kind in ("cls", "mod", "x") else ""
        if kind == "cls" and isinstance(value[1], int):
            name = self.class_names.get(value[1], "")
        elif kind == "mod" and value[2] >= 0:
            name = self.keys[int(value[2])]
        outside = name.partition(".")[0] in sys.stdlib_module_names or name.startswith("builtins.") or "(" in name
        return "" if outside else name

    def _function_name(self, value: Value) -> str:
        """Return the dotted name of a function of module scope; empty for methods and nested ones."""
        _, function, receiver = value
        fact = self.graph.fact(function)
        if receiver is not None or fact.owner >= 0 or "<" in fact.qualname:
            return ""
        return f"{self.keys[self.graph.function_module[function]]}.{fact.qualname}"

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
        self.members.append(_Member(f"{owner}.{name}", inherited, own, is_property, edges))

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


class _Judged:
    """Turns edges into bodies, each kept once."""

    def __init__(self, graph: PackageGraph, safe: frozenset[int], package: str) -> None:
        self.graph = graph
        self.package = package
        self._safe = safe
        self.effects = Effects(graph, _is_wanted, self._is_usable)
        self.bodies: list[BodyFact] = []
        self.names: dict[str, int] = {}
        self.safe: list[str] = []
        self._numbers: dict[BodyFact, int] = {}

    def _is_usable(self, function: int, edge: Edge) -> bool:
        """Leave out what may run in a subclass only, what is declared safe, and what a running loop forbids."""
        graph = self.graph
        if edge.uncertain or edge.first_use or (edge.target >= 0 and graph.function_of(edge.target) in self._safe):
            return False
        owner = graph.owner(function)
        if edge.method and owner >= 0 and graph.overriding(owner, edge.method):
            return False
        return runs_in_loop(graph, function, edge)

    def add(self, name: str, edges: Iterable[Edge], *, is_property: bool) -> None:
        """Judge what a callable runs."""
        number = self._number(edges, is_property=is_property)
        if number is not None:
            self.names[name] = number

    def add_member(self, member: _Member) -> None:
        """Judge a method, and what it replaces or repeats in the bases."""
        number = self._number(member.edges, is_property=member.is_property)
        known = next((self.names[name] for name in member.inherited if name in self.names), None)
        if number is not None:
            if member.own or number != known:
                self.names[member.name] = number
        elif known is not None:
            self.safe.append(member.name)

    def _number(self, edges: Iterable[Edge], *, is_property: bool) -> int | None:
        best: tuple[Cost, Edge] | None = None
        for edge in edges:
            if edge.target < 0 or edge.uncertain or edge.first_use or self.graph.function_of(edge.target) in self._safe:
                continue
            cost = self.effects.of_edge(edge)
            if cost is not None and cost.grade <= _CONTENTS and (best is None or (cost, edge) < best):
                best = cost, edge
        if best is None:
            return None
        fact = self._fact(best[1], is_property=is_property)
        number = self._numbers.get(fact)
        if number is None:
            number = self._numbers[fact] = len(self.bodies)
            self.bodies.append(fact)
        return number

    def _fact(self, edge: Edge, *, is_property: bool) -> BodyFact:
        graph = self.graph
        (function, first), *rest = self.effects.chain(edge)
        inside, last = rest[-1] if rest else (function, first)
        entry = graph.primitives[-1 - last.target].entry
        told = steps(graph, function, first, rest)
        scope = entry.scope if isinstance(entry, BlockingBody) else graph.functions[inside].qualname
        return BodyFact(
            label=label(graph, function),
            grade="unbounded" if entry.grade == "unbounded" else "contents",
            category=entry.category,
            scope=scope,
            is_property=is_property,
            steps=tuple([(step.path, step.line, step.text) for step in told]),
        )


def _is_wanted(primitive: Primitive) -> bool:
    return primitive.entry.grade in _GRADES and primitive.entry.category not in _LEFT_OUT


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
