"""`mergegate check --since`: what a commit has is old, what it has not is new, in the states in which branches are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli
from repositories import commit, git

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PROGRAMS = ["agent_framework", "blog_service", "chat_gateway"]
HELPER = "def load():\n    return 1\n"
BLOCKING = "import time\n\n\ndef load():\n    time.sleep(1)\n"
ROUTES = """\
import time

from app.db import load


async def old():
    time.sleep(1)


async def handler():
    load()
"""


@pytest.fixture
def repo(cli: Cli) -> Cli:
    """A committed service on the branch `main`, with one finding, in `old`; the work tree is on `topic`."""
    git(cli.folder, "init", "-q", "-b", "main")
    commit(cli.folder, app____init__="", app__db=HELPER, app__routes=ROUTES)
    git(cli.folder, "checkout", "-q", "-b", "topic")
    return cli


def new(cli: Cli, *arguments: str, base: str = "main", folder: Path | None = None) -> list[str]:
    """The places that `--since` calls new."""
    found = cli.json("--since", base, *arguments, folder=folder)
    return [f"{each['path']}:{each['line']} {each['rule']}" for each in found["findings"] if each["status"] == "new"]


def last_line(run: subprocess.CompletedProcess[str]) -> str:
    return run.stdout.rstrip().splitlines()[-1]


CUT_OFF = "-----BEGIN PRIVATE KEY-----\\nThisIsNoKeyAndOpensNothing0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZab ..."


def test_text_below_a_key_that_is_cut_off_is_no_part_of_it(repo: Cli) -> None:
    text = f'"""How to sign.\n\nkey = "{CUT_OFF}"\n\n%s\n"""\n'
    git(repo.folder, "checkout", "-q", "main")
    commit(repo.folder, app__signing=text % "Ask for another one when it has run out")
    repo.write("app/signing.py", text % "Ask for it once a year, and keep it for yourself")
    found = repo.json("--since", "main", "--min-confidence", "low")["findings"]
    assert [each["status"] for each in found if each["rule"] == "hardcoded-private-key"] == ["baselined"]


# -- what is new ---------------------------------------------------------------------------------------------------


def test_a_call_in_an_untouched_file_is_new_when_its_helper_began_to_block(repo: Cli) -> None:
    repo.write("app/db.py", BLOCKING)
    run = repo("check", "--since", "main")
    assert run.returncode == 1
    assert "app/routes.py:11:5: error blocking-helper-in-async: " in run.stdout
    assert "app/db.py:5 time.sleep()" in run.stdout
    assert last_line(run).startswith("1 new (1 error), 1 in main, 3 files in ")
    assert (
        run.stderr
        == "mergegate: 1 new finding; 'mergegate explain blocking-helper-in-async' tells how to fix the first\n"
    )


def test_what_was_found_before_is_old_wherever_edits_have_pushed_it(repo: Cli) -> None:
    repo.write("app/db.py", "# a comment\n\n\ndef load() -> int:\n    return (\n        1\n    )\n")
    repo.write(
        "app/routes.py", f'"""Routes."""\n\n\n{ROUTES}'.replace("time.sleep(1)", "time.sleep(\n        1,\n    )")
    )
    run = repo("check", "--since", "main")
    assert (run.returncode, run.stderr) == (0, "")
    assert last_line(run).startswith("0 new, 1 in main, 3 files in ")


def test_a_renamed_and_edited_file_keeps_its_findings_and_a_copy_does_not(repo: Cli) -> None:
    git(repo.folder, "mv", "app/routes.py", "app/views.py")
    repo.write("app/views.py", ROUTES.replace("async def old():", "async def old(limit=None, *, page=0):\n    'Doc.'"))
    assert new(repo) == []
    repo.write("app/copied.py", ROUTES)
    assert new(repo) == ["app/copied.py:7 blocking-call-in-async"]


def test_a_function_that_moved_to_another_file_keeps_its_findings(repo: Cli) -> None:
    repo.write("app/routes.py", "from app.db import load\n\n\nasync def handler():\n    load()\n")
    repo.write("app/legacy.py", "import time\n\n\nasync def old():\n    time.sleep(1)\n")
    assert new(repo) == []


def test_one_repaired_and_another_added_is_one_new(repo: Cli) -> None:
    repo.write(
        "app/routes.py", ROUTES.replace("    time.sleep(1)", "    pass").replace("    load()", "    time.sleep(2)")
    )
    assert new(repo) == ["app/routes.py:11 blocking-call-in-async"]


def test_a_finding_whose_suppression_was_removed_is_new(repo: Cli) -> None:
    comment = "time.sleep(1)  # mergegate: ignore[blocking-call-in-async] -- start-up"
    commit(repo.folder, app__routes=ROUTES.replace("time.sleep(1)", comment))
    suppressed = git(repo.folder, "rev-parse", "HEAD")
    assert new(repo) == []
    commit(repo.folder, app__routes=ROUTES)
    assert new(repo, base=suppressed) == ["app/routes.py:7 blocking-call-in-async"]


def test_a_finding_that_became_certain_is_new_where_only_certain_ones_are_reported(repo: Cli) -> None:
    started = "import asyncio\nimport time\n\n\nasync def tick():\n    time.sleep(1)\n\n\nasyncio.run(tick())\n"
    commit(repo.folder, jobs=started)
    before = git(repo.folder, "rev-parse", "HEAD")
    repo.write("jobs.py", started.replace("asyncio.run(tick())", ""))
    assert new(repo, base=before) == ["jobs.py:6 blocking-call-in-async"]
    assert new(repo, "--min-confidence", "low", base=before) == []


def test_what_is_hidden_for_its_confidence_is_counted_if_it_is_new(repo: Cli) -> None:
    commit(repo.folder, stat="import os\n\n\nasync def look():\n    os.stat('x')\n")
    before = git(repo.folder, "rev-parse", "HEAD")
    assert "hidden" not in last_line(repo("check", "--since", before))
    repo.write("more.py", "import os\n\n\nasync def again():\n    os.stat('y')\n")
    assert "1 hidden for its confidence" in last_line(repo("check", "--since", before))


def test_settings_and_ignore_files_of_now_hold_for_both_sides(repo: Cli) -> None:
    commit(repo.folder, legacy__a=ROUTES)
    before = git(repo.folder, "rev-parse", "HEAD")
    repo.write("mergegate.toml", 'exclude = ["legacy/"]\n')
    git(repo.folder, "mv", "legacy/a.py", "app/a.py")
    # a file that would be left out now was none of the project's
    assert new(repo, base=before) == ["app/a.py:7 blocking-call-in-async"]
    repo.write("mergegate.toml", "")
    assert new(repo, base=before) == []


def test_paths_select_what_is_reported(repo: Cli) -> None:
    repo.write("app/db.py", BLOCKING)
    repo.write("jobs/tick.py", "import time\n\n\nasync def tick():\n    time.sleep(1)\n")
    assert new(repo, "jobs") == ["jobs/tick.py:5 blocking-call-in-async"]
    assert new(repo, "app/routes.py") == ["app/routes.py:11 blocking-helper-in-async"]


# -- which commit --------------------------------------------------------------------------------------------------


def test_compared_is_the_commit_at_which_the_branch_left_its_base(repo: Cli) -> None:
    git(repo.folder, "checkout", "-q", "main")
    commit(repo.folder, app__routes=ROUTES.replace("    time.sleep(1)", "    pass"))
    git(repo.folder, "checkout", "-q", "topic")
    # main has repaired it meanwhile; this branch did not bring it
    assert new(repo) == []
    assert new(repo, "--no-merge-base") == ["app/routes.py:7 blocking-call-in-async"]


def test_a_detached_work_tree_elsewhere_is_compared_as_any_other(
    repo: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "tree"
    git(repo.folder, "worktree", "add", "-q", "--detach", str(other))
    (other / "app/db.py").write_text(BLOCKING)
    assert new(repo, folder=other) == ["app/routes.py:11 blocking-helper-in-async"]
    assert new(repo) == []


def test_a_shallow_clone_fetches_nothing_and_says_what_to_fetch(
    repo: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    repo.write("app/db.py", BLOCKING)
    git(repo.folder, "commit", "-qam", "block")
    clone = tmp_path_factory.mktemp("clones") / "clone"
    git(clone.parent, "clone", "-q", "--depth=1", "--branch=topic", f"file://{repo.folder}", str(clone))
    run = repo("check", "--since", "origin/main", folder=clone)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert "git fetch --unshallow origin main" in run.stderr
    assert "fetch-depth: 0" in run.stderr
    assert git(clone, "branch", "-a", "--list", "*main") == ""
    # one commit of main alone has nothing in common with this branch
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    run = repo("check", "--since", "main", folder=clone)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "fetch-depth: 0" in run.stderr
    assert new(repo, "--no-merge-base", folder=clone) == ["app/routes.py:11 blocking-helper-in-async"]
    git(clone, "fetch", "-q", "--unshallow", "origin")
    assert new(repo, folder=clone) == ["app/routes.py:11 blocking-helper-in-async"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "nowhere"), "'nowhere' is no commit that this clone knows; check the spelling"),
        (("--since", "-v"), "'-v' is no commit"),
        (("--since", ""), "--since names nothing"),
        (("--no-merge-base",), "--no-merge-base says how to read --since BASE"),
    ],
)
def test_a_base_that_means_nothing_is_an_error_of_one_line(repo: Cli, options: tuple[str, ...], said: str) -> None:
    run = repo("check", *options)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert said in run.stderr


def test_outside_of_git_there_is_no_base(cli: Cli) -> None:
    cli.write("a.py", "x = 1\n")
    run = cli("check", "--since", "main")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert "lies in no git repository" in run.stderr


def test_a_repository_without_commits_is_told_from_one_with(cli: Cli) -> None:
    git(cli.folder, "init", "-q", "-b", "main")
    cli.write("a.py", "x = 1\n")
    run = cli("check", "--since", "main")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)


# -- where projects and files lie ----------------------------------------------------------------------------------


def test_a_project_in_a_subfolder_and_those_nested_in_it_are_compared_each_by_itself(cli: Cli) -> None:
    repo = cli.folder
    (repo / "mergegate.toml").unlink()
    git(repo, "init", "-q", "-b", "main")
    for path in ("svc/mergegate.toml", "svc/lib/mergegate.toml"):
        cli.write(path, "")
    cli.write("other/app/db.py", "never = 'a part of it'\n")
    commit(
        repo, svc__app____init__="", svc__app__db=HELPER, svc__app__routes=ROUTES,
        svc__lib__app____init__="", svc__lib__app__db=HELPER, svc__lib__app__routes=ROUTES,
    )  # fmt: skip
    cli.write("svc/app/db.py", BLOCKING)
    git(repo, "mv", "svc/lib/app/routes.py", "svc/lib/app/views.py")
    cli.write("svc/lib/app/views.py", ROUTES.replace("async def old():", "async def old(limit=None):"))
    for folder in (repo / "svc", repo / "svc" / "app"):
        assert new(cli, base="HEAD", folder=folder) == ["app/routes.py:11 blocking-helper-in-async"]
    assert last_line(cli("check", "--since", "main", folder=repo / "svc")).startswith("1 new (1 error), 2 in main, ")


def test_line_ends_are_no_difference(repo: Cli) -> None:
    git(repo.folder, "config", "core.autocrlf", "true")
    for path in ("app/db.py", "app/routes.py"):
        (repo.folder / path).write_bytes((repo.folder / path).read_bytes().replace(b"\n", b"\r\n"))
    assert new(repo) == []
    edited = f"x = 1\n{ROUTES}".replace("\n", "\r\n")
    (repo.folder / "app/routes.py").write_bytes(edited.encode())
    assert new(repo) == []


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_links_lead_to_what_their_targets_were(repo: Cli) -> None:
    (repo.folder / "alias").mkdir()
    (repo.folder / "alias/db.py").symlink_to("../app/db.py")
    commit(repo.folder, alias____init__="", user="from alias.db import load\n\n\nasync def use():\n    load()\n")
    before = git(repo.folder, "rev-parse", "HEAD")
    assert new(repo, base=before) == []
    repo.write("app/db.py", BLOCKING)
    assert new(repo, base=before) == ["app/routes.py:11 blocking-helper-in-async", "user.py:5 blocking-helper-in-async"]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_a_link_out_of_the_project_leads_to_what_the_repository_had(cli: Cli) -> None:
    (cli.folder / "mergegate.toml").unlink()
    git(cli.folder, "init", "-q", "-b", "main")
    cli.write("svc/mergegate.toml", "")
    (cli.folder / "svc/db.py").symlink_to("../shared/db.py")
    commit(cli.folder, shared__db=HELPER, svc__user="from db import load\n\n\nasync def use():\n    load()\n")
    svc = cli.folder / "svc"
    assert new(cli, folder=svc) == []
    cli.write("shared/db.py", BLOCKING)
    assert new(cli, folder=svc) == ["user.py:5 blocking-helper-in-async"]


def test_repositories_inside_and_files_that_git_ignores_are_no_news(repo: Cli) -> None:
    inner = repo.folder / "vendor/lib"
    inner.mkdir(parents=True)
    git(inner, "init", "-q", "-b", "main")
    commit(inner, lib="import time\n\n\nasync def wait():\n    time.sleep(1)\n")
    git(repo.folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./vendor/lib", "vendor/lib")
    repo.write("mergegate.toml", "respect-gitignore = false\n")
    repo.write(".gitignore", "*_generated.py\n")
    for name in ("api_generated", ":(top)_generated"):
        repo.write(f"app/{name}.py", "import time\n\n\nasync def call():\n    time.sleep(1)\n")
    run = repo("check", "--since", "main")
    assert (run.returncode, run.stderr) == (0, "")
    assert last_line(run).startswith("0 new, 4 in main, 6 files in ")
    repo.write("app/written.py", "import time\n\n\nasync def call():\n    time.sleep(1)\n")
    assert new(repo) == ["app/written.py:5 blocking-call-in-async"]


def test_a_project_in_a_submodule_is_judged_where_it_is_kept(repo: Cli) -> None:
    inner = repo.folder / "vendor/lib"
    inner.mkdir(parents=True)
    git(inner, "init", "-q", "-b", "trunk")
    (inner / "mergegate.toml").touch()
    commit(inner, lib="import time\n\n\nasync def wait():\n    time.sleep(1)\n")
    git(repo.folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./vendor/lib", "vendor/lib")
    assert last_line(repo("check", "--since", "main")).startswith("0 new, 2 in main, 4 files in ")


def test_what_a_sparse_checkout_leaves_out_is_left_out_of_the_base_too(repo: Cli) -> None:
    commit(repo.folder, jobs__tick=ROUTES)
    git(repo.folder, "sparse-checkout", "set", "app")
    assert not (repo.folder / "jobs").exists()
    repo.write("app/views.py", ROUTES)
    assert new(repo, base="HEAD") == ["app/views.py:7 blocking-call-in-async"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_names_all_the_same(repo: Cli) -> None:
    file = repo.folder / os.fsdecode(b"caf\xe9.py")
    file.write_text("import time\n\n\nasync def tick():\n    time.sleep(1)\n")
    git(repo.folder, "add", "-A")
    git(repo.folder, "commit", "-qm", "name")
    assert new(repo, base="HEAD") == []
    assert last_line(repo("check", "--since", "HEAD~1")).startswith("1 new ")


# -- whole programs, and the cache ---------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_clean_work_tree_has_nothing_that_its_commit_lacks_and_everything_that_an_empty_one_does(
    tmp_path: Path, program: str
) -> None:
    shutil.copytree(FIXTURES / program, tmp_path / "program")
    cli = Cli(tmp_path / "program")
    git(cli.folder, "init", "-q", "-b", "main")
    git(cli.folder, "commit", "-q", "--allow-empty", "-m", "empty")
    commit(cli.folder)
    everything = cli.json("--min-confidence", "low")["findings"]
    assert everything
    assert cli.json("--min-confidence", "low", "--since", "HEAD~1")["findings"] == everything
    old = cli.json("--min-confidence", "low", "--since", "HEAD")["findings"]
    assert {each["status"] for each in old} <= {"baselined", "suppressed"}
    assert [{**each, "status": ""} for each in old] == [{**each, "status": ""} for each in everything]


def test_with_and_without_a_cache_the_same_is_new(repo: Cli) -> None:
    def found(*options: str, **env: str) -> Any:
        repo.env = env
        made = repo.json("--since", "main", *options)
        return made["findings"], made["errors"]

    repo.write("app/db.py", BLOCKING)
    (repo.folder / "app/routes.py").rename(repo.folder / "app/views.py")
    cold = found()
    assert [each["status"] for each in cold[0]] == ["baselined", "new"]
    assert found() == found("--no-cache") == found("--verify-cache") == found(CI="1") == cold
    cache = next((repo.folder / ".mergegate_cache").glob("*.db"))
    cache.write_bytes(b"no database")
    assert found()[0] == cold[0]


def test_a_second_run_reads_no_contents_from_git_and_none_changes_anything_there(repo: Cli, tmp_path: Path) -> None:
    repo.write("app/db.py", BLOCKING)
    before = (git(repo.folder, "status", "--porcelain"), (repo.folder / ".git/index").read_bytes())
    log = tmp_path / "commands.log"
    repo("check", "--since", "main", env={"GIT_TRACE": str(log)})
    assert "cat-file" in log.read_text()
    log.unlink()
    run = repo("check", "--since", "main", env={"GIT_TRACE": str(log)})
    assert "cat-file" not in log.read_text()
    assert last_line(run).startswith("1 new (1 error), 1 in main, ")
    log.unlink()
    assert (git(repo.folder, "status", "--porcelain"), (repo.folder / ".git/index").read_bytes()) == before


# -- with a baseline -----------------------------------------------------------------------------------------------


def test_new_is_what_neither_the_baseline_nor_the_base_has(repo: Cli) -> None:
    git(repo.folder, "checkout", "-q", "main")
    assert repo("baseline", "create").returncode == 0
    # what another branch brought to main is in no baseline
    commit(repo.folder, app__more="import time\n\n\nasync def more():\n    time.sleep(2)\n")
    git(repo.folder, "checkout", "-q", "-B", "topic")
    repo.write("app/db.py", BLOCKING)
    run = repo("check", "--since", "main")
    assert last_line(run).startswith("1 new (1 error), 1 baselined, 1 in main, 4 files in ")
    found = repo.json("--since", "main")
    assert {key: found["summary"][key] for key in ("new", "baselined", "in_base")} == {
        "new": 1, "baselined": 2, "in_base": 1,
    }  # fmt: skip
    assert last_line(repo("check")).startswith("2 new (2 error), 1 baselined, ")
    assert last_line(repo("check", "--since", "main", "--no-baseline")).startswith("1 new (1 error), 2 in main, ")


def test_one_entry_and_one_finding_of_the_base_do_not_excuse_a_copy(repo: Cli) -> None:
    assert repo("baseline", "create").returncode == 0
    git(repo.folder, "add", "-A")
    repo.write("app/copied.py", ROUTES)
    assert new(repo) == ["app/copied.py:7 blocking-call-in-async"]


def test_the_baseline_is_left_as_it_is(repo: Cli) -> None:
    assert repo("baseline", "create").returncode == 0
    before = (repo.folder / "mergegate-baseline.json").read_bytes()
    repo.write("app/routes.py", "x = 1\n")
    assert repo("check", "--since", "main").returncode == 0
    assert (repo.folder / "mergegate-baseline.json").read_bytes() == before
    assert repo("check").returncode == 0
    assert (repo.folder / "mergegate-baseline.json").read_bytes() != before


def test_findings_in_changed_lines_come_first(cli: Cli) -> None:
    git(cli.folder, "init", "-q", "-b", "main")
    helper = "def load(path):\n    return path\n"
    callers = "".join(f"\n\nasync def f{number}(path):\n    return load(path)\n" for number in range(12))
    commit(cli.folder, helper=helper, a_callers=f"from helper import load\n{callers}", z_own="x = 1\n")
    cli.write("helper.py", "import time\n\n\ndef load(path):\n    time.sleep(1)\n    return path\n")
    cli.write("z_own.py", "import time\n\n\nasync def own():\n    time.sleep(1)\n")
    git(cli.folder, "add", "-A")
    for how in (("--since", "HEAD"), ("--ci", "--base", "HEAD")):
        shown = cli("check", "--format", "github", *how).stdout.splitlines()
        assert shown[0].startswith("::error file=z_own.py,line=5,"), how
        assert sum("a_callers.py" in line for line in shown) == 9
    assert cli("check", "--format", "github").stdout.startswith("::error file=a_callers.py,")
