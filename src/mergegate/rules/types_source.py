"""Where the type table comes from: the generated file of the standard library and the hand-kept files of packages."""

from __future__ import annotations

import ast
import builtins
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from mergegate.errors import RuleError
from mergegate.rules import stubs
from mergegate.rules.stub_types import Context, Symbol, TypeVariable, dotted_name
from mergegate.rules.stubs import ModuleRecord

Package = tuple[Mapping[str, object], Mapping[str, str]]


def load_types(folder: Path) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """Return the sources of the type table and its aliases, almost all of them still to be decoded.

    Parameters
    ----------
    folder
        Holds `stdlib.json` (one module a line) and `libraries/<package>.toml`; either may be absent.

    Returns
    -------
    tuple
        What `mergegate.semantics.type_table.TypeTable` takes.

    Raises
    ------
    RuleError
        `stdlib.json` is not laid out as generated.
    """
    types: dict[str, object] = {}
    generated = folder / "stdlib.json"
    if generated.is_file():
        types.update(_generated_modules(generated))
    for path in sorted((folder / "libraries").glob("*.toml")):
        types[path.stem] = partial(load_package, path)
    return types, {}


def stdlib_modules(folder: Path) -> frozenset[str]:
    """Return the top-level modules of the standard library in all supported versions of Python."""
    return frozenset((folder / "stdlib_modules.txt").read_text(encoding="utf-8").split())


def _generated_modules(path: Path) -> Iterable[tuple[str, str]]:
    """Split the file at its lines, which costs a fraction of decoding it."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0] != "{" or lines[-2:] != ["}", ""]:
        raise RuleError(f"{path}: not one module a line", "regenerate it with scripts/generate_types.py")
    for line in lines[1:-2]:
        name, _, record = line.partition(":")
        yield name[1:-1], record.removesuffix(",")


def load_package(path: Path) -> Package:
    """Read the hand-kept file of a package.

    Returns
    -------
    tuple
        Functions that give the record of each module, and the aliases of the package.

    Raises
    ------
    RuleError
        The file is not TOML or lacks a table.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: {error}", "correct the file") from error
    unknown = sorted(set(content) - {"verified", "aliases", "modules"})
    modules, aliases = content.get("modules"), content.get("aliases", {})
    if unknown or not _all_text(modules) or not _all_text(aliases):
        what = f"unknown key {unknown[0]!r}" if unknown else "[modules] and [aliases] must map names to text"
        raise RuleError(f"{path}: {what}", "see rules/knowledge/types/README.md")
    made: dict[str, Callable[[], Mapping[str, Any]]] = {
        name: partial(_read_module, path, name, text) for name, text in cast("dict[str, str]", modules).items()
    }
    return made, cast("dict[str, str]", aliases)


def _all_text(table: object) -> bool:
    return isinstance(table, dict) and all(
        isinstance(value, str) for value in cast("dict[str, object]", table).values()
    )


def _read_module(path: Path, name: str, text: str) -> Mapping[str, Any]:
    try:
        return read_module(name, text).as_json()
    except SyntaxError as error:
        raise RuleError(f"{path}: module {name}, line {error.lineno}: {error.msg}", "correct the stub") from error


def read_module(name: str, text: str) -> ModuleRecord:
    """Read the stub of one module of a hand-kept file.

    Raises
    ------
    SyntaxError
        The text is not Python.
    """
    body = ast.parse(text).body
    scope = StubScope(name, body)
    record = ModuleRecord()
    for defined, nodes in stubs.definitions(body).items():
        classes = [n for n in nodes if isinstance(n, ast.ClassDef)]
        functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        if classes:
            stubs.add_class(record, defined, f"{name}.{defined}", classes, scope)
        elif functions:
            record.functions[defined] = stubs.read_functions(functions, Context(scope))
        else:
            _add_assigned(record, defined, nodes[-1], scope)
    return record


def _add_assigned(record: ModuleRecord, name: str, node: ast.stmt, scope: StubScope) -> None:
    """Add an annotated variable, or another name of a function (`post = get`) or class (`Client = impl.Client`)."""
    if isinstance(node, ast.AnnAssign):
        record.variables[name] = stubs.read_variable(node, Context(scope))
        return
    source = dotted_name(node.value) if isinstance(node, ast.Assign) else ""
    if source in record.functions:
        record.functions[name] = record.functions[source]
    elif isinstance(target := scope.resolve(source), str):
        record.aliases[name] = target


class StubScope:
    """What names mean in a hand-kept stub.

    A bare name is one of the module's own classes, of `typing` and friends, or a builtin; a dotted one is absolute, but
    for nested classes. `T`, `K` and `V` are type variables everywhere.
    """

    def __init__(self, module: str, body: Sequence[ast.stmt]) -> None:
        self._own = {n.name: f"{module}.{n.name}" for n in body if isinstance(n, ast.ClassDef)}

    def statements(self, body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
        """Return all statements: these stubs have no conditions."""
        return body

    def resolve(self, dotted: str) -> Symbol:
        """Return the meaning of a name."""
        first, dot, rest = dotted.partition(".")
        known = self._own.get(first) or (None if dot else _PRELUDE.get(first))
        if known is not None:
            return known + dot + rest
        if dot:
            return dotted
        if first in _TYPE_VARIABLES:
            return TypeVariable(first, None, (), self)
        return f"builtins.{first}" if first and hasattr(builtins, first) else None


_TYPE_VARIABLES = frozenset({"T", "K", "V"})
_PRELUDE = {
    **{
        name: f"typing.{name}"
        for name in (
            "Any", "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable", "BinaryIO", "Callable", "Coroutine",
            "Generator", "Generic", "IO", "Iterable", "Iterator", "Literal", "Mapping", "MutableMapping", "NamedTuple",
            "Optional", "Protocol", "Self", "Sequence", "TextIO", "TypedDict", "Union",
        )
    },
    "ContextManager": "contextlib.AbstractContextManager",
    "AsyncContextManager": "contextlib.AbstractAsyncContextManager",
    "contextmanager": "contextlib.contextmanager",
    "asynccontextmanager": "contextlib.asynccontextmanager",
    "cached_property": "functools.cached_property",
    "property": "builtins.property",
    "Path": "pathlib.Path",
}  # fmt: skip
