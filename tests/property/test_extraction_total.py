"""Extraction is total: whatever the bytes, it gives a summary, in time, and never raises."""

from __future__ import annotations

import ast
import io
import random
import sys
import sysconfig
import time
import tokenize
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mergegate.syntax.codec import decode
from mergegate.syntax.extract import summarise
from mergegate.syntax.parsing import MAX_BYTES
from mergegate.syntax.summary import ModuleSummary

STDLIB = Path(sysconfig.get_path("stdlib"))
SEEDS = [
    (STDLIB / name).read_bytes()
    for name in (
        "asyncio/locks.py",
        "contextlib.py",
        "functools.py",
        "queue.py",
        "typing.py",
        "dataclasses.py",
        "ast.py",
    )
]
PIECES = [
    "await ", "async ", "lambda x=1: ", "*", "**", ":=", "(", ")", "[", "]", "{", "}", ":", ",", ".a", "\n", "\n    ", "#",
    "# pylint: disable=all\n", "# mergegate: ignore[", "yield ", "match x:\n case ", "with a as b:\n ", "global x\n",
    "nonlocal x\n", "del ", "@", "->", "...", "0x", "1e999", "'", '"""', "f'{", "\\", "\t", "\x0c", "\x00", "\ufeff", "\ud800",
    "é", "class A[T]:", "type X = int\n", "except* E:\n", "import ", "from . import *\n", "__all__ = ",
]  # fmt: skip


def check(data: bytes) -> ModuleSummary:
    """Summarise, and compare with what the parser alone says."""
    summary = decode(summarise(data))
    limit = len(summary.rows)
    for fact in summary.functions:
        assert all(0 <= operation.node < limit and operation.guard < len(fact.guards) for operation in fact.operations)
    if summary.problem is not None:
        assert summary.problem.line >= 1
        assert summary.problem.column >= 0
        assert summary.problem.reason
    if len(data) < 50_000:
        assert (summary.problem is None) == parses(data)
    return summary


def parses(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, MemoryError):
            return False
    return True


# -- generated and mutated sources -----------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40))
def test_any_pieces_of_syntax(pieces: list[str]) -> None:
    check("".join(pieces).encode("utf-8", "surrogatepass"))


expressions = st.recursive(
    st.sampled_from(["a", "self.b", "1", "'s'", "None", "...", "f()", "super()", "-1.5", "b'x'", "1j", "True"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "/", "|", " and ", " or ", "<", " is ", " not in ", "@", "**"]), inner, inner).map(
            lambda t: f"({t[1]}{t[0]}{t[2]})"
        ),
        st.tuples(
            st.sampled_from(
                [
                    "({0}).c({1}, k={1})", "{0}[{1}]", "[{0}, *{1}]", "({0}, {1})", "{{ {0}: {1} }}", "{{*{0}, {1}}}",
                    "[{0} for x, y in {1} if x]", "{{x: {0} async for x in {1}}}", "(x := {0})", "(lambda p={0}: {1})",
                    "({0} if {1} else {0})", "(await {0})", "(yield {0})", "f'{{ {0}!r:>{{ {1} }} }}'", "(not {0})",
                    "isinstance({0}, {1})", "getattr({0}, 'n', {1})", "cast({0}, {1})", "{0}[{1}:{0}]",
                ]
            ),
            inner,
            inner,
        ).map(lambda t: t[0].format(t[1], t[2])),
    ),
    max_leaves=12,
)  # fmt: skip


def indent(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())


statements = st.recursive(
    st.one_of(
        expressions.map("{}\n".format),
        expressions.map("x = y.z = {}\n".format),
        expressions.map("x: T = {}\n".format),
        expressions.map("self.a, (b, *c) = {}\n".format),
        expressions.map("x += {}\n".format),
        expressions.map("return {}\n".format),
        expressions.map("raise {}\n".format),
        expressions.map("assert {}\n".format),
        st.sampled_from(["break\n", "continue\n", "del x, y.z\n", "global x\n", "nonlocal x\n", "pass\n", "import a.b as x\n"]),
    ),
    lambda inner: st.tuples(
        st.sampled_from(
            [
                "if {e}:\n{a}elif x is None:\n{b}", "if not {e}:\n{a}else:\n{b}", "while {e}:\n{a}else:\n{b}",
                "for x, y.z in {e}:\n{a}else:\n{b}", "async for x in {e}:\n{a}", "with {e} as x, y:\n{a}",
                "async with {e} as self.x:\n{a}", "try:\n{a}except (A, B) as x:\n{b}", "try:\n{a}finally:\n{b}",
                "try:\n{a}except* E:\n{b}else:\n{a}", "match {e}:\n    case A(b=x) | C():\n    {a}\n",
                "@{e}\ndef f(a, /, b: T = 1, *c, d, **e):\n{a}{b}", "@{e}\nasync def f(self):\n{a}{b}",
                "class A(B, m={e}):\n{a}{b}",
            ]
        ),
        expressions,
        inner,
        inner,
    ).map(lambda t: t[0].format(e=t[1], a=indent(t[2]), b=indent(t[3]))),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(statements, min_size=1, max_size=4))
