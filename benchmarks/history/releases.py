"""Releases of a package as the commits of a git repository, and which lines of two of them belong together."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpora import Pin, fetch
from benchmarks.errors import BenchmarkError

_PINS = Path(__file__).parents[1] / "replay.toml"
# the same commits on every machine
_WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "replay"), ("EMAIL", "replay@example.org"), ("DATE", "2020-01-01T00:00:00Z"))
}
_PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

Lines = list[str]
Tree = dict[str, Lines]


class History(NamedTuple):
    """A package and its releases, the oldest first; `held_out`: not looked at while the matching was made."""

    name: str
    releases: tuple[str, ...]
    held_out: bool


class Step(NamedTuple):
    """Two successive releases.

    Attributes
    ----------
    old, new
        Commits.
    before, after
        The lines of all files by path.
    renames
        The new paths of renamed files by their old ones.
    origin
        For each path of now and each of its lines (1-based), the path and line it has been, as far as it is unchanged.
    touched
        The paths of now whose content is another than before.
    """

    old: str
    new: str
    before: Tree
    after: Tree
    renames: dict[str, str]
    origin: dict[str, dict[int, tuple[str, int]]]
    touched: frozenset[str]


def histories() -> list[History]:
    """Return the pinned histories."""
    entries = tomllib.loads(_PINS.read_text(encoding="utf-8"))["history"]
    return [History(each["name"], tuple(each["releases"]), each.get("held-out", False)) for each in entries]


def repository(history: History, cache: Path) -> Path:
    """Return a work tree whose git history has a commit for each release; made once.

    Raises
    ------
    BenchmarkError
        A release cannot be fetched, or git is missing.
    """
    folders = [fetch(Pin(history.name, release), cache) for release in history.releases]
    mark = zlib.crc32(" ".join(history.releases).encode())
    target = cache / "histories" / f"{history.name}-{mark:08x}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        work = Path(scratch) / "work"
        work.mkdir()
        git(work, "init", "--quiet", "--initial-branch=main")
        for release, folder in zip(history.releases, folders, strict=True):
            _replace(work, folder)
            git(work, "add", "--all", "--force")
            git(work, "commit", "--quiet", "--allow-empty", "--message", release)
        work.rename(target)
    return target


def _replace(work: Path, folder: Path) -> None:
    for each in work.iterdir():
        if each.name != ".git":
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    shutil.copytree(folder, work, dirs_exist_ok=True)
    (work / "mergegate.toml").touch()
    (work / ".gitignore").write_text(".mergegate_cache/\n", encoding="utf-8")


def commits(work: Path) -> list[str]:
    """Return the commits of a repository, the oldest first."""
    return git(work, "rev-list", "--reverse", "main").split()


def check_out(work: Path, commit: str) -> None:
    """Bring the work tree to a commit."""
    git(work, "checkout", "--quiet", "--force", "--detach", commit)


def read_tree(work: Path) -> Tree:
    """Return the lines of all Python files by path."""
    return {path.relative_to(work).as_posix(): read_lines(path) for path in sorted(work.rglob("*.py"))}


def read_lines(path: Path) -> Lines:
    """Return the lines of a file without their ends."""
    text = path.read_bytes().decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def step(work: Path, old: str, new: str, before: Tree, after: Tree) -> Step:
    """Return two commits and how their lines belong together, as git's diff without regard to blanks tells."""
    renames, hunks = _differences(work, old, new)
    came_from = {now: was for was, now in renames.items()}
    origin: dict[str, dict[int, tuple[str, int]]] = {}
    touched: set[str] = set()
    for path, lines in after.items():
        was = came_from.get(path, path)
        if was not in before:
            continue
        if before[was] != lines:
            touched.add(path)
        pairs = _pairs(before[was], lines, hunks.get(path, ()))
        origin[path] = {here: (was, there) for there, here in pairs}
    return Step(old, new, before, after, renames, origin, frozenset(touched))


Hunk = tuple[int, int, int, int]


def _differences(work: Path, old: str, new: str) -> tuple[dict[str, str], dict[str, list[Hunk]]]:
    text = git(
        work, "-c", "core.quotePath=false", "-c", "diff.renameLimit=0", "diff", "-M", "-w", "--ignore-blank-lines",
        "--histogram", "--unified=0", "--no-color", old, new, "--", "*.py",
    )  # fmt: skip
    renames: dict[str, str] = {}
    hunks: defaultdict[str, list[Hunk]] = defaultdict(list)
    source = path = ""
    left = 0
    for line in text.split("\n"):
        if left:
            # the lines of a hunk may look like headers
            left -= line[:1] in ("+", "-")
        elif line.startswith("rename from "):
            source = line.removeprefix("rename from ")
        elif line.startswith("rename to "):
            renames[source] = line.removeprefix("rename to ")
        elif line.startswith("+++ b/"):
            path = line.removeprefix("+++ b/").rstrip("\t")
        elif found := _HUNK.match(line):
            first, count, start, length = (int(number or 1) for number in found.groups())
            hunks[path].append((first, count, start, length))
            left = count + length
    return renames, hunks


def _pairs(old: Lines, new: Lines, hunks: Sequence[Hunk]) -> Iterator[tuple[int, int]]:
    """Give the numbers of equal lines outside of hunks. Blank lines, which git ignored, shift what follows them."""
    there = here = 0
    for first, count, start, length in [*hunks, (len(old) + 1, 0, len(new) + 1, 0)]:
        # a hunk without lines on one side names the line before it
        until_there, until_here = first - 1 + (count == 0), start - 1 + (length == 0)
        yield from _walk(old, new, (there, min(until_there, len(old))), (here, min(until_here, len(new))))
        there, here = until_there + count, until_here + length


def _walk(old: Lines, new: Lines, olds: tuple[int, int], news: tuple[int, int]) -> Iterator[tuple[int, int]]:
    ours = [number for number in range(*news) if new[number].strip()]
    theirs = [number for number in range(*olds) if old[number].strip()]
    for there, here in zip(theirs, ours, strict=False):
        if "".join(old[there].split()) != "".join(new[here].split()):
            return
        yield there + 1, here + 1


def git(folder: Path, *arguments: str) -> str:
    """Return what git says; paths and contents are decoded as UTF-8, whatever they are.

    Raises
    ------
    BenchmarkError
        Git is missing or refuses.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ("git", *arguments), cwd=folder, env={**environment, **_WHO, **_PLAIN}, capture_output=True, check=False
        )
    except OSError as error:
        raise BenchmarkError(f"git cannot be run: {error.strerror}", "install git") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise BenchmarkError(f"git {arguments[0]} failed, saying: {said[0]}", "remove the cache folder")
    return done.stdout.decode("utf-8", "replace")
