"""Evaluation of nodes: what each symbolic expression may be, memoised per module and safe against cycles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mergegate.semantics.annotations import Annotations
from mergegate.semantics.values import (
    BYTES,
    DECLARED,
    EXACT,
    NO_ARGUMENTS,
    NONE,
    SELF,
    STR,
    UNKNOWN,
    Arguments,
    Union,
    Value,
    a_class,
    join,
    one,
)  # fmt: skip

_MAX_DEPTH = 120
# evaluations that one question may cost before answers under an open cut are kept after all
_MAX_EVALUATIONS = 4000


class Resolver(Annotations):
    """Evaluates nodes to unions; calls and attributes are in the layers above."""

    def prepare_values(self) -> None:
        """Allocate the memo tables."""
        # evaluation adds rows behind those of the summary
        self.own_rows = [m.row_count for m in self.modules]
        self._memo: list[list[Union | None]] = [[None] * count for count in self.own_rows]
        self._active: dict[tuple[int, int], int] = {}
        self._cut = 1 << 30
        self._evaluations = 0
        # whether an answer depends on which question was asked first
        self.is_entangled = False

    def value(self, module: int, node: int) -> Union:
        """Return what a node of a module may be.

        A cycle is cut where it closes; what was computed under a cut that is still open is not kept, so that answers
        do not depend on which question was asked first, unless a tangle of cycles makes that too dear.
        """
        known = self._memo[module][node]
        if known is not None:
            return known
        key = (module, node)
        started = self._active.get(key)
        depth = len(self._active)
        if started is not None:
            self._cut = min(self._cut, started)
            return UNKNOWN
        if depth > _MAX_DEPTH:
            self.is_entangled = True
            return UNKNOWN
        self._evaluations = self._evaluations + 1 if depth else 0
        self._active[key] = depth
        outer, self._cut = self._cut, 1 << 30
        row = self.modules[module].rows[node]
        result = self._evaluators[row[0]](self, module, row)
        del self._active[key]
        if self._cut >= depth or self._evaluations > _MAX_EVALUATIONS:
            self.is_entangled = self.is_entangled or self._cut < depth
            self._memo[module][node] = result
            self._cut = outer
        else:
            self._cut = min(outer, self._cut)
        return result

    def take_back_rows(self) -> None:
        """Leave the summaries as they were, for another program."""
        for summary, own in zip(self.modules, self.own_rows, strict=True):
            if summary.row_count > own:
                del summary.rows[own:]

    # -- names ---------------------------------------------------------------------------------------------------

    def _global(self, module: int, row: Any) -> Union:
        name = row[1]
        found = self.definition(module, name)
        if found is not None:
            return self.value(*found)
        if name in ("__file__", "__name__"):
            return STR
        for level, star in self.modules[module].stars:
            target = self.index.absolute(module, level, star)
            if self.index.find(target, module) < 0 and self.types.kind(f"{target}.{name}") is not None:
                return self.external(f"{target}.{name}")
        return self.external(f"builtins.{name}")

    def _import(self, module: int, row: Any) -> Union:
        _, level, dotted, name = row
        target = self.index.absolute(module, level, dotted)
        found = self.index.find(target, module)
        if not name:
            if found >= 0:
                return (self.module_value(found),)
            return (("mod", target, -1),)
        submodule = self.index.find(f"{target}.{name}" if target else name, module)
        if found >= 0:
            definition = self.definition(found, name)
            if definition is not None and definition[0] != module:
                return self.value(*definition)
            if submodule >= 0:
                return (self.module_value(submodule),)
            return self.module_fallback(found)
        if submodule >= 0:
            return (self.module_value(submodule),)
        # a relative import means a module of the program, even if it is not there
        return UNKNOWN if level else self.external(f"{target}.{name}")

    def module_fallback(self, module: int) -> Union:
        """Return what a module's own `__getattr__` gives for names that it does not define."""
        found = self.definition(module, "__getattr__")
        return self.call_union(self.value(*found), NO_ARGUMENTS) if found is not None else UNKNOWN

    def _function(self, module: int, row: Any) -> Union:
        return self.function_value(self.function_base[module] + row[1])

    def function_value(self, function: int) -> Union:
        """Return what the name of a function holds once its decorators have run."""
        return (("fn", function, None),)

    def _class(self, module: int, row: Any) -> Union:
        return (("cls", self.class_base[module] + row[1]),)

    def _super(self, module: int, row: Any) -> Union:
        key = self.class_base[module] + row[1]
        return (("super", key, instance_of_self(key)),)

    # -- parameters ----------------------------------------------------------------------------------------------

    def _parameter(self, module: int, row: Any) -> Union:
        return self.parameter_value(self.function_base[module] + row[1], row[2])

    def parameter_value(self, function: int, position: int) -> Union:
        """Return what a parameter may be, by annotation, default, or its being `self` or `cls`."""
        fact = self.functions[function]
        module = self.function_module[function]
        parameter = fact.parameters[position]
        if position == 0 and fact.owner >= 0 and parameter.kind in "pa":
            kind = self.method_kind(function)
            if kind == "class":
                return (a_class(self.owner(function), SELF),)
            if kind != "static":
                return (instance_of_self(self.owner(function)),)
        if parameter.annotation:
            found = tuple(v for v in self.declared(module, parameter.annotation) if v[0] != "none")
            if parameter.kind == "**":
                return (("ins", "builtins.dict", (STR, found), DECLARED),)
            if found:
                return found
        if parameter.default:
            found = self.default_value(module, parameter.default)
            if found and found != NONE:
                return (*found, ("prm", function, position))
        return (("prm", function, position),)

    def default_value(self, module: int, node: int) -> Union:
        """Return what a default stands for: `Depends(f)` is what the framework makes of f."""
        row = self.modules[module].rows[node]
        if row[0] == "(":
            for value in self.value(module, row[1]):
                if value[0] in ("x", "cls") and str(value[1]).rpartition(".")[2] in ("Depends", "Security", "Provide"):
                    return self.dependency_result(module, row[2][0]) if row[2] else UNKNOWN
        found = self.value(module, node)
        # a literal default says little about what callers pass
        return tuple(v for v in found if v[0] in ("ins", "fn") and v[1] not in _WEAK_DEFAULTS)

    def dependency_result(self, module: int, node: int) -> Union:
        """Return what a framework injects for a dependency callable: its result, awaited or yielded."""
        found: list[Union] = []
        for value in self.call_union(self.value(module, node), NO_ARGUMENTS):
            if value[0] == "aw":
                found.append(value[1])
            elif value[0] in ("gen", "agen", "cm", "acm"):
                found.append(self.yielded(value[1]))
            else:
                found.append((value,))
        return join(found) if found else UNKNOWN

    def method_kind(self, function: int) -> str:
        """Return how a method binds: "", "static" or "class"; `Callables` gives this its meaning."""
        del function
        return ""

    def call_union(self, callees: Union, arguments: Arguments) -> Union:
        """Return what calling any of the values gives; `Callables` gives this its meaning."""
        del callees, arguments
        return UNKNOWN

    def yielded(self, function: int) -> Union:
        """Return what a generator function yields."""
        fact, module = self.functions[function], self.function_module[function]
        if fact.returns:
            for value in self.declared(module, fact.returns):
                if value[0] == "ins" and value[2]:
                    return value[2][0]
        return self.value(module, fact.yields)

    # -- literals and containers ---------------------------------------------------------------------------------

    def _unknown(self, module: int, row: Any) -> Union:
        del module, row
        return UNKNOWN

    def _constant(self, module: int, row: Any) -> Union:
        del module
        if row[1] == "None":
            return NONE
        return one("builtins.bool") if row[1] in ("True", "False") else UNKNOWN

    def _number(self, module: int, row: Any) -> Union:
        del module
        return one("builtins.int" if isinstance(row[1], int) else "builtins.float")

    def _string(self, module: int, row: Any) -> Union:
        del module, row
        return STR

    def _bytes(self, module: int, row: Any) -> Union:
        del module, row
        return BYTES

    def _container(self, module: int, row: Any) -> Union:
        return (("ins", _CONTAINERS[row[0]], (self.value(module, row[1]),), EXACT),)

    def _dict(self, module: int, row: Any) -> Union:
        return (("ins", "builtins.dict", (self.value(module, row[1]), self.value(module, row[2])), EXACT),)

    def _tuple_value(self, module: int, row: Any) -> Union:
        if any(self.row(module, part)[0] == "*" for part in row[1:]):
            return (("ins", "builtins.tuple", (), EXACT),)
        return (("tup", tuple([self.value(module, part) for part in row[1:]])),)

    def _rest(self, module: int, row: Any) -> Union:
        return (("ins", "builtins.tuple", (self.value(module, row[1]),), EXACT),)

    def _union(self, module: int, row: Any) -> Union:
        return join([self.value(module, part) for part in row[1:]])

    def _choice(self, module: int, row: Any) -> Union:
        return join([self.value(module, row[4]), self.value(module, row[5])])

    def _variable(self, module: int, row: Any) -> Union:
        parts = self.modules[module].variables[int(row[1])]
        return join([self.value(module, part) for part in parts])

    def _annotated(self, module: int, row: Any) -> Union:
        return self.declared(module, row[1])

    def _declared_variable(self, module: int, row: Any) -> Union:
        found = tuple(v for v in self.value(module, row[1]) if v[0] not in ("none", "prm"))
        declared = self.declared(module, row[2])
        if not found:
            return declared
        if declared and all(self._says_less(v) for v in found):
            return declared
        return found

    def _says_less(self, value: Value) -> bool:
        """Tell whether an annotation knows more: of a container's elements, or of an unknown library's object."""
        if value[0] == "x":
            return True
        if value[0] != "ins" or isinstance(value[1], int):
            return False
        return value[1] in _BUILTIN_CONTAINERS or self.types.klass(value[1]) is None

    def _division(self, module: int, row: Any) -> Union:
        for side in row[1:]:
            found = tuple(v for v in self.value(module, side) if v[0] == "ins" and str(v[1]) in _PATHS)
            if found:
                return found
        return UNKNOWN

    def _narrowed(self, module: int, row: Any) -> Union:
        base = self.value(module, row[1])
        wanted = self._classes(module, row[2])
        if not wanted:
            return base
        kind = "cls" if row[3] & 2 else "ins"
        if not row[3] & 1:
            keys = [v[1] for v in wanted]
            return tuple(v for v in base if not (v[0] == kind and any(self.is_subclass(v[1], k) for k in keys)))
        kept: list[Value] = []
        wanted_values: list[Value] = []
        for target in wanted:
            declared = a_class(target[1], DECLARED) if kind == "cls" else ("ins", target[1], (), DECLARED)
            same = [v for v in base if v[0] == kind]
            kept.extend(v for v in same if self.is_subclass(v[1], target[1]))
            kept.extend(declared for v in same if v[1] != target[1] and self.is_subclass(target[1], v[1]))
            wanted_values.append(declared)
        return tuple(dict.fromkeys(kept)) or tuple(wanted_values)

    def _classes(self, module: int, node: int) -> list[Value]:
        found: list[Value] = []
        for value in self.value(module, node):
            if value[0] == "cls":
                found.append(value)
            elif value[0] == "x":
                found.append(("cls", value[1]))
            elif value[0] == "tup":
                found.extend(("cls", v[1]) for union in value[1] for v in union if v[0] in ("cls", "x"))
        return found

    # -- what the layers above define ----------------------------------------------------------------------------

    def _attribute(self, module: int, row: Any) -> Union:
        return self.attribute_of(self.value(module, row[1]), row[2])

    def attribute_of(self, base: Union, name: str) -> Union:
        """Return an attribute of a value; `Attributes` gives this its meaning."""
        del base, name
        return UNKNOWN

    def _call(self, module: int, row: Any) -> Union:
        return self.call_union(self.value(module, row[1]), Arguments(module, row[2], row[3]))

    def _subscript(self, module: int, row: Any) -> Union:
        base = self.value(module, row[1])
        index = self.row(module, row[2])
        return self.subscript_of(base, index[1] if index[0] == "#" else None)

    def subscript_of(self, base: Union, index: object) -> Union:
        """Return one item of a value; `Attributes` gives this its meaning."""
        del base, index
        return UNKNOWN

    def _element(self, module: int, row: Any) -> Union:
        return self.element_of(self.value(module, row[1]), asynchronous=row[0] == "E")

    def element_of(self, base: Union, *, asynchronous: bool = False) -> Union:
        """Return what iterating a value gives; `Attributes` gives this its meaning."""
        del base, asynchronous
        return UNKNOWN

    def _unpacked(self, module: int, row: Any) -> Union:
        base = self.value(module, row[1])
        found = [v[1][row[2]] for v in base if v[0] == "tup" and -len(v[1]) <= row[2] < len(v[1])]
        rest = tuple(v for v in base if v[0] != "tup")
        return join([*found, self.element_of(rest)])

    def _awaited(self, module: int, row: Any) -> Union:
        return self.awaited(self.value(module, row[1]))

    def awaited(self, base: Union) -> Union:
        """Return what awaiting a value gives; `Attributes` gives this its meaning."""
        del base
        return UNKNOWN

    def _entered(self, module: int, row: Any) -> Union:
        return self.entered(self.value(module, row[1]), asynchronous=row[0] == "N")

    def entered(self, base: Union, *, asynchronous: bool = False) -> Union:
        """Return what a `with` statement binds; `Attributes` gives this its meaning."""
        del base, asynchronous
        return UNKNOWN

    def _dependency(self, module: int, row: Any) -> Union:
        return self.dependency_result(module, row[1])

    # how each kind of row is evaluated
    _evaluators: ClassVar[dict[str, Callable[[Resolver, int, Any], Union]]] = {
        "?": _unknown,
        "g": _global,
        "m": _import,
        "l": _function,
        "c": _class,
        "p": _parameter,
        ".": _attribute,
        "(": _call,
        "[": _subscript,
        "e": _element,
        "E": _element,
        "u": _unpacked,
        "w": _awaited,
        "n": _entered,
        "N": _entered,
        "|": _union,
        "i": _narrowed,
        "&": _declared_variable,
        "@": _annotated,
        "k": _constant,
        "#": _number,
        "s": _string,
        "b": _bytes,
        "L": _container,
        "S": _container,
        "G": _container,
        "D": _dict,
        "T": _tuple_value,
        "T*": _rest,
        "*": _unknown,
        "/": _division,
        "^": _super,
        "v": _variable,
        "~": _choice,
        "r": _dependency,
    }


def instance_of_self(key: int) -> Value:
    """Return the value of `self` in a method of the class."""
    return ("ins", key, (), SELF)


_WEAK_DEFAULTS = frozenset({"builtins.bool", "builtins.int", "builtins.float"})
_BUILTIN_CONTAINERS = frozenset({"builtins.dict", "builtins.list", "builtins.set", "builtins.tuple"})
_CONTAINERS = {"L": "builtins.list", "S": "builtins.set", "G": "typing.Iterator"}
_PATHS = frozenset(
    {
        "pathlib.Path",
        "pathlib.PurePath",
        "pathlib.PosixPath",
        "pathlib.WindowsPath",
        "anyio.Path",
        "trio.Path",
        "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath",
        "upath.UPath",
        "aiopath.AsyncPath",
    }
)
