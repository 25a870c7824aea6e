"""Everything that people do to code with accepted findings: what survives it, and what is new all the same.

Each scenario is a project of its own in one workspace, so that two runs decide all of them. A family of rules joins by
one `Snippet`.
"""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fronts import Cli

BASELINE = "mergegate-baseline.json"
PADDING = "def helper_{0}(value):\n    return [value, {0}]\n"
Files = dict[str, str]


@dataclass(frozen=True)
class Snippet:
    """One rule of a family, as code that breaks it.

    `head` opens a function (`{name}`, `{parameters}`); `statement` is one line in it that breaks the rule, `wrapped` the
    same as a formatter lays it out on several, `loose` with other blanks; `other` breaks the same rule otherwise;
    `fixed` does not.
    """

    rule: str
    imports: str
    head: str
    statement: str
    wrapped: str
    loose: str
    other: str
    fixed: str

    def function(self, name: str = "work", *lines: str, parameters: str = "request", indent: str = "    ") -> str:
        head = self.head.format(name=name, parameters=parameters)
        return f"{head}\n{textwrap.indent(chr(10).join(lines or (self.statement,)), indent)}\n"

    def module(self, *definitions: str) -> str:
        return "\n\n".join([f"{self.imports}\n", *definitions])


FAMILIES = {
    "async": Snippet(
        rule="blocking-call-in-async",
        imports="import subprocess\nimport time",
        head="async def {name}({parameters}):",
        statement='subprocess.run(["sync", "--now"])',
        wrapped='subprocess.run(\n    [\n        "sync",\n        "--now",\n    ],\n)',
        loose="subprocess.run( ['sync',  '--now'] )",
        other="time.sleep(3)",
        fixed="await request.flush()",
    ),
    "pydantic": Snippet(
        rule="pydantic-method-deprecated",
        imports="from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    number: int\n\n\nclass Note(BaseModel):\n    text: str",
        head="def {name}({parameters}):",
        statement='Order.parse_obj({"number": 1})',
        wrapped='Order.parse_obj(\n    {\n        "number": 1,\n    },\n)',
        loose="Order.parse_obj( {'number':  1} )",
        other="Note.construct(text=request)",
        fixed="Order.model_validate(request)",
    ),
    "secrets": Snippet(
        rule="hardcoded-credential",
        imports="from shop import connect",
        head="def {name}({parameters}):",
        statement='connect("app", password="Tr0mbone-82")',
        wrapped='connect(\n    "app",\n    password="Tr0mbone-82",\n)',
        loose="connect( 'app',  password='Tr0mbone-82' )",
        other='connect("app", password="W1nter-Sea7")',
        fixed='connect("app", password=request.password)',
    ),
    "pii": Snippet(
        rule="credential-in-log",
        imports="import logging\n\nfrom shop import account\n\nlog = logging.getLogger(__name__)",
        head="def {name}({parameters}):",
        statement='log.info("signed in with %s", account.password)',
        wrapped='log.info(\n    "signed in with %s",\n    account.password,\n)',
        loose="log.info( 'signed in with %s',  account.password )",
        other='log.warning("refused: %s", account.private_key)',
        fixed='log.info("signed in as %s", account.number)',
    ),
}


def inside(head: str, text: str) -> str:
    return f"{head}\n{textwrap.indent(text, '    ')}"


def padded(count: int = 4) -> list[str]:
    return [PADDING.format(number) for number in range(count)]


