"""Summaries as bytes: MessagePack, with the value rows in one typed column per shape.

Rows of one shape decode straight into final tuples with shared kind strings, without a pass in Python over their
fields; `order` says from which column each row comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress, tee
from operator import itemgetter
from sys import intern
from typing import Literal, get_args

import msgspec

from mergegate.syntax.pragmas import Pragma
from mergegate.syntax.summary import ClassFact, FunctionFact, ModuleSummary, ParseProblem, Row

_NodeKind = Literal[
    "?", "s", "b", "l", "c", "e", "E", "w", "n", "N", "@", "r", "L", "S", "G", "T*", "*", "^", "v",
    "p", "[", "u", "&", "D", "/", "i", "|", "T", "~",
]  # fmt: skip


class _Columns(msgspec.Struct, array_like=True, gc=False):
    """The rows by shape, each column in the order of the table."""

    nodes: list[tuple[_NodeKind | int, ...]]
    texts: list[tuple[Literal["g", "k"], str]]
    attributes: list[tuple[Literal["."], int, str]]
    calls: list[tuple[Literal["("], int, tuple[int, ...], tuple[tuple[str, int], ...]]]
    imports: list[tuple[Literal["m"], int, str, str]]
    numbers: list[tuple[Literal["#"], int | float]]


_SPECIAL_SHAPES = {"g": 1, "k": 1, ".": 2, "(": 3, "m": 4, "#": 5}
_SHAPES = {kind: _SPECIAL_SHAPES.get(kind, 0) for kind in (*get_args(_NodeKind), *_SPECIAL_SHAPES)}
# for each column, what maps `order` to whether a row stands in it
_SELECTORS = [bytes(int(shape == column) for shape in range(256)) for column in range(6)]


class _Encoded(msgspec.Struct, array_like=True, gc=False):
    order: bytes
    columns: msgspec.Raw
    variables: list[tuple[int, ...]]
    names: dict[str, int]
    stars: tuple[tuple[int, str], ...]
    exports: tuple[str, ...] | None
    imports: tuple[str, ...]
    functions: list[FunctionFact]
    classes: list[ClassFact]
    pragmas: tuple[Pragma, ...]
    problem: ParseProblem | None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Encoded)
_COLUMNS = msgspec.msgpack.Decoder(_Columns)


class _Stored(ModuleSummary):
    """A summary whose rows are decoded when somebody asks for one: an edit leaves most modules alone."""

    def __getattr__(self, name: str) -> list[Row]:
        # asked for a field only while it is not there
        if name != "rows" or self.stored is None:
            raise AttributeError(name)
        self.rows = _rows(*self.stored, None)
        self.stored = None
        # reading any field of a class with this method takes three times as long
        self.__class__ = ModuleSummary  # pyright: ignore[reportAttributeAccessIssue]
        return self.rows


def encode(summary: ModuleSummary) -> bytes:
    """Serialise a summary."""
    # all in C: a loop over the rows took a tenth of the time of extraction
    order = bytes(map(_SHAPES.__getitem__, map(itemgetter(0), summary.rows)))
    columns = [list(compress(summary.rows, order.translate(selector))) for selector in _SELECTORS]
    return _ENCODER.encode(
        (
            order, columns, summary.variables, summary.names, summary.stars, summary.exports, summary.imports,
            summary.functions, summary.classes, summary.pragmas, summary.problem,
        )
    )  # fmt: skip


def decode(data: bytes, shared: dict[Row, Row] | None = None, *, lazily: bool = False) -> ModuleSummary:
    """Read what `encode` wrote.

    Parameters
    ----------
    shared
        The rows of other modules, which take no more room where they are the same; None: rows are not compared.
    lazily
        Whether rows are decoded when they are first asked for: then asking may raise ValueError.

    Raises
    ------
    ValueError
        If the bytes are not an encoded summary.
    """
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"not a module summary: {error}") from error
    rows = [] if lazily else _rows(found.order, found.columns, shared)
    made = (_Stored if lazily else ModuleSummary)(
        rows, found.variables, found.names, found.stars, found.exports, found.imports, found.functions,
        found.classes, found.pragmas, found.problem,
    )  # fmt: skip
    if isinstance(made, _Stored):
        made.stored = found.order, found.columns
        del made.rows
    return made


def _rows(order: bytes, encoded: msgspec.Raw, shared: dict[Row, Row] | None) -> list[Row]:
    """Return the rows of a summary in the order of its table."""
    try:
        columns = _COLUMNS.decode(encoded)
        # the same names stand in thousands of modules; calls and nodes have too few of them to be worth a pass
        sources: list[Iterator[Row]] = [
            iter(columns.nodes),
            iter([(kind, intern(name)) for kind, name in columns.texts]),
            iter([(kind, base, intern(name)) for kind, base, name in columns.attributes]),
            iter(columns.calls),
            iter(columns.imports),
            iter(columns.numbers),
        ]
        if shared is not None:
            # all but numbers: 1 and 1.0 are equal and yet not the same
            sources[:-1] = [map(shared.setdefault, *tee(source)) for source in sources[:-1]]
        return [next(sources[column]) for column in order]
    except (msgspec.MsgspecError, IndexError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError(f"not a module summary: {error}") from error
