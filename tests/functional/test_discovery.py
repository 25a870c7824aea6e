"""Which files belong to a project: what git does not ignore, what is not excluded, and nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mergegate.config import find_files, load_config
from mergegate.errors import ConfigError


def write(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def found(root: Path, **overrides: object) -> list[str]:
    return [file.path for file in find_files(load_config(root).override(**overrides)).files]


def git(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], cwd=root, env=environment, check=True, capture_output=True, text=True
    ).stdout


def known_to_git(root: Path) -> list[str]:
    names = git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return sorted(name for name in names if name.endswith(".py"))


TREE = [
    "a.py", "b.py", "keep.py", "pkg/__init__.py", "pkg/a.py", "pkg/keep.py", "pkg/deep/a.py", "pkg/deep/keep.py",
    "out/a.py", "out/keep.py", "pkg/out/a.py", "out.py", "x.py/inner.py", "gen/one_pb2.py", "gen/sub/two_pb2.py",
    "doc/conf.py", "doc/api/conf.py", "Upper/A.py", "sp ace/a.py", "a[1].py", "#x.py", "!y.py", "ümlaut/äö.py",
    "tail /a.py", "logs/debug.py", "logs/app.log/a.py", "one/two/three/four.py",
]  # fmt: skip

IGNORE_FILES = {
    "none": {},
    "names": {".gitignore": "a.py\nout\n"},
    "folders only": {".gitignore": "out/\nx.py/\n"},
    "anchored": {".gitignore": "/a.py\n/out\npkg/deep\n"},
    "wildcards": {".gitignore": "*_pb2.py\n?.py\n[A-Z]*\n*.log\n"},
    "negation": {".gitignore": "*.py\n!keep.py\n!/pkg/\n"},
    "negation below an ignored folder": {".gitignore": "out/\n!out/keep.py\n"},
    "negation of a folder's contents": {".gitignore": "pkg/*\n!pkg/keep.py\n"},
    "everything below": {".gitignore": "pkg/**\n!pkg/keep.py\n!pkg/deep/\n"},
    "everything below, folders kept": {".gitignore": "pkg/**\n!pkg/**/\n!pkg/deep/keep.py\n"},
    "double stars": {".gitignore": "**/deep\none/**/four.py\ndoc/**/conf.py\n"},
    "nested": {".gitignore": "a.py\n", "pkg/.gitignore": "!a.py\nkeep.py\n", "pkg/deep/.gitignore": "/a.py\n!keep.py"},
    "odd characters": {".gitignore": "\\#x.py\n\\!y.py\na\\[1\\].py\nsp\\ ace\nümlaut\ntail\\ /\n"},
    "comments and blanks": {".gitignore": "# a.py\n\n   \nb.py   \n#\n"},
    "windows line ends": {".gitignore": "a.py\r\nout/\r\n"},
    "lines without a meaning": {".gitignore": "/\n!\n***\n[\nb.py\n"},
    "all but one": {".gitignore": "*\n!*/\n!keep.py\n"},
    "repository's own": {".git/info/exclude": "keep.py\n", ".gitignore": "!pkg/keep.py\n"},
}


@pytest.mark.parametrize("case", IGNORE_FILES)
def test_the_files_are_those_that_git_would_add(tmp_path: Path, case: str) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, *TREE)
    for name, text in IGNORE_FILES[case].items():
        (tmp_path / name).write_bytes(text.encode())
    assert found(tmp_path) == known_to_git(tmp_path)


def test_a_project_inside_a_repository_obeys_the_ignore_files_above(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    project = tmp_path / "services/api"
    write(project, "mergegate.toml", "main.py", "gen/a.py", "local/b.py", "deep/secret.py", "deep/c.py")
    write(tmp_path, ".gitignore", text="services/*/gen/\nsecret.py\n")
    write(tmp_path / "services", ".gitignore", text="/api/local/\n")
    assert found(project) == known_to_git(project) == ["deep/c.py", "main.py"]


def test_ignore_files_can_be_disregarded(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="*.py\n")
    write(tmp_path, "a.py")
    assert found(tmp_path) == []
    assert found(tmp_path, respect_gitignore=False) == ["a.py"]


def test_exclude_comes_after_the_ignore_files_and_may_take_back(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="gen_*.py\n")
    write(tmp_path, "a.py", "gen_a.py", "gen_b.py", "tests/test_a.py", "docs/a.py", "docs/deep/a.py")
    assert found(tmp_path, exclude=("/docs/", "test_*", "!gen_a.py")) == ["a.py", "gen_a.py"]


@pytest.mark.parametrize("pattern", ["/", "# comment"])
def test_an_exclude_pattern_without_a_meaning_is_an_error_with_its_line(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, "mergegate.toml", text=f"exclude = [\n  'fine/',\n  {pattern!r},\n]\n")
    with pytest.raises(ConfigError, match=r"mergegate\.toml:3: exclude\[1\] is no pattern"):
        find_files(load_config(tmp_path))


def test_environments_tool_folders_and_build_copies_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path, "app.py", "my-env/pyvenv.cfg", "my-env/lib/a.py", "conda/conda-meta/history", "conda/lib/a.py",
        "node_modules/x/a.py", "__pycache__/a.py", ".tox/py/a.py", ".git/hooks/a.py", ".mergegate_cache/a.py",
        "build/lib/app.py", "tools/build/__init__.py", "tools/build/lib/a.py", "tools/env/lib/a.py",
    )  # fmt: skip
    assert found(tmp_path) == ["app.py", "tools/build/__init__.py", "tools/build/lib/a.py", "tools/env/lib/a.py"]


def test_a_project_that_is_itself_an_environment_or_ignored_is_analysed_when_asked_for(tmp_path: Path) -> None:
    project = tmp_path / "out"
    write(tmp_path, ".gitignore", text="out/\n")
    write(tmp_path, ".git/HEAD")
    write(project, "mergegate.toml", "pyvenv.cfg", "a.py")
    assert found(project) == ["a.py"]


def test_nested_projects_are_named_and_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "inner/b.py", "plain/c.py", "plain/pyproject.toml")
    write(tmp_path, "inner/pyproject.toml", text="[tool.mergegate]\n")
    walk = find_files(load_config(tmp_path))
    assert [file.path for file in walk.files] == ["a.py", "plain/c.py"]
    assert walk.nested == ("inner",)


def test_a_broken_configuration_of_a_nested_project_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "inner/pyproject.toml", text="[tool.mergegate\n")
    with pytest.raises(ConfigError, match=r"inner/pyproject\.toml: is not valid TOML"):
        find_files(load_config(tmp_path))


def test_only_regular_python_files_count(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "stub.pyi", "script", "notes.txt", "folder.py/inner.py")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.py")
    assert found(tmp_path) == ["a.py", "folder.py/inner.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="creating links needs a privilege")
def test_links_to_files_count_and_loops_of_links_end(tmp_path: Path) -> None:
    write(tmp_path, "pkg/a.py")
    (tmp_path / "pkg/link.py").symlink_to("a.py")
    (tmp_path / "pkg/up").symlink_to("..")
    (tmp_path / "pkg/broken.py").symlink_to("missing.py")
    (tmp_path / "pkg/self.py").symlink_to("self.py")
    assert found(tmp_path) == ["pkg/a.py", "pkg/link.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_is_a_name_all_the_same(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).touch()
    assert found(tmp_path) == ["caf\udce9.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable to this user")
def test_a_folder_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "locked/b.py")
    (tmp_path / "locked").chmod(0)
    try:
        walk = find_files(load_config(tmp_path))
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert [file.path for file in walk.files] == ["a.py"]
    assert "locked/" in walk.warnings[0]


def test_files_that_only_an_editor_holds_count_unless_they_are_ignored(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", text="gen_*\n")
    write(tmp_path, "pkg/a.py", "env/pyvenv.cfg")
    also = ["pkg/new.py", "pkg/gen_new.py", "pkg/a.py", "env/b.py", "pkg/notes.txt", "top.py"]
    walk = find_files(load_config(tmp_path), also=also)
    assert [file.path for file in walk.files] == ["pkg/a.py", "pkg/new.py", "top.py"]
