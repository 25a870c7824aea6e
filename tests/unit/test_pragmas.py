"""Suppressing comments: what each covers, with pylint itself as the judge of its own."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from pylint.checkers import BaseChecker
from pylint.lint import PyLinter
from pylint.reporters import CollectingReporter

from mergegate.syntax.codec import decode
from mergegate.syntax.extract import summarise
from mergegate.syntax.pragmas import Pragma


def pragmas(source: str) -> tuple[Pragma, ...]:
    return decode(summarise(textwrap.dedent(source).encode())).pragmas


def covered(source: str) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(p.first, p.last, p.rules) for p in pragmas(source)]


class TestOwn:
    def test_rules_and_reason(self) -> None:
        assert pragmas("f()  # mergegate: ignore[a-b, W7103] -- the file is tiny\n") == (
            Pragma("mergegate", 1, 1, 1, ("a-b", "W7103"), "the file is tiny"),
        )

    @pytest.mark.parametrize(
        ("comment", "rules", "reason"),
        [
            ("# mergegate: ignore", (), ""),
            ("#mergegate:ignore[a]", ("a",), ""),
            ("# mergegate: ignore [a]  --  why -- really  ", ("a",), "why -- really"),
            ("# noqa: S101  # mergegate: ignore[a] -- see #12 # more", ("a",), "see #12"),
        ],
    )
    def test_spellings(self, comment: str, rules: tuple[str, ...], reason: str) -> None:
        assert [(p.rules, p.reason) for p in pragmas(f"f()  {comment}\n")] == [(rules, reason)]

    def test_a_trailing_comment_covers_its_whole_statement(self) -> None:
        assert covered("x = f(\n    1,  # mergegate: ignore[a]\n    2,\n)\ng()\n") == [(1, 4, ("a",))]
        assert covered("x = f(\n    1,\n)  # mergegate: ignore[a]\n") == [(1, 3, ("a",))]

    def test_a_trailing_comment_on_a_header_covers_the_header(self) -> None:
        assert covered("def f(\n    a,\n):  # mergegate: ignore[a]\n    g()\n") == [(1, 3, ("a",))]
        assert covered("with f():  # mergegate: ignore[a]\n    g()\n") == [(1, 1, ("a",))]

    def test_a_comment_of_its_own_covers_the_next_statement(self) -> None:
        assert covered("# mergegate: ignore[a]\n\n# more\nx = f(\n)\ng()\n") == [(4, 5, ("a",))]
        assert covered("# mergegate: ignore[a]\nif f():\n    g()\n") == [(2, 2, ("a",))]

    def test_a_comment_above_a_definition_covers_all_of_it(self) -> None:
        assert covered("# mergegate: ignore[a]\n@d\n@e(\n)\nasync def f():\n    g()\n    h()\ni()\n") == [
            (2, 7, ("a",))
        ]
        assert covered("@d\n# mergegate: ignore[a]\nclass A:\n    x = 1\n") == [(3, 4, ("a",))]

    def test_a_comment_inside_a_statement_covers_the_statement(self) -> None:
        assert covered("x = f(\n    # mergegate: ignore[a]\n    1,\n)\n") == [(1, 4, ("a",))]

    def test_the_whole_file(self) -> None:
        assert covered('#!/bin/sh\n"""Doc."""\n# mergegate: ignore-file[a]\nf()\n\n') == [(1, 6, ("a",))]

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("f()  # mergegate: ignroe[a]\n", "is not a suppression"),
            ("f()  # mergegate: ignore[a\n", "is not a suppression"),
            ("f()  # mergegate: ignore[]\n", "a rule is missing"),
            ("f()  # mergegate: ignore[a,]\n", "a rule is missing"),
            ("f()  # mergegate: ignore[a b]\n", "`a b` is no rule"),
            ("f()  # mergegate: ignore[a] because\n", "is not a suppression"),
            ("f()\n# mergegate: ignore-file[a]\n", "above the first statement"),
            ("f()\n# mergegate: ignore[a]\n", "no statement follows"),
        ],
    )
    def test_malformed(self, source: str, reason: str) -> None:
        (pragma,) = pragmas(source)
        assert pragma.kind == "malformed"
        assert reason in pragma.reason
        assert pragma.first == pragma.last == pragma.line

    def test_only_comments_count(self) -> None:
        assert pragmas("x = '''\n# mergegate: ignore[a]\n# pylint: disable=b\n'''\n# see mergegate: ignore\n") == ()

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    def test_line_endings(self, newline: str) -> None:
        source = newline.join(["x = 1", "f(", ")  # mergegate: ignore[a]", ""])
        assert [(p.line, p.first, p.last) for p in decode(summarise(source.encode())).pragmas] == [(3, 2, 3)]

    def test_encodings(self) -> None:
        source = "# coding: latin-1\nx = 'é'  # mergegate: ignore[a] -- é\n"
        assert [p.reason for p in decode(summarise(source.encode("latin-1"))).pragmas] == ["é"]


class Probe(BaseChecker):
    """Reports each call and each definition."""

    name = "probe"
    msgs = {
        "W9901": ("call", "probe-call", "A call."),
        "W9902": ("definition", "probe-definition", "A definition."),
    }

    def visit_call(self, node: object) -> None:
        self.add_message("probe-call", node=node)  # type: ignore[arg-type]

    def visit_functiondef(self, node: object) -> None:
        self.add_message("probe-definition", node=node)  # type: ignore[arg-type]

    visit_classdef = visit_functiondef


def reported(source: str, folder: Path) -> set[tuple[str, int]]:
    path = folder / "module.py"
    path.write_text(source)
    reporter = CollectingReporter()
    linter = PyLinter(reporter=reporter)
    linter.register_checker(Probe(linter))
    linter.disable("all")
    linter.enable("probe-call")
    linter.enable("probe-definition")
    linter.check([str(path)])
    return {(message.symbol, message.line) for message in reporter.messages}


PYLINT_CASES = """
def f():
    a()  # pylint: disable=probe-call
    b()
