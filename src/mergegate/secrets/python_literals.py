"""Python literals: every place at which code gives a text to a name, found in one pass over the syntax."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import cast

from mergegate.secrets.candidates import Candidate
from mergegate.trees import Parsed

_Named = Iterator[tuple[str, ast.expr, str, str]]
_GETTERS = {"get", "getenv", "pop", "setdefault", "getattr", "get_secret", "getpass", "str", "env"}
_WRAPPERS = {"SecretStr", "SecretBytes", "str", "bytes", "b64decode", "b64encode", "Secret", "_", "gettext"}
_FIELDS = {
    "Field",
    "field",
    "attrib",
    "ib",
    "Option",
    "Argument",
    "Query",
    "Header",
    "Form",
    "Cookie",
    "CharField",
    "env_field",
}
_METHODS = {"encode", "decode", "strip", "get_secret_value"}
_OPTIONS = {"add_argument", "option", "add_option"}
# what is in such a mapping is shown to people
_TEXTS = frozenset({
    "error", "errors", "message", "messages", "label", "labels", "translations", "strings", "help", "choices", "titles",
    "example", "examples", "json_schema_extra", "responses", "openapi_examples",
})  # fmt: skip


def python_candidates(parsed: Parsed, positions: Mapping[str, int], lines: Collection[int]) -> list[Candidate]:
    """Return the candidates on some lines of Python code, in the order of the text; none if it cannot be parsed.

    Parameters
    ----------
    parsed
        The code.
    positions
        The position of the secret argument by the dotted name of a callable.
    lines
        Where to look: literals elsewhere are left out.
    """
    tree = parsed.tree if lines else None
    return [] if tree is None else _Walk(tree, positions, sorted(lines)).candidates()


class _Walk:
    """One pass over a module."""

    def __init__(self, tree: ast.Module, positions: Mapping[str, int], lines: Sequence[int]) -> None:
        self._tree = tree
        self._lines = lines
        self._positions = positions
        self._imported: dict[str, str] = {}
        self._shown: set[ast.Dict] = set()
        self._functions: dict[str, list[str]] = {}

    def candidates(self) -> list[Candidate]:
        self._learn(self._tree.body)
        wanted = frozenset(self._lines)
        found: dict[tuple[int, int], Candidate] = {}
        for node in self._nodes():
            handler = _HANDLERS.get(type(node))
            if handler is None:
                continue
            for name, value, place, around in handler(self, node):
                for constant in _constants(value):
                    made = _candidate(name, constant, place, around) if constant.lineno in wanted else None
                    if made is not None:
                        # the innermost name is met last and says most
                        found[made.line, made.column] = made
        return sorted(found.values(), key=lambda each: (each.line, each.column))

    def _nodes(self) -> Iterator[ast.AST]:
        """Yield the nodes on the lines in question, outer ones first."""
        queue = deque[ast.AST]([self._tree])
        while queue:
            node = queue.popleft()
            yield node
            queue.extend(child for child in ast.iter_child_nodes(node) if self._is_near(child))

    def _is_near(self, node: ast.AST) -> bool:
        first: int | None = getattr(node, "lineno", None)
        if first is None:
            return True
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            first = decorators[0].lineno
        index = bisect_left(self._lines, cast("int", first))
        return index < len(self._lines) and self._lines[index] <= (node.end_lineno or 0)  # type: ignore[attr-defined]

    def _learn(self, body: Sequence[ast.stmt]) -> None:
        """Note what names stand for, and the parameters of the module's own functions and classes."""
        for node in body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._imported[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else ""
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    self._imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
                self._functions.setdefault(node.name, names)
            elif isinstance(node, ast.ClassDef):
                self._functions[node.name] = _constructor(node)

    # -- places, each as name, value, kind of place and names around ------------------------------------------------

    def _show(self, value: ast.expr) -> None:
        """Leave out the mappings in a value that people are shown: examples, messages, translations."""
        self._shown.update(each for each in ast.walk(value) if isinstance(each, ast.Dict))

    def assign(self, node: ast.Assign) -> _Named:
        if any(_name(target).lower() in _TEXTS for target in node.targets):
            self._show(node.value)
        for target in node.targets:
            yield from _pairs(target, node.value)

    def ann_assign(self, node: ast.AnnAssign) -> _Named:
        if node.value is not None:
            yield from _pairs(node.target, node.value)

    def walrus(self, node: ast.NamedExpr) -> _Named:
        yield from _pairs(node.target, node.value)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> _Named:
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        for parameter, default in zip(
            positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
        ):
            yield parameter.arg, default, "default", getattr(node, "name", "")
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                yield parameter.arg, default, "default", getattr(node, "name", "")
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("get_", "load_", "read_", "_get_")):
            for inner in node.body:
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield node.name.removeprefix("_").partition("_")[2], inner.value, "result", ""

    def call(self, node: ast.Call) -> _Named:
        callee = _dotted(node.func)
        last = callee.rpartition(".")[2]
        for keyword in node.keywords:
            if keyword.arg in _TEXTS:
                self._show(keyword.value)
            elif keyword.arg is not None and not (keyword.arg == "default" and last in _FIELDS | _OPTIONS):
                yield from _held(keyword.arg, keyword.value, "argument", callee)
        arguments = node.args
        if last in ("get", "getenv", "pop", "setdefault", "setattr", "set", "setenv", "putenv") and len(arguments) >= 2:
            name, value = (arguments[-2], arguments[-1]) if last in ("setattr", "setenv") else arguments[:2]
            if (key := _text(name)) is not None:
                yield key, value, "default" if last in ("get", "getenv", "pop") else "assignment", callee
            return
        if last in _OPTIONS:
            option = next(
                (text.lstrip("-") for each in arguments if (text := _text(each)) and text.startswith("-")), ""
            )
            default = next((keyword.value for keyword in node.keywords if keyword.arg == "default"), None)
            if option and default is not None:
                yield option, default, "default", callee
        yield from self._positional(callee, arguments)
        if last == "compare_digest" and len(arguments) == 2:
            yield from _compared(arguments[0], arguments[1])

    def _positional(self, callee: str, arguments: list[ast.expr]) -> _Named:
        first, _, rest = callee.partition(".")
        full = self._imported.get(first, first) or first
        at = self._positions.get(f"{full}.{rest}" if rest else full)
        if at is not None and at < len(arguments):
            yield "password", arguments[at], "argument", callee
        elif not rest:
            for name, value in zip(self._functions.get(callee, ()), arguments, strict=False):
                yield name, value, "argument", callee

    def dictionary(self, node: ast.Dict) -> _Named:
        if node in self._shown:
            return
        for key, value in zip(node.keys, node.values, strict=True):
            name = _text(key) if key is not None else None
            if name in _TEXTS:
                self._show(value)
            elif name is not None:
                yield name, value, "key", ""

    def compare(self, node: ast.Compare) -> _Named:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
            yield from _compared(node.left, node.comparators[0])