def test_programs(parts: list[str]) -> None:
    check("".join(parts).encode())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False))
def test_mutated_tokens_of_real_files(source: bytes, chance: random.Random) -> None:
    tokens = [t.string for t in tokenize.tokenize(io.BytesIO(source).readline)][1:]
    start = chance.randrange(len(tokens))
    part = tokens[start : start + 300]
    for _ in range(chance.randrange(1, 6)):
        place, other = chance.randrange(len(part)), chance.randrange(len(part))
        change = chance.randrange(4)
        if change == 0 and len(part) > 1:
            del part[place]
        elif change == 1:
            part.insert(place, part[other])
        elif change == 2:
            part[place], part[other] = part[other], part[place]
        else:
            part.insert(place, chance.choice(PIECES))
    check(" ".join(part).encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False))
def test_mutated_lines_and_bytes_of_real_files(source: bytes, chance: random.Random) -> None:
    lines = source.splitlines(keepends=True)
    for _ in range(chance.randrange(1, 5)):
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        change = chance.randrange(5)
        if change == 0:
            del lines[place]
        elif change == 1:
            lines.insert(place, lines[other])
        elif change == 2:
            lines[place], lines[other] = lines[other], lines[place]
        elif change == 3:
            lines[place] = lines[place].strip() + b"\n"
        else:
            line = bytearray(lines[place] or b"x")
            line[chance.randrange(len(line))] = chance.randrange(256)
            lines[place] = bytes(line)
    check(b"".join(lines))


# -- bytes that are hard to read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"\xef\xbb\xbfx = f()\n", b"x = f()\r\ny = g()\r\n", b"x = f()\ry = g()\r", b"\x0cx = f()\n", b"x = f()",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", b"# coding: utf-8\n\xc3\xa9 = f()\n", b"x = '\\ud800'\n", b"x = f() \\\n  .g()",
        b"x = 1" + b"0" * 4000, b"x = 0x" + b"f" * 50_000, b"x = 1e400 - 1e400j", "x = 'é' # ☃\n".encode(),
    ],
)  # fmt: skip
def test_bytes_that_can_be_read(data: bytes) -> None:
    assert check(data).problem is None


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"x = 1\n\0", 1, "null bytes"),
        (b"# coding: no-such-code\n", 1, "encoding"),
        (b"x = 1\ny = '\xe9'\n", 2, "decode"),
        (b"x = 1\n  y = 2\n", 2, "unexpected indent"),
        (b"def f(:\n", 1, ""),
        (b"x = (\n\n", 1, "never closed"),
        (b"\n\nx = 1" + b"0" * 5000, 3, "Exceeds the limit"),
        (b"x" * (MAX_BYTES + 1), 1, "5,000,000"),
        (b"(" * 5000, 1, "too many nested parentheses"),
        (b"print 'x'\n", 1, "Missing parentheses"),
    ],
)
def test_bytes_that_cannot_be_read(data: bytes, line: int, reason: str) -> None:
    problem = check(data).problem
    assert problem is not None
    assert reason in problem.reason
    assert problem.line == line or reason in ("null bytes", "decode", "encoding")
    assert "\n" not in problem.reason


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the syntax is known from there on")
def test_newer_syntax_is_a_problem_with_its_line() -> None:
    problem = check(b"x = 1\ny = t'{x}'\n").problem
    assert problem is not None
    assert problem.line == 2


# -- depth and size ----------------------------------------------------------------------------------------------------


def numbered(template: str, count: int) -> str:
    return "".join(template.replace("#", str(i)) for i in range(count))


def nested(header: str, depth: int, last: str) -> str:
    return "".join(" " * i + header.replace("#", str(i)) + "\n" for i in range(depth)) + " " * depth + last + "\n"


