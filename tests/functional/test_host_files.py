"""What hosts run: the composite action, the workflow and the jobs that `mergegate init` writes, and the template."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fronts import Cli
from hosts import GitHubRunner, Job, first_on_path, gitlab_job
from mergegate import __version__
from repositories import commit, git

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
OLD = "import time\n\n\nasync def old():\n    time.sleep(1)\n"
NEW = "import time\n\n\nasync def new():\n    time.sleep(2)\n"
UPLOAD = "github/codeql-action/upload-sarif"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository set up by `mergegate init` for all hosts, with an accepted finding on `main` and two branches."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    commit(folder, "code", app__orders=OLD)
    run = Cli(folder)("init", "--host", "github", "--host", "gitlab")
    assert run.returncode == 0, run.stderr
    commit(folder, "set up")
    git(folder, "switch", "-q", "-c", "bad")
    commit(folder, "blocks", app__prices=NEW)
    git(folder, "switch", "-q", "-c", "good", "main")
    commit(folder, "moves", app__prices="x = 1\n", app__orders=f"VALUE = 1\n\n\n{OLD}")
    git(folder, "switch", "-q", "main")
    commit(folder, "goes on", app__other="x = 1\n")
    return folder


def checkout(origin: Path, branch: str, *options: str) -> Path:
    """Clone a branch as CI does."""
    folder = origin.parent / f"clone-{branch}"
    subprocess.run(
        ["git", "clone", "-q", *options, "--branch", branch, f"file://{origin}", str(folder)], check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


# -- validity ------------------------------------------------------------------------------------------------------


def schema_errors(schema: str, file: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_files_for_hosts_keep_to_their_schemas(origin: Path) -> None:
    assert schema_errors("github-actions", ROOT / "action.yml") == ""
    assert schema_errors("gitlab-ci", ROOT / "ci" / "gitlab.yml") == ""
    assert schema_errors("github-workflows", origin / ".github" / "workflows" / "mergegate.yml") == ""
    assert schema_errors("gitlab-ci", origin / ".gitlab-ci.yml") == ""
    for command, file in (
        ("validate-manifest", ROOT / ".pre-commit-hooks.yaml"),
        ("validate-config", origin / ".pre-commit-config.yaml"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", command, str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_template_is_what_init_writes(origin: Path) -> None:
    template = (ROOT / "ci" / "gitlab.yml").read_text(encoding="utf-8")
    assert template == (origin / ".gitlab-ci.yml").read_text(encoding="utf-8")
    assert f"mergegate=={__version__}" in template


def test_no_script_contains_what_somebody_else_may_have_written(origin: Path) -> None:
    workflow = yaml.safe_load((origin / ".github" / "workflows" / "mergegate.yml").read_text(encoding="utf-8"))
    for step in (*STEPS, *workflow["jobs"]["gate"]["steps"]):
        assert "${{" not in step.get("run", "")


def test_hooks_are_commands_that_exist(cli: Cli) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for hook in hooks:
        program, command = hook["entry"].split()
        assert program == "mergegate"
        assert cli(command, "--help").returncode == 0


# -- GitHub --------------------------------------------------------------------------------------------------------


def pull_request(
    clone: Path, steps: list[dict[str, Any]], programs: Path, base: str = "main", **inputs: str
) -> tuple[Job, GitHubRunner]:
    """Run steps as the job of a pull request."""
    defaults = {name: each["default"] for name, each in ACTION["inputs"].items()}
    contexts = {
        "inputs": {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}},
        "github": {"base_ref": base, "sha": git(clone, "rev-parse", "HEAD"), "event": {}},
        "runner": {"os": "Linux"},
    }
    temporary = clone.parent / "runner"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    env = {**first_on_path(programs), "GITHUB_BASE_REF": base, "GITHUB_ACTION_PATH": str(ROOT)}
    # the environment is there already; one test installs it
    answers = {"install": {"bin": str(programs)}}
    runner = GitHubRunner(clone, temporary, contexts, env, answers)
    return runner.run(steps), runner


def outputs(job: Job) -> dict[str, str]:
    return job.outputs["gate"]


@pytest.mark.slow
def test_the_workflow_blocks_what_a_pull_request_brings(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "bad")
    workflow = yaml.safe_load((clone / ".github" / "workflows" / "mergegate.yml").read_text(encoding="utf-8"))
    job, runner = pull_request(clone, workflow["jobs"]["gate"]["steps"], programs)
    assert job.failed
    assert "::error file=app/prices.py,line=5" in job.log
    assert "app/orders.py" not in job.log
    assert "app/prices.py" in runner.summary
    assert job.used[UPLOAD]["sarif_file"] == "mergegate.sarif"
    assert json.loads((clone / "mergegate.sarif").read_text())["version"] == "2.1.0"
    assert job.used["actions/cache/save"]["path"] == job.used["actions/cache/restore"]["path"] == ".mergegate_cache"
    assert (clone / ".mergegate_cache").is_dir()


@pytest.mark.slow
def test_the_workflow_lets_through_what_moves_old_code(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "good")
    workflow = yaml.safe_load((clone / ".github" / "workflows" / "mergegate.yml").read_text(encoding="utf-8"))
    job, runner = pull_request(clone, workflow["jobs"]["gate"]["steps"], programs)
    assert not job.failed, job.log
    assert "gate" in runner.summary
    assert git(clone, "status", "--porcelain") == "?? mergegate.sarif"


@pytest.mark.slow
def test_the_action_installs_itself_and_blocks(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "bad")
    _, runner = pull_request(clone, [], programs)
    runner.answers = {}
    job = runner.run(STEPS)
    assert job.failed
    assert outputs(job)["exit-code"] == "1", job.log
    assert outputs(job)["new"] == "1"
    assert job.used["actions/setup-python"] == {"python-version": "3.13", "update-environment": "False"}
    assert job.used[UPLOAD] == {"sarif_file": outputs(job)["sarif-file"], "category": "mergegate"}
    assert "::error file=app/prices.py,line=5" in job.log
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.slow
def test_the_action_passes_and_says_so(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "good")
    job, runner = pull_request(clone, STEPS, programs)
    assert not job.failed, job.log
    assert (outputs(job)["exit-code"], outputs(job)["new"]) == ("0", "0")
    assert "gate" in runner.summary
    job, _ = pull_request(clone, STEPS, programs, cache="false", upload_sarif="false", python_version="")
    assert not job.failed
    assert job.used == {}


@pytest.mark.slow
def test_inputs_of_the_action_are_words_and_never_code(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "good")
    job, _ = pull_request(clone, STEPS, programs, since="$(touch pwned)", arguments="`touch pwned`\n; touch pwned")
    assert job.failed
    assert outputs(job) == {"exit-code": "2"}
    assert UPLOAD not in job.used
    assert "actions/cache/save" in job.used
    assert not list(clone.parent.rglob("pwned"))
    job, _ = pull_request(clone, STEPS, programs, arguments="--no-baseline\n  --exit-zero", since="none")
    assert (outputs(job)["exit-code"], outputs(job)["new"]) == ("0", "1"), job.log


@pytest.mark.slow
def test_a_shallow_checkout_is_told_what_to_do(origin: Path, programs: Path) -> None:
    clone = checkout(origin, "good", "--depth=1")
    job, _ = pull_request(clone, STEPS, programs)
    assert outputs(job) == {"exit-code": "2"}
    assert "fetch-depth: 0" in job.log


# -- GitLab --------------------------------------------------------------------------------------------------------


@pytest.fixture
def gitlab(origin: Path, programs: Path) -> Any:
    """Runs the job of a branch in a clone; further variables are those of the pipeline."""
    jobs = yaml.safe_load((origin / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    job = jobs["mergegate"]

    def run(branch: str, *options: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], Path]:
        clone = checkout(origin, branch, *options)
        given = {**job["variables"], "CI_DEFAULT_BRANCH": "main", **variables}
        return gitlab_job(job["script"], given, clone, first_on_path(programs)), clone

    return run


def merge_request(origin: Path, branch: str) -> dict[str, str]:
    base = git(origin, "merge-base", "main", branch)
    return {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--depth=1",)], ids=["whole", "shallow"])
def test_a_merge_request_is_compared_with_its_base(gitlab: Any, origin: Path, options: tuple[str, ...]) -> None:
    done, clone = gitlab("bad", *options, **merge_request(origin, "bad"))
    assert done.returncode == 1, done.stderr
    report = json.loads((clone / "gl-code-quality-report.json").read_text())
    assert [each["location"]["path"] for each in report if each["check_name"] != "mergegate"][:1] == ["app/prices.py"]
    assert (clone / "mergegate-junit.xml").is_file()
    done, _ = gitlab("good", *options, **merge_request(origin, "good"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_branch_is_compared_with_the_default_branch(gitlab: Any, origin: Path) -> None:
    done, clone = gitlab("bad", "--single-branch", CI_COMMIT_BRANCH="bad")
    assert done.returncode == 1, done.stderr
    assert "in origin/main" in done.stdout
    assert re.search(r"^app/prices\.py:5:5: error", done.stdout, re.MULTILINE)
    shutil.rmtree(clone)
    done, _ = gitlab("bad", "--depth=1", CI_COMMIT_BRANCH="bad")
    assert done.returncode == 2
    assert "git fetch --unshallow" in done.stderr
    done, _ = gitlab("main", CI_COMMIT_BRANCH="main")
    assert done.returncode == 0, done.stderr
