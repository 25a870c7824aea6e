"""The merge driver of baselines, made known to git: an attribute that is committed, and a setting of the clone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath

from mergegate.config import Config
from mergegate.errors import MergegateError
from mergegate.git import Repository
from mergegate.scaffold.git_files import MERGE_DRIVER, attribute


def install(project: Config, *, dry_run: bool) -> Iterator[str]:
    """Let git merge the baselines of a repository by `mergegate baseline merge`.

    Parameters
    ----------
    project
        A project in the repository; projects with baselines of the same name are served too.
    dry_run
        Whether to write nothing.

    Yields
    ------
    str
        What is written where, a line each.

    Raises
    ------
    MergegateError
        If there is no repository, or something cannot be written.
    """
    repository = Repository.find(project.root)
    if repository is None:
        raise MergegateError(f"{project.root} lies in no git repository", "run 'git init' first")
    files = [project.baseline, *([project.types.baseline] if project.types_wanted else [])]
    for file in files:
        yield _attribute(repository.root / ".gitattributes", PurePath(file).name, dry_run=dry_run)
    for key, value in (("name", "baselines of mergegate"), ("driver", f"{_program()} baseline merge %O %A %B")):
        yield _setting(repository.root, f"merge.{MERGE_DRIVER}.{key}", value, dry_run=dry_run)
    yield (
        "nothing was written: leave out --dry-run"
        if dry_run
        else "commit .gitattributes; every clone needs this command once"
    )


def _attribute(file: Path, name: str, *, dry_run: bool) -> str:
    line = attribute(name)
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
        if line in text.splitlines():
            return f"{file.name}: has {line!r}"
        if not dry_run:
            start = "" if not text or text.endswith("\n") else "\n"
            with file.open("a", encoding="utf-8", newline="") as stream:
                stream.write(f"{start}{line}\n")
    except OSError as error:
        raise MergegateError(f"{file} cannot be written: {error.strerror}", f"add the line {line!r} yourself") from None
    return f"{file.name}: + {line}"


def _setting(root: Path, key: str, value: str, *, dry_run: bool) -> str:
    if _git(root, "--get", key).stdout.rstrip("\n") == value:
        return f".git/config: has {key} = {value}"
    if not dry_run:
        done = _git(root, key, value)
        if done.returncode:
            message = f"git config failed: {done.stderr.strip() or 'no reason given'}"
            raise MergegateError(message, f"run it yourself: git config {key} '{value}'")
    return f".git/config: + {key} = {value}"


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ("git", "config", "--local", *arguments)
    return subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False)


def _program() -> str:
    # git runs it in a shell, where the environment of this process need not be active
    if shutil.which("mergegate"):
        return "mergegate"
    return f'"{Path(sys.executable).as_posix()}" -m mergegate'
