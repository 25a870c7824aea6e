"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import mergegate
from fronts import Cli, environment

SERVICE = {
    "app/__init__.py": "",
    "app/db.py": "import time\n\n\ndef load():\n    time.sleep(1)\n",
    "app/routes.py": (
        "from app.db import load\n\n\nasync def handler():\n    load()\n\n\nasync def other():\n    load()\n"
    ),
    "jobs/tick.py": "import os\nimport time\n\n\nasync def tick():\n    time.sleep(1)\n    os.stat('x')\n",
}
SCHEMAS = Path(mergegate.__file__).parent / "reporters" / "schemas"
REPORT_SCHEMA = json.loads((SCHEMAS / "report.schema.json").read_text("utf-8"))


@pytest.fixture
def service(cli: Cli) -> Cli:
    for path, text in SERVICE.items():
        cli.write(path, text)
    return cli


def places(run: dict[str, object]) -> list[str]:
    return [f"{each['path']}:{each['line']}" for each in run["findings"]]  # type: ignore[union-attr, index]


# -- check: what is reported ---------------------------------------------------------------------------------------


def test_check_explains_findings_and_says_how_to_go_on(service: Cli) -> None:
    run = service("check")
    assert run.returncode == 1
    assert "app/routes.py:5:5: error blocking-helper-in-async: " in run.stdout
    assert "    5 |     load()\n      |     ^^^^^^\n" in run.stdout
    assert "app/db.py:5" in run.stdout
    assert run.stdout.rstrip().splitlines()[-1].startswith("3 new (3 error), 1 hidden for its confidence (--min-conf")
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("mergegate: 3 new findings; 'mergegate explain ")


def test_a_run_without_changes_loads_neither_the_analysis_nor_the_rule_files(service: Cli) -> None:
    service.write(".gitignore", "*.log\n")
    before = service("check", "--no-stat-cache").stdout
    run = service("check", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}
    assert "mergegate.engine.run" in loaded
    unwanted = {
        "mergegate.semantics", "mergegate.checks", "mergegate.syntax", "mergegate.rules.loader", "mergegate.rules.model",
        "msgspec", "rich", "pluggy", "pathspec", "importlib.metadata", "multiprocessing",
    }  # fmt: skip
    assert loaded & unwanted == set()
    assert run.stdout.splitlines()[:-1] == before.splitlines()[:-1]


def test_the_folder_one_stands_in_does_not_change_what_is_found(service: Cli) -> None:
    run = service("check", folder=service.folder / "app")
    assert "routes.py:5:5: error" in run.stdout
    assert "../jobs/tick.py:6:5: error" in run.stdout
    assert service.json(folder=service.folder / "app")["findings"] == service.json()["findings"]


def test_paths_select_what_is_reported_and_the_whole_project_is_analysed(service: Cli) -> None:
    assert places(service.json("app/routes.py")) == ["app/routes.py:5", "app/routes.py:9"]
    assert places(service.json("jobs", "app/db.py")) == ["jobs/tick.py:6"]
    assert places(service.json("app")) == places(service.json("app/")) == places(service.json("./app"))
    assert service.json(".")["findings"] == service.json()["findings"]
    assert service("check", "app/db.py").returncode == 0


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--select", "blocking-call-in-async"), ["jobs/tick.py:6"]),
        (("--select", "core"), []),
        (("--select", "async", "--ignore", "blocking-helper-in-async"), ["jobs/tick.py:6"]),
        (("--ignore", "async", "--select", "blocking-helper-in-async,core"), ["app/routes.py:5", "app/routes.py:9"]),
        (("--ignore", "blocking-call-in-async,blocking-helper-in-async"), []),
        (("--min-confidence", "medium", "--select", "file-metadata-in-async"), ["jobs/tick.py:7"]),
    ],
)
def test_rules_and_families_are_selected(service: Cli, options: tuple[str, ...], found: list[str]) -> None:
    assert places(service.json(*options)) == found


