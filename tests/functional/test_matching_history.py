"""What replayed releases of packages taught: each case is a disagreement with the judge, reduced to what decides it."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import pytest

from mergegate.gate.identity import identify
from mergegate.gate.matching import match
from mergegate.gate.source import Sources

Files = dict[str, str]


class Place(NamedTuple):
    rule: str
    path: str
    line: int
    column: int


def places(files: Files) -> list[Place]:
    """Where a file has `<<`: the place begins there."""
    return [
        Place("rule", path, number, column)
        for path, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        for column in [line.find("<<")]
        if column >= 0
    ]


def kept(before: Files, after: Files, renames: dict[str, str] | None = None) -> list[bool]:
    """Tell of each finding of now, in the order of the text, whether it is an old one."""
    old, new = ({path: textwrap.dedent(text) for path, text in files.items()} for files in (before, after))

    def identities(files: Files):
        sources = {path: text.replace("<<", "").encode() for path, text in files.items()}
        return identify(places(files), Sources(sources.__getitem__))

    return [was is not None for was in match(identities(old), identities(new), renames=renames or {})]


BODY = """
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in seen:
            seen.add(name)
            yield convert(name)
"""
OTHER_BODY = """
    with open(path) as file:
        document = json.load(file)
    return Result(document["id"], document["title"], owner=document.get("owner"))
