"""What the summary of a module says: values, bindings, operations and their flags, read back as expressions."""

from __future__ import annotations

import sys
import textwrap

import pytest

from mergegate.syntax.extract import summary_of
from mergegate.syntax.summary import Flag, FunctionFlag, ModuleSummary


def read(source: str) -> ModuleSummary:
    summary = summary_of(textwrap.dedent(source).encode())
    assert summary.problem is None
    return summary


def show(summary: ModuleSummary, node: int, depth: int = 0) -> str:
    """Write a node back as an expression."""
    row = summary.rows[node]
    kind, *fields = row
    if depth > 12:
        return "…"

    def sub(other: int) -> str:
        return show(summary, other, depth + 1)

    plain = {"?": "?", "s": "str", "b": "bytes"}
    if kind in plain:
        return plain[kind]
    if kind in ("g", "k", "#"):
        return str(fields[0])
    if kind == "m":
        return f"<{'.' * fields[0]}{fields[1]}{':' if fields[2] else ''}{fields[2]}>"
    if kind == "l":
        return summary.functions[fields[0]].qualname
    if kind == "c":
        return summary.classes[fields[0]].qualname
    if kind == "p":
        return f"${summary.functions[fields[0]].parameters[fields[1]].name}"
    if kind == ".":
        return f"{sub(fields[0])}.{fields[1]}"
    if kind == "(":
        given = [*map(sub, fields[1]), *(f"{k}={sub(v)}" for k, v in fields[2])]
        return f"{sub(fields[0])}({', '.join(given)})"
    if kind == "[":
        return f"{sub(fields[0])}[{sub(fields[1])}]"
    if kind == "|":
        return " | ".join(map(sub, fields))
    if kind == "i":
        return f"({sub(fields[0])} {'is' if fields[2] else 'not'} {sub(fields[1])})"
    if kind == "&":
        return f"({sub(fields[0])}: {sub(fields[1])})"
    if kind == "v":
        return f"var({', '.join(sorted(map(sub, summary.variables[fields[0]])))})"
    if kind == "^":
        return f"super({summary.classes[fields[0]].qualname})"
    if kind == "u":
        return f"{sub(fields[0])}<{fields[1]}>"
    return f"{kind}({', '.join(map(sub, fields))})"


def value(source: str, name: str = "x") -> str:
    """Return what a module-level name holds in the end."""
    summary = read(source)
    return show(summary, summary.names[name])


def local(source: str) -> str:
    """Return what the last function of the source returns."""
    summary = read(source)
    return " or ".join(show(summary, node) for node, _ in summary.functions[-1].results)


def operations(source: str, *kinds: str, function: int | None = None) -> list[str]:
    summary = read(source)
    facts = summary.functions if function is None else [summary.functions[function]]
    return [show(summary, o.node) for f in facts for o in f.operations if o.kind in (kinds or ("call",))]


def flagged(source: str, flag: int) -> list[str]:
    """Return the calls that carry a flag."""
    summary = read(source)
    return [
        show(summary, o.node) for f in summary.functions for o in f.operations if o.kind == "call" and o.flags & flag
    ]


def attributes(source: str, name: str = "A") -> dict[str, str]:
    """Return what is assigned to the attributes of `self` in a class."""
    summary = read(source)
    fact = next(c for c in summary.classes if c.name == name)
    return {attribute: show(summary, node) for attribute, node in fact.attributes.items()}


