"""pyright as judge: where calls lead, and where the names that tools answer lead."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.oracle.answers import Target
from benchmarks.oracle.language_server import LanguageServer, Place
from benchmarks.oracle.sampling import Call

# where modules lie: typeshed's, those of stub distributions, installed ones, the standard library's own
_FOLDERS = (
    r".*/typeshed-fallback/stdlib",
    r".*/typeshed-fallback/stubs/[^/]+",
    r".*/site-packages",
    r".*/[Ll]ib(?:/python3\.\d+)?",
)
_DEFINITION = re.compile(r"\b(?:def|class)\s+(\w+)")


class Definition(NamedTuple):
    """A definition that pyright names: `kind` is function, class, property or variable."""

    place: Place
    name: str
    kind: str
    project: bool


class Verdict(IntEnum):
    """How right an answer is.

    LENIENT names the right method of something that is not known; STRICT has no unknown result of a call in its path
    and agrees in top-level package and last name; EXACT names the very definition, through modules and classes only.
    """

    WRONG = 0
    LENIENT = 1
    STRICT = 2
    EXACT = 3


class Meaning(NamedTuple):
    """What a dotted name means: its definitions, and whether its path runs through modules and classes only."""

    places: frozenset[tuple[str, int]]
    named: bool


class Judge:
    """Asks a language server about the calls of a project and about dotted names."""

    def __init__(self, server: LanguageServer, root: Path) -> None:
        self._server = server
        self._root = root
        self._probe = root / "mergegate_probe.py"
        self._names: dict[str, Meaning] = {}

    def definitions(self, calls: Sequence[Call]) -> list[list[Definition]]:
        """Return the definitions of the callee of each call; calls of one file stand together."""
        found: list[list[Definition]] = []
        current: Path | None = None
        for call in calls:
            path = self._root / call.path
            if path != current:
                if current is not None:
                    self._server.close(current)
                self._server.open(path, path.read_text(encoding="utf-8"))
                current = path
            places = self._server.definitions(path, call.name_line, call.character)
            found.append([self._describe(place) for place in places])
        if current is not None:
            self._server.close(current)
        return found

    def _describe(self, place: Place) -> Definition:
        project = Path(place.path).is_relative_to(self._root)
        kind, qualname = _definition_at(place)
        return Definition(place, f"{_module_name(place.path, self._root)}.{qualname}", kind, project)

    def resolve(self, names: Sequence[str]) -> None:
        """Ask the server where dotted names lead, for `verdict` to compare with."""
        lines: list[str] = []
        asked: list[tuple[str, int, str]] = []
        for name in dict.fromkeys(names):
            parts = name.split(".")
            if name in self._names or not all(part.isidentifier() for part in parts):
                continue
            for split in range(len(parts) - 1, 0, -1):
                alias = f"probe{len(lines)}"
                lines.append(f"from {'.'.join(parts[:split])} import {parts[split]} as {alias}")
                expression = ".".join([alias, *parts[split + 1 :]])
                lines.append(f"{expression}()")
                asked.append((name, len(lines), expression))
        self._server.open(self._probe, "\n".join(lines) + "\n")
        for name, line, expression in asked:
            if name not in self._names:
                places = self._probed(line, expression.rfind(".") + 1)
                if places:
                    named = self._runs_through_definitions(line, expression)
                    self._names[name] = Meaning(frozenset((place.path, place.line) for place in places), named)
        self._server.close(self._probe)

    def _probed(self, line: int, character: int) -> list[Place]:
        found = self._server.definitions(self._probe, line, character)
        return [place for place in found if place.path != str(self._probe)]

    def _runs_through_definitions(self, line: int, expression: str) -> bool:
        """Tell whether all but the last name of a probe are modules or classes."""
        position = 0
        for part in expression.split(".")[:-1]:
            places = self._probed(line, position)
            if not any(_is_namespace(place) for place in places):
                return False
            position += len(part) + 1
        return True

    def verdict(self, target: Target, definitions: Sequence[Definition]) -> Verdict:
        """Compare a tool's target with the definitions, by place if that is known, else by names."""
        if target.path:
            return Verdict.EXACT if any(_same_place(target, each) for each in definitions) else Verdict.WRONG
        alike = any(_same_names(target.name, each.name) for each in definitions)
        if not target.exact:
            return Verdict.LENIENT if alike else Verdict.WRONG
        meaning = self._names.get(target.name)
        if meaning is None:
            # what pyright cannot find in the standard library is not there
            return Verdict.STRICT if alike and _top(target.name.partition(".")[0]) else Verdict.WRONG
        if not any((each.place.path, each.place.line) in meaning.places for each in definitions):
            return Verdict.WRONG
        if meaning.named:
            return Verdict.EXACT
        return Verdict.STRICT if alike else Verdict.LENIENT


def _is_namespace(place: Place) -> bool:
    kind, name = _definition_at(place)
    # a module is found at its very start; a variable with a capital is another name of a class
    return kind == "class" or (place.line, place.character) == (1, 0) or (kind == "variable" and name[:1].isupper())


def _same_place(target: Target, definition: Definition) -> bool:
    if target.path != definition.place.path:
        return False
    if target.line == definition.place.line:
        return True
    # a constructor stands for its class
    owner, _, last = definition.name.rpartition(".")
    return last in ("__init__", "__new__") and any(
        each.line == target.line and owner.endswith(f".{each.name}") for each in _outline(target.path)
    )


def _same_names(ours: str, theirs: str) -> bool:
    """Tell whether two dotted names end alike below one top-level package; the standard library counts as one."""
    if theirs.endswith((".__init__", ".__new__")):
        theirs = theirs.rpartition(".")[0]
    mine, other = ours.replace("()", "").split("."), theirs.split(".")
    return mine[-1] == other[-1] and _top(mine[0]) == _top(other[0])


def _top(package: str) -> str:
    return "" if package in sys.stdlib_module_names or package == "_typeshed" else package


def _module_name(path: str, root: Path) -> str:
    """Return the dotted name of a file of the project, of site-packages, of typeshed or of the standard library."""
    for pattern in (re.escape(str(root)), *_FOLDERS):
        match = re.match(f"{pattern}/(.*)$", path)
        if match:
            return re.sub(r"(/__init__)?\.pyi?$", "", match[1]).removesuffix("-stubs").replace("/", ".")
    return Path(path).stem


def _definition_at(place: Place) -> tuple[str, str]:
    """Return the kind and the qualified name of what is defined at a place."""
    lines = _source(place.path)
    text = lines[place.line - 1] if place.line <= len(lines) else ""
    for match in _DEFINITION.finditer(text):
        if match.start(1) == place.character:
            for found in _outline(place.path):
                if found.line == place.line:
                    return found.kind, found.name
    name = re.match(r"\w*", text[place.character :])
    return "variable", name[0] if name else ""


@cache
def _source(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else []


class _Outlined(NamedTuple):
    name: str
    line: int
    kind: str


@cache
def _outline(path: str) -> list[_Outlined]:
    """Return the functions, properties and classes of a file by qualified name."""
    found: list[_Outlined] = []
    try:
        stack: list[tuple[ast.AST, str]] = [(ast.parse("\n".join(_source(path))), "")]
    except (SyntaxError, ValueError):
        return found
    while stack:
        node, prefix = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(_Outlined(f"{prefix}{node.name}", node.lineno, _kind(node)))
            prefix = f"{prefix}{node.name}."
        stack.extend((child, prefix) for child in ast.iter_child_nodes(node))
    return found


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return "property" if any(each.endswith(("property", ".setter")) for each in decorators) else "function"
