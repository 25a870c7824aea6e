"""The module summary: what one file says about itself, as plain serialisable facts with symbolic origins.

Values are *nodes*: rows of one hash-consed table per module, addressed by index. Row 0 is "unknown"; `FIRST_ROWS` are
the same in every module.

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
``(``  callee, positional, keywords    result of a call; a keyword is (name, node), ``**`` for a mapping
``[``  base, index                     subscript (also of annotations)
``e``  base                            an element of an iterable; ``E`` of an async iterable
``u``  base, index                     one element of an unpacked value; index < 0 counts from the end
``w``  base                            the result of awaiting
``n``  base                            what `with base` binds; ``N`` what `async with base` binds
``|``  node, node, ...                 any of these
``i``  base, type, outcome             base known (bit 0: or not) to be an instance (bit 1: a subclass) of type
``&``  value, annotation               a declared variable and what was assigned to it
``@``  annotation                      a value of the annotated type
``r``  callable                        in annotations: what a framework makes of `Depends(callable)`
``k``  text                            the constant None, True, False or ...; ``#`` number
``s``  [fingerprint]                   a str, of a constant argument with its fingerprint; ``b`` bytes
``L``  element                         a list; ``S`` set, ``G`` generator expression
``D``  key, value                      a dict
``T``  node, node, ...                 a tuple; ``T*`` element: one of unknown or great length
``*``  base                            among arguments and elements: what `*base` spreads
``/``  left, right                     a division (path joining)
``~``  function, index, demand, a, b   a if the parameter meets the demand (its place in `DEMANDS`), else b
``^``  class                           `super()` inside a method of the class
``v``  slot                            a variable rebound by a loop or a nested function, see `ModuleSummary.variables`
====== ==============================  =========================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from mergegate.syntax.pragmas import Pragma

Row = tuple[Any, ...]

# the first rows of every table
UNKNOWN, STRING, BYTES, NONE, TRUE, FALSE, ELLIPSIS = range(7)
FIRST_ROWS: tuple[Row, ...] = (
    ("?",), ("s",), ("b",), ("k", "None"), ("k", "True"), ("k", "False"), ("k", "..."),
)  # fmt: skip

OperationKind = Literal[
    "call",
    "attribute",
    "enter",
    "iterate",
    "lock",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__contains__",
    "import",
    "annotate",
]
ParameterKind = Literal["p", "a", "*", "k", "**"]
Demand = Literal["truthy", "falsy", "none", "some"]
# (parameter, demand): one of `DEMANDS`, or a test that `mergegate.syntax.demands` reads
Guard = tuple[tuple[int, str], ...]
DEMANDS: tuple[Demand, ...] = ("truthy", "falsy", "none", "some")


class Flag:
    """Bits of `Operation.flags`.

    Attributes
    ----------
    AWAITED
        The call's own result is awaited at once: `await f()`, `async with f()`, `async for x in f()`.
    STATEMENT
        The call's own result is dropped: it is an expression statement.
    FIRST_USE
        Runs only while a cache of module or instance scope is empty.
    LOOP_GUARDED
        Stands in a `try` that catches the RuntimeError of a missing event loop.
    MAIN
        Stands under `if __name__ == "__main__"`.
    DISCARDED
        The result is bound to a local name that nothing ever reads.
    ALTERNATIVE
        Stands in one of several ways to do something, of which a version or the presence of a library picks one.
    ANNOTATED
        Of an assignment in a class body: it has an annotation.
    """

    AWAITED = 1
    STATEMENT = 2
    FIRST_USE = 4
    LOOP_GUARDED = 8
    MAIN = 16
    DISCARDED = 32
    ALTERNATIVE = 64
    ANNOTATED = 128


class FunctionFlag:
    """Bits of `FunctionFact.flags`; `ALTERNATIVE` as in `Flag`, of its definition.

    Attributes
    ----------
    ENDS
        The end of its body is reached.
    RAISES
        It has a `raise` or an `assert`.
    """

    ASYNC = 1
    GENERATOR = 2
    LAMBDA = 4
    STUB = 8
    CHECKS_LOOP = 16
    ALTERNATIVE = 32
    ENDS = 64
    RAISES = 128


class Operation(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """Something executed in a function.

    Attributes
    ----------
    kind
        What it is; `lock` is a synchronous `with` around an await, a dunder an operator on a container, `import` an
        absolute import from outside the standard library, `annotate` a call or a module's attribute in an annotation.
    node
        The call's or attribute's own row; what is entered, iterated or operated on.
    guard
        Index in `FunctionFact.guards`.
    height
        How many lines it spans beyond its first.
    """

    kind: OperationKind
    node: int
    flags: int
    guard: int
    line: int
    column: int
    # a height is most often a small integer, which CPython shares, where an end line would be an object of its own
    height: int
    end_column: int

    @property
    def end_line(self) -> int:
        """The last line."""
        return self.line + self.height


# where something stands: line, column, how many lines it spans beyond the first, end column
Place = tuple[int, int, int, int]

# the fields of an operation, which are encoded like it: made in half the time
OperationRow = tuple[OperationKind, int, int, int, int, int, int, int]


class Parameter(msgspec.Struct, array_like=True, gc=False):
    """A parameter: `kind` is one of ``p`` positional-only, ``a`` ordinary, ``*``, ``k`` keyword-only, ``**``."""

    name: str
    kind: ParameterKind
    annotation: int
    default: int


class FunctionFact(msgspec.Struct, array_like=True, gc=False):
    """A function, method or lambda; function 0 is the module body.

    Attributes
    ----------
    owner
        The class whose body defines it, or -1.
    parent
        The function around it, or -1.
    results
        (node, guard) of each `return`.
    guards
        Alternatives that the function's own parameters decide: each a conjunction of (index, demand). Guard 0 is empty.
    places
        Where each decorator stands.
    bases
        The nodes that are used in a way that None does not support, where no test before has spoken of them.
    clears
        The attributes of its own object that it sets to None.
    """

    name: str
    qualname: str
    line: int
    column: int
    end_line: int
    flags: int
    owner: int
    parent: int
    parameters: tuple[Parameter, ...] = ()
    returns: int = UNKNOWN
    results: tuple[tuple[int, int], ...] = ()
    yields: int = UNKNOWN
    decorators: tuple[int, ...] = ()
    guards: tuple[Guard, ...] = ((),)
    code: bytes = b"\x90"
    places: tuple[Place, ...] = ()
    bases: tuple[int, ...] = ()
    clears: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What the function executes, in the order of the source (a `lock` behind its body).

        Kept encoded until asked for: most of a summary's memory would be theirs.
        """
        return _decoded_operations(self.code)


