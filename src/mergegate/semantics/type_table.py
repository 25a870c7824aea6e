"""The type table: what is known of classes, functions and variables outside the program, decoded as it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, cast

from mergegate.rules.json_types import split
from mergegate.semantics.hierarchy import linearise

Record = Mapping[str, Any]
"""What one module holds: "a" aliases, "c" classes, "f" functions, "v" variables (see `rules.stubs.ModuleRecord`)."""


class _Missing(Enum):
    MISSING = "missing"


MISSING = _Missing.MISSING
"""Says that the table has no entry, where None says that a result is not known."""


class ClassInfo(NamedTuple):
    """What the table knows of a class.

    Attributes
    ----------
    bases
        Dotted names of the base classes; "?" stands for one that is not known.
    base_args
        The type arguments of each base, as JSON types.
    typevars
        The names of the type variables, in the order in which arguments bind them.
    """

    bases: tuple[str, ...]
    base_args: tuple[tuple[object, ...], ...]
    typevars: tuple[str, ...]
    methods: Mapping[str, object]
    attributes: Mapping[str, object]


class TypeTable:
    """Answers questions about names outside the program.

    Parameters
    ----------
    types
        Module or top-level package to its source: the record of a module, the record's JSON text, or, for a package,
        a function that returns the sources of all its modules and its aliases. Sources are read when a name below
        them is first asked for.
    aliases
        Other public paths of names, to the canonical ones. What holds for a name holds for all below it.
    """

    def __init__(self, types: Mapping[str, object], aliases: Mapping[str, str]) -> None:
        self._sources = dict(types)
        self._aliases = dict(aliases)
        self._records: dict[str, Record] = {}
        self._packages: set[str] = set()
        self._parents = {name[:end] for name in types for end, char in enumerate(name) if char == "."}
        self._canonical: dict[str, str] = {}
        self._classes: dict[str, ClassInfo | None] = {}
        self._mros: dict[str, tuple[str, ...]] = {}
        self._members: dict[tuple[str, str], tuple[str, str, object] | None] = {}

    # -- names ---------------------------------------------------------------------------------------------------

    def canonical(self, dotted: str) -> str:
        """Return the canonical path of a dotted name; one that no alias concerns stays as it is."""
        known = self._canonical.get(dotted)
        if known is None:
            known = self._canonical[dotted] = self._follow(dotted)
        return known

    def _follow(self, dotted: str) -> str:
        if "(" in dotted:
            return dotted
        seen: set[str] = set()
        # names that grow with each alias come from broken tables
        while dotted not in seen and len(seen) < _MAX_ALIASES:
            seen.add(dotted)
            prefix = dotted
            while prefix:
                self._home(prefix)
                target = self._aliases.get(prefix)
                if target is not None:
                    dotted = target + dotted[len(prefix) :]
                    break
                prefix = prefix.rpartition(".")[0]
        return dotted

    def kind(self, dotted: str) -> str | None:
        """Return "module", "class", "function" or "variable", or None if the table does not know the name."""
        name = self.canonical(dotted)
        module = self._home(name)
        if module == name or name in self._parents:
            return "module"
        record, rest = self._records.get(module, {}), name[len(module) + 1 :]
        for key, kind in _KINDS:
            if rest in record.get(key, ()):
                return kind
        return None

    def variable(self, dotted: str) -> object:
        """Return the type of a module's variable, or None."""
        found = self._entry(dotted, "v")
        return None if found is MISSING else found

    def function(self, dotted: str) -> object:
        """Return what calling a function gives (None: not known), or `MISSING` if it is no function of the table."""
        return self._entry(dotted, "f")

    def _entry(self, dotted: str, key: str) -> Any:
        name = self.canonical(dotted)
        module = self._home(name)
        return self._records.get(module, {}).get(key, _NOTHING).get(name[len(module) + 1 :], MISSING)

    # -- classes -------------------------------------------------------------------------------------------------

    def klass(self, dotted: str) -> ClassInfo | None:
        """Return what is known of a class, or None if the table does not have it."""
        if dotted not in self._classes:
            entry = self._entry(dotted, "c")
            self._classes[dotted] = None if entry is MISSING else _class_info(cast("Record", entry))
        return self._classes[dotted]

    def mro(self, dotted: str) -> Sequence[str]:
        """Return the linearisation of a class, itself first; empty if the table does not have it.

        A base that the table does not have stands in it without the bases of its own.
        """
        dotted = self.canonical(dotted)
        known = self._mros.get(dotted)
        if known is None:
            info = self.klass(dotted)
            self._mros[dotted] = ()  # a cycle, which broken extra tables may hold, ends here
            known = self._mros[dotted] = () if info is None else self._linearised(dotted, info)
        return known

    def _linearised(self, dotted: str, info: ClassInfo) -> tuple[str, ...]:
        bases = [self.mro(base) or (base,) for base in info.bases if base not in ("?", _OBJECT)]
        order = cast("list[str]", linearise(dotted, [[n for n in base if n != _OBJECT] for base in bases]))
        return tuple(order) if dotted == _OBJECT else (*order, _OBJECT)

    def member(self, owner: str, name: str) -> tuple[str, str, object] | None:
        """Return a member of a class or its ancestors; where they have a `__getattr__`, every name is one.

        Returns
        -------
        tuple or None
            The class that has it, "attribute" or "method", and its type or what calling it gives.
        """
        key = (owner, name)
        if key not in self._members:
            self._members[key] = self._find_member(owner, name)
        return self._members[key]

    def _find_member(self, owner: str, name: str) -> tuple[str, str, object] | None:
        found = self._declared_member(owner, name)
        if found is None and not name.startswith("__"):
            # `database.users`: whatever is not declared is what `__getattr__` gives, where that says something
            fallback = self._declared_member(owner, "__getattr__")
            if fallback is not None and fallback[2] is not None:
                return fallback[0], "attribute", fallback[2]
        return found

    def _declared_member(self, owner: str, name: str) -> tuple[str, str, object] | None:
        for ancestor in self.mro(owner):
            info = self.klass(ancestor)
            if info is None:
                continue
            if name in info.methods:
                return ancestor, "method", info.methods[name]
            if name in info.attributes:
                return ancestor, "attribute", info.attributes[name]
        return None

    # -- sources -------------------------------------------------------------------------------------------------

    def _home(self, name: str) -> str:
        """Return the longest prefix of a name that is a module of the table, and decode it; "" if there is none."""
        top = name.partition(".")[0]
        if top not in self._packages:
            self._packages.add(top)
            if callable(self._sources.get(top)):
                self._open_package(top)
        while name:
            if name in self._records:
                return name
            if name in self._sources:
                self._decode(name)
                return name
            name = name.rpartition(".")[0]
        return ""

    def _open_package(self, top: str) -> None:
        source = cast("Callable[[], tuple[Mapping[str, object], Mapping[str, str]]]", self._sources.pop(top))
        modules, aliases = source()
        self._sources.update(modules)
        self._sources.setdefault(top, {})
        self._aliases.update(aliases)
        self._parents.update(name[:end] for name in modules for end, char in enumerate(name) if char == ".")

    def _decode(self, module: str) -> None:
        source = self._sources[module]
        if isinstance(source, str):
            source = json.loads(source)
        elif callable(source):
            source = source()
        record = cast("Record", source)
        self._records[module] = record
        for name, target in record.get("a", {}).items():
            self._aliases.setdefault(f"{module}.{name}", target)


def _class_info(entry: Record) -> ClassInfo:
    bases = [split(base) for base in entry.get("b", ())]
    return ClassInfo(
        tuple(head for head, _ in bases),
        tuple(tuple(args) for _, args in bases),
        tuple(entry.get("t", ())),
        entry.get("m", _NOTHING),
        entry.get("v", _NOTHING),
    )


_KINDS = (("c", "class"), ("f", "function"), ("v", "variable"))
_MAX_ALIASES = 50
_NOTHING: Mapping[str, Any] = {}
_OBJECT = "builtins.object"
