"""Reading git repositories: real ones, made by git, in the states in which a gate meets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mergegate.git import GitError, Repository
from repositories import commit, git

_BODY = "".join(f"value_{number} = {number}\n" for number in range(30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    return made


def found(folder: Path) -> Repository:
    repository = Repository.find(folder)
    assert repository is not None
    return repository


def test_a_folder_outside_of_any_repository_has_none(tmp_path: Path) -> None:
    assert Repository.find(tmp_path) is None


def test_files_of_a_commit_are_read_whatever_their_names_and_contents(folder: Path) -> None:
    names = ["plain.py", "two words.py", "sub/ünï.py", ":(top)x.py", "sub/[a].py"]
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x = %d\r\n\0\n" % number)
    (folder / "link.py").symlink_to("plain.py")
    first = commit(folder)
    (folder / "plain.py").write_text("changed = 1\n")
    repository = found(folder / "sub")
    files = repository.files(first)
    assert set(files) == {*names, "link.py"}
    assert not files["link.py"].is_file
    contents = list(repository.read(files[name].id for name in names))
    assert contents == [b"x = %d\r\n\0\n" % number for number in range(len(names))]
    assert set(repository.files(first, "sub/")) == {"sub/ünï.py", "sub/[a].py"}
    assert repository.show(first, "sub/[a].py") == b"x = 4\r\n\0\n"
    assert repository.show(first, "sub/a.py") is None
    assert repository.show(first, "sub") is None


def test_names_that_are_no_text_survive(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (folder / name).write_text("x = 1\n")
    first = commit(folder)
    assert found(folder).show(first, name) == b"x = 1\n"


def test_the_merge_base_is_where_two_branches_parted(folder: Path) -> None:
    commit(folder, a="x = 1\n")
    parted = commit(folder, a="x = 2\n")
    git(folder, "checkout", "-q", "-b", "topic")
    commit(folder, a="x = 3\n")
    git(folder, "checkout", "-q", "main")
    commit(folder, b="y = 1\n")
    assert found(folder).merge_base("main", "topic") == parted


def test_a_branch_that_only_the_remote_has_is_found(folder: Path, tmp_path: Path) -> None:
    commit(folder, a="x = 1\n")
    git(folder, "checkout", "-q", "-b", "release")
    tip = commit(folder, a="x = 2\n")
    git(folder, "checkout", "-q", "main")
    git(tmp_path, "clone", "-q", str(folder), "clone")
    assert found(tmp_path / "clone").resolve("release") == tip


def test_a_shallow_clone_says_what_to_fetch_and_fetches_nothing(folder: Path, tmp_path: Path) -> None:
    first = commit(folder, a="x = 1\n")
    commit(folder, a="x = 2\n")
    git(tmp_path, "clone", "-q", "--depth=1", folder.as_uri(), "clone")
    repository = found(tmp_path / "clone")
    assert repository.is_shallow
    with pytest.raises(GitError) as raised:
        repository.resolve(first)
    assert "git fetch" in raised.value.hint
    assert "fetch-depth: 0" in raised.value.hint
    assert raised.value.exit_code == 2
    assert git(tmp_path / "clone", "rev-list", "--count", "--all") == "1"


def test_a_partial_clone_is_not_filled_from_the_network(folder: Path, tmp_path: Path) -> None:
    first = commit(folder, a="x = 1\n")
    commit(folder, a="x = 2\n")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", folder.as_uri(), "clone")
    with pytest.raises(GitError, match="not in this clone"):
        found(tmp_path / "clone").show(first, "a.py")


@pytest.mark.parametrize("revision", ["nowhere", "--help", "main:a.py", ""])
def test_what_names_no_commit_is_refused(folder: Path, revision: str) -> None:
    commit(folder, a="x = 1\n")
    with pytest.raises(GitError):
        found(folder).resolve(revision)


def test_renames_are_seen_with_their_edits_but_empty_files_are_no_pair(folder: Path) -> None:
    base = commit(folder, old=_BODY, pkg__old=_BODY.replace("value", "other"), pkg____init__="", gone="")
    git(folder, "mv", "old.py", "new.py")
    git(folder, "mv", "pkg", "package")
    git(folder, "mv", "gone.py", "empty.py")
    (folder / "new.py").write_text(_BODY.replace("value_3 ", "renamed "))
    expected = {"old.py": "new.py", "pkg/old.py": "package/old.py"}
    repository = found(folder)
    assert repository.renames(base) == expected
    head = commit(folder)
    assert repository.renames(base, head) == expected


def test_a_hook_environment_for_another_repository_is_ignored(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = commit(folder, a="x = 1\n")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    repository = found(folder)
    assert repository.root == folder
    assert repository.resolve("HEAD") == tip


def test_programs_that_the_configuration_names_do_not_run(folder: Path, tmp_path: Path) -> None:
    base = commit(folder, old=_BODY)
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat \"$1\"\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "diff.external", "diff.text.textconv"):
        git(folder, "config", name, str(program))
    (folder / ".gitattributes").write_text("*.py diff=text\n")
    (folder / "old.py").write_text(_BODY + "more = 1\n")
    repository = found(folder)
    repository.renames(base)
    repository.files(base)
    assert not marker.exists()


def test_no_git_is_one_clear_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="cannot be run") as raised:
        Repository.find(folder)
    assert "install git" in raised.value.hint