---
def f():
    # pylint: disable=probe-call
    a()
    b()
c()
---
def f():
    a()
    # pylint: disable=probe-call
    b()
    c()
    # pylint: enable=probe-call
    d()
e()
---
def f(x):  # pylint: disable=probe-call,probe-definition
    a()
---
def f():  # pylint: disable=probe-call,probe-definition
    a()
---
class A:  # pylint: disable=probe-call,probe-definition
    a()
    def g(self):
        b()
---
class A(B):  # pylint: disable=probe-call,probe-definition
    a()
---
class A:
    '''Doc.'''
    # pylint: disable=probe-definition,probe-call
    a()
    def g(self):
        b()
---
class A:
    '''Doc.'''
    a()
    # pylint: disable=probe-definition,probe-call
    def g(self):
        b()
    c()
d()
---
# pylint: disable=probe-call
a()
def f():
    b()
    # pylint: enable=probe-call
    c()
d()
---
def f():
    if a():
        # pylint: disable=probe-call
        b()
    else:
        c()
    d()
---
def f():
    if a():
        b()
    # pylint: disable=probe-call
    else:
        c()
    d()
---
def f():
    if a():
        b()
    else:  # pylint: disable=probe-call
        c()
        d()
    e()
---
def f():
    try:
        # pylint: disable=probe-call
        a()
        b()
    except E:
        c()
    finally:
        d()
    e()
---
def f():
    try:
        a()
    except E:
        # pylint: disable=probe-call
        c()
    finally:
        e()
    g()
---
def f():
    try:  # pylint: disable=probe-call
        a()
    except E:  # pylint: disable=probe-call
        c()
    g()
---
def f():
    with a():
        # pylint: disable=probe-call
        b()
    c()
    for x in d():
        # pylint: disable=probe-call
        e()
    else:
        g()
    while h():
        i()
        # pylint: disable=probe-call
        j()
    k()
---
def f():
    # pylint: disable-next=probe-call
    a()
    b()
---
# pylint: disable-next=probe-definition
def f():
    a()
---
a(  # pylint: disable=probe-call
    b(),
    c())
d(
    e(),
    # pylint: disable=probe-call
    g(),
    h())
i()
---
a(
    b(),
    c())  # pylint: disable=probe-call
---
# pylint: skip-file
a()
---
a()
def f():
    b()
    # pylint: disable=all
c()
---
def f():
    '''Doc.'''

    # pylint: disable=probe-call,probe-definition
    def g():
        a()
    b()
c()
---
def f():
    a()  # noqa # pylint: disable=probe-call # more
    b()  # pylint:disable = probe-call
---
x = 1
# pylint: disable=probe-definition
@dec()
def f():
    a()
def g():
    b()
---
def f(x):
    match x:
        case 1:
            # pylint: disable=probe-call
            a()
        case 2:
            b()
    c()
---
def f(x):
    # pylint: disable=probe-call
    a()
    b()  # pylint: enable=probe-call
    c()
---
import a
# pylint: disable=probe-call
x = a()
def f():
    if x:
        # pylint: enable=probe-call
        b()
    c()
d()
---
class A:
    def f(self):
        a()

    # pylint: disable=probe-call
    def g(self):
        b()
    # pylint: enable=probe-call

    def h(self):
        c()
"""


@pytest.mark.parametrize("source", [case.lstrip("\n") for case in PYLINT_CASES.split("---\n")])
def test_pylint_agrees_on_its_own_comments(source: str, tmp_path: Path) -> None:
    everything = reported(re.sub("pylint:", "", source), tmp_path)
    found = pragmas(source)
    left = {
        (symbol, line)
        for symbol, line in everything
        if not any((not p.rules or symbol in p.rules) and p.first <= line <= p.last for p in found)
    }
    assert found
    assert left == reported(source, tmp_path)
