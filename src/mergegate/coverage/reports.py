"""Reports of other tools: lcov and Cobertura, of which one file may hold any language."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from mergegate.coverage.model import Branch, FileCoverage, Function, Measurement, united
from mergegate.coverage.paths import Tree
from mergegate.errors import EvidenceError

_CONDITIONS = re.compile(r"\((\d+)/(\d+)\)")


class _Raw:
    """What a report says of one file: hits by line, and how often each way out of a line was taken."""

    def __init__(self) -> None:
        self.hits: defaultdict[int, int] = defaultdict(int)
        self.ways: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.functions: dict[int, str] = {}

    def made(self) -> FileCoverage:
        """Return it in the form that all reports share."""
        counted: defaultdict[int, int] = defaultdict(int)
        ways: dict[bool, set[Branch]] = {True: set(), False: set()}
        for (line, _), taken in sorted(self.ways.items()):
            ways[taken > 0].add(Branch(line, counted[line]))
            counted[line] += 1
        functions = tuple(Function(line, name) for line, name in sorted(self.functions.items()))
        missing = frozenset(line for line, hits in self.hits.items() if hits <= 0)
        missed, taken = frozenset(ways[False]), frozenset(ways[True])
        return FileCoverage(frozenset(self.hits), missing, len(self.ways), missed, taken, functions)


class _Parsed(NamedTuple):
    """A report: what it says by path, the folders that its paths are relative to, and the name of its format."""

    files: Mapping[str, _Raw]
    sources: tuple[str, ...]
    format: str


def read_report(file: Path, tree: Tree) -> Measurement:
    """Read an lcov or Cobertura report.

    Parameters
    ----------
    file
        The report; what it is, its contents tell.
    tree
        The project's files, to which its paths are mapped.

    Raises
    ------
    EvidenceError
        If it is missing, damaged, empty, older than the code, or speaks of files that cannot be told apart.
    """
    shown = _shown(file, tree.root)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(f"There is no coverage report {shown}", "run the tests that write it first") from None
    except OSError as error:
        raise EvidenceError(f"The coverage report {shown} cannot be read: {error.strerror}") from None
    parse: Callable[[bytes, str], _Parsed] = _cobertura if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else _lcov
    parsed = parse(data, shown)
    files: dict[str, FileCoverage] = {}
    unknown: list[str] = []
    near = _folder(file, tree.root)
    for path, raw in parsed.files.items():
        place = _place(path, parsed.sources, tree, shown, near)
        if place is None:
            unknown.append(path)
            continue
        found = raw.made()
        files[place] = united(files[place], found) if place in files else found
    if not files:
        raise EvidenceError(f"{shown} speaks of no file of the project", "write it where the code is checked out")
    _refuse_older(files, tree.root, shown)
    notes = [f"{shown}: {len(unknown)} files are not in the project, as {sorted(unknown)[0]}"] if unknown else []
    return Measurement(files, None, {shown: parsed.format}, tuple(notes))


def _shown(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _folder(file: Path, root: Path) -> str:
    return file.parent.relative_to(root).as_posix() if file.is_relative_to(root) else ""


def _place(path: str, sources: Iterable[str], tree: Tree, shown: str, near: str) -> str | None:
    for source in sources:
        own = tree.own(f"{source.rstrip('/')}/{path}")
        if own is not None:
            return own
    return tree.find(path, shown, near=near)


def _refuse_older(files: Mapping[str, FileCoverage], root: Path, shown: str) -> None:
    for path, found in files.items():
        last = max(found.statements, default=0)
        try:
            lines = (root / path).read_bytes().count(b"\n") + 1
        except OSError:
            continue
        if last > lines:
            message = f"{shown} speaks of line {last} of {path}, which has {lines}: it is older than the code"
            raise EvidenceError(message, "run the tests that write it again")


# -- lcov --------------------------------------------------------------------------------------------------------------


def _lcov(data: bytes, shown: str) -> _Parsed:
    files: dict[str, _Raw] = {}
    raw: _Raw | None = None
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").splitlines(), 1):
        key, _, value = line.strip().partition(":")
        if key == "SF":
            raw = files.setdefault(value, _Raw())
        elif key == "end_of_record":
            raw = None
        elif key in ("DA", "BRDA", "FN") and raw is not None:
            try:
                _record(raw, key, value)
            except (ValueError, IndexError):
                raise _damaged(shown, f"damaged in line {number}") from None
    if not files:
        raise _damaged(shown, "neither lcov nor Cobertura, or empty")
    if raw is not None:
        raise _damaged(shown, "cut off")
    return _Parsed(files, (), "lcov")


def _record(raw: _Raw, key: str, value: str) -> None:
    parts = value.split(",")
    line = int(parts[0])
    if key == "DA":
        raw.hits[line] += int(parts[1])
    elif key == "BRDA":
        raw.ways[line, f"{parts[1]},{','.join(parts[2:-1])}"] += 0 if parts[-1] == "-" else int(parts[-1])
    else:
        # FN:line,name, since lcov 2 also FN:line,last line,name
        raw.functions[line] = ",".join(parts[2:] if len(parts) > 2 and parts[1].isdigit() else parts[1:])


# -- Cobertura ---------------------------------------------------------------------------------------------------------


def _cobertura(data: bytes, shown: str) -> _Parsed:
    # no report needs entities, and those of a hostile one could fill the memory
    if b"<!ENTITY" in data:
        raise _damaged(shown, "XML with entities of its own, which no coverage report has")
    try:
        tree = ElementTree.fromstring(data)  # noqa: S314 - without entities
    except ElementTree.ParseError as error:
        raise _damaged(shown, f"no XML, or cut off ({error})") from None
    files: dict[str, _Raw] = {}
    for each in tree.iter("class"):
        raw = files.setdefault(each.get("filename", ""), _Raw())
        try:
            _class(raw, each)
        except (ValueError, TypeError):
            raise _damaged(shown, f"damaged where it speaks of {each.get('filename')}") from None
    if not files:
        raise _damaged(shown, "no Cobertura report, or empty")
    sources = tuple(each.text.strip() for each in tree.iter("source") if each.text and each.text.strip())
    return _Parsed(files, sources, "cobertura")


def _class(raw: _Raw, node: ElementTree.Element) -> None:
    # the lines of methods are repeated among those of the class
    lines = node.find("lines")
    for each in lines if lines is not None else node.iter("line"):
        line = int(each.get("number", ""))
        raw.hits[line] = max(raw.hits[line], int(each.get("hits", "")))
        counted = _CONDITIONS.search(each.get("condition-coverage", ""))
        if counted:
            taken, ways = int(counted[1]), int(counted[2])
            for way in range(ways):
                raw.ways[line, f"{way:06}"] += int(way < taken)
    for method in node.iter("method"):
        first = method.find("lines/line")
        if first is not None:
            raw.functions[int(first.get("number", ""))] = method.get("name", "")


def _damaged(shown: str, what: str) -> EvidenceError:
    return EvidenceError(f"The coverage report {shown} is {what}", "run the tests that write it again")
