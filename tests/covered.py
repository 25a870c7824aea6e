"""A project whose tests run under coverage, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli, environment
from repositories import git

PLUGIN = "mergegate.plugins.pytest_plugin"
BASELINE = "analysis_outputs/test_coverage_baseline.json"
# what an outer measurement would tell the runs of a test
_OUTER = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COV_CORE_SOURCE", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
APP = """\
def choose(flag):
    if flag:
        return 1
    return 2


def unused(value):
    result = value + 1
    return result
"""
TEST = "from app.core import choose\n\n\ndef test_choose():\n    assert choose(True) == 1\n"


def plugin_options() -> tuple[str, ...]:
    """How to load the plugin: not at all if it is installed."""
    installed = any(each.value == PLUGIN for each in entry_points(group="pytest11"))
    return () if installed else ("-p", PLUGIN)


@dataclass
class Covered:
    """A project in a folder: `src/app`, its tests, and the settings of the gate."""

    pytester: pytest.Pytester
    env: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.pytester.path

    @property
    def cli(self) -> Cli:
        return Cli(self.folder, self.env)

    @property
    def baseline(self) -> Any:
        return json.loads((self.folder / BASELINE).read_text(encoding="utf-8"))

    @property
    def evidence(self) -> Any:
        return json.loads((self.folder / ".mergegate/evidence/coverage.json").read_text(encoding="utf-8"))

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
        return file

    def settings(self, gate: str = "", *, pytest: str = "", coverage: str = "") -> None:
        """Write the settings: of the gate, of pytest and of coverage.py."""
        self.write(
            "pyproject.toml",
            "[tool.mergegate.coverage]\n" + textwrap.dedent(gate)
            + '\n[tool.pytest.ini_options]\npythonpath = ["src"]\n' + textwrap.dedent(pytest)
            + "\n[tool.coverage.run]\n" + textwrap.dedent(coverage),
        )  # fmt: skip

    def start(self, gate: str = "", *, pytest: str = "", coverage: str = "") -> None:
        """Make a project with an uncovered function and a partial branch, without a baseline."""
        self.settings(gate, pytest=pytest, coverage=coverage)
        self.write("src/app/__init__.py", "")
        self.write("src/app/core.py", APP)
        self.write("tests/test_core.py", TEST)

    def commit(self, *, branch: str = "") -> None:
        """Commit everything; on a new branch if one is named."""
        if not (self.folder / ".git").exists():
            git(self.folder, "init", "-q", "-b", "main")
            self.write(".gitignore", ".coverage*\n.mergegate*\n__pycache__/\n.pytest_cache/\n")
        if branch:
            git(self.folder, "checkout", "-q", "-b", branch)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "change")

    def python(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python in the project."""
        variables = environment(**self.env, **(env or {}))
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, encoding="utf-8",
            env={name: value for name, value in variables.items() if name not in _OUTER}, check=False, timeout=180,
        )  # fmt: skip

    def test(
        self, *arguments: str, cov: Iterable[str] = ("--cov=app",), env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run pytest with pytest-cov."""
        return self.python("-m", "pytest", *plugin_options(), *cov, *arguments, env=env)

    def accept(self, *arguments: str, cov: Iterable[str] = ("--cov=app",)) -> None:
        """Make today's coverage the baseline."""
        done = self.test("--mergegate-update-coverage", *arguments, cov=cov)
        assert f"{BASELINE} was written" in done.stdout, done.stdout + done.stderr


def lcov(**files: Iterable[str]) -> str:
    """An lcov report: for each file (`a__b_ts` is `a/b.ts`) its `line:hits`."""
    records: list[str] = []
    for name, lines in files.items():
        path, _, suffix = name.replace("__", "/").rpartition("_")
        records.append(f"TN:\nSF:{path}.{suffix}")
        records += [f"DA:{each.replace(':', ',')}" for each in lines]
        records.append("end_of_record")
    return "\n".join(records) + "\n"