class TestValues:
    @pytest.mark.parametrize(
        ("expression", "shown"),
        [
            ("a.b.c", "a.b.c"),
            ("f(1, k=y, *p, **q)", "f(1, *(p), k=y, **=q)"),
            ("'a' + b", "str"),
            ("f'{a}'", "str"),
            ("p / 'a' / b", "/(/(p, str), b)"),
            ("[f(), g()]", "L(f() | g())"),
            ("{'k': f, 'l': g}", "D(str, f | g)"),
            ("{**a, 'k': b}", "D(str, a[?] | b)"),
            ("[*a, b]", "L(e(a) | b)"),
            ("(a, *b)", "T(a, *(b))"),
            ("{a for a in b}", "S(e(b))"),
            ("{k: v for k, v in d.items()}", "D(e(d.items())<0>, e(d.items())<1>)"),
            ("a if c else b", "a | b"),
            ("a or b", "a | b"),
            ("a and b", "b"),
            ("cast(T, a)", "(a: T)"),
            ("getattr(a, 'b')", "a.b"),
            ("getattr(a, 'b', c)", "a.b | c"),
            ("a['k'][0]", "a[str][0]"),
            ("-1", "-1"),
            ("10 ** 400", "?"),
            ("10000000000000000000000", "1000000000.0"),
            ("None", "None"),
            ("a[1:2]", "a[...]"),
            ("(y := f())", "f()"),
        ],
    )
    def test_expressions(self, expression: str, shown: str) -> None:
        assert value(f"x = {expression}") == shown

    def test_dispatch_tables_keep_their_functions(self) -> None:
        source = "def f(): ...\nHANDLERS = {'a': f, 'b': lambda: 1}\nx = HANDLERS[k]()"
        assert value(source) == "D(str, f | <lambda>)[k]()"

    def test_long_tuples_are_one_element(self) -> None:
        assert value(f"x = ({'f(), ' * 60} g())") == "T*(f() | g())"

    def test_numbers_that_no_format_holds(self) -> None:
        assert value("x = 1e999") == "1000000000.0"


