"""Credentials in notebooks: in code, in what it printed, and where they are said to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fronts import Cli

TOKEN = "gh" + "p_" + "bcdefghijklmnopqrstuvwxy" + "Q7w2E9r4T1y8"


def _notebook(*cells: dict[str, Any], **layout: Any) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **layout)


def _code(*lines: str, outputs: list[Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "code", "source": [f"{line}\n" for line in lines], "outputs": outputs or []}


CELLS = (
    {"cell_type": "markdown", "source": ["# é title"]},
    _code("%pip install x", "import os", "", 'db_password = "c0rrect-H0rse-9!"  # "quoted"'),
    _code(f'print("é", "{TOKEN}")', outputs=[
        {"output_type": "stream", "text": ["one\n", f"token {TOKEN}\n"]},
        {"output_type": "display_data", "data": {"image/png": TOKEN, "text/plain": ["<Figure>"]}},
    ]),
)  # fmt: skip


@pytest.mark.parametrize(
    "layout", [{"indent": 1}, {"indent": 1, "ensure_ascii": False}, {}], ids=["ascii", "utf-8", "one line"]
)
def test_each_is_placed_in_the_file_and_said_by_cell_and_line(cli: Cli, layout: dict[str, Any]) -> None:
    text = _notebook(*CELLS, **layout)
    cli.write("nb/analysis.ipynb", "").write_text(text, encoding="utf-8")
    findings = cli.json("--min-confidence", "low")["findings"]
    assert [(each["rule"], each["message"].rpartition(": ")[0].rpartition("in ")[2]) for each in findings] == [
        ("hardcoded-credential", "cell 2, line 4"),
        ("hardcoded-token", "cell 3, line 1"),
        ("hardcoded-token", "the output of cell 3, line 2"),
    ]
    lines = text.encode().split(b"\n")
    for each, value in zip(findings, ("c0rrect-H0rse-9!", TOKEN, TOKEN), strict=True):
        line = lines[each["line"] - 1].decode()
        assert value in line[each["column"] - 1 : each["end_column"] - 1]
        assert value not in json.dumps(each)


def test_a_key_in_a_notebook_is_masked_to_its_end(cli: Cli) -> None:
    body = "\n".join(f"{number}OnlyThisTestHasIt8aLongEnough0123456789+/abcDEF{number}" for number in range(6))
    source = f'KEY = """-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"""\n'
    for source_ in (source, source.splitlines(keepends=True)):
        cli.write("nb.ipynb", _notebook({"cell_type": "code", "source": source_}, indent=1))
        run = cli("check")
        assert "hardcoded-private-key" in run.stdout
        assert "OnlyThisTestHasIt" not in run.stdout


@pytest.mark.parametrize(
    "text", ["", "{", '{"cells": 5}', '{"cells": [{"source": 7}]}', "[]", '{"cells": [{"source": ["a = ("]}]}', "\0"]
)
def test_what_is_no_notebook_does_no_harm(cli: Cli, text: str) -> None:
    cli.write("nb.ipynb", text)
    cli.write("app.py", "x = 1\n")
    assert cli("check").returncode == 0


def test_suppression_by_comment_works_in_code_cells(cli: Cli) -> None:
    cell = _code('password = "c0rrect-H0rse-9!"  # pragma: allowlist secret')
    cli.write("nb.ipynb", _notebook(cell, indent=1))
    assert [each["status"] for each in cli.json("--min-confidence", "low")["findings"]] == ["suppressed"]
