"""The identity of a finding: what tells, after any edit elsewhere, that it is the same one."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol
from zlib import crc32

from mergegate.gate.location import Definition, Level, Statement, blocks, expression_at, signature_part, way_to
from mergegate.gate.marks import Where
from mergegate.gate.serialisation import Text, digest, serialise
from mergegate.gate.source import Source, Sources
from mergegate.trees import tree_of

SKETCH = 24
_ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_PYTHON = (".py", ".pyi", ".pyw")
_WORD = re.compile(r"\w+|[^\w\s]")
# what stands beside thousands of statements tells nothing about one
_COMMONPLACE = re.compile(
    r"(else|try|finally|pass|continue|break|raise|return( None| True| False| self| result)?|if TYPE_CHECKING|\.{3})\W*"
)
_COMMON_SIZE = 4
_LENGTH = 20
_SHORT = 8
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEF, _CLASS = "def", "class"
# `code` of what stands on the name of a function or class: that says nothing, so `scope`, `body` and `sketch` have to
HEADS = frozenset(digest([kind]) for kind in (_DEF, _CLASS))


class Place(Protocol):
    """What is identified: a broken rule at a place. It may have a `key`, the place of what must not be shown;
    the mark of that stands for its code.
    """

    @property
    def rule(self) -> str:
        """The rule's id."""
        ...

    @property
    def path(self) -> str:
        """POSIX path relative to the project root."""
        ...

    @property
    def line(self) -> int:
        """1-based line."""
        ...

    @property
    def column(self) -> int:
        """0-based offset in UTF-8 bytes."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What a finding is known by. Nothing in it says where in the file it stands; all but the first three are hashes.

    Attributes
    ----------
    rule, path
        The rule's id, and the file relative to the project root.
    scope
        Dotted chain of classes and functions around it; empty at module level.
    code
        The innermost statement, of compound ones the header, of signatures the parameter, decorator, base or result
        type; at the name of a function or class one of `HEADS`.
    part
        The expression it points at.
    line
        The text of the reported line, without blanks.
    before, after, inner
        The statements around it, and the first one inside; empty if commonplace.
    above, below
        The nearest lines that say something.
    body
        The enclosing function, or the class at whose name it stands, without its signature; empty if commonplace.
    size
        How much code the statement is, in kinds, names and values.
    sketch
        The words of the statement, of `HEADS` those of the body, to tell how similar two are: at most `SKETCH` marks
        of two characters.
    """

    rule: str
    path: str
    scope: str
    code: str
    part: str
    line: str
    before: str
    after: str
    inner: str
    above: str
    below: str
    body: str
    size: int
    sketch: str

    def to_json(self) -> list[str | int]:
        """Return all fields in order, as JSON has them."""
        return list(_fields(self))

    @classmethod
    def from_json(cls, row: Any) -> Identity:
        """Read what `to_json` made.

        Raises
        ------
        ValueError
            If it is something else.
        """
        if not isinstance(row, list) or tuple(map(type, row)) != _KINDS:  # pyright: ignore[reportUnknownArgumentType]
            raise ValueError("no identity of a finding")
        return cls(*row)  # pyright: ignore[reportUnknownArgumentType]


_NAMES = tuple(Identity.__dataclass_fields__)
_KINDS = tuple(int if name == "size" else str for name in _NAMES)
_fields = attrgetter(*_NAMES)


def identify(places: Sequence[Place], sources: Sources) -> list[Identity]:
    """Return the identity of each place. Each file that holds one is parsed once.

    Parameters
    ----------
    places
        Findings, type errors or whatever else is reported on a line.
    sources
        The files' contents. A file that is no Python, or none that can be read, is known by its lines.
    """
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for index, place in enumerate(places):
        by_path[place.path].append(index)
    found: dict[int, Identity] = {}
    for path, indexes in by_path.items():
        module = _Module(path, sources[path])
        for index in indexes:
            found[index] = module.identity(places[index])
    return [found[index] for index in range(len(places))]


def fingerprints(identities: Sequence[Identity]) -> list[str]:
    """Return a text of 20 hexadecimal digits for each identity, unique among them.

    It is made of rule, scope and code, so that it outlives every edit elsewhere, new layout and a new name of the file.
    Those that agree in these are told apart by their order in the file and, from the second file on, by its path.

    Parameters
    ----------
    identities
        Those of all findings of the program, in report order: of a selection, equal ones would be numbered otherwise.
    """
    first: dict[tuple[str, ...], str] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    found: list[str] = []
    for each in identities:
        parts = (each.rule, each.scope, each.code, each.part)
        if first.setdefault(parts, each.path) != each.path:
            parts = (*parts, each.path)
        occurrence = seen[parts]
        seen[parts] += 1
        found.append(_hex((*parts, str(occurrence))))
    return found


class Fingerprints:
    """The fingerprints of all findings of a program, made when the first one is asked for: many reports show none.

    Parameters
    ----------
    make
        Returns the identities of the findings, in report order.
    """

    def __init__(self, make: Callable[[], Sequence[Identity]]) -> None:
        self._make = make
        self._made: list[str] | None = None

    def __getitem__(self, index: int) -> str:
        if self._made is None:
            self._made = fingerprints(self._make())
        return self._made[index]


def _hex(parts: Sequence[str]) -> str:
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=_LENGTH // 2).hexdigest()