def test_settings_hold_and_the_command_line_is_above_them(service: Cli) -> None:
    service.write(
        "mergegate.toml",
        """
        select = ["blocking-helper-in-async"]
        [severity]
        blocking-helper-in-async = "info"
        [per-file-ignores]
        "app/*.py" = ["all"]
        """,
    )
    assert places(service.json()) == []
    assert places(service.json("--select", "async")) == ["jobs/tick.py:6"]
    service.write("mergegate.toml", 'severity = { async = "info" }\n')
    assert {each["severity"] for each in service.json()["findings"]} == {"info"}


def test_nested_projects_keep_their_own_settings_in_one_run(service: Cli) -> None:
    service.write("jobs/mergegate.toml", 'min-confidence = "low"\n')
    assert places(service.json()) == ["app/routes.py:5", "app/routes.py:9", "jobs/tick.py:6", "jobs/tick.py:7"]
    assert places(service.json("jobs")) == ["tick.py:6", "tick.py:7"]
    assert places(service.json("app", "jobs/tick.py"))[2:] == ["jobs/tick.py:6", "jobs/tick.py:7"]
    assert "jobs/tick.py:6:5: error" in service("check").stdout


# -- check: where it goes ------------------------------------------------------------------------------------------


def test_reports_go_to_files_and_standard_output_carries_one_format(service: Cli) -> None:
    run = service(
        "check", "--format", "json", "--report", "sarif=out.sarif", "--report", "text=out.txt", "--statistics"
    )
    jsonschema.validate(json.loads(run.stdout), REPORT_SCHEMA)
    assert len(json.loads((service.folder / "out.sarif").read_text())["runs"][0]["results"]) == 3
    assert "2  blocking-helper-in-async (from 1 cause)\n" in (service.folder / "out.txt").read_text()
    run = service("check", "--output", "report.txt")
    assert run.stdout == ""
    assert "3 new" in (service.folder / "report.txt").read_text()
    assert not list(service.folder.glob(".report*"))


def test_a_report_that_cannot_be_written_leaves_what_is_there(service: Cli) -> None:
    run = service("check", "--report", "json=missing/out.json")
    assert run.returncode == 2
    assert "missing/out.json cannot be written" in run.stderr
    (service.folder / "taken").mkdir()
    assert service("check", "--output", "taken").returncode == 2
    assert not [path for path in service.folder.iterdir() if path.name.startswith(".taken")]


def test_every_format_is_written_with_what_is_not_new_told_apart(service: Cli) -> None:
    formats = ("json", "sarif", "github", "gitlab", "junit", "markdown", "summary", "html")
    service("check", *[part for name in formats for part in ("--report", f"{name}=out.{name}")])
    for name in formats:
        assert "blocking-helper-in-async" in (service.folder / f"out.{name}").read_text(encoding="utf-8"), name


def test_a_report_goes_through_links_and_into_pipes(service: Cli) -> None:
    target = service.write("real/out.json", "old")
    (service.folder / "link.json").symlink_to(target)
    service("check", "--report", "json=link.json")
    assert (service.folder / "link.json").is_symlink()
    assert json.loads(target.read_text())["version"] == 1
    pipe = service.folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        service("check", "--report", f"json={pipe}")
        assert json.loads(reader.communicate(timeout=60)[0])["version"] == 1
    assert pipe.is_fifo()


def test_the_summary_of_a_step_is_appended_to(service: Cli) -> None:
    summary = service.write("step/summary", "before\n")
    for _ in range(2):
        service("check", "--report", f"summary={summary}", env={"GITHUB_STEP_SUMMARY": str(summary)})
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n### ")
    assert text.count("### ") == 2
    service("check", "--report", f"summary={summary}")
    assert summary.read_text(encoding="utf-8").startswith("### ")


