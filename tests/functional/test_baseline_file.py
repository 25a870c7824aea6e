"""The baseline's file under damage, conflicts and several writers: never a silent pass, never a lost entry."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fronts import Cli, environment
from repositories import commit, git

FILE = "mergegate-baseline.json"


def coroutines(*names: str) -> str:
    return "import time\n" + "".join(f"\n\nasync def {name}():\n    time.sleep(1)\n" for name in names)


def scopes(cli: Cli) -> list[str]:
    shown = json.loads(cli("baseline", "show", "--format", "json").stdout)
    return [entry["scope"] for entry in shown["baselines"][0]["entries"]]


@pytest.fixture
def service(cli: Cli) -> Cli:
    cli.write("app.py", coroutines("a", "b", "c", "d"))
    assert cli("baseline", "create").returncode == 0
    return cli


# -- damage --------------------------------------------------------------------------------------------------------

WHOLE = '{"version": 1, "digest": "", "rules": [], "entries": []}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        (
            '{\n"version": 1,\n"digest": "",\n"rules": [],\n"entries": [\n["blocking-c',
            "is cut off or damaged in line 6",
        ),
        ("[]", "is no baseline of mergegate, or damaged"),
        ("{}", "is no baseline of mergegate, or damaged"),
        ("null", "is no baseline of mergegate, or damaged"),
        (WHOLE.replace("[]}", '[["rule", "app.py"]]}'), "is no baseline of mergegate, or damaged"),
        (WHOLE.replace('"rules": []', '"rules": [1]'), "is no baseline of mergegate, or damaged"),
        (WHOLE.replace("1", "2"), "has the format 2, and this mergegate knows 1 only"),
        ("version https://git-lfs.github.com/spec/v1\n", "is cut off or damaged in line 1"),
        ("<<<<<<< ours\n{}\n", "holds conflict markers that do not fit together"),
        (f"<<<<<<< ours\n{WHOLE}\n=======\n{{\n>>>>>>> theirs\n", "is cut off or damaged"),
    ],
)
def test_a_file_that_is_no_baseline_stops_everything_with_the_command_that_repairs_it(
    service: Cli, text: str, said: str
) -> None:
    service.write(FILE, text)
    run = service("check")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.count("\n") == 1
    assert said in run.stderr
    assert "mergegate baseline create --force" in run.stderr
    service.write("inner/x.py", "")
    assert f"The baseline ..{os.sep}{FILE} {said}" in service("check", folder=service.folder / "inner").stderr


def test_every_command_but_create_stops_at_a_broken_file(service: Cli) -> None:
    whole = (service.folder / FILE).read_bytes()
    (service.folder / FILE).write_bytes(whole[:-30])
    for arguments in (("update",), ("update", "--accept-new"), ("prune",), ("show",)):
        assert service("baseline", *arguments).returncode == 3
    assert (service.folder / FILE).read_bytes() == whole[:-30]
    assert service("check", "--no-baseline").returncode == 1
    assert service("baseline", "create", "--force").returncode == 0
    assert (service.folder / FILE).read_bytes() == whole


def test_bytes_that_are_no_text_and_a_folder_in_its_place(service: Cli) -> None:
    (service.folder / FILE).write_bytes(b"\xff\xfe\x00{")
    assert service("check").returncode == 3
    (service.folder / FILE).unlink()
    (service.folder / FILE).mkdir()
    run = service("check")
    assert (run.returncode, "cannot be read: Is a directory" in run.stderr) == (3, True)


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(service: Cli) -> None:
    text = (service.folder / FILE).read_text("utf-8")
    for start in ("", "\ufeff"):
        data = (start + text.replace("\n", "\r\n")).encode()
        (service.folder / FILE).write_bytes(data)
        run = service("check")
        assert (run.returncode, run.stderr) == (0, "")
        assert "0 new, 4 baselined" in run.stdout
        assert (service.folder / FILE).read_bytes() == data
    service.write("app.py", coroutines("a", "b", "c"))
    assert service("check").returncode == 0
    assert len(scopes(service)) == 3


# -- writing -------------------------------------------------------------------------------------------------------


def test_four_updates_at_once_lose_nothing(cli: Cli) -> None:
    rules = ["blocking-call-in-async", "coroutine-never-awaited", "file-io-in-async", "blocking-wait-in-async"]
    cli.write(
        "app.py",
        """
        import threading
        import time

        LOCK = threading.Lock()

        async def work():
            time.sleep(1)
            open("x").read()
            LOCK.acquire()

        async def other():
            work()
        """,
    )
    assert cli("baseline", "create", "--select", "core").stdout.startswith(f"{FILE}: 0 findings")
    wanted = {(each["rule"], each["line"]) for each in cli.json()["findings"]}
    assert {rule for rule, _ in wanted} == set(rules)
    command = [sys.executable, "-m", "mergegate", "baseline", "update", "--accept-new", "--select"]
    running = [subprocess.Popen([*command, rule], cwd=cli.folder, env=environment()) for rule in rules]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0, 0]
    run = cli("check")
    assert f"0 new, {len(wanted)} baselined" in run.stdout


def test_a_writer_that_is_killed_leaves_a_whole_file_and_no_lock(service: Cli) -> None:
    known = (service.folder / FILE).read_bytes()
    service.write("app.py", coroutines(*(f"f{number}" for number in range(60))))
    command = [sys.executable, "-m", "mergegate", "baseline", "update", "--accept-new"]
    seen: set[bytes] = set()
    for delay in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        process = subprocess.Popen(command, cwd=service.folder, env=environment(), stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        seen.add((service.folder / FILE).read_bytes())
    for data in seen - {known}:
        assert len(json.loads(data)["entries"]) == 60
    assert service("baseline", "update", "--accept-new").returncode == 0
    assert "0 new, 60 baselined" in service("check").stdout


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_folder_that_cannot_be_written_is_one_clear_line(service: Cli) -> None:
    service.write("app.py", coroutines("a"))
    (service.folder).chmod(0o555)
    try:
        run = service("check")
    finally:
        (service.folder).chmod(0o755)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "cannot be written: Permission denied; make the file and its folder writable" in run.stderr


def test_a_folder_that_is_not_there_is_one_clear_line(cli: Cli) -> None:
    cli.write("app.py", coroutines("a"))
    run = cli("baseline", "create", "--baseline", "none/base.json")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "cannot be written: No such file or directory" in run.stderr
    cli.write("mergegate.toml", 'cache-dir = "app.py"\n')
    run = cli("baseline", "create")
    assert (run.returncode, "cannot be locked" in run.stderr) == (2, True)


def test_a_symbolic_link_stays_one(service: Cli) -> None:
    real = service.folder / "kept" / "accepted.json"
    real.parent.mkdir()
    (service.folder / FILE).rename(real)
    (service.folder / FILE).symlink_to(real)
    service.write("app.py", coroutines("a", "b", "c"))
    assert service("check").returncode == 0
    assert (service.folder / FILE).is_symlink()
    assert len(json.loads(real.read_text("utf-8"))["entries"]) == 3


# -- branches ------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(service: Cli) -> Cli:
    git(service.folder, "init", "-q", "-b", "main")
    service.write(".gitignore", ".mergegate_cache\n")
    commit(service.folder)
    git(service.folder, "config", "user.name", "Dev")
    git(service.folder, "config", "user.email", "dev@example.org")
    return service


def branches(repository: Cli, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
    """Change the code on two branches, with the baseline that each run leaves, and merge."""
    for branch, text in (("side", theirs), ("main", ours)):
        git(repository.folder, "checkout", "-q", *(["-b", branch] if branch == "side" else [branch]))
        for name, code in _files(text):
            repository.write(name, code)
        repository("check")
        repository("baseline", "update", "--accept-new")
        commit(repository.folder)
    return subprocess.run(
        ("git", "merge", "-q", "side"), cwd=repository.folder, capture_output=True, text=True, check=False,
        env=environment(PATH=f"{_programs(repository.folder)}{os.pathsep}{os.environ['PATH']}"),
    )  # fmt: skip


def _files(text: str) -> list[tuple[str, str]]:
    return [(f"{letter}.py", coroutines(letter)) if letter in text else (f"{letter}.py", "") for letter in "wxyz"]


def _programs(folder: Path) -> Path:
    """A folder with `mergegate` as it is installed."""
    programs = folder / ".git" / "bin"
    programs.mkdir(exist_ok=True)
    script = programs / "mergegate"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mergegate "$@"\n', "utf-8")
    script.chmod(0o755)
    return programs


@pytest.fixture
def started(repository: Cli) -> Cli:
    """A project with a coroutine in each of four files, all accepted."""
    repository.write("app.py", "")
    for name, code in _files("wxyz"):
        repository.write(name, code)
    repository("baseline", "create", "--force")
    commit(repository.folder)
    return repository


def test_adjacent_repairs_on_two_branches_merge_by_the_driver(started: Cli) -> None:
    preview = started("baseline", "merge", "--install", "--dry-run")
    assert preview.stdout.count(" + ") == 3
    assert not (started.folder / ".gitattributes").exists()
    assert started("baseline", "merge", "--install").stdout.splitlines()[:-1] == preview.stdout.splitlines()[:-1]
    again = started("baseline", "merge", "--install").stdout
    assert (again.count(" + "), again.count(" has ")) == (0, 3)
    assert (started.folder / ".gitattributes").read_text("utf-8") == f"{FILE} merge=mergegate-baseline text eol=lf\n"
    command = f'"{sys.executable}" -m mergegate baseline merge %O %A %B'
    git(started.folder, "config", "merge.mergegate-baseline.driver", command)
    commit(started.folder)
    merged = branches(started, "wyz", "wxz")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert scopes(started) == ["w", "z"]
    assert started("check", "--ci").stderr == ""


def test_conflict_markers_are_merged_in_memory_and_named(started: Cli) -> None:
    assert branches(started, "wyz", "wxz").returncode == 1
    marked = (started.folder / FILE).read_text("utf-8")
    assert "<<<<<<<" in marked
    run = started("check")
    assert run.returncode == 0
    assert "0 new, 2 baselined" in run.stdout
    assert f"warning: {FILE} is in conflict, so both sides were merged in memory; 'mergegate baseline" in run.stdout
    assert (started.folder / FILE).read_text("utf-8") == marked
    started.write("new.py", coroutines("new"))
    assert started("check").returncode == 1
    (started.folder / "new.py").unlink()
    assert started("baseline", "update").returncode == 0
    assert scopes(started) == ["w", "z"]
    assert started("check", "--ci").returncode == 0


def test_conflict_markers_that_were_committed_do_not_pass_in_ci(started: Cli) -> None:
    assert branches(started, "wyz", "wxz").returncode == 1
    commit(started.folder)
    assert started("check").returncode == 0
    run = started("check", env={"CI": "true"})
    assert run.returncode == 3
    assert f"{FILE} was committed in conflict; 'mergegate baseline update' merges it" in run.stderr


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_what_one_side_drops_and_the_other_adds_is_told_apart(started: Cli, style: str) -> None:
    started.write("z.py", "")
    started("check")
    commit(started.folder)
    git(started.folder, "config", "merge.conflictStyle", style)
    merged = branches(started, "wx", "wyz")
    assert merged.returncode == 1
    started("baseline", "update")
    assert scopes(started) == ["w", "z"]
