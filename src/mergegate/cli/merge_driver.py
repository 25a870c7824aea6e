"""The merge driver of baselines, made known to git: an attribute that is committed, and a setting of the clone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from mergegate.config import Config
from mergegate.errors import MergegateError
from mergegate.git import Repository
from mergegate.scaffold.git_files import COVERAGE_DRIVER, MERGE_DRIVER, attribute


class Driver(NamedTuple):
    """A merge driver: what git calls it, what it merges in words, the command, and the files."""

    name: str
    what: str
    command: str
    files: tuple[str, ...]

    @classmethod
    def of_findings(cls, project: Config) -> Driver:
        """Return the driver of a project's baselines."""
        files = (project.baseline, *((project.types.baseline,) if project.types_wanted else ()))
        return cls(MERGE_DRIVER, "baselines of mergegate", "baseline merge", files)

    @classmethod
    def of_coverage(cls, project: Config) -> Driver:
        """Return the driver of a project's coverage baseline."""
        return cls(COVERAGE_DRIVER, "coverage baselines of mergegate", "coverage merge", (project.coverage.baseline,))


def install(project: Config, driver: Driver, *, dry_run: bool) -> Iterator[str]:
    """Let git merge the baselines of a repository by a command of ours.

    Parameters
    ----------
    project
        A project in the repository; projects with baselines of the same name are served too.
    driver
        The merge driver.
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
    for file in driver.files:
        line = attribute(PurePath(file).name, driver.name)
        yield _attribute(repository.root / ".gitattributes", line, dry_run=dry_run)
    for key, value in (("name", driver.what), ("driver", f"{_program()} {driver.command} %O %A %B")):
        yield _setting(repository.root, f"merge.{driver.name}.{key}", value, dry_run=dry_run)
    yield (
        "nothing was written: leave out --dry-run"
        if dry_run
        else "commit .gitattributes; every clone needs this command once"
    )


def _attribute(file: Path, line: str, *, dry_run: bool) -> str:
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
