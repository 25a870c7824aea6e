"""Runs the jobs of CI systems as their runners do: expressions, conditions, outputs and shells; actions are recorded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fronts import environment

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_NAME = re.compile(r"'[^']*'|\b[a-z]\w*(?:\.[\w-]+)+")


@dataclass
class Job:
    """What became of the steps of a job of GitHub Actions.

    Attributes
    ----------
    used
        The actions that were called, each with its inputs.
    failed
        Whether a step failed.
    """

    log: str = ""
    failed: bool = False
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class GitHubRunner:
    """A runner of GitHub Actions with a work tree checked out.

    Parameters
    ----------
    workspace, temporary
        Its folders.
    contexts
        What expressions can name, such as `inputs`.
    env
        Further variables of the job.
    answers
        Outputs of steps that are not run, by their id.
    """

    workspace: Path
    temporary: Path
    contexts: Mapping[str, Any]
    env: Mapping[str, str]
    answers: Mapping[str, dict[str, str]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What the steps wrote into the summary."""
        return (self.temporary / "summary.md").read_text(encoding="utf-8")

    def run(self, steps: Sequence[Mapping[str, Any]]) -> Job:
        """Run steps in their order."""
        job = Job(outputs={name: dict(values) for name, values in self.answers.items()})
        (self.temporary / "summary.md").touch()
        for number, step in enumerate(steps):
            name = step.get("id", str(number))
            if name in self.answers or not self._wanted(step, job):
                continue
            if "uses" in step:
                inputs = {key: self._text(value, job) for key, value in step.get("with", {}).items()}
                job.used[step["uses"].partition("@")[0]] = inputs
            else:
                self._shell(name, step, job)
        return job

    def _wanted(self, step: Mapping[str, Any], job: Job) -> bool:
        condition = step.get("if", "success()")
        passed = bool(self._value(condition, job))
        return passed if "always()" in condition else passed and not job.failed

    def _shell(self, name: str, step: Mapping[str, Any], job: Job) -> None:
        script, output = self.temporary / "step.sh", self.temporary / "output"
        script.write_text(self._text(step["run"], job), encoding="utf-8")
        output.write_text("")
        variables = {key: self._text(value, job) for key, value in step.get("env", {}).items()}
        kept = {key: value for key, value in environment().items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        given = {
            **kept, "CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.temporary),
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"), **self.env, **variables,
        }  # fmt: skip
        # this is `shell: bash`; a workflow's default differs in pipefail alone
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace / self._text(step.get("working-directory", "."), job), env=given,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        job.log += done.stdout + done.stderr
        job.failed = job.failed or done.returncode != 0
        lines = output.read_text(encoding="utf-8").splitlines()
        job.outputs[name] = dict(line.split("=", 1) for line in lines)

    def _text(self, value: object, job: Job) -> str:
        return _EXPRESSION.sub(lambda found: str(self._value(found[1], job) or ""), str(value))

    def _value(self, expression: str, job: Job) -> Any:
        names: dict[str, Any] = {"always": lambda: True, "success": lambda: True, "hashFiles": self._hash}
        text = _NAME.sub(lambda found: self._literal(found[0], job), expression)
        text = text.replace("&&", " and ").replace("||", " or ")
        return eval(text.strip(), {"__builtins__": {}}, names)

    def _literal(self, name: str, job: Job) -> str:
        if name.startswith("'"):
            return repr(name[1:-1])
        value: Any = {**self.contexts, "steps": {key: {"outputs": each} for key, each in job.outputs.items()}}
        for key in name.split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        return repr(value)

    def _hash(self, pattern: str) -> str:
        return "0f" if any(self.workspace.glob(pattern)) else ""


def gitlab_job(
    script: Sequence[str], variables: Mapping[str, str], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the lines of a GitLab job as its runner does: in one shell that stops at the first failure."""
    kept = {key: value for key, value in environment().items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    given = {**kept, "CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(folder), **variables, **env}
    return subprocess.run(
        [shutil.which("bash") or "bash", "--noprofile", "--norc", "-eo", "pipefail"], input="\n".join(script) + "\n",
        cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def first_on_path(programs: Path) -> dict[str, str]:
    """Return the variable that makes a shell find the programs of an environment first."""
    return {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
