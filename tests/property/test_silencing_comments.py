"""Comments that silence type errors are found where Python sees a comment, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergegate.evidence.silencing import silencing_comments
from mergegate.gate.source import Sources

SILENCING = (
    "# type: ignore", "# type: ignore[attr-defined]", "#type:ignore", "# type: ignore # why", "# noqa # type: ignore",
    "# pyright: ignore", "# pyright: ignore[reportCallIssue, reportArgumentType]", "# pyright: basic",
    "# pyright: strict, reportCallIssue=false", "# pyright: reportCallIssue = warning",
)  # fmt: skip
HARMLESS = (
    "# type: int", "# type: ignored", "# pyright: strict", "# pyright: reportCallIssue=error", "# the type: ignore it",
    "# pyright is ignored", "# types: ignore", "# see type ignore",
)  # fmt: skip


def lines(text: str) -> list[int]:
    return [each.line for each in silencing_comments(["a.py"], Sources(lambda _path: text.encode()))]


@pytest.mark.parametrize("comment", SILENCING)
def test_each_form_counts_once_a_line(comment: str) -> None:
    assert lines(f"x = 1\ny = f(x)  {comment}\n") == [2]
    assert lines(f"{comment}\nx = 1\n") == [1]
    assert lines(f"def f():\r\n    {comment}\r\n    return 1\r\n") == [2]


@pytest.mark.parametrize("comment", HARMLESS)
def test_what_only_looks_like_one_does_not(comment: str) -> None:
    assert lines(f"x = 1  {comment}\n") == []


@given(
    st.lists(
        st.tuples(st.sampled_from((*SILENCING, *HARMLESS)), st.sampled_from(("comment", "string", "text"))), max_size=8
    )
)
def test_only_comments_count_wherever_the_words_stand(parts: list[tuple[str, str]]) -> None:
    shapes = {"comment": "x = f(  {}\n)\n", "string": "x = '{}'\n\n", "text": 'x = """\n{}"""\n'}
    text = "".join(shapes[shape].format(comment) for comment, shape in parts)
    expected = [
        2 * index + 1 for index, (comment, shape) in enumerate(parts) if shape == "comment" and comment in SILENCING
    ]
    assert lines(text) == expected