_HANDLERS: dict[type[ast.AST], Callable[[_Walk, ast.AST], _Named]] = cast(
    "dict[type[ast.AST], Callable[[_Walk, ast.AST], _Named]]",
    {
        ast.Assign: _Walk.assign,
        ast.AnnAssign: _Walk.ann_assign,
        ast.NamedExpr: _Walk.walrus,
        ast.FunctionDef: _Walk.function,
        ast.AsyncFunctionDef: _Walk.function,
        ast.Lambda: _Walk.function,
        ast.Call: _Walk.call,
        ast.Dict: _Walk.dictionary,
        ast.Compare: _Walk.compare,
    },
)


def _pairs(target: ast.expr, value: ast.expr) -> _Named:
    if isinstance(target, (ast.Tuple, ast.List)):
        if isinstance(value, (ast.Tuple, ast.List)) and len(target.elts) == len(value.elts):
            for inner, part in zip(target.elts, value.elts, strict=True):
                yield from _pairs(inner, part)
        return
    name = _name(target)
    if name:
        yield from _held(name, value, "assignment", "")


def _held(name: str, value: ast.expr, place: str, around: str) -> _Named:
    """Yield a name with its value; of a pair of user and password, the password."""
    if isinstance(value, ast.Tuple) and len(value.elts) == 2 and name.lower().endswith("auth"):
        yield "password", value.elts[1], place, around
    else:
        yield name, value, place, around


def _compared(left: ast.expr, right: ast.expr) -> _Named:
    for one, other in ((left, right), (right, left)):
        name = _name(one)
        if not name:
            continue
        parts = other.elts if isinstance(other, (ast.Tuple, ast.List, ast.Set)) else [other]
        for part in parts:
            yield name, part, "comparison", ""


def _name(node: ast.expr) -> str:
    """Return the last part of what a name, attribute, item or look-up is called."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _text(node.slice) or ""
    if isinstance(node, ast.Call) and node.args and _dotted(node.func).rpartition(".")[2] in _GETTERS:
        return _text(node.args[0]) or ""
    return ""


def _constants(value: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr | ast.BinOp]:
    """Yield the literals that a value may be: through defaults, choices and calls that only change the type."""
    if isinstance(value, (ast.Constant, ast.JoinedStr)):
        yield value
    elif isinstance(value, ast.BinOp):
        if isinstance(value.op, ast.Add):
            yield value
    elif isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        for each in value.values:
            yield from _constants(each)
    elif isinstance(value, ast.IfExp):
        yield from _constants(value.body)
        yield from _constants(value.orelse)
    elif isinstance(value, ast.Call):
        called = _dotted(value.func).rpartition(".")[2]
        if called in _METHODS and isinstance(value.func, ast.Attribute):
            yield from _constants(value.func.value)
        elif called in _WRAPPERS and len(value.args) == 1:
            yield from _constants(value.args[0])
        elif called in _FIELDS:
            given = next((each.value for each in value.keywords if each.arg == "default"), None)
            first = given if given is not None else value.args[0] if value.args else None
            if first is not None:
                yield from _constants(first)


def _candidate(name: str, node: ast.Constant | ast.JoinedStr | ast.BinOp, place: str, around: str) -> Candidate | None:
    value = _text(node)
    if value is None:
        return None
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return Candidate(name, value, node.lineno, node.col_offset, end_line, end_column, place, around)


def _text(node: ast.expr) -> str | None:
    """Return the text of a literal, joined pieces included; None if it is none or has parts that are not fixed."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bytes):
            return node.value.decode("latin-1")
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_text(part) for part in node.values]
        return "".join(part for part in parts if part is not None) if None not in parts else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return left + right if left is not None and right is not None else None
    return None


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def _constructor(node: ast.ClassDef) -> list[str]:
    """Return the parameters of a class, those of its fields if it writes no constructor."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return [each.arg for each in (*inner.args.posonlyargs, *inner.args.args)][1:]
    return [
        inner.target.id
        for inner in node.body
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name)
    ]