SURVIVES: dict[str, Callable[[Snippet], tuple[Files, Files]]] = {
    "file renamed": lambda s: ({"a.py": s.module(s.function())}, {"b.py": s.module(s.function())}),
    "file moved into a folder": lambda s: ({"a.py": s.module(s.function())}, {"inner/a.py": s.module(s.function())}),
    "two files renamed": lambda s: (
        {"a.py": s.module(s.function("one")), "b.py": s.module(s.function("two"))},
        {"c.py": s.module(s.function("one")), "d.py": s.module(s.function("two"))},
    ),
    "two files with equal functions renamed": lambda s: (
        {"a.py": s.module(s.function()), "b.py": s.module(s.function())},
        {"c.py": s.module(s.function()), "d.py": s.module(s.function())},
    ),
    "two files change names": lambda s: (
        {"a.py": s.module(s.function("one")), "b.py": s.module(s.function("two", s.other))},
        {"b.py": s.module(s.function("one")), "a.py": s.module(s.function("two", s.other))},
    ),
    "file split": lambda s: (
        {"a.py": s.module(s.function("one"), s.function("two"))},
        {"b.py": s.module(s.function("one")), "c.py": s.module(s.function("two"))},
    ),
    "files merged": lambda s: (
        {"a.py": s.module(s.function("one")), "b.py": s.module(s.function("two"))},
        {"c.py": s.module(s.function("one"), s.function("two"))},
    ),
    "function moved to another file": lambda s: (
        {"a.py": s.module(s.function("one"), s.function("two")), "b.py": s.module(*padded())},
        {"a.py": s.module(s.function("two")), "b.py": s.module(*padded(), s.function("one"))},
    ),
    "line wrapped": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", s.wrapped))},
    ),
    "line unwrapped": lambda s: (
        {"a.py": s.module(s.function("work", s.wrapped))},
        {"a.py": s.module(s.function())},
    ),
    "blanks and quotes": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", s.loose))},
    ),
    "formatted and file renamed": lambda s: (
        {"a.py": s.module(s.function("work", s.loose))},
        {"b.py": s.module(s.function("work", s.wrapped))},
    ),
    "into a block": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", inside("if request:", s.statement)))},
    ),
    "into a try": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", inside("try:", s.statement), "finally:\n    request = None"))},
    ),
    "out of a block": lambda s: (
        {"a.py": s.module(s.function("work", inside("if request:", s.statement)))},
        {"a.py": s.module(s.function())},
    ),
    "into a class": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(inside("class Service:", s.function(parameters="self, request")))},
    ),
    "out of a class": lambda s: (
        {"a.py": s.module(inside("class Service:", s.function(parameters="self, request")))},
        {"a.py": s.module(s.function())},
    ),
    "tabs": lambda s: ({"a.py": s.module(s.function())}, {"a.py": s.module(s.function(indent="\t"))}),
    "two blanks of indentation": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function(indent="  "))},
    ),
    "line ends of Windows": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function()).replace("\n", "\r\n")},
    ),
    "byte order mark": lambda s: ({"a.py": s.module(s.function())}, {"a.py": "\ufeff" + s.module(s.function())}),
    "function renamed": lambda s: (
        {"a.py": s.module(*padded(), s.function("old_name"), s.function("last"))},
        {"a.py": s.module(*padded(), s.function("new_name"), s.function("last"))},
    ),
    "function renamed and file renamed": lambda s: (
        {"a.py": s.module(s.function("old_name"))},
        {"b.py": s.module(s.function("new_name"))},
    ),
    "class renamed": lambda s: (
        {"a.py": s.module(inside("class Old:", s.function(parameters="self, request")))},
        {"a.py": s.module(inside("class New:", s.function(parameters="self, request")))},
    ),
    "function renamed and given parameters": lambda s: (
        {"a.py": s.module(s.function("work", "first = request", s.statement, "return first"))},
        {"a.py": s.module(s.function("run", "first = request", s.statement, "return first", parameters="request, last"))},
    ),
    "comments above": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": "# a licence\n\n" + s.module(s.function("work", "# because", s.statement + "  # slow"))},
    ),
    "functions added above and below": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(*padded(), s.function(), *padded())},
    ),
    "statements added around": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", "first = [request]", s.statement, "first.append(request)"))},
    ),
    "body edited around": lambda s: (
        {"a.py": s.module(s.function("work", "first = [request]", s.statement, "return first"))},
        {"a.py": s.module(s.function("work", "second = {request}", s.statement, "return second"))},
    ),
    "functions in another order": lambda s: (
        {"a.py": s.module(s.function("one"), s.function("two"), s.function("three", s.other))},
        {"a.py": s.module(s.function("three", s.other), s.function("two"), s.function("one"))},
    ),
    "decorator, docstring and parameter added": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module("@print\n" + s.function("work", '"""Works."""', s.statement, parameters="request, *, more=()"))},
    ),
    "into an inner function": lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(inside("def outer():", s.function()) + "\n    return work\n")},
    ),
    "one of two equal ones repaired": lambda s: (
        {"a.py": s.module(s.function("work", s.statement, "print(request)", s.statement))},
        {"a.py": s.module(s.function("work", "print(request)", s.statement))},
    ),
}  # fmt: skip

