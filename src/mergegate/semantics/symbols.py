"""Symbols of the linked program: functions and classes by id, and names through imports, re-exports and stars."""

from __future__ import annotations

from collections.abc import Sequence

from mergegate.semantics.modules import ModuleIndex
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import UNKNOWN, Union, Value
from mergegate.syntax.summary import ClassFact, FunctionFact, ModuleSummary, Row


class Symbols:
    """The functions and classes of all modules under program-wide ids, and the meaning of dotted names."""

    def __init__(
        self, paths: Sequence[str], summaries: Sequence[ModuleSummary], types: TypeTable, source_roots: Sequence[str]
    ) -> None:
        self.index = ModuleIndex(paths, source_roots, lambda name: types.kind(name) == "module")
        self.paths = list(paths)
        self.modules = list(summaries)
        self.types = types
        self.functions: list[FunctionFact] = []
        self.function_module: list[int] = []
        self.function_base: list[int] = []
        self.classes: list[ClassFact] = []
        self.class_module: list[int] = []
        self.class_base: list[int] = []
        for index, summary in enumerate(summaries):
            self.function_base.append(len(self.functions))
            self.class_base.append(len(self.classes))
            self.functions.extend(summary.functions)
            self.classes.extend(summary.classes)
            self.function_module.extend([index] * len(summary.functions))
            self.class_module.extend([index] * len(summary.classes))
        self._external: dict[str, Union] = {}

    def fact(self, function: int) -> FunctionFact:
        """Return what the summary says of a function."""
        return self.functions[function]

    def row(self, module: int, node: int) -> Row:
        """Return a row of a module's table."""
        return self.modules[module].rows[node]

    def owner(self, function: int) -> int:
        """Return the id of the class whose body defines the function, or -1."""
        local = self.functions[function].owner
        return -1 if local < 0 else self.class_base[self.function_module[function]] + local

    def definition(self, module: int, name: str, depth: int = 0) -> tuple[int, int] | None:
        """Return (module, node) that defines a global name, through imports and stars; None if none here does."""
        summary = self.modules[module]
        node = summary.names.get(name)
        if node is not None:
            row = summary.rows[node]
            if row[0] == "m" and row[3] and depth < 20:
                target = self.index.absolute(module, row[1], row[2])
                found = self.index.find(target, module)
                if found >= 0 and found != module:
                    deeper = self.definition(found, row[3], depth + 1)
                    return deeper or (module, node)
            return module, node
        if depth < 20:
            for level, star in summary.stars:
                found = self.index.find(self.index.absolute(module, level, star), module)
                if (
                    found >= 0
                    and found != module
                    and not (name.startswith("_") and name not in (self.modules[found].exports or ()))
                ):
                    deeper = self.definition(found, name, depth + 1)
                    if deeper is not None:
                        return deeper
        return None

    def module_value(self, module: int) -> Value:
        """Return the value of a module of the program."""
        return ("mod", self.index.names[module], module)

    def external(self, dotted: str) -> Union:
        """Return what a dotted name outside the program stands for."""
        known = self._external.get(dotted)
        if known is None:
            known = self._external[dotted] = self._external_value(dotted)
        return known

    def _external_value(self, dotted: str) -> Union:
        name = self.types.canonical(dotted)
        kind = self.types.kind(name)
        if kind == "module":
            return (("mod", name, -1),)
        if kind == "class":
            return (("cls", name),)
        if kind == "variable" and not self.is_catalogued(name):
            found = self.type_value(self.types.variable(name))
            return found or (("x", name),)
        return (("x", name),)

    def is_catalogued(self, dotted: str) -> bool:
        """Tell whether more is known of a name than its type; `Dispatch` gives this its meaning."""
        del dotted
        return False

    def type_value(self, type_: object) -> Union:
        """Return the union that a JSON type stands for; `types.TypeConversion` gives this its meaning."""
        del type_
        return UNKNOWN
