"""The baseline in daily use: accepted findings stay quiet, new ones block, and repaired ones cannot come back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

import mergegate
from fronts import Cli
from repositories import commit, git

FILE = "mergegate-baseline.json"
SCHEMAS = Path(mergegate.__file__).parent / "reporters" / "schemas"
SERVICE = """\
import os
import time


async def first():
    time.sleep(1)


async def second():
    time.sleep(2)


async def third():
    os.stat("x")
"""
NEW = "\n\nasync def fourth():\n    time.sleep(4)\n"


@pytest.fixture
def service(cli: Cli) -> Cli:
    cli.write("app.py", SERVICE)
    assert cli("baseline", "create").returncode == 0
    return cli


def entries(cli: Cli, file: str = FILE) -> list[str]:
    """The accepted findings as `path scope rule`."""
    shown = json.loads(cli("baseline", "show", "--format", "json", "--baseline", file).stdout)
    return [f"{each['path']} {each['scope']} {each['rule']}" for one in shown["baselines"] for each in one["entries"]]


def statuses(cli: Cli, *options: str) -> dict[str, str]:
    return {f"{each['path']}:{each['line']}": each["status"] for each in cli.json(*options)["findings"]}


# -- check ---------------------------------------------------------------------------------------------------------


def test_accepted_findings_neither_show_nor_block_and_new_ones_do(service: Cli) -> None:
    clean = service("check")
    assert (clean.returncode, clean.stderr) == (0, "")
    assert clean.stdout.startswith("0 new, 2 baselined, 1 hidden for its confidence (")
    service.write("app.py", SERVICE + NEW)
    run = service("check")
    assert run.returncode == 1
    assert run.stdout.startswith("app.py:18:5: error blocking-call-in-async")
    assert run.stdout.splitlines()[-1].startswith("1 new (1 error), 2 baselined, 1 hidden")
    assert (
        run.stderr
        == "mergegate: 1 new finding; 'mergegate explain blocking-call-in-async' tells how to fix the first\n"
    )


def test_reports_for_machines_hold_all_with_their_status(service: Cli) -> None:
    service.write("app.py", SERVICE + NEW)
    document = service.json()
    jsonschema.validate(document, json.loads((SCHEMAS / "report.schema.json").read_text("utf-8")))
    assert [each["status"] for each in document["findings"]] == ["baselined", "baselined", "new"]
    assert (document["summary"]["new"], document["summary"]["baselined"], document["summary"]["error"]) == (1, 2, 1)
    sarif = json.loads(service("check", "--format", "sarif").stdout)
    assert sorted(each["baselineState"] for each in sarif["runs"][0]["results"]) == ["new", "unchanged", "unchanged"]
    assert service("check", "--format", "github").stdout.count("::error") == 1


def test_no_baseline_reports_everything(service: Cli) -> None:
    assert set(statuses(service, "--no-baseline").values()) == {"new"}
    run = service("check", "--no-baseline", "--baseline", FILE)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "exclude each other" in run.stderr


def test_the_folder_one_stands_in_does_not_matter(service: Cli) -> None:
    (service.folder / "inner").mkdir()
    for arguments in (("check", "--format", "json"), ("check", "--format", "json", "--baseline", f"../{FILE}")):
        run = service(*arguments, folder=service.folder / "inner")
        assert [each["status"] for each in json.loads(run.stdout)["findings"]] == ["baselined", "baselined"]


def test_nested_projects_have_a_baseline_each_and_one_run_covers_all(cli: Cli) -> None:
    cli.write("app.py", SERVICE)
    cli.write("jobs/tick.py", SERVICE)
    cli.write("jobs/mergegate.toml", 'min-confidence = "medium"\n')
    made = cli("baseline", "create")
    assert made.stdout == (
        f"{FILE}: 2 findings are accepted; commit it\njobs/{FILE}: 3 findings are accepted; commit it\n"
    )
    assert "0 new, 5 baselined" in cli("check").stdout
    assert "0 new, 3 baselined" in cli("check", folder=cli.folder / "jobs").stdout
    cli.write("app.py", "")
    cli.write("jobs/tick.py", SERVICE.replace("time.sleep(1)", "pass"))
    run = cli("check")
    assert run.returncode == 0
    assert run.stderr == (
        f"mergegate: {FILE}: 2 entries went with their finding; commit it with the change\n"
        f"mergegate: jobs/{FILE}: 1 entry went with its finding; commit it with the change\n"
    )


def test_a_missing_baseline_that_is_configured_or_named_is_an_error(cli: Cli) -> None:
    cli.write("app.py", SERVICE)
    assert cli("check").returncode == 1
    for arguments in (("--baseline", "old.json"),):
        run = cli("check", *arguments)
        assert (run.returncode, run.stdout) == (3, "")
        assert run.stderr == "mergegate: There is no baseline old.json; 'mergegate baseline create' makes it\n"
    cli.write("mergegate.toml", 'baseline = "accepted/old.json"\n')
    assert cli("check").returncode == 3
    (cli.folder / "accepted").mkdir()
    assert cli("baseline", "create").returncode == 0
    assert "0 new, 2 baselined" in cli("check").stdout


# -- what a run does not look at -----------------------------------------------------------------------------------


def test_a_baseline_of_lower_confidence_serves_a_stricter_run(cli: Cli) -> None:
    cli.write("app.py", SERVICE)
    cli("baseline", "create", "--min-confidence", "medium")
    assert len(entries(cli)) == 3
    run = cli("check")
    assert run.stdout.startswith("0 new, 2 baselined, 1 file")
    assert len(entries(cli)) == 3
    assert "0 new, 3 baselined" in cli("check", "--min-confidence", "low").stdout


def test_entries_outside_of_the_selection_are_neither_new_nor_gone(service: Cli) -> None:
    service.write("other.py", SERVICE.replace("time.sleep(1)", "pass"))
    before = entries(service)
    for options in (("other.py",), ("--select", "coroutine-never-awaited"), ("--ignore", "async")):
        service("check", *options)
        assert entries(service) == before
    assert service("check", "app.py").returncode == 0
    assert service("check", "other.py").returncode == 1


def test_a_file_that_cannot_be_read_keeps_its_entries(service: Cli) -> None:
    service.write("app.py", SERVICE + "def broken(:\n")
    run = service("check")
    assert run.returncode == 1
    assert "unreadable-file" in run.stdout
    service("baseline", "update", "--accept-new")
    assert len(entries(service)) == 3
    service.write("app.py", SERVICE)
    assert service("check").returncode == 0
    assert len(entries(service)) == 2


def test_entries_of_files_left_out_and_of_rules_not_installed_stay_until_pruned(service: Cli) -> None:
    service.write("gen.py", SERVICE)
    service("baseline", "update", "--accept-new")
    service.write("mergegate.toml", 'exclude = ["gen.py"]\nignore = ["blocking-call-in-async"]\n')
    assert service("check").returncode == 0
    assert len(entries(service)) == 4
    service("baseline", "update")
    assert len(entries(service)) == 4
    service.write("mergegate.toml", 'exclude = ["gen.py"]\n')
    assert service("baseline", "prune").stdout == f"{FILE}: 2 removed, 0 moved, 2 left\n"
    assert entries(service) == ["app.py first blocking-call-in-async", "app.py second blocking-call-in-async"]


# -- shrinking -----------------------------------------------------------------------------------------------------


def test_a_run_of_the_whole_project_removes_what_is_repaired_and_says_so(service: Cli) -> None:
    service.write("app.py", SERVICE.replace("time.sleep(1)", "pass"))
    run = service("check")
    assert run.returncode == 0
    assert run.stderr == f"mergegate: {FILE}: 1 entry went with its finding; commit it with the change\n"
    assert entries(service) == ["app.py second blocking-call-in-async"]
    service.write("app.py", SERVICE)
    assert statuses(service) == {"app.py:6": "new", "app.py:10": "baselined"}


def test_entries_follow_code_that_moves(service: Cli) -> None:
    (service.folder / "app.py").rename(service.folder / "moved.py")
    run = service("check")
    assert run.returncode == 0
    assert run.stderr == f"mergegate: {FILE}: 2 entries followed their code; commit it with the change\n"
    assert entries(service) == ["moved.py first blocking-call-in-async", "moved.py second blocking-call-in-async"]


def test_edits_around_accepted_findings_leave_the_file_alone(service: Cli) -> None:
    before = (service.folder / FILE).read_bytes()
    service.write("app.py", "# a comment\n" + SERVICE.replace("    time.sleep(2)", "    print()\n    time.sleep( 2 )"))
    assert service("check").returncode == 0
    assert (service.folder / FILE).read_bytes() == before


def test_nothing_is_removed_while_something_is_new(service: Cli) -> None:
    service.write("app.py", SERVICE.replace("time.sleep(1)", "pass") + NEW)
    assert service("check").returncode == 1
    assert len(entries(service)) == 2


@pytest.mark.parametrize(
    ("options", "env"),
    [((), {"CI": "true"}), (("--ci",), {}), (("--ci",), {"CI": "false"}), ((), {"TF_BUILD": "True"})],
)
def test_in_ci_nothing_is_written(service: Cli, options: tuple[str, ...], env: dict[str, str]) -> None:
    service.write("app.py", SERVICE.replace("time.sleep(1)", "pass"))
    before = (service.folder / FILE).read_bytes()
    run = service("check", *options, env=env)
    assert run.returncode == 0
    assert run.stderr == f"mergegate: {FILE}: 1 entry has no finding any more; 'mergegate baseline update' removes it\n"
    assert (service.folder / FILE).read_bytes() == before


def test_settings_say_whether_it_shrinks_and_whether_stale_entries_block(service: Cli) -> None:
    service.write("app.py", SERVICE.replace("time.sleep(1)", "pass"))
    service.write("mergegate.toml", 'baseline-shrink = false\nbaseline-stale = "fail"\n')
    run = service("check")
    assert (run.returncode, run.stderr.count("1 entry has no finding any more")) == (0, 1)
    assert len(entries(service)) == 2
    assert service("check", env={"CI": "1"}).returncode == 3
    assert service("check", "--no-ci", env={"CI": "1"}).returncode == 0


def test_a_comment_takes_the_place_of_an_entry(service: Cli) -> None:
    service.write(
        "app.py", SERVICE.replace("sleep(1)", "sleep(1)  # mergegate: ignore[blocking-call-in-async] -- slow")
    )
    assert "0 new, 1 baselined, 1 suppressed" in service("check").stdout
    assert entries(service) == ["app.py second blocking-call-in-async"]


# -- the commands --------------------------------------------------------------------------------------------------


def test_create_refuses_to_overwrite(service: Cli) -> None:
    before = (service.folder / FILE).read_bytes()
    service.write("app.py", SERVICE + NEW)
    run = service("baseline", "create")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "already; 'mergegate baseline update' brings it up to date" in run.stderr
    assert (service.folder / FILE).read_bytes() == before
    assert service("baseline", "create", "--force").returncode == 0
    assert len(entries(service)) == 3


def test_update_takes_new_findings_only_when_told(service: Cli) -> None:
    service.write("app.py", SERVICE.replace("time.sleep(1)", "pass") + NEW)
    run = service("baseline", "update")
    assert run.stdout == f"{FILE}: 1 removed, 0 moved, 1 left\n"
    assert run.stderr == "mergegate: 1 finding is new; --accept-new accepts it\n"
    assert service("check").returncode == 1
    assert service("baseline", "update", "--accept-new").returncode == 0
    assert service("check").returncode == 0
    assert entries(service) == ["app.py fourth blocking-call-in-async", "app.py second blocking-call-in-async"]


def test_update_accepts_what_is_selected(service: Cli) -> None:
    service.write("app.py", SERVICE + NEW + "\n\nasync def fifth():\n    second()\n")
    assert len(service.json()["findings"]) == 4
    service("baseline", "update", "--accept-new", "--select", "coroutine-never-awaited")
    assert entries(service)[0] == "app.py fifth coroutine-never-awaited"
    assert "1 new (1 error), 3 baselined" in service("check").stdout


def test_show_is_for_people_and_can_be_narrowed(service: Cli) -> None:
    service.write(
        "jobs/tick.py", "import time\n\n\nasync def tick():\n    time.sleep(1)\n    time.sleep(1)\n\n\ntick()\n"
    )
    service("baseline", "update", "--accept-new")
    assert service("baseline", "show").stdout == (
        "app.py: blocking-call-in-async in first\n"
        "app.py: blocking-call-in-async in second\n"
        "jobs/tick.py: coroutine-never-awaited in the module itself\n"
        "jobs/tick.py: blocking-call-in-async in tick (2 times)\n"
        f"{FILE}: 5 findings are accepted\n"
    )
    assert service("baseline", "show", "jobs", "--rule", "blocking-call-in-async").stdout == (
        f"jobs/tick.py: blocking-call-in-async in tick (2 times)\n{FILE}: 2 findings are accepted\n"
    )
    inside = service("baseline", "show", "tick.py", folder=service.folder / "jobs").stdout
    assert inside.endswith(f"../{FILE}: 3 findings are accepted\n".replace("/", os.sep))


# -- the file ------------------------------------------------------------------------------------------------------


def test_the_file_has_an_entry_a_line_sorted_and_nothing_that_moves(service: Cli) -> None:
    text = (service.folder / FILE).read_text("utf-8")
    document = json.loads(text)
    assert document["version"] == 1
    lines = text.splitlines()
    rows = [line.rstrip(",") for line in lines if line.startswith("[")]
    assert [json.loads(row) for row in rows] == document["entries"]
    assert len(rows) == 2
    service.write("app.py", "\n\n\n# moved down\n" + SERVICE)
    service("baseline", "create", "--force")
    assert (service.folder / FILE).read_text("utf-8") == text
    service.write("second.py", SERVICE)
    service("baseline", "update", "--accept-new")
    grown = (service.folder / FILE).read_text("utf-8")
    assert set(rows) < {line.rstrip(",") for line in grown.splitlines()}


def test_findings_of_rules_that_the_baseline_does_not_know_are_new_for_that_reason(service: Cli) -> None:
    document = json.loads((service.folder / FILE).read_text("utf-8"))
    document["rules"].remove("blocking-call-in-async")
    document["entries"] = []
    service.write(FILE, json.dumps(document))
    run = service("check")
    assert run.returncode == 1
    assert run.stderr.splitlines()[0] == (
        f"mergegate: {FILE} was made before there was blocking-call-in-async: 2 findings are new for that reason; "
        "'mergegate baseline update --accept-new --select blocking-call-in-async' accepts them"
    )
    assert service("baseline", "update", "--accept-new").returncode == 0
    document = json.loads((service.folder / FILE).read_text("utf-8"))
    document["digest"] = "of an older version"
    service.write(FILE, json.dumps(document))
    assert (service("check").returncode, service("check").stderr) == (0, "")
    service.write("app.py", SERVICE + NEW)
    assert "was made with other rules" in service("check").stderr


def test_renames_that_only_git_sees_keep_entries(cli: Cli) -> None:
    git(cli.folder, "init", "-q")
    body = "".join(f"value_{number} = {number}\n" for number in range(40))
    text = f"import time\n{body}\n\nasync def work(first=time.sleep(1)):\n    time.sleep(first)\n"
    cli.write("old.py", text)
    cli("baseline", "create")
    commit(cli.folder)
    git(cli.folder, "mv", "old.py", "new.py")
    cli.write("new.py", text.replace("async def work(first=time.sleep(1)):", "async def work(first, *, last=None):"))
    run = cli("check")
    assert run.returncode == 0, run.stdout