# how many are new
DETECTED: dict[str, tuple[int, Callable[[Snippet], tuple[Files, Files]]]] = {
    "one repaired, another added in another function": (1, lambda s: (
        {"a.py": s.module(s.function("one"), s.function("two", s.fixed))},
        {"a.py": s.module(s.function("one", s.fixed), s.function("two", s.other))},
    )),
    "one repaired, another added in its place": (1, lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", s.other))},
    )),
    "one repaired, an equal one written elsewhere": (1, lambda s: (
        {"a.py": s.module(s.function("one", "first = [request]", s.statement, "return first")), "b.py": s.module(*padded())},
        {"a.py": s.module(s.function("one", "first = [request]", s.fixed, "return first")),
         "b.py": s.module(*padded(), s.function("two", "print(request)", s.statement, "print()"))},
    )),
    "twin in the same function": (1, lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", s.statement, s.statement))},
    )),
    "two on one line": (1, lambda s: (
        {"a.py": s.module(s.function())},
        {"a.py": s.module(s.function("work", f"{s.statement}; {s.statement}"))},
    )),
    "equal function added": (1, lambda s: (
        {"a.py": s.module(s.function("one"))},
        {"a.py": s.module(s.function("one"), s.function("two"))},
    )),
    "equal function added above": (1, lambda s: (
        {"a.py": s.module(s.function("one"))},
        {"a.py": s.module(s.function("two"), s.function("one"))},
    )),
    "other function added in a dirty file": (1, lambda s: (
        {"a.py": s.module(s.function("one"))},
        {"a.py": s.module(s.function("one"), s.function("two", s.other))},
    )),
    "function copied to another file": (1, lambda s: (
        {"a.py": s.module(s.function()), "b.py": s.module(*padded())},
        {"a.py": s.module(s.function()), "b.py": s.module(*padded(), s.function())},
    )),
    "file copied": (2, lambda s: (
        {"a.py": s.module(s.function("one"), s.function("two"))},
        {name: s.module(s.function("one"), s.function("two")) for name in ("a.py", "b.py")},
    )),
    "function moved and copied": (1, lambda s: (
        {"a.py": s.module(s.function()), "b.py": s.module(*padded())},
        {"a.py": s.module(*padded(1)), "b.py": s.module(s.function("work"), *padded(), s.function("copy"))},
    )),
    "new file": (1, lambda s: (
        {"a.py": s.module(s.function("one"))},
        {"a.py": s.module(s.function("one")), "b.py": s.module(s.function("two", s.other))},
    )),
    "first one in a clean project": (1, lambda s: (
        {"a.py": s.module(s.function("work", s.fixed))},
        {"a.py": s.module(s.function())},
    )),
}  # fmt: skip

SCENARIOS = {**{name: (0, made) for name, made in SURVIVES.items()}, **DETECTED}


# one family tells most of it; the others run with what takes long
@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=() if name == "async" else pytest.mark.slow) for name in FAMILIES],
)
def decided(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is new in each scenario, as `path:line: text`."""
    snippet = FAMILIES[request.param]
    cli = Cli(tmp_path_factory.mktemp("workspace"))
    cli.write("mergegate.toml", "")
    projects = {f"project_{number}": name for number, name in enumerate(SCENARIOS)}
    for project, name in projects.items():
        write(cli.folder / project, SCENARIOS[name][1](snippet)[0])
    made = cli("baseline", "create", "--select", snippet.rule)
    assert made.returncode == 0, made.stderr
    for project, name in projects.items():
        write(cli.folder / project, SCENARIOS[name][1](snippet)[1])
    document = cli.json("--select", snippet.rule, "--ci")
    new: dict[str, list[str]] = {name: [] for name in SCENARIOS}
    total = Counter(each["status"] for each in document["findings"])
    assert total["baselined"] > len(SURVIVES)
    for each in document["findings"]:
        if each["status"] == "new":
            project, _, path = each["path"].partition("/")
            new[projects[project]].append(f"{path}:{each['line']}: {each['message']}")
    return new


def write(project: Path, files: Files) -> None:
    """Make the files of a project these, but for its baseline."""
    kept = (project / BASELINE).read_bytes() if (project / BASELINE).exists() else None
    shutil.rmtree(project, ignore_errors=True)
    for path, text in {**files, "mergegate.toml": ""}.items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
    if kept is not None:
        (project / BASELINE).write_bytes(kept)


@pytest.mark.parametrize("name", SURVIVES)
def test_accepted_findings_survive(decided: dict[str, list[str]], name: str) -> None:
    assert decided[name] == []


@pytest.mark.parametrize("name", DETECTED)
def test_new_findings_are_seen(decided: dict[str, list[str]], name: str) -> None:
    assert len(decided[name]) == DETECTED[name][0], decided[name]
