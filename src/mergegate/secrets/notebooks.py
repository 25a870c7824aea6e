"""Notebooks: code cells read as Python, what they printed searched for tokens, each placed by its cell and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from mergegate.secrets.judgement import Secret, judge
from mergegate.secrets.python_literals import python_candidates
from mergegate.secrets.suspects import suspect_lines
from mergegate.secrets.tables import Tables
from mergegate.trees import Parsed

_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]:,]')
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
# shell commands and magics are no Python
_MAGIC = re.compile(rb"^[ \t]*[%!?]", re.MULTILINE)
_TEXTS = ("text", "traceback", "evalue")
_IMAGES = ("image/", "application/pdf", "video/", "audio/")
LARGEST = 20_000_000

# the keys and positions that lead to a text
_Path = tuple[str | int, ...]


class _Text(NamedTuple):
    """A text of the notebook: where it leads to, what it says, and where it stands in the file."""

    path: _Path
    value: str
    raw: str
    line: int
    column: int


def scan_notebook(data: bytes, tables: Tables) -> list[Secret]:
    """Return the credentials in a notebook, placed in its file; each says its cell and the line in it.

    Parameters
    ----------
    data
        The file.
    tables
        What to judge by.
    """
    if len(data) > LARGEST:
        return []
    found: list[Secret] = []
    for (cell, kind), texts in _by_cell(_texts(data.decode("utf-8", "replace"))).items():
        code = "".join(text.value for text in texts).encode("utf-8", "surrogatepass")
        candidates = []
        if kind == "source":
            python = _MAGIC.sub(b"#", code)
            candidates = python_candidates(Parsed(python), tables.positions, suspect_lines(python, tables, whole=False))
        found.extend(_placed(secret, texts, f"{_WHERE[kind]} {cell + 1}") for secret in judge(code, candidates, tables))
    return sorted(found, key=lambda each: (each.line, each.column))


_WHERE = {"source": "cell", "output": "the output of cell"}


def _by_cell(texts: Iterator[_Text]) -> dict[tuple[int, str], list[_Text]]:
    """Return the texts that are to be read together: the source of a cell, and all that it printed."""
    cells: dict[tuple[int, str], list[_Text]] = {}
    for text in texts:
        path = text.path
        if len(path) < 3 or path[0] != "cells" or not isinstance(path[1], int):
            continue
        if path[2] == "source":
            cells.setdefault((path[1], "source"), []).append(text)
        elif path[2] == "outputs" and _is_printed(path[3:]):
            # outputs do not go on in each other
            cells.setdefault((path[1], "output"), []).append(text._replace(value=f"{text.value.rstrip(_END)}\n"))
    return cells


_END = "\n"


def _is_printed(path: _Path) -> bool:
    """Tell whether a text of an output was shown as text."""
    kept = any(part in _TEXTS or part == "data" for part in path)
    return kept and not any(isinstance(part, str) and part.startswith(_IMAGES) for part in path)


def _texts(document: str) -> Iterator[_Text]:
    """Yield the texts of a JSON document that are values, with the way to each."""
    way: list[str | int] = []
    awaiting = False
    starts = [0, *(found.end() for found in re.finditer("\n", document))]
    line = 1
    for part in _PARTS.finditer(document):
        sign = part[0]
        if sign in "{[":
            way.append("" if sign == "{" else 0)
            awaiting = sign == "["
        elif sign in "}]":
            if way:
                way.pop()
            awaiting = False
        elif sign == ":":
            awaiting = True
        elif sign == ",":
            awaiting = bool(way) and isinstance(way[-1], int)
            if awaiting:
                way[-1] = int(way[-1]) + 1
        elif awaiting:
            while line < len(starts) and starts[line] <= part.start():
                line += 1
            awaiting = False
            column = len(document[starts[line - 1] : part.start() + 1].encode("utf-8", "surrogatepass"))
            yield _Text(tuple(way), _unescaped(sign), sign[1:-1], line, column)
        elif way:
            way[-1] = _unescaped(sign)


def _unescaped(literal: str) -> str:
    try:
        text = json.loads(literal, strict=False)
    except ValueError:
        return literal[1:-1]
    return text if isinstance(text, str) else ""


def _placed(secret: Secret, texts: Sequence[_Text], where: str) -> Secret:
    """Return a credential of a cell where it stands in the file."""
    ends = list(accumulate(text.value.count("\n") for text in texts))
    line, column = _place(secret.line, secret.column, texts, ends)
    end_line, end_column = _place(secret.end_line, secret.end_column, texts, ends)
    first, first_column, last, last_column = map(int, secret.key.split(":"))
    span = (*_place(first, first_column, texts, ends), *_place(last, last_column, texts, ends))
    return secret._replace(
        line=line, column=column, end_line=end_line, end_column=end_column, key=":".join(map(str, span)),
        where=f"{where}, line {secret.line}",
    )  # fmt: skip


def _place(line: int, column: int, texts: Sequence[_Text], ends: Sequence[int]) -> tuple[int, int]:
    # most often each text is one line; one that holds several is one line of the file all the same
    index = next((n for n, end in enumerate(ends) if line <= end), len(texts) - 1)
    text = texts[index]
    within = line - 1 - (ends[index - 1] if index else 0)
    lines = text.value.split("\n")
    before = sum(len(each) + 1 for each in lines[:within])
    inside = (
        lines[within].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore") if within < len(lines) else ""
    )
    return text.line, text.column + _raw_length(text.raw, before + len(inside))


def _raw_length(raw: str, characters: int) -> int:
    """Return how many bytes of the file a number of characters of a text takes."""
    position = 0
    for _ in range(characters):
        escape = _ESCAPE.match(raw, position)
        position = escape.end() if escape is not None else position + 1
    return len(raw[:position].encode("utf-8", "surrogatepass"))
