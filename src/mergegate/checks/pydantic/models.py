"""Which classes are models of pydantic 2, in three truth values; and which expressions are models or make them."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.marks import Marked
from mergegate.rules.migrations import PydanticNames, pydantic_names
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import ClassKey, Union, Value
from mergegate.syntax.summary import ClassFact, Flag, Row

_MODEL_DECORATORS = frozenset(
    f"pydantic.{home}{name}"
    for home in ("", "class_validators.", "functional_validators.")
    for name in ("validator", "root_validator", "field_validator", "model_validator")
)
_CLASS_KINDS = frozenset({"cls", "x", "ins"})


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
        # `__fields__: Dict[str, ModelField]` only declares what pydantic defines
        declared = hit is not None and self.row(program.class_module[hit[0]], hit[1])[0] == "@"
        return hit is None or (declared and member.startswith("__"))

    def is_transparent(self, name: str) -> bool:
        """Tell whether all that an external base says is known."""
        return name in self.names.models or name.partition(".")[0] in ("builtins", "typing", "abc", "enum")


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