class TestBindings:
    def test_chained_assignment(self) -> None:
        assert value("x = y = f()") == value("x = y = f()", "y") == "f()"

    def test_unpacking_of_a_known_tuple(self) -> None:
        assert value("y, x = f(), g()") == "g()"

    def test_unpacking_with_a_star(self) -> None:
        source = "a, *x, b = f()"
        assert value(source) == "L(e(f()))"
        assert value(source, "a") == "f()<0>"
        assert value(source, "b") == "f()<-1>"

    def test_unpacking_of_a_tuple_that_spreads(self) -> None:
        assert value("a, x = (*b, c)") == "T(*(b), c)<1>"

    def test_declared_names(self) -> None:
        assert value("x: T = f()") == "(f(): T)"
        assert value("x: T") == "@(T)"

    def test_branches_unite(self) -> None:
        assert value("if a:\n    x = 1\nelse:\n    x = 2") == "1 | 2"
        assert value("x = 1\nif a:\n    x = 2") == "2 | 1"

    def test_definitions_in_branches_unite(self) -> None:
        assert value("if a:\n    def x(): ...\nelse:\n    class x: ...") == "x | x"

    def test_imports_that_may_fail(self) -> None:
        assert value("try:\n    import x\nexcept ImportError:\n    x = None") == "<x> | None"

    def test_imports_for_type_checkers_stay(self) -> None:
        source = "if TYPE_CHECKING:\n    from a import x\nelse:\n    x = None"
        assert value(source) == "<a:x> | None"

    def test_a_branch_that_leaves_says_nothing(self) -> None:
        assert (
            local("def f():\n    if a:\n        x = 1\n        raise E\n    else:\n        x = 2\n    return x") == "2"
        )

    def test_constant_tests_decide(self) -> None:
        assert value("if False:\n    x = 1\nelse:\n    x = 2") == "2"

    def test_elif_chains(self) -> None:
        assert value("if a:\n    x = 1\nelif b:\n    x = 2\nelif c:\n    pass\nelse:\n    x = 3") == "1 | 2 | 3"

    def test_loops_carry_their_names(self) -> None:
        source = "def f(n):\n    x = None\n    for y in z:\n        g(x)\n        x = h()\n    return x"
        assert local(source) == "var(None, h())"
        assert operations(source, function=1) == ["g(var(None, h()))", "h()"]

    def test_breaks_reach_the_end_of_the_loop(self) -> None:
        assert (
            local(
                "def f():\n    while True:\n        x = g()\n        if x:\n            break\n        x = 1\n    return x"
            )
            == "g()"
        )

    def test_else_of_a_loop_that_returns(self) -> None:
        source = "def f():\n    for y in z:\n        if y:\n            x = 1\n            break\n    else:\n        return 0\n    return x"
        assert local(source) == "0 or 1"

    def test_try_unites_what_each_path_leaves(self) -> None:
        source = "x = 0\ntry:\n    x = f()\nexcept E:\n    x = 1\nexcept F:\n    pass"
        assert value(source) == "f() | 1 | 0"

    def test_finally_comes_last(self) -> None:
        source = "def f():\n    try:\n        a()\n    except E:\n        b()\n    else:\n        c()\n    finally:\n        d()"
        assert operations(source) == ["a()", "c()", "b()", "d()"]

    def test_exceptions_have_their_types(self) -> None:
        source = "def f():\n    try: a()\n    except (E, F) as e:\n        return e"
        assert local(source) == "@(E | F)"

    def test_with_binds_what_is_entered(self) -> None:
        assert value("with f() as x, g() as y: pass", "y") == "n(g())"
        assert local("async def f():\n    async with g() as x:\n        return x") == "N(g())"

    def test_deleted_names_are_gone(self) -> None:
        assert "x" not in read("x = 1\ndel x").names

    def test_augmented_assignment_extends_containers(self) -> None:
        assert value("x = [f()]\nx += [g()]") == "L(f()) | L(g())"
        assert value("x = p\nx /= 'a'") == "/(p, str)"

    def test_appending_extends_lists(self) -> None:
        assert value("x = []\nx.append(f())\nx.extend(g())") == "L(?) | L(f()) | L(e(g()))"

    def test_walrus_in_a_comprehension_binds_outside(self) -> None:
        source = "def f(z):\n    y = [x for a in z if (x := g(a))]\n    return x"
        assert local(source) == "g(e($z))"

    def test_comprehension_targets_stay_inside(self) -> None:
        assert local("def f(a):\n    [a for a in b]\n    return a") == "$a"

    def test_comprehensions_in_class_bodies(self) -> None:
        summary = read("class A:\n    y = [1]\n    x = [z for z in y]")
        assert show(summary, summary.classes[0].names["x"]) == "L(e(L(1)))"
        assert "z" not in summary.classes[0].names

    def test_for_targets_of_every_shape(self) -> None:
        source = "class A:\n    def f(self, v):\n        for self.a, (b, self.c) in v: pass"
        assert attributes(source) == {"a": "e($v)<0>", "c": "e($v)<1><1>"}

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is newer")
    def test_type_parameters_stand_for_their_bounds(self) -> None:
        summary = read("def f[T: Base](a: T) -> T: ...\nclass A[T](B[T]):\n    x: T\ntype X[K] = list[K] | None")
        fact = summary.functions[1]
        assert show(summary, fact.parameters[0].annotation) == show(summary, fact.returns) == "Base"
        assert "T" not in summary.names
        assert show(summary, summary.names["X"]) == "list[?] | None"


class TestNarrowing:
    def test_isinstance_in_a_branch(self) -> None:
        assert operations("def f(x):\n    if isinstance(x, A):\n        x.go()\n    else:\n        x.stay()")[1:] == [
            "($x is A).go()",
            "($x not A).stay()",
        ]

    def test_the_two_outcomes_together_say_nothing(self) -> None:
        assert local("def f(x):\n    if isinstance(x, A):\n        a()\n    return x") == "$x"

    def test_early_exit_narrows_the_rest(self) -> None:
        assert local("def f(x):\n    if not isinstance(x, A):\n        return\n    return x") == "None or ($x is A)"

    def test_attributes_and_conditional_expressions(self) -> None:
        assert local("def f(x):\n    return x.a.go() if isinstance(x.a, A) else 1") == "($x.a is A).go() | 1"

    def test_and_narrows_what_follows(self) -> None:
        assert operations("def f(x):\n    isinstance(x, A) and x.go()")[-1] == "($x is A).go()"

    def test_assert_narrows(self) -> None:
        assert local("def f(x):\n    assert isinstance(x, A)\n    return x") == "($x is A)"

    def test_none_tests_replace_the_value(self) -> None:
        source = "def f():\n    x = g()\n    if x is None:\n        x = h()\n    return x"
        assert local(source) == "h() | g()"

    def test_emptied_attributes_are_what_the_class_says(self) -> None:
        source = (
            "class A:\n    def f(self):\n        self.c = None\n        self.connect()\n        return self.c.get()"
        )
        assert local(source) == "$self.c.get()"