"""


def test_another_function_in_the_place_of_one_that_went_is_new() -> None:
    tail = "\ndef last(file):\n    return file.name\n"
    before = {"a.py": f"import json\ndef <<parse(text, seen):{BODY}{tail}"}
    after = {"a.py": f"import json\ndef <<load(path, owner):{OTHER_BODY}{tail}"}
    assert kept(before, after) == [False]


@pytest.mark.parametrize("line", ["from poetry.factory import Factory", '"""Work."""'])
def test_functions_in_two_files_that_begin_alike_are_two(line: str) -> None:
    before = {"a.py": f"def <<handle(text, seen):\n    {line}{BODY}"}
    after = {"b.py": f"def <<ensure(path, owner):\n    {line}{OTHER_BODY}"}
    assert kept(before, after) == [False]


def test_constructors_of_two_classes_are_two() -> None:
    before = {"a.py": "class Old:\n    def <<__init__(self, one):\n        self.one = one\n        self.run(one)\n"}
    after = {
        "a.py": "class New:\n    def <<__init__(self, two):\n        super().__init__()\n        self.two = [two]\n"
    }
    assert kept(before, after) == [False]


def test_a_function_whose_body_went_into_a_new_one_takes_its_finding_along() -> None:
    before = {"a.py": f"def <<handle(text, seen):{BODY}"}
    after = {
        "a.py": f"def handle(text, seen):\n    return _handle(text, seen)\n\ndef <<_handle(text, seen):{BODY}    return None\n"
    }
    assert kept(before, after) == [True]


def test_a_function_that_was_renamed_made_async_and_given_parameters_is_the_same() -> None:
    before = {"a.py": f"def <<convert_all(text, seen):{BODY}"}
    after = {"b.py": f"async def <<aconvert_all(text, seen, *, strict=False):{BODY}    await close()\n"}
    assert kept(before, after) == [True]


def test_a_method_moved_with_its_class_is_the_same_whatever_is_in_it() -> None:
    before = {"old/parts.py": f"class Tool:\n    kind: str\n    def <<run(self):{textwrap.indent(BODY, '    ')}"}
    after = {"new/parts.py": f"class Tool:\n    kind: str\n    def <<run(self):{textwrap.indent(OTHER_BODY, '    ')}"}
    assert kept(before, after) == [True]


def test_a_class_is_known_by_its_members_and_its_bases_are_not_the_class() -> None:
    members = "    one: int\n    two: str = ''\n    three: list[str] = field(default_factory=list)\n"
    assert kept({"a.py": f"class <<Old(Model):\n{members}"}, {"a.py": f"class <<New(Model, Base):\n{members}"}) == [
        True
    ]
    assert kept({"a.py": f"class Old(<<Model):\n{members}"}, {"a.py": f"class Other(<<Base):\n{members}"}) == [False]


def test_a_parameter_stays_itself_when_it_is_given_a_type_or_default() -> None:
    before = {"a.py": "class C:\n    def key(self, request,\n        <<spider):\n        return request.meta\n"}
    after = {
        "a.py": "class C:\n    def key(self, request: Request,\n"
        "        <<spider: dict[str, tuple[Spider, Any]] | None = None) -> str:\n        return str(request.meta)\n"
    }
    assert kept(before, after) == [True]


def test_a_default_is_not_the_parameter() -> None:
    before = {"a.py": "def run(first, names=<<[]):\n    return names\n"}
    assert kept(before, {"a.py": "def run(second=None, *, names=<<[]):\n    return names\n"}) == [True]
    assert kept(before, {"a.py": "def run(first, names=None, *, more=<<{}):\n    return names\n"}) == [False]


@pytest.mark.parametrize("last", ["return None", "return False", "pass", "continue"])
def test_a_handler_written_anew_elsewhere_is_new_although_it_follows_a_try_and_ends_alike(last: str) -> None:
    repaired = "def read(path):\n    for each in path:\n        try:\n            load(each)\n        {}:\n            log(each)\n            {}\n"
    added = "def write(text):\n    while text:\n        try:\n            text = send(text)\n        <<except Exception as e:\n            show(e)\n            {}\n"
    before = {"a.py": repaired.format("<<except Exception as e", last), "b.py": ""}
    after = {"a.py": repaired.format("except OSError as e", last), "b.py": added.format(last)}
    assert kept(before, after) == [False]


def test_a_handler_that_moves_with_the_line_above_it_is_kept_though_another_is_added() -> None:
    def handler(call: str, result: str, said: str) -> str:
        return f"    try:\n        {call}\n        return {result}\n    <<except Exception as e:\n        {said}\n        raise\n"

    before = {"run.py": f"def load(name):\n{handler('server = create(name)', 'server', 'logger.error(name, file)')}"}
    after = {
        "cursor.py": f"def install(path):\n{handler('write(path)', 'True', 'print(e)')}",
        "source.py": f"def load_it(name):\n{handler('server = create(name)', 'server', 'logger.error(name, path)')}",
    }
    assert kept(before, after) == [False, True]


def test_a_call_whose_first_line_stays_in_its_function_is_edited() -> None:
    text = "def load(server, prefix):\n    for {head}:\n        if prefix:\n            {key}\n            <<template = template.copy(\n                {what}\n            )\n"
    before = {
        "a.py": text.format(
            head="key, template in server.items()",
            key="named = add(key, prefix)",
            what="name=f'{prefix}_{template.name}', key=named",
        )
    }
    after = {
        "a.py": text.format(
            head="template in server.list()",
            key="uri = join(template.uri, prefix)",
            what="update={'uri_template': uri}",
        )
    }
    assert kept(before, after) == [True]


def test_the_last_of_two_returns_is_the_old_one_if_what_follows_it_is_the_same() -> None:
    after_it = "\n\ndef last(file):\n    return file.name\n"
    before = {
        "a.py": f"def run(tool):\n    found = tool.call()\n    <<return Result(content=found,\n        structure=tool.schema)\n{after_it}"
    }
    after = {
        "a.py": "def run(tool):\n    found = tool.call()\n    if tool.raw:\n        <<return Result(content=found,\n            structure=tool.schemas)\n"
        f"    wrap = tool.wrap\n    <<return Result(content=found,\n        structure={{'result': found}} if wrap else found)\n{after_it}"
    }
    assert kept(before, after) == [False, True]


def test_equal_statements_in_a_module_that_moved_and_its_copy_count_once() -> None:
    text = "try:\n    <<import opentelemetry  # noqa\nexcept ImportError as e:\n    raise Missing('opentelemetry') from e\n"
    assert sorted(kept({"old/config.py": text}, {"new/config.py": text, "new/_utils.py": text})) == [False, True]
