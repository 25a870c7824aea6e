"""Which files pyright reads, as far as its configuration tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from mergegate.evidence.pyright_config import read_pyright_config

FILES = ["app.py", "src/a/x.py", "src/b/gen/y.py", "srcs/z.py", "tests/t.py"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("{}", FILES),
        ('{"include": ["src"]}', ["src/a/x.py", "src/b/gen/y.py"]),
        ('{"include": ["./src/"], "exclude": ["**/gen"]}', ["src/a/x.py"]),
        ('{"include": ["src", "tests/t.py"], "exclude": ["src/?"]}', ["tests/t.py"]),
        ('{"exclude": ["**/gen/**", "tests"]}', ["app.py", "src/a/x.py", "srcs/z.py"]),
        ('{"include": ["s*"]}', ["src/a/x.py", "src/b/gen/y.py", "srcs/z.py"]),
        ('{"include": ["."], "exclude": ["app.py"]}', FILES[1:]),
        ('// a comment\n{"include": ["src", /* "tests" */ ], "venv": "a//b",}', ["src/a/x.py", "src/b/gen/y.py"]),
        ('{"include": [', FILES),
        ('{"include": "src"}', FILES),
    ],
)
def test_patterns(tmp_path: Path, text: str, read: list[str]) -> None:
    (tmp_path / "pyrightconfig.json").write_text(text, encoding="utf-8")
    assert read_pyright_config(tmp_path).reads(FILES) == read


def test_the_table_in_pyproject_and_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pyright]\ninclude = ["tests"]\nvenv = "env"\n', encoding="utf-8")
    found = read_pyright_config(tmp_path)
    assert (found.reads(FILES), found.has_environment) == (["tests/t.py"], True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "pyrightconfig.json").write_text('{"exclude": ["b"]}', encoding="utf-8")
    assert read_pyright_config(tmp_path, "src").reads(FILES) == ["src/a/x.py"]
    assert read_pyright_config(tmp_path, "src/pyrightconfig.json").reads(FILES) == ["src/a/x.py"]
