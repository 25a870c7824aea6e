"""Which classes are models of pydantic 2, in three truth values; and which expressions are models or make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import NamedTuple

from mergegate.checks.pydantic.marks import Marked
from mergegate.rules.migrations import PydanticNames, pydantic_names
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import ClassKey, Union, Value
from mergegate.syntax.summary import ClassFact, Flag, ModuleSummary, Row

_MODEL_DECORATORS = frozenset(
    f"pydantic.{home}{name}"
    for home in ("", "class_validators.", "functional_validators.")
    for name in ("validator", "root_validator", "field_validator", "model_validator")
)
# settings by which models are read from the attributes of objects
_READING_OBJECTS = frozenset({"orm_mode", "from_attributes"})
_CLASS_KINDS = frozenset({"cls", "x", "ins"})


class _Configs(NamedTuple):
    """Which inner classes `Config` are read by name, and the `Config` of models that derive from each."""

    read: set[int]
    derived: dict[int, set[int]]


class Models:
    """Answers whether classes and values are models.

    A class is one if a base is for certain, or if its base is not known and its body has validators or fields of
    pydantic. A base of which only some possibilities are models (a fallback import) proves nothing.
    """

    def __init__(self, program: CallGraph) -> None:
        self.program = program
        self.names: PydanticNames = pydantic_names()
        self.marked = Marked(program, self.names)
        self._verdicts: dict[ClassKey, bool | None] = {}
        self._heads = {f"{name}." for name in self.names.foreign}

    # -- classes -------------------------------------------------------------------------------------------------

    def is_model(self, key: ClassKey) -> bool | None:
        """Tell whether a class is a model; None if that is not known."""
        if key in self._verdicts:
            return self._verdicts[key]
        self._verdicts[key] = None
        verdict = self._external(key) if isinstance(key, str) else self._own(key)
        self._verdicts[key] = verdict
        return verdict

    def is_settings(self, key: ClassKey) -> bool:
        """Tell whether a class descends from the settings class."""
        return not self.names.settings.isdisjoint(name for name in self.program.mro(key) if isinstance(name, str))

    def is_orm(self, key: ClassKey) -> bool:
        """Tell whether a model, or one that it derives from, is configured to be read from objects."""
        return any(isinstance(ancestor, int) and self._reads_objects(ancestor) for ancestor in self.program.mro(key))

    def _reads_objects(self, key: int) -> bool:
        program = self.program
        module, fact = program.class_module[key], program.classes[key]
        if any(name in _READING_OBJECTS for name, _ in fact.keywords):
            return True
        node = fact.names.get("Config")
        row = self.row(module, node) if node is not None else ()
        if row and row[0] == "c":
            inner = program.class_base[module] + int(row[1])
            ancestors = [each for each in program.mro(inner) if isinstance(each, int)]
            return any(not _READING_OBJECTS.isdisjoint(program.classes[each].names) for each in ancestors)
        node = fact.names.get("model_config")
        given = self.row(module, node) if node is not None else ()
        return bool(given) and given[0] == "(" and any(name in _READING_OBJECTS for name, _ in given[3])

    def config_is_free(self, key: int) -> bool:
        """Tell whether nothing needs an inner class `Config` as a class.

        Its settings reach the models that derive from its own without that, so their `Config(Base.Config)` needs it
        only where that cannot be rewritten itself.
        """
        if key in self._configs.read:
            return False
        return all(self._is_plain(child) and self.config_is_free(child) for child in self._configs.derived.get(key, ()))

    def _is_plain(self, key: int) -> bool:
        fact, module = self.program.classes[key], self.program.class_module[key]
        by_hand = (self.names.config_removed.keys() | self.names.config_settings.keys()) - self.names.config_deleted
        return not fact.flags & Flag.ALTERNATIVE and not any(
            self.row(module, node)[0] == "l" or name in by_hand - {"allow_mutation"}
            for name, node in fact.names.items()
        )

    @cached_property
    def _configs(self) -> _Configs:
        program = self.program
        bases = {
            (program.class_module[key], node): key
            for key, fact in enumerate(program.classes)
            if fact.name == "Config" and fact.parent >= 0
            for node in fact.bases
        }
        read: set[int] = set()
        derived: dict[int, set[int]] = {}
        for module in range(len(program.modules)):
            for node in self.marked.of(module).configs:
                classes = [v[1] for v in program.value(module, node) if v[0] == "cls" and isinstance(v[1], int)]
                child = bases.get((module, node))
                read.update(classes if child is None else ())
                for key in classes if child is not None else ():
                    derived.setdefault(key, set()).add(child or 0)
        return _Configs(read, derived)

    @cached_property
    def overriders(self) -> Mapping[str, frozenset[ClassKey]]:
        """Member of models to the classes below which a class of the program defines it itself."""
        above: dict[str, set[ClassKey]] = {}
        for key, _, fact in self.all():
            for name in self.names.methods.keys() & fact.names:
                above.setdefault(name, set()).update(self.program.mro(key)[1:])
        return {name: frozenset(keys) for name, keys in above.items()}

    @cached_property
    def _imported(self) -> Mapping[int, frozenset[str]]:
        """Module to the names that other modules of the program import from it; `*` for all."""
        found: dict[int, set[str]] = {}
        program = self.program
        for importer, summary in enumerate(program.modules):
            imported = program.scanned("imported", importer, partial(_imports, summary, program.own_rows[importer]))
            for level, dotted, name in imported:
                module = program.index.find(program.index.absolute(importer, level, dotted), importer)
                if module >= 0 and module != importer:
                    found.setdefault(module, set()).add(name)
            for level, star in summary.stars:
                module = program.index.find(program.index.absolute(importer, level, star), importer)
                found.setdefault(module, set()).add("*")
        return {module: frozenset(names) for module, names in found.items()}

    def is_exported(self, module: int, name: str) -> bool:
        """Tell whether another module of the program imports a name from this one."""
        return not self._imported.get(module, frozenset()).isdisjoint((name, "*"))

    def all(self) -> Iterator[tuple[int, int, ClassFact]]:
        """Yield (class, module, fact) of the models of the program that are not one of several alternatives."""
        for key, fact in enumerate(self.program.classes):
            if fact.bases and not fact.flags & Flag.ALTERNATIVE and self.is_model(key):
                yield key, self.program.class_module[key], fact

    def _external(self, name: str) -> bool | None:
        if name in self.names.models:
            return True
        if f"{name}.".startswith(tuple(self._heads)):
            return False
        ancestors = self.program.types.mro(name)
        if not ancestors:
            return None
        return not self.names.models.isdisjoint(ancestors)

    def _own(self, key: int) -> bool | None:
        program = self.program
        module, fact = program.class_module[key], program.classes[key]
        verdicts: list[bool | None] = []
        for node in fact.bases:
            values = [v for v in program.base_values(module, node) if v[0] in _CLASS_KINDS and v[1] != key]
            found = {self.is_model(v[1]) for v in values}
            if len(found) > 1 and False in found:
                return False
            verdicts.append(found.pop() if len(found) == 1 else None)
            if values and any(isinstance(v[1], str) and self._is_foreign(v[1]) for v in values):
                return False
        if True in verdicts:
            return True
        if None in verdicts:
            return True if self._has_evidence(module, fact) else None
        return False

    def _is_foreign(self, name: str) -> bool:
        return f"{name}.".startswith(tuple(self._heads))

    def _has_evidence(self, module: int, fact: ClassFact) -> bool:
        """Tell whether the body of a class can only be that of a model."""
        program = self.program
        summary = program.modules[module]
        if not any(name.startswith("pydantic") for name in summary.imports) or fact.decorators:
            return False
        for node in fact.names.values():
            row = summary.rows[node]
            if row[0] == "l":
                decorators = summary.functions[int(row[1])].decorators
                if any(self.names_of(module, self.callee(module, d)) & _MODEL_DECORATORS for d in decorators):
                    return True
                continue
            value = summary.rows[int(row[1])] if row[0] == "&" else row
            if value[0] == "(" and self.names_of(module, int(value[1])) & self.names.field_names:
                return True
        return False

    # -- values --------------------------------------------------------------------------------------------------

    def row(self, module: int, node: int) -> Row:
        """Return a row of a module."""
        return self.program.modules[module].rows[node]

    def callee(self, module: int, node: int) -> int:
        """Return what a decorator or call calls, or the node itself."""
        row = self.row(module, node)
        return row[1] if row[0] == "(" else node

    def names_of(self, module: int, node: int) -> frozenset[str]:
        """Return the dotted names of pydantic that an expression stands for, if it can be nothing else."""
        values = self.program.value(module, node)
        names = [v[1] for v in values if v[0] in ("x", "cls") and isinstance(v[1], str)]
        if len(names) < len(values) or not all(name.startswith("pydantic.") for name in names):
            return frozenset()
        if any(name.startswith("pydantic.v1.") for name in names):
            return frozenset()
        return frozenset(names)

    def receivers(self, values: Union, member: str) -> list[Value]:
        """Return the values, if each is a model or makes one and none of them defines the member itself."""
        found: list[Value] = []
        for value in values:
            if value[0] == "none" or (value[0] == "ins" and value[1] in _CONTAINERS and member != "copy"):
                continue
            if value[0] == "tv":
                found.extend(bound := self.receivers(value[3], member))
                if not bound:
                    return []
                continue
            if not self._is_receiver(value, member):
                return []
            found.append(value)
        return found

    def _is_receiver(self, value: Value, member: str) -> bool:
        program = self.program
        if value[0] == "super":
            key, after = value[2][1] if value[2][0] == "ins" else value[1], value[1]
            start = key if isinstance(key, int) and program.is_subclass(key, after) else after
            return bool(self.is_model(after)) and program.find_method(start, member, after=after) is None
        if value[0] not in ("ins", "cls") or not self.is_model(value[1]):
            return False
        key = value[1]
        if isinstance(key, str):
            return key in self.names.models or program.types.member(key, member) is None
        hit = program.find_method(key, member)
        # `__fields__: Dict[str, ModelField]` only declares what pydantic defines, and `__root__` is always declared
        kinds = "@&" if member == "__root__" else "@"
        declared = hit is not None and self.row(program.class_module[hit[0]], hit[1])[0] in kinds
        return hit is None or (declared and member.startswith("__"))

    def is_transparent(self, name: str) -> bool:
        """Tell whether all that an external base says is known."""
        return name in self.names.models or name.partition(".")[0] in ("builtins", "typing", "abc", "enum")


def _imports(summary: ModuleSummary, own_rows: int) -> list[tuple[int, str, str]]:
    """Return (level, module, name) of what a module imports by name, but for what is pydantic's."""
    return [
        (row[1], row[2], row[3])
        for row in islice(summary.rows, own_rows)
        if row[0] == "m" and row[3] and not row[2].startswith("pydantic")
    ]


_CONTAINERS = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.set",
        "builtins.tuple",
        "builtins.bytes",
        "builtins.int",
    }
    | {"builtins.float", "builtins.bool"}
)
