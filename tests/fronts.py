"""Runs the fronts as users do: in processes of their own, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src"
_LEFT_OUT = (
    "NO_COLOR", "FORCE_COLOR", "MERGEGATE_DEBUG", "PYTHONPATH", "COLUMNS", "VIRTUAL_ENV", "CI", "GITHUB_ACTIONS", "GITLAB_CI",
    "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "MERGEGATE_PYRIGHT", "GITHUB_STEP_SUMMARY", "GITHUB_SHA", "CI_COMMIT_SHA",
)  # fmt: skip


def environment(**changes: str) -> dict[str, str]:
    """The environment for a front: this one without what would change its behaviour."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    return {**kept, "PYTHONPATH": str(SOURCE), **changes}


@dataclass
class Cli:
    """The command line in a folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str | Path, folder: Path | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mergegate", *map(str, arguments)]
        changes = {**self.env, **(env or {})}
        return subprocess.run(
            command, cwd=folder or self.folder, env=environment(**changes), capture_output=True, text=True,
            encoding="utf-8", check=False, timeout=120,
        )  # fmt: skip

    def json(self, *arguments: str | Path, folder: Path | None = None) -> Any:
        """What `check --format json` says."""
        return json.loads(self("check", "--format", "json", *arguments, folder=folder).stdout)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
        return file


@dataclass
class Pylint:
    """pylint with our plugin in a folder."""

    folder: Path

    def __call__(
        self, *arguments: str | Path, stdin: str | None = None, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pylint", "--load-plugins=mergegate", *map(str, arguments)]
        return subprocess.run(
            command, cwd=folder or self.folder, env=environment(PYLINTHOME=str(self.folder / ".pylint")), input=stdin,
            capture_output=True, text=True, encoding="utf-8", check=False, timeout=240,
        )  # fmt: skip

    def messages(
        self, *arguments: str | Path, stdin: str | None = None, folder: Path | None = None
    ) -> list[dict[str, Any]]:
        """The messages of our checkers alone, in report order."""
        run = self(
            "--disable=all", "--enable=mergegate-async,mergegate-core,mergegate-pydantic,mergegate-optional,mergegate-pii,config-parse-error,F", "-f", "json2", *arguments,
            stdin=stdin, folder=folder,
        )  # fmt: skip
        assert run.stderr == ""
        return json.loads(run.stdout)["messages"]
