"""Reads stub syntax: from annotations, signatures and class bodies to the records of the type table."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from mergegate.rules.json_types import TypeJson, join_overloads, join_types

_MAX_DEPTH = 12


class TypeVariable(NamedTuple):
    """A type variable with what limits it."""

    name: str
    bound: ast.expr | None
    constraints: tuple[ast.expr, ...]
    scope: Scope


class TypeAlias(NamedTuple):
    """A name for a type expression."""

    node: ast.expr
    scope: Scope


Symbol = str | TypeVariable | TypeAlias | None


class Scope(Protocol):
    """What names mean in one module of stubs."""

    def resolve(self, dotted: str) -> Symbol:
        """Return the canonical dotted name of a class, function or module, a variable or alias, or None."""
        ...

    def statements(self, body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
        """Return the statements of a body, those that are in force inside conditions included."""
        ...


class Context(NamedTuple):
    """Where an annotation stands.

    Attributes
    ----------
    kept
        The type variables of the class around it, which stay variables.
    selves
        The type variables that annotate `self` or `cls`, which mean the receiver.
    """

    scope: Scope
    kept: frozenset[str] = frozenset()
    selves: frozenset[str] = frozenset()


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


def dotted_name(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


# -- annotations -----------------------------------------------------------------------------------------------------


def read_type(node: ast.expr | None, context: Context, depth: int = 0) -> TypeJson:
    """Return the JSON type that an annotation means; None if it says nothing."""
    if node is None or depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "None"
        return read_type(_parsed(node.value), context, depth + 1) if isinstance(node.value, str) else None
    if isinstance(node, ast.Name | ast.Attribute):
        return _read_name(context.scope.resolve(dotted_name(node)), context, depth)
    if isinstance(node, ast.BinOp):
        return join_types([read_type(node.left, context, depth + 1), read_type(node.right, context, depth + 1)])
    if isinstance(node, ast.Subscript):
        return _read_subscript(node, context, depth)
    return None


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _read_name(symbol: Symbol, context: Context, depth: int) -> TypeJson:
    if isinstance(symbol, TypeVariable):
        return _read_variable(symbol, context, depth)
    if isinstance(symbol, TypeAlias):
        return read_type(symbol.node, context._replace(scope=symbol.scope), depth + 1)
    if symbol is None or symbol in _SAY_NOTHING:
        return None
    if symbol in _PLAIN:
        return _PLAIN[symbol]
    form = _FORMS.get(symbol, "")
    return [form, None] if form in _WRAPPING else symbol


def _read_variable(variable: TypeVariable, context: Context, depth: int) -> TypeJson:
    if variable.name in context.selves:
        return "~Self"
    if variable.name in context.kept:
        return f"~{variable.name}"
    outer = context._replace(scope=variable.scope)
    if variable.constraints:
        return join_types([read_type(c, outer, depth + 1) for c in variable.constraints])
    return read_type(variable.bound, outer, depth + 1)


def arguments(node: ast.Subscript) -> list[ast.expr]:
    """Return what stands between the brackets."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _read_subscript(node: ast.Subscript, context: Context, depth: int) -> TypeJson:
    symbol = context.scope.resolve(dotted_name(node.value))
    parts = arguments(node)
    if not isinstance(symbol, str):
        return _read_name(symbol, context, depth)
    form = _FORMS.get(symbol, "")
    if form == "literal":
        return join_types([_PLAIN_CONSTANTS.get(type(getattr(p, "value", None))) for p in parts])
    if form in ("call", "last await"):
        return [form.removeprefix("last "), read_type(parts[-1], context, depth + 1)]
    if symbol == "builtins.tuple":
        return _read_tuple(parts, context, depth)
    read = [read_type(p, context, depth + 1) for p in parts]
    if form == "first":
        return read[0]
    if form == "optional":
        return join_types([*read, "None"])
    if form == "union":
        return join_types(read)
    if form:
        return [form, read[0]]
    if symbol in _SAY_NOTHING or symbol in _PLAIN:
        return _PLAIN.get(symbol)
    return [symbol, *read] if any(r is not None for r in read) else symbol


