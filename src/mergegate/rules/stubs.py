"""Reads stub syntax: from signatures and class bodies to the records of the type table."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mergegate.rules.json_types import TypeJson, join_overloads, join_types, split
from mergegate.rules.stub_types import (
    Context,
    Scope,
    Symbol,
    TypeAlias,
    TypeVariable,
    arguments,
    dotted_name,
    read_constant,
    read_type,
)


@dataclass(slots=True)
class ModuleRecord:
    """All that one module defines, as the type table stores it."""

    classes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    functions: dict[str, TypeJson] = field(default_factory=dict[str, TypeJson])
    variables: dict[str, TypeJson] = field(default_factory=dict[str, TypeJson])
    aliases: dict[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> dict[str, Any]:
        """Return the record with one-letter keys and sorted names; what is empty is left out."""
        parts = {"a": self.aliases, "c": self.classes, "f": self.functions, "v": self.variables}
        return {key: dict(sorted(part.items())) for key, part in parts.items() if part}


# -- functions -------------------------------------------------------------------------------------------------------

Function = ast.FunctionDef | ast.AsyncFunctionDef


def decorators(node: Function, scope: Scope) -> list[str]:
    """Return the canonical names of the decorators that are known."""
    found = [scope.resolve(dotted_name(d.func if isinstance(d, ast.Call) else d)) for d in node.decorator_list]
    return [name for name in found if isinstance(name, str)]


def read_functions(nodes: Sequence[Function], context: Context) -> TypeJson:
    """Return what calling a function gives; several definitions (overloads, versions) are joined."""
    return join_overloads([_read_function(node, context) for node in nodes])


def _read_function(node: Function, context: Context) -> TypeJson:
    names = decorators(node, context.scope)
    result = read_type(node.returns, context._replace(selves=_receiver_variables(node)))
    if "contextlib.contextmanager" in names:
        return ["with", _first_argument(result)]
    if "contextlib.asynccontextmanager" in names:
        return ["awith", _first_argument(result)]
    return ["await", result] if isinstance(node, ast.AsyncFunctionDef) else result


def _first_argument(type_: TypeJson) -> TypeJson:
    parts = split(type_)[1]
    return parts[0] if parts else None


def _receiver_variables(node: Function) -> frozenset[str]:
    """Return the name in `self: T` or `cls: type[T]`."""
    parameters = [*node.args.posonlyargs, *node.args.args]
    annotation = parameters[0].annotation if parameters and parameters[0].arg in ("self", "cls", "metacls") else None
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.slice
    return frozenset({annotation.id}) if isinstance(annotation, ast.Name) else frozenset()


def read_variable(node: ast.AnnAssign, context: Context) -> TypeJson:
    """Return the type of an annotated variable; `X: Final = value` has that of its value."""
    if context.scope.resolve(dotted_name(node.annotation)) != "typing.Final":
        return read_type(node.annotation, context)
    if isinstance(node.value, ast.Attribute):
        # a member of an enumeration
        owner = context.scope.resolve(dotted_name(node.value.value))
        return owner if isinstance(owner, str) else None
    return read_constant(node.value)


# -- classes ---------------------------------------------------------------------------------------------------------


def add_class(
    record: ModuleRecord, qualified: str, canonical: str, nodes: Sequence[ast.ClassDef], scope: Scope
) -> None:
    """Add a class, and those nested in it, to the record of its module.

    Parameters
    ----------
    qualified
        Its name within the module.
    canonical
        Its whole dotted name.
    nodes
        Its definitions; several if versions of Python differ.
    """
    variables: list[str] = []
    bases: list[TypeJson] = []
    for node in nodes:
        found = type_variables(node, scope)
        variables.extend(v for v in found if v not in variables)
        bases.extend(b for b in _bases(node, Context(scope, frozenset(found))) if b not in bases)
    made: dict[str, Any] = {}
    if bases:
        made["b"] = bases
    if variables:
        made["t"] = variables
    inner = ClassScope(scope, canonical, nodes)
    members = Members(canonical, Context(inner, frozenset(variables)), is_enum=any(b in _ENUMS for b in bases))
    for node in nodes:
        members.read(scope.statements(node.body))
    methods: dict[str, TypeJson] = {name: read_functions(m, members.context) for name, m in members.methods.items()}
    for key, table in (("m", methods), ("v", members.attributes)):
        table.update({name: table[of] for name, of in members.copies.items() if of in table})
        if table:
            made[key] = dict(sorted(table.items()))
    record.classes[qualified] = made
    for name, nested in members.nested.items():
        add_class(record, f"{qualified}.{name}", f"{canonical}.{name}", nested, inner)


class ClassScope:
    """The scope of a class body: the classes nested in it, then what is around it."""

    def __init__(self, outer: Scope, canonical: str, nodes: Sequence[ast.ClassDef]) -> None:
        self._outer = outer
        self._canonical = canonical
        self._nested = {s.name for n in nodes for s in outer.statements(n.body) if isinstance(s, ast.ClassDef)}

    def statements(self, body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
        """Return the statements that are in force."""
        return self._outer.statements(body)

    def resolve(self, dotted: str) -> Symbol:
        """Return the meaning of a dotted name."""
        if dotted.partition(".")[0] in self._nested:
            return f"{self._canonical}.{dotted}"
        return self._outer.resolve(dotted)


def type_variables(node: ast.ClassDef, scope: Scope) -> list[str]:
    """Return the type variables of a class in the order in which a subscript binds them."""
    found: list[str] = []
    for base in node.bases:
        if not isinstance(base, ast.Subscript):
            continue
        names = [
            symbol.name
            for part in arguments(base)
            for name in ast.walk(part)
            if isinstance(name, ast.Name) and isinstance(symbol := scope.resolve(name.id), TypeVariable)
        ]
        if scope.resolve(dotted_name(base.value)) in _GENERIC:
            return list(dict.fromkeys(names))
        found.extend(names)
    return list(dict.fromkeys(found))


def _bases(node: ast.ClassDef, context: Context) -> list[TypeJson]:
    """Return the bases, with their arguments; "?" stands for one that is not known."""
    found = [_base(base, context) for base in node.bases]
    return [base for base in found if base is not None]


def _base(node: ast.expr, context: Context) -> TypeJson:
    """Return one base as a type, without the special meanings that it has in annotations; None for `Generic[T]`."""
    subscripted = isinstance(node, ast.Subscript)
    symbol = context.scope.resolve(dotted_name(node.value if subscripted else node))
    if isinstance(symbol, TypeAlias):
        return _base(symbol.node, context._replace(scope=symbol.scope))
    if symbol in _GENERIC:
        return None
    if symbol == "typing.TypedDict":
        return ["builtins.dict", "builtins.str", None]
    name = symbol if isinstance(symbol, str) else "?"
    read = [read_type(part, context) for part in arguments(node)] if isinstance(node, ast.Subscript) else []
    if name == "builtins.tuple":
        read = [join_types(read)]
    return [name, *read] if any(r is not None for r in read) else name


class Members:
    """Collects what the body of a class binds."""

    def __init__(self, canonical: str, context: Context, *, is_enum: bool) -> None:
        self.canonical = canonical
        self.context = context
        self.is_enum = is_enum
        self.methods: dict[str, list[Function]] = {}
        self.attributes: dict[str, TypeJson] = {}
        self.copies: dict[str, str] = {}
        self.nested: dict[str, list[ast.ClassDef]] = {}

    def read(self, statements: Iterable[ast.stmt]) -> None:
        """Note what each statement binds."""
        for node in statements:
            if isinstance(node, ast.ClassDef):
                self.nested.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._method(node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if node.target.id not in _NO_ATTRIBUTES:
                    self.attributes[node.target.id] = read_variable(node, self.context)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._assigned(target.id, node.value)

    def _method(self, node: Function) -> None:
        if node.name.startswith("__") and node.name.endswith("__") and node.name not in _KEPT_SPECIAL_METHODS:
            return
        names = decorators(node, self.context.scope)
        if any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in node.decorator_list):
            return
        if _PROPERTIES.isdisjoint(names):
            self.methods.setdefault(node.name, []).append(node)
        else:
            known = self.attributes.get(node.name)
            self.attributes[node.name] = join_overloads([known, read_functions([node], self.context)])

    def _assigned(self, name: str, value: ast.expr) -> None:
        if isinstance(value, ast.Name):
            self.copies[name] = value.id
        if self.is_enum and not name.startswith("_"):
            self.attributes[name] = self.canonical
        elif (constant := read_constant(value)) is not None:
            self.attributes[name] = constant


def definitions(statements: Iterable[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Return the definitions and assignments of each name among statements."""
    found: dict[str, list[ast.stmt]] = {}
    for node in statements:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node)
    return found


