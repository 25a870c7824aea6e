"""Identity is equal however code is laid out, and matching pairs one to one, whatever the order."""

from __future__ import annotations

import ast
import json.decoder
import random
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergegate.gate.identity import Identity, identify
from mergegate.gate.matching import match
from mergegate.gate.source import Sources

FILES = [Path(module.__file__) for module in (json.decoder, shlex, textwrap)]
RUFF = str(Path(sys.executable).with_name("ruff"))


class Place(NamedTuple):
    rule: str
    path: str
    line: int
    column: int


def identities(text: str, path: str = "a.py") -> list[Identity]:
    """Those of places at the start of each statement, in the order of the text."""
    tree = ast.parse(text)
    nodes = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.stmt)),
        key=lambda node: (node.lineno, node.col_offset),
    )
    places = [Place("rule", path, node.lineno, node.col_offset) for node in nodes]
    return identify(places, Sources({path: text.encode()}.__getitem__))


def known_by(each: Identity) -> tuple[object, ...]:
    """What no layout may change."""
    return each.rule, each.path, each.scope, each.code, each.part, each.size, each.sketch, each.body


TEXTS = [path.read_text("utf-8") for path in FILES]


@pytest.mark.parametrize("length", [30, 400])
@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in FILES])
def test_a_formatter_changes_no_identity(text: str, length: int) -> None:
    command = [RUFF, "format", "--isolated", "--line-length", str(length), "--stdin-filename", "a.py", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert done.stdout != text
    assert list(map(known_by, identities(done.stdout))) == list(map(known_by, identities(text)))


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(TEXTS), st.sampled_from([1, 2, 3, 8, "\t"]), st.sampled_from(["\n", "\r\n", "\r"]), st.integers()
)
def test_indentation_line_ends_and_comments_change_no_identity(
    text: str, indent: int | str, end: str, seed: int
) -> None:
    chance = random.Random(seed)
    before = identities(text)
    lines: list[str] = []
    strings = inside_strings(text)
    unit = " " * indent if isinstance(indent, int) else indent
    for number, line in enumerate(text.split("\n"), 1):
        if number not in strings:
            if not continued(lines) and chance.random() < 0.1:
                lines.append(chance.choice(["", "    # a comment", "# more"]))
            bare = line.lstrip(" ")
            depth, rest = divmod(len(line) - len(bare), 4)
            line = unit * depth + " " * rest * (indent != "\t") + bare
            if bare and not continued([line]) and number + 1 not in strings and chance.random() < 0.1:
                line += "  "
        lines.append(line)
    after = identities(end.join(lines))
    assert list(map(known_by, after)) == list(map(known_by, before))


def inside_strings(text: str) -> set[int]:
    """The lines that a string of several lines reaches beyond its first one."""
    return {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno
        for number in range(node.lineno + 1, node.end_lineno + 1)
    }


def continued(lines: list[str]) -> bool:
    return bool(lines) and lines[-1].endswith("\\")


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 90)), max_size=10))
def test_any_place_has_an_identity(text: str, positions: list[tuple[int, int]]) -> None:
    places = [Place("rule", "a.py", *position) for position in positions]
    found = identify(places, Sources({"a.py": text.encode()}.__getitem__))
    assert [Identity.from_json(each.to_json()) for each in found] == found


# -- matching ------------------------------------------------------------------------------------------------------

few = st.sampled_from(["", "a", "b"])
paths = st.sampled_from(["a.py", "b.py", "inner/a.py"])
anything = st.builds(
    Identity, st.sampled_from(["one", "two"]), paths, st.sampled_from(["", "f", "C.f"]), st.sampled_from(["x", "y", "z"]),
    few, few, few, few, few, few, few, few, st.sampled_from([3, 20]), st.sampled_from(["", "0a0b0c", "0a0b0d", "1a1b1c"]),
)  # fmt: skip
groups = st.lists(anything, max_size=12)
moves = st.dictionaries(paths, paths, max_size=2)


@given(groups, groups, moves)
def test_each_old_finding_is_continued_once_and_under_its_rule(
    old: list[Identity], new: list[Identity], renames: dict[str, str]
) -> None:
    answer = match(old, new, renames=renames)
    assert len(answer) == len(new)
    taken = [each for each in answer if each is not None]
    assert len(taken) == len(set(taken))
    assert all(was is None or old[was].rule == now.rule for was, now in zip(answer, new, strict=True))


@given(groups, groups, moves, st.randoms(use_true_random=False))
def test_the_order_means_nothing(
    old: list[Identity], new: list[Identity], renames: dict[str, str], chance: random.Random
) -> None:
    def pairs(olds: list[Identity], news: list[Identity]) -> list[tuple[Identity, Identity | None]]:
        answer = match(olds, news, renames=renames)
        found = [(now, None if was is None else olds[was]) for was, now in zip(answer, news, strict=True)]
        return sorted(found, key=repr)

    mixed_old, mixed_new = list(old), list(new)
    chance.shuffle(mixed_old)
    chance.shuffle(mixed_new)
    assert pairs(mixed_old, mixed_new) == pairs(old, new)


@given(groups, groups)
def test_what_has_not_changed_is_known_whatever_comes(old: list[Identity], more: list[Identity]) -> None:
    answer = match(old, [*more, *old])
    kept = [old[was] for was in answer if was is not None]
    assert sorted(kept, key=repr) == sorted(old, key=repr)


@given(groups)
def test_nothing_continues_nothing(new: list[Identity]) -> None:
    assert match([], new) == [None] * len(new)
