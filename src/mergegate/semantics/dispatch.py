"""Dispatch: what calling a value runs on the caller's thread, by receiver, overrides, decorators and constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mergegate.rules.model import Blocking, Knowledge
from mergegate.semantics.conditions import applies, fits_company
from mergegate.semantics.construction import Construction
from mergegate.semantics.graph import Edge, Primitive, Special, Virtual
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import EXACT, SELF, Arguments, ClassKey, Value, a_class, how_known, instance
from mergegate.syntax.summary import FunctionFlag, ModuleSummary, Operation


class Site(NamedTuple):
    """The place that calls: its module and operation, the call's row, the edges found so far.

    `function` is the one around it if the operation is about the very object whose method is called, else -1.
    """

    module: int
    operation: int
    row: Any
    first_use: bool
    edges: list[Edge]
    function: int = -1

    def without_arguments(self) -> Site:
        """The same place, for a call whose arguments are not at hand (a callback, a special method)."""
        return Site(-1, self.operation, _NO_CALL, self.first_use, self.edges)


class Dispatch(Construction):
    """Turns values that are called into edges."""

    def __init__(
        self,
        paths: Sequence[str],
        summaries: Sequence[ModuleSummary],
        knowledge: Knowledge,
        types: TypeTable,
        source_roots: Sequence[str] = (),
    ) -> None:
        self.knowledge = knowledge
        super().__init__(paths, summaries, types, source_roots)
        self.decorator_effects = {**_BUILTIN_DECORATORS, **knowledge.decorators}
        self._callables = {}
        self._hooks = {}
        self._type_variables = {}
        self._choices = {}
        self._rewritten = {}
        self.prepare_values()
        self.prepare_hierarchy()
        # what was asked before the hierarchy stood may have been answered without it
        self.prepare_values()
        self._callables = {}
        self._hooks = {}
        self._type_variables = {}
        self.primitives: list[Primitive] = []
        self._primitive_ids: dict[tuple[str, int], int] = {}
        self._verdicts: dict[str, Blocking | bool | None] = {}
        self._method_names: dict[tuple[str, str], tuple[str, ...]] = {}
        self.first_group = len(self.functions)
        self.groups: list[Virtual | Special] = []
        self._group_ids: dict[Any, int] = {}

    # -- values --------------------------------------------------------------------------------------------------

    def is_catalogued(self, dotted: str) -> bool:
        """Tell whether the knowledge tables have an entry for just this name."""
        return dotted in self.knowledge.blocking or dotted in self.knowledge.safe

    def covers_attributes(self, key: str) -> bool:
        """Tell whether an entry `key.*` speaks of all that is reached through a class (`client.chat.completions`)."""
        return f"{key}.*" in self.knowledge.blocking or f"{key}.*" in self.knowledge.safe

    def call_edges(self, site: Site, value: Value) -> None:
        """Add the edges of calling one value."""
        kind = value[0]
        if kind == "fn":
            self.function_edges(site, value[1], value[2])
        elif kind == "cls":
            self._constructor_edges(site, value[1])
        elif kind == "x":
            self._external_edges(site, (value[1],))
        elif kind == "xm":
            self._external_edges(site, self._catalogued_method(value[1], value[3]))
        elif kind == "part":
            for inner in value[1]:
                self.call_edges(site.without_arguments(), inner)
        elif kind == "ins":
            for inner in self._attribute_of_value(value, "__call__"):
                if inner[0] in ("fn", "xm"):
                    self.call_edges(site, inner)

    def function_edges(self, site: Site, function: int, receiver: Value | None, *, running: bool = False) -> None:
        """Add edges to a function and, if the receiver may be of a subclass, to its overrides.

        Parameters
        ----------
        running
            Whether a generator is not just made but run, as iteration and `with` do.
        """
        fact = self.functions[function]
        method = ""
        key = receiver[1] if receiver is not None and receiver[0] in ("ins", "cls") else -1
        if receiver is not None and isinstance(key, int):
            how = how_known(receiver)
            method = fact.name if how == SELF else ""
            if how != EXACT and self.overriding(key, fact.name):
                site.edges.append(Edge(site.operation, self.virtual(key, fact.name), 1, site.first_use, method))
        if fact.flags & FunctionFlag.STUB:
            return
        first_use = site.first_use or self.callable_of(function).effect == "cache"
        for target in self.running(function, generator=running):
            if target == function:
                target = self._specialised(site, function, receiver)
            site.edges.append(Edge(site.operation, target, 0, first_use, method))

    def _specialised(self, site: Site, function: int, receiver: Value | None) -> int:
        """Return the node of a function as this call runs it: the function itself if the call says nothing more."""
        fact = self.functions[function]
        guards: frozenset[int] | None = None
        if len(fact.guards) > 1 and site.module >= 0:
            allowed = self.allowed_guards(function, receiver, Arguments(site.module, site.row[2], site.row[3]))
            guards = frozenset(allowed) if len(allowed) < len(fact.guards) else None
        key, exact = -1, False
        if receiver is not None and fact.owner >= 0 and receiver[0] in ("ins", "cls") and isinstance(receiver[1], int):
            exact = how_known(receiver) == EXACT
            owner = self.owner(function)
            if receiver[1] != owner or (exact and self.subclasses(owner)):
                key = receiver[1]
        if guards is None and key < 0:
            return function
        return self.group(Special(function, guards, key, exact))

    def group(self, group: Virtual | Special) -> int:
        """Return the node id of a group."""
        known = self._group_ids.get(group)
        if known is None:
            known = self._group_ids[group] = self.first_group + len(self.groups)
            self.groups.append(group)
        return known

    def method_edges(self, edge: Edge, receiver: int, *, exact: bool) -> list[Edge]:
        """Look a method up again for an edge that started from `self`, now that the receiver's class is known."""
        hit = self.find_method(receiver, edge.method)
        if hit is None:
            return [edge]
        how = EXACT if exact else SELF
        edges: list[Edge] = []
        site = Site(-1, edge.operation, _NO_CALL, edge.first_use, edges)
        for member in self.value(self.class_module[hit[0]], hit[1]):
            if member[0] == "fn":
                generator = bool(self.fact(member[1]).flags & FunctionFlag.GENERATOR)
                bound = (
                    a_class(receiver, how) if self.method_kind(member[1]) == "class" else instance(receiver, how=how)
                )
                self.function_edges(site, member[1], bound, running=generator)
        return edges

    def running(self, function: int, *, generator: bool = False) -> list[int]:
        """Return the functions whose bodies run on the caller's thread when `function` is called."""
        made = self.callable_of(function)
        flags = self.functions[function].flags
        if self.is_async(function) or flags & FunctionFlag.ASYNC:
            return []
        if flags & FunctionFlag.GENERATOR and not generator:
            return []
        apart = FunctionFlag.ASYNC | FunctionFlag.GENERATOR
        found = [w for w in made.wrappers if not self.functions[w].flags & apart]
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
                callee = self.row(module, row[1])
                if callee[0] == "p" and callee[1] != own:
                    return True
        return False

    def virtual(self, key: int, name: str) -> int:
        """Return the node that stands for the overrides of a method below a class."""
        known = self._group_ids.get((key, name))
        if known is None:
            targets: list[int] = []
            for subclass in self.overriding(key, name):
                node = self.classes[subclass].names[name]
                for value in self.value(self.class_module[subclass], node):
                    if value[0] == "fn" and not self.fact(value[1]).flags & FunctionFlag.STUB:
                        generator = self.callable_of(value[1]).effect == "contextmanager"
                        targets.extend(self.running(value[1], generator=generator))
            known = self._group_ids[key, name] = self.group(Virtual(tuple(dict.fromkeys(targets))))
        return known

    # -- constructors and externals ------------------------------------------------------------------------------

    def _constructor_edges(self, site: Site, key: ClassKey) -> None:
        if isinstance(key, str):
            self._external_edges(site, (key,))
            return
        receiver = ("ins", key, (), EXACT)
        if not self._initialiser_edges(site, key, receiver):
            self._external_edges(site, [a for a in self.mro(key) if isinstance(a, str)][:1])
        validators, factories = self.construction_hooks(key)
        plain = site.without_arguments()
        arguments = Arguments(site.module, site.row[2], site.row[3])
        for validator in validators:
            guards = self.hook_guards(validator, key, arguments)
            if guards is None:
                self.function_edges(plain, validator, receiver)
            else:
                site.edges.append(self._hook_edge(site, validator, guards, key))
        if factories:
            given = {name for name, _ in site.row[3]}
            for factory in factories:
                if factory.field not in given:
                    for value in self.value(factory.module, factory.node):
                        self.call_edges(plain, value)

    def _hook_edge(self, site: Site, hook: int, guards: frozenset[int], key: int) -> Edge:
        """Return the edge to a hook of which a constructor call's arguments rule some branches out."""
        return Edge(site.operation, self.group(Special(hook, guards, key, exact=True)), 0, site.first_use)

    def _initialiser_edges(self, site: Site, key: int, receiver: Value) -> bool:
        """Add edges to what the class itself runs on its new instances; tell whether it has an `__init__`."""
        found = False
        for name in ("__new__", "__init__", "__post_init__", "model_post_init"):
            hit = self.find_method(key, name)
            if hit is not None:
                for value in self.value(self.class_module[hit[0]], hit[1]):
                    if value[0] == "fn":
                        found = found or name == "__init__"
                        arguments = Arguments(site.module, site.row[2], site.row[3])
                        guards = self.hook_guards(value[1], key, arguments) if name in _HOOKS else None
                        if guards is None:
                            self.function_edges(site, value[1], receiver)
                        else:
                            site.edges.append(self._hook_edge(site, value[1], guards, key))
        return found

    def _external_edges(self, site: Site, names: Iterable[object]) -> None:
        for name in names:
            entry = self._verdict(name) if isinstance(name, str) else None
            if entry is not None:
                if isinstance(entry, Blocking) and self._can_block(entry, site):
                    lazily = site.first_use or entry.grade == "first-use"
                    site.edges.append(Edge(site.operation, self._primitive(entry, str(name)), 0, lazily))
                return

    def _catalogued_method(self, key: str, method: str) -> tuple[str, ...]:
        """Return the name under which the catalogue knows a method of an external class; nothing if it does not."""
        ancestors = self.mro(key)
        known = self._method_names.get((key, method))
        if known is None:
            names = (f"{ancestor}.{method}" for ancestor in ancestors)
            found = next((name for name in names if self._verdict(name) is not None), None)
            known = self._method_names[key, method] = () if found is None else (found,)
        return known

    def _can_block(self, entry: Blocking, site: Site) -> bool:
        """Tell whether a call that an entry speaks of can block at just this place."""
        beside = site.function >= 0 and (entry.free_beside or entry.blocks_beside)
        if beside and not fits_company(entry, self._company(site)):
            return False
        return applies(self, entry, site.module, site.row)

    def _company(self, site: Site) -> frozenset[str]:
        """Return the methods that the function of a place calls on the object of the place, or on what `with` binds."""
        module = self.function_module[site.function]
        operations = self.functions[site.function].operations
        place = operations[site.operation]
        holder = self._method_called(module, place)[0] if place.kind == "call" else place.node
        found: list[str] = []
        for operation in operations:
            node, name = self._method_called(module, operation)
            if name and (node == holder or self.row(module, node) == ("n", holder)):
                found.append(name)
        return frozenset(found)

    def _method_called(self, module: int, operation: Operation) -> tuple[int, str]:
        """Return the node of an object and the name of its method, if that is what an operation calls; else (0, "")."""
        row = self.row(module, operation.node)
        if operation.kind == "call" and row[0] == "(":
            callee = self.row(module, row[1])
            if callee[0] == ".":
                return callee[1], callee[2]
        return 0, ""

    def _verdict(self, name: str) -> Blocking | bool | None:
        """Return what the catalogue says of a name: an entry, True for safe, None for nothing."""
        if name not in self._verdicts:
            safe = self.knowledge.is_safe(name)
            self._verdicts[name] = True if safe else self.knowledge.lookup(name)
        return self._verdicts[name]

    def _primitive(self, entry: Blocking, name: str) -> int:
        key = (name, id(entry))
        known = self._primitive_ids.get(key)
        if known is None:
            known = self._primitive_ids[key] = len(self.primitives)
            self.primitives.append(Primitive(entry, name))
        return -1 - known


_HOOKS = frozenset({"__post_init__", "model_post_init"})
_NO_CALL: tuple[str, int, tuple[int, ...], tuple[Any, ...]] = ("(", 0, (), ())

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
