"""The module summary: what one file says about itself, as plain serialisable facts with symbolic origins.

Values are *nodes*: rows of one hash-consed table per module, addressed by index. Row 0 is "unknown".

====== ==============================  =========================================================
row    fields                          meaning
====== ==============================  =========================================================
``?``                                  unknown
``g``  name                            a name of module scope, or a builtin
``m``  level, module, name             an import (`name` empty: the module itself)
``l``  function                        a function of this module (also lambdas)
``c``  class                           a class of this module
``p``  function, index                 a parameter
``.``  base, attribute                 attribute
``(``  callee, positional, keywords    result of a call
``[``  base, index                     subscript (also of annotations)
``e``  base                            an element of an iterable; ``E`` of an async iterable
``u``  base, index, count              one element of an unpacked value; index < 0 counts from the end
``w``  base                            the result of awaiting
``n``  base                            what `with base` binds; ``N`` what `async with base` binds
``|``  node, node, ...                 any of these
``i``  base, type, polarity            base known (not) to be an instance of type
``&``  value, annotation               a declared variable and what was assigned to it
``@``  annotation                      a value of the annotated type
``k``  text                            the constant None, True, False or ...; ``#`` number
``s``                                  a str; ``b`` bytes
``L``  element                         a list; ``S`` set, ``G`` generator expression
``D``  key, value                      a dict
``T``  node, node, ...                 a tuple
``/``  left, right                     a division (path joining)
``^``  class                           `super()` inside a method of the class
``v``  slot                            a loop-carried variable, see `ModuleSummary.variables`
====== ==============================  =========================================================
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

Row = tuple[Any, ...]

UNKNOWN = 0


class Flag:
    """Bits of `Operation.flags`."""

    AWAITED = 1
    STATEMENT = 2
    FIRST_USE = 4
    LOOP_GUARDED = 8
    MAIN = 16
    DISCARDED = 32
    LOOP_BODY = 64


class FunctionFlag:
    """Bits of `FunctionFact.flags`."""

    ASYNC = 1
    GENERATOR = 2
    LAMBDA = 4
    STUB = 8
    CHECKS_LOOP = 16


class Operation(NamedTuple):
    """Something executed in a function: `kind` is call, attribute, enter, iterate or lock (a `with` around an await)."""

    kind: str
    node: int
    flags: int
    guard: int
    line: int
    column: int
    end_line: int
    end_column: int


class Parameter(NamedTuple):
    """A parameter: `kind` is one of ``p`` positional-only, ``a`` ordinary, ``*``, ``k`` keyword-only, ``**``."""

    name: str
    kind: str
    annotation: int
    default: int


class FunctionFact(NamedTuple):
    """A function, method or lambda; function 0 is the module body."""

    name: str
    qualname: str
    line: int
    column: int
    end_line: int
    flags: int
    owner: int
    parent: int
    parameters: list[Parameter]
    returns: int
    results: list[tuple[int, int]]
    yields: int
    decorators: list[int]
    guards: list[list[tuple[int, str]]]
    operations: list[Operation]


class ClassFact(NamedTuple):
    """A class: `names` are bound in its body, `attributes` through `self` in its methods."""

    name: str
    qualname: str
    line: int
    column: int
    parent: int
    bases: list[int]
    keywords: list[tuple[str, int]]
    decorators: list[int]
    names: dict[str, int]
    attributes: dict[str, int]


class ParseProblem(NamedTuple):
    """Why a file could not be read: place and reason."""

    line: int
    column: int
    reason: str


class ModuleSummary(NamedTuple):
    """All facts of one module."""

    rows: list[Row]
    variables: list[list[int]]
    names: dict[str, int]
    stars: list[tuple[int, str]]
    exports: list[str] | None
    imports: list[str]
    functions: list[FunctionFact]
    classes: list[ClassFact]
    pragmas: list[list[Any]]
    problem: ParseProblem | None


def encode(summary: ModuleSummary) -> bytes:
    """Serialise a summary to JSON bytes."""
    return json.dumps(summary, separators=(",", ":"), ensure_ascii=True, check_circular=False).encode("ascii")


def decode(data: bytes) -> ModuleSummary:
    """Read what `encode` wrote.

    Raises
    ------
    ValueError
        If the bytes are not an encoded summary.
    """
    try:
        rows, variables, names, stars, exports, imports, functions, classes, pragmas, problem = json.loads(data)
        return ModuleSummary(
            rows,
            variables,
            names,
            [(level, module) for level, module in stars],
            exports,
            imports,
            [_function(row) for row in functions],
            [ClassFact._make(row) for row in classes],
            pragmas,
            ParseProblem._make(problem) if problem else None,
        )
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"not a module summary: {error}") from error


def _function(row: list[Any]) -> FunctionFact:
    row[8] = [Parameter._make(parameter) for parameter in row[8]]
    row[14] = [Operation._make(operation) for operation in row[14]]
    return FunctionFact._make(row)