def _read_tuple(parts: list[ast.expr], context: Context, depth: int) -> TypeJson:
    if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is ...:
        return ["builtins.tuple...", read_type(parts[0], context, depth + 1)]
    if len(parts) == 1 and isinstance(parts[0], ast.Tuple):
        return ["builtins.tuple"]
    return ["builtins.tuple", *[read_type(p, context, depth + 1) for p in parts]]


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
    return type_[1] if isinstance(type_, list) and len(type_) > 1 else None


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


def read_constant(node: ast.expr | None) -> TypeJson:
    """Return the type of a literal."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return _PLAIN_CONSTANTS.get(type(node.value)) if isinstance(node, ast.Constant) else None


# -- classes ---------------------------------------------------------------------------------------------------------


def add_class(record: ModuleRecord, qualified: str, canonical: str, nodes: Sequence[ast.ClassDef], scope: Scope) -> None:
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
    methods = {name: read_functions(m, members.context) for name, m in members.methods.items()}
    methods.update({name: methods[of] for name, of in members.copies.items() if of in methods})
    members.attributes.update({n: members.attributes[of] for n, of in members.copies.items() if of in members.attributes})
    if methods:
        made["m"] = dict(sorted(methods.items()))
    if members.attributes:
        made["v"] = dict(sorted(members.attributes.items()))
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
    if not isinstance(value, ast.Call) or dotted_name(value.func).rpartition(".")[2].lstrip("_") not in _VARIABLE_MAKERS:
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
    {"builtins.property", "enum.property", "types.DynamicClassAttribute", "functools.cached_property", "abc.abstractproperty"}
)
_KEPT_SPECIAL_METHODS = frozenset(
    f"__{name}__"
    for name in (
        "call", "getitem", "iter", "next", "reversed", "aiter", "anext", "await", "enter", "exit", "aenter", "aexit",
        "get", "missing", "truediv", "rtruediv", "add", "sub", "mul", "or", "and", "getattr",
    )
)  # fmt: skip
_NO_ATTRIBUTES = frozenset({"__hash__", "__slots__", "__match_args__"})
_SAY_NOTHING = frozenset(
    {
        "typing.Any", "builtins.object", "typing.NoReturn", "typing.Never", "typing.Concatenate", "typing.Unpack",
        "_typeshed.Incomplete", "_typeshed.Unused", "_typeshed.MaybeNone", "builtins.ellipsis", "types.EllipsisType",
    }
)  # fmt: skip
_PLAIN: Mapping[str, TypeJson] = {
    "typing.Self": "~Self", "typing.LiteralString": "builtins.str", "typing.TypeGuard": "builtins.bool",
    "typing.TypeIs": "builtins.bool", "types.NoneType": "None",
}  # fmt: skip
_PLAIN_CONSTANTS: Mapping[type, TypeJson] = {
    str: "builtins.str", bytes: "builtins.bytes", bool: "builtins.bool", int: "builtins.int", float: "builtins.float",
    type(None): "None",
}  # fmt: skip
_WRAPPING = frozenset({"await", "with", "awith", "call"})
_FORMS: Mapping[str, str] = {
    "typing.Literal": "literal", "typing.Optional": "optional", "typing.Union": "union", "typing.Callable": "call",
    "builtins.type": "type", "typing.Annotated": "first", "typing.Final": "first", "typing.ClassVar": "first",
    "typing.Required": "first", "typing.NotRequired": "first", "typing.ReadOnly": "first",
    "dataclasses.InitVar": "first", "typing.Awaitable": "await", "typing.Coroutine": "last await",
    "types.CoroutineType": "last await", "contextlib.AbstractContextManager": "with",
    "contextlib._GeneratorContextManager": "with", "contextlib.AbstractAsyncContextManager": "awith",
    "contextlib._AsyncGeneratorContextManager": "awith",
}  # fmt: skip