class TestMatch:
    def test_class_patterns_bind_attributes(self) -> None:
        source = "def f(v):\n    match v:\n        case A(b=x, c=B(d=y)): return x, y"
        assert local(source) == "T(($v is A).b, (($v is A).c is B).d)"

    def test_the_subject_is_narrowed(self) -> None:
        source = "def f(v):\n    match v:\n        case A() | B(): return v\n        case C() as c: return c"
        assert local(source) == "($v is T(A, B)) or ($v is C)"

    def test_sequences_and_mappings(self) -> None:
        source = (
            "def f(v):\n    match v:\n        case [a, *b, c]: return a, b, c\n        case {'k': d, **e}: return d, e"
        )
        assert local(source) == "T($v<0>, L(e($v)), $v<-1>) or T($v[str], D(?, $v[?]))"

    def test_a_wildcard_completes(self) -> None:
        source = "match v:\n    case 1: x = 1\n    case _: x = 2"
        assert value(source) == "1 | 2"

    def test_guards_run(self) -> None:
        assert operations("match v:\n    case a if f(a): g()") == ["f(v)", "g()"]


class TestScopes:
    def test_names_of_enclosing_functions(self) -> None:
        source = "def f(a):\n    b = g()\n    def h():\n        return a, b, c\n    return h"
        assert local(source) == "T($a, g(), c)"

    def test_class_scopes_are_passed_over(self) -> None:
        source = "def f(a):\n    class A:\n        a = 1\n        def g(self):\n            return a"
        assert local(source) == "$a"

    def test_nonlocal_names_hold_all_that_is_assigned(self) -> None:
        source = """
            def f():
                x = None
                def g():
                    nonlocal x
                    x = make()
                g()
                return x
            """
        summary = read(source)
        assert [show(summary, node) for node, _ in summary.functions[1].results] == ["var(None, make())"]

    def test_global_names_written_in_functions(self) -> None:
        source = "x = None\ndef f():\n    global x\n    x = g()\n    return x"
        assert value(source) == "None | g()"
        assert local(source) == "x"

    def test_defaults_belong_to_the_scope_around(self) -> None:
        source = "def f(a=g(), *, b=h()): k()"
        assert operations(source, function=0) == ["g()", "h()"]
        assert operations(source, function=1) == ["k()"]

    def test_defaults_fit_their_parameters(self) -> None:
        summary = read("def f(a, b=1, /, c=2, *d, e, g=3, **h): ...")
        shown = [(p.name, p.kind, show(summary, p.default)) for p in summary.functions[1].parameters]
        assert shown == [
            ("a", "p", "?"), ("b", "p", "1"), ("c", "a", "2"), ("d", "*", "?"), ("e", "k", "?"), ("g", "k", "3"),
            ("h", "**", "?"),
        ]  # fmt: skip

    def test_lambda_defaults_capture(self) -> None:
        assert operations("def f(a):\n    return lambda b=g(a): b()", function=1) == ["g($a)"]
        assert operations("def f(a):\n    return lambda b=g(a): b()", function=2) == ["$b()"]

    def test_decorators_run_where_they_stand(self) -> None:
        summary = read("@app.get('/')\n@cache\ndef f(): ...")
        assert [show(summary, d) for d in summary.functions[1].decorators] == ["app.get(str)", "cache"]
        assert [show(summary, o.node) for o in summary.functions[0].operations if o.kind == "call"] == ["app.get(str)"]

    def test_setters_do_not_replace_their_property(self) -> None:
        summary = read("class A:\n    @property\n    def x(self): return 1\n    @x.setter\n    def x(self, v): ...")
        assert summary.rows[summary.classes[0].names["x"]] == ("l", 1)

    def test_super_in_a_nested_function(self) -> None:
        assert local("class A:\n    def f(self):\n        def g():\n            return super().f()") == "super(A).f()"

    def test_nested_classes_have_qualified_names(self) -> None:
        assert [c.qualname for c in read("class A:\n    class B:\n        def f(self): ...").classes] == ["A", "A.B"]

    def test_yield_after_the_end_still_makes_a_generator(self) -> None:
        for body in ("raise E\n    yield", "return\n    yield 1", "if False:\n        yield"):
            fact = read(f"def f():\n    {body}").functions[1]
            assert fact.flags & FunctionFlag.GENERATOR
            assert not fact.flags & FunctionFlag.STUB