def test_colours_are_for_terminals_and_the_environment_decides(service: Cli) -> None:
    assert "\x1b[" not in service("check").stdout
    assert "\x1b[" in service("check", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in service("check", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b[" not in service("check", "--format", "json", env={"FORCE_COLOR": "1"}).stdout
    service("check", "--output", "out.txt", env={"FORCE_COLOR": "1"})
    assert "\x1b[" not in (service.folder / "out.txt").read_text()


def test_a_terminal_gets_colours(service: Cli) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "mergegate", "check"]
    with subprocess.Popen(command, cwd=service.folder, env=environment(TERM="xterm"), stdout=follower) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        process.wait(60)
    os.close(leader)
    assert b"\x1b[" in shown
    assert b"blocking-helper-in-async" in shown


def test_a_reader_that_goes_away_is_no_failure(service: Cli) -> None:
    service.write("many.py", "import time\n\n\nasync def run():\n" + "    time.sleep(1)\n" * 5000)
    command = f"{sys.executable} -m mergegate check --show-witness | head -n 1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(
        ["bash", "-c", command], cwd=service.folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.stdout.splitlines()[1] == "1"
    assert "Traceback" not in run.stderr
    assert "BrokenPipe" not in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_and_no_verdict(service: Cli) -> None:
    command = [sys.executable, "-m", "mergegate", "check", "--format", "json"]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            command, cwd=service.folder, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert run.returncode == 2
    assert run.stderr.startswith("mergegate: Standard output cannot be written: ")
    assert run.stderr.count("\n") == 1


def test_an_encoding_that_lacks_a_character_is_no_failure(service: Cli) -> None:
    service.write("ünï.py", "import time\n\n\nasync def run():\n    time.sleep(1)  # ☃\n")
    run = service("check", env={"PYTHONIOENCODING": "ascii"})
    assert run.returncode == 1
    assert "\\u2603" in run.stdout


# -- exit codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere"), "no file or folder 'nowhere'"),
        (("check", "data.txt"), "no Python file to analyse in data.txt"),
        (("check", "empty"), "no Python file to analyse in empty"),
        (("check", "..", "--config", "mergegate.toml"), "lies outside of the project"),
        (("check", "--select", "blocking-cal-in-async"), "blocking-call-in-async"),
        (("check", "--ignore", "asinc"), "async"),
        (("check", "--format", "sarfi"), 'did you mean "sarif"?'),
        (("check", "--report", "json"), "FORMAT=FILE"),
        (("check", "--min-confidence", "sure"), "'high', 'medium', 'low'"),
        (("check", "--colour"), "mergegate check --help"),
        (("check", "--jobs", "-1"), "--jobs"),
        (("check", "--config", "none.toml"), "none.toml"),
        (("chek",), 'did you mean "check"?'),
        (("explain", "blocking-cal-in-async"), 'did you mean "blocking-call-in-async"?'),
        (("explain", "0123456789abcdef0123"), "No finding has the fingerprint"),
        (("completion", "tcsh"), "'bash', 'zsh', 'fish'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(service: Cli, arguments: tuple[str, ...], said: str) -> None:
    service.write("data.txt", "")
    (service.folder / "empty").mkdir()
    run = service(*arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("mergegate: ")
    assert run.stderr.count("\n") == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_a_wrong_setting_is_named_with_its_line(service: Cli) -> None:
    service.write("mergegate.toml", '\nmin-confidense = "low"\n')
    run = service("check")
    assert run.returncode == 2
    assert "mergegate.toml:2: " in run.stderr
    assert "min-confidence" in run.stderr


def test_an_internal_error_is_one_line_unless_asked_for_more(service: Cli) -> None:
    (service.folder / "sitecustomize.py").write_text(
        "import mergegate.gate.suppression as broken\ndef fail(*_, **__): raise ZeroDivisionError('boom')\n"
        "broken.apply = fail\n"
    )
    path = os.pathsep.join([str(service.folder), environment()["PYTHONPATH"]])
    run = service("check", env={"PYTHONPATH": path})
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "Internal error: ZeroDivisionError: boom; set MERGEGATE_DEBUG=1" in run.stderr
    assert "Traceback" in service("check", env={"PYTHONPATH": path, "MERGEGATE_DEBUG": "1"}).stderr


def test_findings_can_be_no_failure(service: Cli) -> None:
    run = service("check", "--exit-zero")
    assert run.returncode == 0
    assert "3 new" in run.stdout
    assert run.stderr == ""


def test_an_empty_folder_is_not_clean_but_nothing_analysed(cli: Cli) -> None:
    run = cli("check")
    assert run.returncode == 2
    assert "no Python file" in run.stderr


# -- cache ---------------------------------------------------------------------------------------------------------


def test_the_cache_changes_nothing_but_the_time(service: Cli) -> None:
    cold = service.json("--no-cache")["findings"]
    assert not (service.folder / ".mergegate_cache").exists()
    assert service.json()["findings"] == cold
    warm = service.json()
    assert warm["findings"] == cold
    assert warm["summary"]["cached"] == len(SERVICE)
    assert service.json("--no-stat-cache")["findings"] == cold
    assert service.json("--verify-cache")["findings"] == cold


def test_the_cache_is_shown_and_deleted(service: Cli) -> None:
    service("check")
    shown = service("cache", "info")
    assert shown.returncode == 0
    assert ".mergegate_cache" in shown.stdout
    assert service("cache", "clean").returncode == 0
    assert not (service.folder / ".mergegate_cache").exists()
    assert "nothing" in service("cache", "info").stdout


# -- the other commands --------------------------------------------------------------------------------------------


def test_rules_are_listed_in_three_formats(cli: Cli) -> None:
    listed = json.loads(cli("rules", "--format", "json").stdout)
    ids = [rule["id"] for rule in listed]
    assert "blocking-call-in-async" in ids
    assert len(ids) == len(set(ids))
    text, markdown = cli("rules").stdout, cli("rules", "--format", "markdown").stdout
    assert all(f"  {name} " in text and f"| `{name}` |" in markdown for name in ids)
    assert len({line.count(" | ") for line in markdown.splitlines()}) == 2  # the line below the head has no blanks


def test_a_rule_is_explained_by_either_name(cli: Cli) -> None:
    run = cli("explain", "blocking-call-in-async")
    assert run.returncode == 0
    assert run.stdout.startswith("# blocking-call-in-async (E7101, error, high confidence)\n")
    assert "## How to fix" in run.stdout
    assert "```python" in run.stdout
    assert cli("explain", "e7101").stdout == run.stdout
    assert "\x1b[" in cli("explain", "E7101", env={"FORCE_COLOR": "1"}).stdout


def test_a_finding_is_explained_by_its_fingerprint(service: Cli) -> None:
    finding = service.json()["findings"][0]
    for fingerprint in (finding["fingerprint"], finding["fingerprint"][:8]):
        run = service("explain", fingerprint)
        assert run.returncode == 0
        assert f"{finding['path']}:{finding['line']}:" in run.stdout
        assert "app/db.py:5" in run.stdout
    hidden = service.json("--min-confidence", "low", "--select", "file-metadata-in-async")["findings"][0]
    assert "jobs/tick.py:7" in service("explain", hidden["fingerprint"]).stdout


def test_settings_are_shown_with_their_source(cli: Cli) -> None:
    cli.write("mergegate.toml", '\nmin-confidence = "low"\n')
    shown = cli("config", "show").stdout
    line = next(line for line in shown.splitlines() if line.startswith("min-confidence"))
    assert '"low"' in line
    assert line.endswith("# mergegate.toml:2")
    values = json.loads(cli("config", "show", "--format", "json").stdout)["settings"]
    assert values["min-confidence"] == {"value": "low", "source": "mergegate.toml:2"}
    assert values["jobs"]["source"] == "default"


def test_the_schema_accepts_what_is_shown(cli: Cli) -> None:
    schema = json.loads(cli("config", "schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate({"min-confidence": "low", "ignore": ["async"]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"min-confidense": "low"}, schema)


@pytest.mark.parametrize(("shell", "mark"), [("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete ")])
def test_shells_get_completion(cli: Cli, shell: str, mark: str) -> None:
    run = cli("completion", shell)
    assert run.returncode == 0
    assert mark in run.stdout
    assert run.stderr == ""


def test_completion_completes(cli: Cli) -> None:
    asked = {"_MERGEGATE_COMPLETE": "bash_complete", "COMP_WORDS": "mergegate che", "COMP_CWORD": "1"}
    assert "check" in cli(env=asked).stdout


def test_version_and_help(cli: Cli) -> None:
    assert cli("--version").stdout == f"mergegate {mergegate.__version__}\n"
    for arguments in (("--help",), ("check", "-h"), ("config", "show", "--help"), ()):
        run = cli(*arguments)
        assert "Usage: mergegate" in run.stdout + run.stderr
    for command in ("check", "explain", "rules", "config", "cache", "completion"):
        assert f"  {command} " in cli("--help").stdout