def type_variable(node: ast.stmt, scope: Scope) -> TypeVariable | None:
    """Return the variable that `T = TypeVar("T", ...)` makes, or None if it is another statement."""
    value = node.value if isinstance(node, ast.Assign) else None
    if not isinstance(value, ast.Call):
        return None
    if dotted_name(value.func).rpartition(".")[2].lstrip("_") not in _VARIABLE_MAKERS:
        return None
    name = value.args[0] if value.args else None
    if not isinstance(name, ast.Constant):
        return None
    bound = next((k.value for k in value.keywords if k.arg == "bound"), None)
    return TypeVariable(str(name.value), bound, tuple(value.args[1:]), scope)


_VARIABLE_MAKERS = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})
_GENERIC = frozenset({"typing.Generic", "typing.Protocol"})
_ENUMS = ("enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum")
_PROPERTIES = frozenset(
    {
        "builtins.property",
        "enum.property",
        "types.DynamicClassAttribute",
        "functools.cached_property",
        "abc.abstractproperty",
    }
)
_KEPT_SPECIAL_METHODS = frozenset(
    f"__{name}__"
    for name in (
        "call", "getitem", "iter", "next", "reversed", "aiter", "anext", "await", "enter", "exit", "aenter", "aexit",
        "get", "missing", "truediv", "rtruediv", "add", "sub", "mul", "or", "and", "getattr",
    )
)  # fmt: skip
_NO_ATTRIBUTES = frozenset({"__hash__", "__slots__", "__match_args__"})