# long or deep, and read as a whole on every supported Python
WHOLE: dict[str, Callable[[], str]] = {
    "parentheses": lambda: "x = " + "(" * 150 + "f()" + ")" * 150,
    "unary operators": lambda: "x = " + "not " * 300 + "-~" * 300 + "f()",
    "attributes": lambda: "x = a" + ".b" * 900,
    "builder": lambda: "x = a" + numbered(".b(#)", 450),
    "sum": lambda: "x = a" + " + f()" * 900,
    "conditional": lambda: "x = " + numbered("f() if a# else ", 900) + "b",
    "and": lambda: "x = " + " and ".join(f"isinstance(a{i}, T)" for i in range(10_000)),
    "comparison": lambda: "x = " + " < ".join(f"f{i}()" for i in range(10_000)),
    "comprehensions": lambda: "x = " + "[a for a in " * 90 + "f()" + "]" * 90,
    "clauses": lambda: "x = [f() " + numbered("for a# in b# if c# ", 300) + "]",
    "lambdas": lambda: "x = " + "lambda: " * 90 + "f()",
    "functions": lambda: nested("def f#(a#):", 90, "return f(a0)"),
    "classes": lambda: nested("class C#:", 90, "x = f()"),
    "ifs": lambda: nested("if a#:", 90, "f()"),
    "loops": lambda: nested("for a# in b#:", 90, "x = f()"),
    "elif": lambda: "if a:\n  f()\n" + numbered("elif isinstance(x, T#):\n  y# = x.f#()\n", 900),
    "dict": lambda: "x = {\n" + numbered("  'k#': f#(#),\n", 20_000) + "}",
    "list": lambda: "x = [\n" + numbered("  f#(#),\n", 20_000) + "]",
    "tuple": lambda: "x = (\n" + numbered("  f#(#),\n", 20_000) + ")",
    "arguments": lambda: "f(" + numbered("g#(), ", 20_000) + ")",
    "assignments": lambda: numbered("a# = f#()\n", 20_000),
    "one line": lambda: "f();" * 25_000,
    "appends": lambda: "def f():\n  a = []\n" + numbered("  a.append(f#())\n", 10_000),
    "closures": lambda: "def f():\n" + numbered("  a = f#()\n  def g#(): return a\n", 5_000),
    "exits": lambda: "def f(self, p, x):\n" + numbered("  if self.c# or p is None: return 1\n  if not isinstance(x, T#): return\n", 2_000),
    "branches": lambda: numbered("a# = 1\n", 5_000) + numbered("if c:\n  a# = f()\nelse:\n  b# = 2\n", 4_000),
    "match": lambda: "match f():\n" + numbered("  case [A#(b=c), *d] | {'k': c, **d}: y# = c\n", 3_000),
    "handlers": lambda: "try:\n" + numbered("  a# = f()\n", 3_000) + numbered("except E# as e: c# = e\n", 3_000),
    "breaks": lambda: "while f():\n" + numbered("  a# = b\n  if c#: break\n  if d#: continue\n", 4_000),
    "decorators": lambda: numbered("@d#(#)\n", 5_000) + "def f(): f()",
    "parameters": lambda: "def f(" + numbered("p#: T# = d#(), ", 5_000) + "): f()",
    "definitions": lambda: numbered("def f#(a): return f#(a)\n", 5_000),
    "globals": lambda: numbered("def f#():\n  global g\n  g = f()\n", 5_000),
    "nonlocals": lambda: "def f():\n  x = 0\n" + numbered("  def g#():\n    nonlocal x\n    x = f()\n    return x\n", 4_000),
    "string": lambda: "f(f'" + numbered("{a#!r:>{w#}}", 4_000) + "')",
    "nested strings": lambda: "f(f'{a:{b}}')",
    "managers": lambda: "async def f():\n  with " + ", ".join(f"f{i}() as b{i}" for i in range(4_000)) + ":\n    await x",
    "walrus": lambda: "if " + " and ".join(f"(a{i} := f())" for i in range(4_000)) + ": pass",
    "pragmas": lambda: "f()  # mergegate: ignore[a-b] -- c\n# pylint: disable=w\n# mergegate: ignore[a]\n" * 3_000 + "f()",
    "exports": lambda: "__all__ = ['f']\n" + numbered("__all__ += ['a#']\n", 4_000) + "f()",
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_large_files_are_read_whole_and_in_time(name: str) -> None:
    data = WHOLE[name]().encode()
    started = time.process_time()
    summary = summarise(data)
    assert time.process_time() - started < 4, "no file of this size takes longer than two seconds on an idle machine"
    read = decode(summary)
    assert read.problem is None
    assert name == "attributes" or any(fact.operations for fact in read.functions)


DEEP: dict[str, Callable[[], str]] = {
    "elif": lambda: "if a:\n  f()\n" + numbered("elif b#:\n  f#()\n", 5_000),
    "builder": lambda: "x = a" + numbered(".b#(c)", 3_000),
    "sum": lambda: "x = f()" + " + f()" * 4_000,
    "conditional": lambda: "x = " + numbered("f# if a# else ", 2_900) + "b",
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_beyond_the_recursion_limit(name: str) -> None:
    before = sys.getrecursionlimit()
    summary = decode(summarise(DEEP[name]().encode()))
    assert sys.getrecursionlimit() == before
    if sys.version_info[:2] == (3, 12):
        # its parser has a fixed limit of its own
        assert summary.problem is None or "nested too deeply" in summary.problem.reason
    else:
        assert summary.problem is None


def test_depth_does_not_depend_on_the_caller() -> None:
    source = ("x = a" + ".b" * 960).encode()

    def at_depth(depth: int) -> bytes:
        return at_depth(depth - 1) if depth else summarise(source)

    assert at_depth(700) == summarise(source)


def test_beyond_all_limits_is_one_problem() -> None:
    problem = decode(summarise(b"x = a" + b"[0]" * 400_000)).problem
    assert problem is not None
    assert "nested too deeply" in problem.reason


def test_warnings_of_the_file_are_its_own() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(b"x = '\\d'\nx is 1\ny: '\"\\\\d\"' = 1\n").problem is None