_OPERATION_ENCODER = msgspec.msgpack.Encoder()
_OPERATION_DECODER = msgspec.msgpack.Decoder(tuple[Operation, ...])


def encode_operations(operations: Sequence[OperationRow]) -> bytes:
    """Return what `FunctionFact.code` holds."""
    return _OPERATION_ENCODER.encode(operations)


# whoever asks for one operation of a function most often asks for others next
@lru_cache(maxsize=256)
def _decoded_operations(code: bytes) -> tuple[Operation, ...]:
    return _OPERATION_DECODER.decode(code)


class ClassFact(msgspec.Struct, array_like=True, gc=False):
    """A class: `names` are bound in its body, `attributes` through `self` or `cls` in its methods.

    Attributes
    ----------
    flags
        Bits of `Flag` that hold where it is defined.
    places
        (name, flags, place) of each assignment to a name in its body, annotations without a value included.
    """

    name: str
    qualname: str
    line: int
    column: int
    parent: int
    bases: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    decorators: tuple[int, ...]
    names: dict[str, int]
    attributes: dict[str, int]
    flags: int = 0
    places: tuple[tuple[str, int, Place], ...] = ()


class ParseProblem(NamedTuple):
    """Why a file could not be read: place and reason."""

    line: int
    column: int
    reason: str


class ModuleSummary(msgspec.Struct):
    """All facts of one module.

    Attributes
    ----------
    variables
        For each ``v`` row's slot, the nodes that the variable may hold.
    names
        What each name of module scope may hold in the end.
    stars
        (level, module) of each `from module import *`.
    exports
        What `__all__` lists, as far as it is written out; None without one.
    imports
        Absolute modules imported anywhere in the file.
    stored
        Of a summary that is decoded lazily, the rows as long as nobody has asked for one.
    """

    rows: list[Row]
    variables: list[tuple[int, ...]]
    names: dict[str, int]
    stars: tuple[tuple[int, str], ...]
    exports: tuple[str, ...] | None
    imports: tuple[str, ...]
    functions: list[FunctionFact]
    classes: list[ClassFact]
    pragmas: tuple[Pragma, ...] = ()
    problem: ParseProblem | None = None
    stored: tuple[bytes, msgspec.Raw] | None = None

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.stored is None else len(self.stored[0])
