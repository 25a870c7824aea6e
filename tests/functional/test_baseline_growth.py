"""In CI the baseline may not accept more than that of the branch which the change is to be merged into."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fronts import Cli
from repositories import commit, git

FILE = "mergegate-baseline.json"


def coroutines(*names: str) -> str:
    return "import time\n" + "".join(f"\n\nasync def {name}():\n    time.sleep(1)\n" for name in names)


@pytest.fixture
def change(cli: Cli) -> Cli:
    """A clone with the branch `change`, at which `main` of its origin stands too."""
    origin = cli.folder / "origin"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    start = Cli(origin)
    start.write("mergegate.toml", "")
    start.write(".gitignore", ".mergegate_cache\n")
    start.write("app.py", coroutines("a", "b"))
    start("baseline", "create")
    commit(origin)
    git(cli.folder, "clone", "-q", str(origin), "clone")
    git(cli.folder / "clone", "checkout", "-q", "-b", "change")
    return Cli(cli.folder / "clone", {"CI": "true", "GITHUB_BASE_REF": "main"})


def accept(change: Cli, *names: str, file: str = "app.py") -> None:
    change.write(file, coroutines(*names))
    assert change("baseline", "update", "--accept-new").returncode == 0
    commit(change.folder)


def test_an_entry_that_the_base_lacks_is_refused(change: Cli) -> None:
    assert change("check").returncode == 0
    accept(change, "a", "b", "c")
    run = change("check")
    assert run.returncode == 1
    assert "0 new, 3 baselined" in run.stdout
    assert run.stderr == (
        f"mergegate: {FILE}: 1 entry is not in the baseline of main (blocking-call-in-async in app.py c); "
        "repair the code and run 'mergegate baseline update', or accept it with --allow-growth\n"
    )
    assert change("check", "--allow-growth").returncode == 0
    assert change("check", env={"CI": "", "GITHUB_BASE_REF": "main"}).returncode == 0
    assert change("check", "--base", "origin/main", env={"CI": "", "GITHUB_BASE_REF": ""}).returncode == 1
    change.write("mergegate.toml", 'baseline-growth = "allow"\n')
    assert change("check").returncode == 0


def test_an_entry_for_one_that_went_is_growth_too(change: Cli) -> None:
    change.write(
        "other.py", "import time\n\n\nclass Other:\n    async def elsewhere(self):\n        time.sleep(60 * 60)\n"
    )
    accept(change, "a")
    run = change("check")
    assert (run.returncode, "1 entry is not in the baseline of main" in run.stderr) == (1, True)


def test_entries_that_followed_their_code_are_no_growth(change: Cli) -> None:
    git(change.folder, "mv", "app.py", "moved.py")
    change.write("moved.py", coroutines("a", "renamed"))
    assert change("check", "--no-ci").returncode == 0
    commit(change.folder)
    run = change("check")
    assert (run.returncode, run.stderr) == (0, "")


def test_a_base_that_shrank_meanwhile_does_not_count(change: Cli) -> None:
    origin = Cli(change.folder.parent / "origin")
    origin.write("app.py", coroutines("a"))
    origin("check")
    commit(origin.folder)
    git(change.folder, "fetch", "-q")
    change.write("note.py", "")
    commit(change.folder)
    assert change("check").returncode == 0


def test_a_base_without_a_baseline_or_with_a_broken_one_lets_it_begin(change: Cli) -> None:
    origin = change.folder.parent / "origin"
    for text in (None, "{"):
        if text is None:
            (origin / FILE).unlink()
        else:
            (origin / FILE).write_text(text, "utf-8")
        commit(origin)
        git(change.folder, "fetch", "-q")
        git(change.folder, "reset", "-q", "--hard", "origin/main")
        assert change("baseline", "create", "--force").returncode == 0
        run = change("check")
        assert (run.returncode, run.stderr) == (0, "")


def test_the_exact_base_of_the_ci_system_counts_above_the_branch(change: Cli) -> None:
    before = git(change.folder, "rev-parse", "HEAD")
    accept(change, "a", "b", "c")
    after = git(change.folder, "rev-parse", "HEAD")
    env = {"GITHUB_BASE_REF": "", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    assert change("check", env={**env, "CI_MERGE_REQUEST_DIFF_BASE_SHA": before}).returncode == 1
    assert change("check", env={**env, "CI_MERGE_REQUEST_DIFF_BASE_SHA": after}).returncode == 0
    assert change("check", env={**env, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40}).returncode == 1


def test_a_base_that_is_not_in_the_clone_is_an_error_that_says_what_to_fetch(change: Cli, tmp_path: Path) -> None:
    accept(change, "a", "b", "c")
    shallow = tmp_path / "shallow"
    source = f"file://{change.folder}"
    subprocess.run(("git", "clone", "-q", "--depth=1", "--branch=change", source, str(shallow)), check=True)
    run = Cli(shallow, change.env)("check")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "git fetch" in run.stderr
    assert Cli(shallow, {"CI": "true"})("check").returncode == 0


def test_a_project_below_the_repository_compares_its_own_file(change: Cli) -> None:
    inner = Cli(change.folder / "inner", change.env)
    inner.write("mergegate.toml", "")
    inner.write("app.py", coroutines("a"))
    inner("baseline", "create")
    commit(change.folder)
    git(change.folder, "push", "-q", "origin", "HEAD:later")
    git(change.folder, "fetch", "-q")
    inner.env["GITHUB_BASE_REF"] = "later"
    assert inner("check").returncode == 0
    accept(inner, "a", "b")
    assert inner("check").returncode == 1
    assert Cli(change.folder, inner.env)("check").returncode == 1