class TestClasses:
    def test_attributes_of_self(self) -> None:
        source = """
            class A:
                def f(self, v):
                    self.a: T = v
                    self.b, self.c = v
                    with v as self.d: ...
                    self.e: int
                    setattr(self, "g", v)
                    self.h = []
                    self.h.append(v)
                    def later():
                        self.i = v
                @classmethod
                def k(cls):
                    cls.j = 1
            """
        assert attributes(source) == {
            "a": "($v: T)", "b": "$v<0>", "c": "$v<1>", "d": "n($v)", "e": "@(int)", "g": "$v", "h": "L(?) | L($v)",
            "i": "$v", "j": "1",
        }  # fmt: skip

    def test_static_methods_have_no_self(self) -> None:
        assert attributes("class A:\n    @staticmethod\n    def f(a):\n        a.b = 1") == {}

    def test_fields_and_slots(self) -> None:
        summary = read(
            "@dataclass\nclass A(B, metaclass=M):\n    __slots__ = ('a',)\n    a: int = field(default=1)\n    b: 'C'"
        )
        fact = summary.classes[0]
        assert {n: show(summary, v) for n, v in fact.names.items()} == {
            "__slots__": "T(str)",
            "a": "(field(default=1): int)",
            "b": "@(C)",
        }
        assert [show(summary, b) for b in fact.bases] == ["B"]
        assert [(k, show(summary, v)) for k, v in fact.keywords] == [("metaclass", "M")]

    def test_bases_that_a_call_makes(self) -> None:
        source = "class A(namedtuple('N', 'a')): ..."
        summary = read(source)
        assert show(summary, summary.classes[0].bases[0]) == "namedtuple(str, str)"
        assert operations(source) == ["namedtuple(str, str)"]

    def test_only_lambdas_bound_in_the_body_are_methods(self) -> None:
        summary = read("class A:\n    f = lambda self: self.x\n    g = field(default=lambda v: v)")
        assert [f.owner for f in summary.functions] == [-1, 0, -1]

    def test_forward_references(self) -> None:
        summary = read("def f(a: 'List[A]', b: \"A | None\", c: Annotated[Any, Depends(g)], d: '1 +'): ...")
        shown = [show(summary, p.annotation) for p in summary.functions[1].parameters]
        assert shown == ["List[A]", "A | None", "Any", "?"]


class TestModules:
    def test_imports(self) -> None:
        summary = read("import a.b\nimport a.c as d\nfrom . import e\nfrom ..f.g import h as i\nfrom j import *")
        assert {n: show(summary, v) for n, v in summary.names.items()} == {
            "a": "<a>", "d": "<a.c>", "e": "<.:e>", "i": "<..f.g:h>",
        }  # fmt: skip
        assert summary.imports == ("a.b", "a.c", "j")
        assert summary.stars == ((0, "j"),)

    @pytest.mark.parametrize(
        ("source", "exports"),
        [
            ("__all__ = ['a', 'b']", ("a", "b")),
            ("__all__ = ['a'] + ['b']\n__all__ += ('c',)", ("a", "b", "c")),
            ("__all__: list[str] = ['a']", ("a",)),
            ("__all__ = ['\\ud800', 'a', 1]", ("a",)),
            ("a = 1", None),
        ],
    )
    def test_exports(self, source: str, exports: tuple[str, ...] | None) -> None:
        assert read(source).exports == exports