class _Module:
    """One file and what its places have in common."""

    def __init__(self, path: str, source: Source) -> None:
        self._path = path
        self._lines = source.lines
        self._marks = source.marks
        self._tree = tree_of("\n".join(source.lines)) if path.endswith(_PYTHON) else None
        self._digests: dict[int, str] = {}
        self._bodies: dict[int, Text] = {}

    def identity(self, place: Place) -> Identity:
        line = self._lines[place.line - 1] if 0 < place.line <= len(self._lines) else ""
        indent = len(line) - len(line.lstrip())
        position = (place.line, max(place.column, len(line[:indent].encode("utf-8", "surrogatepass"))))
        way = way_to(self._tree, position) if self._tree is not None else []
        context = _Context(self, way)
        text, part = context.code(position, line)
        key = getattr(place, "key", "")
        if key:
            # another key is another finding, even in the same place
            value = self._marks.get(Where.of(key), "")
            text, part, line = Text([f"key {value}"], []), "", f"key {value}"
        return Identity(
            place.rule, self._path, context.scope, text.digest(), part, _line_digest(line),
            *context.neighbours(), self._adjacent(place.line, -1), self._adjacent(place.line, 1),
            context.body(), text.size, _sketch(text.words),
        )  # fmt: skip

    def short(self, node: Statement) -> str:
        """Return the hash of a statement, of its header if it has blocks; empty if it is commonplace."""
        known = self._digests.get(id(node))
        if known is None:
            text = _header(node)
            common = not isinstance(node, _DEFINITIONS) and (text.size < _COMMON_SIZE or not text.words)
            known = self._digests[id(node)] = "" if common else digest(text.items, _SHORT)
        return known

    def body(self, definition: Definition) -> Text:
        """Return what a function or class consists of, serialised."""
        known = self._bodies.get(id(definition))
        if known is None:
            known = self._bodies[id(definition)] = serialise(definition.body)
        return known

    def _adjacent(self, number: int, step: int) -> str:
        index = number - 1 + step
        while 0 <= index < len(self._lines):
            if _tells(self._lines[index]):
                return _line_digest(self._lines[index])
            index += step
        return ""


class _Context:
    """The syntax around one place."""

    def __init__(self, module: _Module, way: list[Level]) -> None:
        self._module = module
        self._way = way
        definitions = [each.statement for each in way if isinstance(each.statement, _DEFINITIONS)]
        self.scope = ".".join(each.name for each in definitions)
        functions = [each for each in definitions if not isinstance(each, ast.ClassDef)]
        self._whole: Definition | None = functions[-1] if functions else None

    def code(self, position: tuple[int, int], line: str) -> tuple[Text, str]:
        if not self._way:
            words = _WORD.findall(line)
            return Text([f"line {''.join(words)}"], words), ""
        statement = self._way[-1].statement
        if isinstance(statement, _DEFINITIONS):
            return self._signature(statement, position)
        return _header(statement), "" if _is_text(statement) else _part(statement, position)

    def _signature(self, definition: Definition, position: tuple[int, int]) -> tuple[Text, str]:
        at = signature_part(definition, position)
        if at is None:
            self._whole = definition
            kind = _CLASS if isinstance(definition, ast.ClassDef) else _DEF
            return Text([kind], self._module.body(definition).words), ""
        text = serialise(*at.nodes)
        if at.parameter:
            text = Text(["parameter", f"'{at.parameter}", *text.items], [at.parameter, *text.words])
        return text, _part(definition, position) if at.nodes else ""

    def neighbours(self) -> tuple[str, str, str]:
        if not self._way:
            return "", "", ""
        before = after = ""
        owner, block, index = self._way[-1]
        if index:
            before = self._module.short(block[index - 1])
        elif not isinstance(owner, ast.Module):
            before = self._module.short(owner)
        for _, block, index in reversed(self._way):
            if index + 1 < len(block):
                after = self._module.short(block[index + 1])
                break
        inner = next(blocks(self._way[-1].statement), None)
        return before, after, self._module.short(inner[0]) if inner else ""

    def body(self) -> str:
        text = self._module.body(self._whole) if self._whole is not None else Text([], [])
        return text.digest() if text.size > _COMMON_SIZE else ""


def _header(statement: Statement) -> Text:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return Text([_DEF, f"'{statement.name}"], [statement.name])
    return serialise(statement, header=True)


def _part(statement: Statement, position: tuple[int, int]) -> str:
    expression = expression_at(statement, position)
    return digest(serialise(expression).items, _SHORT) if expression is not None else ""


def _is_text(statement: Statement) -> bool:
    """Tell whether a statement is a string, as docstrings are: a formatter lays it out anew."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _line_digest(text: str) -> str:
    return digest(["".join(text.split()).rstrip(",").replace("'", '"')], _SHORT)


def _tells(line: str) -> bool:
    """Tell whether a line says enough to recognise a place by: no comment, mere brackets or what stands everywhere."""
    bare = line.strip()
    return not bare.startswith("#") and sum(map(str.isalnum, bare)) > 2 and not _COMMONPLACE.fullmatch(bare)


def _sketch(words: Iterable[str]) -> str:
    """Return the marks of words, each repetition its own, the smallest `SKETCH` in order."""
    seen: Counter[str] = Counter()
    marks: set[str] = set()
    for word in words:
        seen[word] += 1
        value = crc32(f"{word}\0{seen[word]}".encode("utf-8", "surrogatepass"))
        marks.add(_ALPHABET[value >> 26] + _ALPHABET[value >> 20 & 63])
    return "".join(sorted(marks)[:SKETCH])
