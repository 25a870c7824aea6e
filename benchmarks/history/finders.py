"""What is found in each release: mergegate's own rules through its command line, and ruff's as many more places."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.errors import BenchmarkError
from benchmarks.history.releases import Tree
from benchmarks.measure import environment
from benchmarks.peers import mergegate

_GENERIC = "ASYNC,S,B,BLE,PLR09,PLW,PLE,RUF,SIM,ARG,PTH"


class Spot(NamedTuple):
    """A finding: `column` is a 0-based offset in UTF-8 bytes; `called_new` is what the finder itself says of it."""

    rule: str
    path: str
    line: int
    column: int
    called_new: bool = True


def find_own(work: Path, tree: Tree, since: str = "") -> list[Spot]:
    """Return what `mergegate check` reports in a work tree, at all confidences.

    Parameters
    ----------
    since
        The commit with which it is to compare; empty: none.
    """
    options = ["--format", "json", "--min-confidence", "low", "--exit-zero", "--no-baseline", "--no-ci"]
    if since:
        options += ["--since", since, "--no-merge-base"]
    document = json.loads(_output(mergegate("check", *options), work))
    return _spots(
        tree,
        (
            (each["rule"], each["path"], each["line"], each["column"], each["status"] == "new")
            for each in document["findings"]
            if each["status"] != "suppressed"
        ),
    )


def find_with_ruff(work: Path, tree: Tree, since: str = "") -> list[Spot]:
    """Return what ruff reports in a work tree; it compares with nothing."""
    del since
    ruff = str(Path(sys.executable).with_name("ruff"))
    options = ["--isolated", "--target-version", "py311", "--select", _GENERIC, "--no-cache", "--exit-zero"]
    found: list[dict[str, Any]] = json.loads(_output([ruff, "check", *options, "--output-format", "json", "."], work))
    top = work.resolve()
    return _spots(
        tree,
        (
            (
                each["code"],
                Path(each["filename"]).relative_to(top).as_posix(),
                each["location"]["row"],
                each["location"]["column"],
                True,
            )
            for each in found
            if each["code"] and each["code"] != "invalid-syntax"
        ),
    )


def _spots(tree: Tree, rows: Iterable[tuple[str, str, int, int, bool]]) -> list[Spot]:
    """Return findings in order of place; columns come as 1-based numbers of characters."""
    found: list[Spot] = []
    for rule, path, line, column, called_new in rows:
        text = tree[path][line - 1] if line <= len(tree[path]) else ""
        found.append(Spot(rule, path, line, len(text[: column - 1].encode("utf-8", "replace")), called_new))
    return sorted(found, key=lambda spot: (spot.path, spot.line, spot.column, spot.rule))


def _output(command: Sequence[str], folder: Path) -> str:
    # no installed packages: what is found is to depend on the release alone
    plain = {name: value for name, value in environment().items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, cwd=folder, env=plain, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise BenchmarkError(f"{command[0]} ended with {done.returncode}, saying: {said[-1]}", " ".join(command))
    return done.stdout.decode("utf-8", "replace")
