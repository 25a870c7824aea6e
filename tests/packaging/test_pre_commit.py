"""pre-commit runs the hooks: those of the repository, and the entry that `mergegate init` writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fronts import Cli
from installation import ROOT, run
from mergegate import __version__
from repositories import commit, git

pytestmark = pytest.mark.slow

SLEEPING = "import time\n\n\nasync def {name}():\n    time.sleep(1)\n"
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "src", "rules")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a finding that nobody has accepted."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "pyproject.toml").write_text("[tool.mergegate]\n")
    (folder / ".gitignore").write_text(".mergegate_cache/\n")
    commit(folder, "code", app=SLEEPING.format(name="old"))
    return folder


def pre_commit(project: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    home = str(project.parent / "pre-commit")
    return run(sys.executable, "-m", "pre_commit", *arguments, folder=project, env={"PRE_COMMIT_HOME": home, **env})


def test_the_hooks_of_the_repository_run(project: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "mergegate"
    hooks.mkdir()
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, hooks / name)
    git(hooks, "init", "-q")
    commit(hooks, "release")
    git(hooks, "tag", "v1")
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks.as_uri()}\n    rev: v1\n    hooks: [{{id: mergegate}}, {{id: mergegate-gate}}]\n"
    )
    git(project, "add", "-A")
    done = pre_commit(project, "run", "--all-files")
    assert done.returncode == 1
    assert "app.py:5:5: error blocking-call-in-async" in done.stdout, done.stdout + done.stderr
    done = pre_commit(project, "run", "--hook-stage", "pre-push", "mergegate-gate")
    assert done.returncode == 1
    assert "gate closed" in done.stdout
    (project / "app.py").write_text("x = 1\n")
    git(project, "add", "-A")
    assert pre_commit(project, "run", "--all-files").returncode == 0


def test_the_wheel_brings_the_templates_along(project: Path, programs: Path) -> None:
    done = run(programs / "mergegate", "init", "--host", "github", "--host", "gitlab", folder=project)
    assert done.returncode == 0, done.stderr
    assert (project / ".github" / "workflows" / "mergegate.yml").is_file()
    assert (project / ".gitlab-ci.yml").is_file()


def test_what_init_writes_runs_at_every_commit(project: Path, wheel: Path) -> None:
    (project / "pyproject.toml").unlink()
    assert Cli(project)("init").returncode == 0
    assert f"mergegate=={__version__}" in (project / ".pre-commit-config.yaml").read_text()
    assert pre_commit(project, "install").returncode == 0
    git(project, "add", "-A")
    env = {"PIP_FIND_LINKS": str(wheel.parent), "PRE_COMMIT_HOME": str(project.parent / "pre-commit")}
    message = ("git", "-c", "user.name=Dev", "-c", "user.email=dev@example.org", "commit", "-m", "set up")
    done = run(*message, folder=project, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    (project / "more.py").write_text(SLEEPING.format(name="new"))
    git(project, "add", "-A")
    refused = run(*message, folder=project, env=env)
    assert refused.returncode == 1
    assert "more.py:5:5: error blocking-call-in-async" in refused.stdout + refused.stderr
    # what is repaired leaves the baseline, which is then part of the commit
    (project / "more.py").unlink()
    (project / "app.py").write_text("x = 1\n")
    git(project, "add", "-A")
    changed = run(*message, folder=project, env=env)
    assert "files were modified by this hook" in changed.stdout + changed.stderr
    git(project, "add", "-A")
    assert run(*message, folder=project, env=env).returncode == 0