class TestOperations:
    def test_awaited_calls(self) -> None:
        source = """
            async def f(a):
                await g(h())
                await (i() if a else j())
                await (k() or l())
                await (a or b)()
                await (n := m())
                async with o(p()) as x, q(): ...
                async for y in r(s()): ...
                return [z async for z in t()]
            """
        awaited = ["g(h())", "i()", "j()", "k()", "l()", "$a | b()", "m()", "o(p())", "q()", "r(s())", "t()"]
        assert flagged(source, Flag.AWAITED) == awaited

    def test_dropped_calls(self) -> None:
        source = "def f():\n    a(b())\n    c() if d() else e()\n    g() and h()\n    x = i()\n    return j()"
        assert flagged(source, Flag.STATEMENT) == ["a(b())", "c()", "e()", "g()", "h()"]

    def test_awaited_statements_are_not_dropped(self) -> None:
        assert flagged("async def f():\n    await a()", Flag.STATEMENT) == []

    def test_results_that_nothing_reads(self) -> None:
        source = """
            def f():
                a = dropped()
                _ = also()
                b: T = declared()
                c = read()
                d = closed_over()
                e = deleted()
                g.h = stored()
                del e
                def i():
                    return d
                return c
            """
        assert flagged(source, Flag.DISCARDED) == ["dropped()", "also()", "declared()"]

    def test_class_and_module_names_are_not_locals(self) -> None:
        assert flagged("x = a()\nclass A:\n    y = b()", Flag.DISCARDED) == []

    def test_first_use(self) -> None:
        source = """
            _client = None
            def f():
                global _client
                if _client is None:
                    _client = make()
                return _client
            class A:
                def g(self):
                    if self._x is not None:
                        return self._x
                    self._x = build()
                def h(self):
                    if not hasattr(self, "_y"):
                        self._y = fill()
            """
        assert flagged(source, Flag.FIRST_USE) == ["make()", "build()", "fill()"]

    def test_a_return_of_something_else_is_no_cache(self) -> None:
        source = "class A:\n    def f(self):\n        if self.x:\n            return other()\n        self.x = make()"
        assert flagged(source, Flag.FIRST_USE) == []

    def test_main_and_loop_guards(self) -> None:
        assert flagged("if __name__ == '__main__':\n    a()\nb()", Flag.MAIN) == ["a()"]
        assert flagged("try:\n    a()\nexcept RuntimeError:\n    b()", Flag.LOOP_GUARDED) == ["a()"]

    def test_locks_around_awaits(self) -> None:
        source = (
            "async def f():\n    with a:\n        await b()\n    with c:\n        d()\n        async def e(): await g()"
        )
        assert operations(source, "lock", function=1) == ["a"]
        assert operations(source, "enter", function=1) == ["a", "c"]

    def test_iterations(self) -> None:
        source = "def f(a):\n    for b in a: ...\n    [c for c in d]\n    yield from e"
        assert operations(source, "iterate") == ["$a", "d", "e"]

    def test_attributes_that_may_be_properties(self) -> None:
        source = """
            import os
            from config import settings
            def f(a):
                a.b.c
                a.b
                os.path
                "".join
                settings.client
                a.d = 1
                a.d
            """
        assert operations(source, "attribute", function=1) == ["$a.b", "$a.b.c", "settings.client"]

    def test_an_attribute_is_met_again_under_other_conditions(self) -> None:
        source = "class A:\n    def f(self):\n        if self._x is None:\n            self._x = self.client\n        self.client"
        assert operations(source, "attribute", function=1).count("$self.client") == 2

    def test_guards_of_parameters(self) -> None:
        source = """
            def f(a, b=None):
                if a:
                    one()
                elif b is None:
                    two()
                if not b:
                    return
                three()
            """
        summary = read(source)
        fact = summary.functions[1]
        guards = {show(summary, o.node): fact.guards[o.guard] for o in fact.operations if o.kind == "call"}
        assert guards == {
            "one()": ((0, "truthy"),),
            "two()": ((0, "falsy"), (1, "none")),
            "three()": ((1, "truthy"),),
        }

    def test_places(self) -> None:
        (operation,) = (o for o in read("x = f(\n  1,\n)").functions[0].operations if o.kind == "call")
        assert (operation.line, operation.column, operation.end_line, operation.end_column) == (1, 4, 3, 1)
