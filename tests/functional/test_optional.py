"""Findings about None as the command line shows them: confidence, and what has been answered elsewhere."""

from __future__ import annotations

from pathlib import Path

from fronts import Cli


def test_what_a_type_checker_has_been_answered_is_of_low_confidence(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.write("pyproject.toml", "[tool.mergegate]\n")
    cli.write(
        "module.py",
        """
        import re


        def answered(line: str) -> str:
            return re.match("a", line).group()  # pyright: ignore[reportOptionalMemberAccess]


        def open_to_all(line: str) -> str:
            return re.match("a", line).group()
        """,
    )
    lines = [
        (each["line"], each["confidence"])
        for each in cli.json("--select", "optional", "--no-cache", "--min-confidence", "low")["findings"]
    ]
    assert lines == [(6, "low"), (10, "high")]
    assert [each["line"] for each in cli.json("--select", "optional", "--no-cache")["findings"]] == [10]
