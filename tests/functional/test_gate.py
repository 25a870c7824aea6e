"""The merge gate: one verdict over findings and evidence, and an exit code that machines can trust."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fronts import Cli, Pylint
from mergegate.evidence.files import Evidence, digests, write
from mergegate.gate.conditions import Condition, Place, Status
from reports import REPORT_SCHEMA
from repositories import commit, git

SLEEPING = "import time\n\n\nasync def {name}():\n    time.sleep(1)\n"
METADATA = "import os\n\n\nasync def ask():\n    os.stat('x')\n"


def conditions(cli: Cli, *options: str) -> dict[str, str]:
    """The statuses of the verdict, by source and condition."""
    document = json.loads(cli("gate", "--format", "json", *options).stdout)
    jsonschema.validate(document, REPORT_SCHEMA)
    return {f"{each['source']}: {each['name']}": each["status"] for each in document["gate"]["conditions"]}


def covered(cli: Cli, *made: Condition, folder: str = ".") -> None:
    """Leave evidence of coverage, as a test run would."""
    root = cli.folder / folder
    write(root, Evidence("coverage", {"coverage": "7.6.1"}, digests(root, ["app.py"]), {}, made))


PASSED = Condition("coverage", "total", Status.PASSED, "81 %", "at least 75 %")
FAILED = Condition(
    "coverage", "total", Status.FAILED, "74.69 %", "at least 75 %", "test more: 'mergegate coverage report' ranks it",
    (Place("app.py", 3, "never called"), Place("other.py", 0, "never measured")),
)  # fmt: skip


# -- findings ------------------------------------------------------------------------------------------------------


def test_a_clean_project_passes_and_says_what_is_not_configured(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    run = cli("gate")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[1:] == [
        "gate open",
        "  passed          findings   new findings: 0 (at most 0)",
        "  not configured  types      evidence",
        "  not configured  coverage   evidence",
        "  not configured  contracts  evidence",
    ]


def test_a_new_finding_closes_the_gate_and_a_baselined_one_does_not(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="old"))
    assert cli("gate").returncode == 1
    cli("baseline", "create")
    assert cli("gate").returncode == 0
    cli.write("more.py", SLEEPING.format(name="new"))
    run = cli("gate")
    assert run.returncode == 1
    assert run.stdout.startswith("more.py:5:5: error blocking-call-in-async")
    assert "gate closed (1 failed)\n  failed          findings   new findings: 1 (at most 0)\n" in run.stdout
    assert run.stderr == (
        "mergegate: the gate is closed, findings: new findings 1, at most 0 allowed; "
        "'mergegate explain blocking-call-in-async' tells how to fix the first\n"
    )
    assert cli("gate", "--exit-zero").returncode == 0


def test_it_is_the_same_from_any_folder(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="old"))
    inner = cli.folder / "inner"
    inner.mkdir()
    here, there = (json.loads(cli("gate", "--format", "json", folder=folder).stdout) for folder in (cli.folder, inner))
    assert here["gate"] == there["gate"]
    assert here["findings"] == there["findings"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("", 1),
        ("max-new = 1", 1),
        ("max-new = 2", 0),
        ('fail-on = "warning"', 1),
        ('fail-on = "error"', 1),
        ('fail-on = "error"\nmax-new = 1', 0),
    ],
)
def test_severity_and_number_are_the_project_s_to_choose(cli: Cli, settings: str, code: int) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    cli.write("files.py", METADATA)
    cli.write("mergegate.toml", f'min-confidence = "low"\n[gate]\n{settings}\n')
    assert len(cli.json()["findings"]) == 2
    assert cli("gate").returncode == code


def test_ceilings_count_what_is_baselined_too(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    cli.write("more.py", SLEEPING.format(name="two"))
    cli.write("quiet.py", SLEEPING.format(name="three").replace("(1)", "(1)  # mergegate: ignore -- a test"))
    cli("baseline", "create")
    cli.write("mergegate.toml", "[gate.max-findings]\nasync = 2\nall = 2\n")
    assert cli("gate").returncode == 0
    cli.write("mergegate.toml", "[gate.max-findings]\nasync = 1\nblocking-call-in-async = 0\n")
    assert conditions(cli) == {
        "findings: new findings": "passed",
        "findings: async in all": "failed",
        "findings: blocking-call-in-async in all": "failed",
        "types: evidence": "not configured",
        "coverage: evidence": "not configured",
        "contracts: evidence": "not configured",
    }
    run = cli("gate")
    assert "1 too many: 'mergegate check --no-baseline' lists them" in run.stdout
    assert "(and 1 more, listed in the verdict)" in run.stderr


def test_a_broken_baseline_is_told_apart_from_findings(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    cli.write("mergegate-baseline.json", '{"version": 1,')
    run = cli("gate")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (3, "", 1)
    assert "'mergegate baseline" in run.stderr


def test_growth_of_the_baseline_closes_the_gate_in_ci(cli: Cli) -> None:
    git(cli.folder, "init", "-q", "-b", "main")
    cli.write("app.py", SLEEPING.format(name="one"))
    cli("baseline", "create")
    commit(cli.folder)
    git(cli.folder, "checkout", "-q", "-b", "change")
    cli.write("more.py", SLEEPING.format(name="two"))
    cli("baseline", "update", "--accept-new")
    assert cli("gate").returncode == 0
    run = cli("gate", "--ci", "--base", "main")
    assert run.returncode == 1
    assert "failed          findings   baseline" in run.stdout
    assert "accept it with --allow-growth" in run.stderr
    assert cli("gate", "--ci", "--base", "main", "--allow-growth").returncode == 0


def test_what_a_branch_had_already_does_not_count(cli: Cli) -> None:
    git(cli.folder, "init", "-q", "-b", "main")
    commit(cli.folder, app=SLEEPING.format(name="one"))
    assert cli("gate", "--since", "HEAD").returncode == 0
    cli.write("more.py", SLEEPING.format(name="two"))
    assert cli("gate", "--since", "HEAD").returncode == 1


# -- evidence ------------------------------------------------------------------------------------------------------


def test_evidence_joins_the_verdict(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    covered(cli, PASSED)
    run = cli("gate")
    assert run.returncode == 0
    assert "  passed          coverage   total: 81 % (at least 75 %)\n" in run.stdout
    covered(cli, PASSED, FAILED)
    run = cli("gate")
    assert run.returncode == 1
    assert "gate closed (1 failed)" in run.stdout
    assert "app.py:3: never called\n" in run.stdout
    assert "coverage: total 74.69 %, at least 75 % allowed; test more" in run.stderr


def test_evidence_of_another_tree_is_no_evidence(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    covered(cli, PASSED)
    cli.write("app.py", "x = 2\n")
    run = cli("gate")
    assert run.returncode == 3
    assert "broken          coverage   evidence" in run.stdout
    assert "app.py has changed since; run the tests with coverage again" in run.stderr
    (cli.folder / ".mergegate" / "evidence" / "coverage.json").write_text('{"version"')
    run = cli("gate")
    assert (run.returncode, run.stderr.count("\n")) == (3, 1)
    assert "coverage.json is no JSON, it may be cut off; run the tests with coverage again" in run.stderr


def test_a_failed_condition_outweighs_a_broken_one(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    covered(cli, PASSED)
    cli.write("app.py", SLEEPING.format(name="two"))
    run = cli("gate")
    assert run.returncode == 1
    assert "gate closed (1 failed, 1 broken)" in run.stdout


def test_evidence_that_another_job_judges_is_left_out_and_listed(cli: Cli) -> None:
    cli.write("mergegate.toml", "[coverage]\nfloors = {total = 75}\n")
    cli.write("app.py", "x = 1\n")
    assert cli("gate").returncode == 3
    run = cli("gate", "--without", "coverage")
    assert (run.returncode, run.stderr) == (0, "")
    assert "left out here by --without" in run.stdout
    run = cli("gate", "--without", "coverrage")
    assert (run.returncode, "did you mean" in run.stderr) == (2, True)
    cli.write("mergegate.toml", '[gate]\nrequire = ["coverage"]\n')
    run = cli("gate", "--without", "coverage")
    assert run.returncode == 2
    assert 'mergegate.toml:2: gate.require[0] demands "coverage", which --without leaves out' in run.stderr


def test_required_evidence_must_be_there(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    cli.write("mergegate.toml", '[gate]\nrequire = ["coverage"]\n')
    run = cli("gate")
    assert run.returncode == 3
    assert "there is no .mergegate/evidence/coverage.json; run the tests with coverage first" in run.stderr
    cli.write("mergegate.toml", '[gate]\nrequire = ["coverrage"]\n')
    run = cli("gate")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert 'mergegate.toml:2: gate.require[0] names unknown evidence "coverrage"' in run.stderr


def test_nested_projects_have_evidence_of_their_own(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    cli.write("jobs/mergegate.toml", "")
    cli.write("jobs/app.py", "x = 1\n")
    assert list(conditions(cli)) == [
        "findings: new findings",
        "types: evidence",
        "coverage: evidence",
        "contracts: evidence",
    ]
    covered(cli, FAILED, folder="jobs")
    assert conditions(cli)["coverage: jobs: total"] == "failed"
    assert "jobs/app.py:3: never called" in cli("gate").stdout


# -- reports -------------------------------------------------------------------------------------------------------


def test_every_report_carries_the_verdict(cli: Cli, tmp_path: Path) -> None:
    cli.write("app.py", "x = 1\n")
    covered(cli, FAILED)
    formats = ("json", "github", "gitlab", "junit", "markdown", "summary", "html", "text")
    run = cli("gate", *(f"--report={name}={tmp_path / name}" for name in formats))
    assert run.returncode == 1
    made = {name: (tmp_path / name).read_text("utf-8") for name in formats}
    for name in formats:
        assert "never called" in made[name], name
    assert made["github"].startswith("::error title=mergegate%3A coverage::total: 74.69 %25 (at least 75 %25)%0A")
    assert "::error file=app.py,line=3,title=mergegate%3A coverage::never called\n" in made["github"]
    assert [each["location"]["path"] for each in json.loads(made["gitlab"])] == ["app.py", "other.py"]
    assert made["markdown"].splitlines()[1] == "### \u274c mergegate: gate closed (1 failed)"
    assert "| \u274c failed | coverage: total | 74.69 % | at least 75 % |" in made["markdown"]
    assert 'name="gate"' in made["junit"]
    assert "<title>mergegate: Gate closed (1 failed) in" in made["html"]
    assert "gate open" not in made["markdown"]


# -- waivers -------------------------------------------------------------------------------------------------------


def waiver(**given: str) -> str:
    settings = {"rule": "blocking-call-in-async", "reason": "the vendor repairs it", "expires": "2999-12-31", **given}
    lines = (f"{key} = {value if key == 'expires' else json.dumps(value)}\n" for key, value in settings.items())
    return f"[[waivers]]\n{''.join(lines)}"


@pytest.mark.parametrize(
    ("given", "covers"),
    [
        ({}, True),
        ({"rule": "async"}, True),
        ({"rule": "all", "path": "api/*.py"}, True),
        ({"path": "api/"}, True),
        ({"path": "/app.py"}, False),
        ({"scope": "Orders"}, True),
        ({"scope": "Orders.place"}, True),
        ({"scope": "Order"}, False),
        ({"scope": "place"}, False),
        ({"rule": "file-io-in-async"}, False),
        ({"expires": '"2999-12-31"'}, True),
    ],
)
def test_a_waiver_lets_through_what_it_names(cli: Cli, given: dict[str, str], covers: bool) -> None:
    cli.write("api/orders.py", "import time\n\n\nclass Orders:\n    async def place(self):\n        time.sleep(1)\n")
    cli.write("mergegate.toml", waiver(**given))
    run = cli("gate")
    assert run.returncode == (0 if covers else 1), run.stderr
    assert cli("check").returncode == run.returncode
    assert ("1 suppressed" in run.stdout) is covers
    assert ("covers no finding; remove it" in run.stdout) is not covers


def test_an_expired_waiver_lets_nothing_through_and_is_named(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    cli.write("mergegate.toml", waiver(expires="2020-02-29"))
    run = cli("gate")
    assert run.returncode == 1
    assert (
        "mergegate.toml:1: the waiver of blocking-call-in-async expired on 2020-02-29, so 1 finding that it covers "
        "counts again; repair the code, or set a later day if the reason still holds\n"
    ) in run.stdout
    cli.write("mergegate.toml", waiver(expires="2020-02-29") + waiver())
    assert cli("gate").returncode == 0


def test_a_waived_finding_is_reported_as_suppressed_with_its_reason(cli: Cli) -> None:
    cli.write("app.py", SLEEPING.format(name="one"))
    cli.write("mergegate.toml", waiver())
    assert [each["status"] for each in cli.json()["findings"]] == ["suppressed"]
    sarif = json.loads(cli("check", "--format", "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "waived until 2999-12-31: the vendor repairs it"
    # a baseline has no need of it, so it counts when the waiver ends
    assert "0 findings are accepted" in cli("baseline", "create").stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (waiver(expires="2999-13-31"), "at line 4"),
        (waiver(expires="true"), "waivers[0].expires must be a date, not true"),
        (waiver(expires="2999-12-31T10:00:00"), "waivers[0].expires must be a date"),
        (waiver(rule="blocking-cal-in-async"), 'names an unknown rule or family "blocking-cal-in-async"'),
        ('[[waivers]]\nrule = "async"\nexpires = 2999-12-31\n', 'waivers[0] lacks the key "reason"'),
        ('[gate]\nmax-new = -1\n', "gate.max-new must be a whole number"),
        ('[gate.max-findings]\nnone = 1\n', 'gate.max-findings.none names an unknown rule or family "none"'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line(cli: Cli, text: str, message: str) -> None:
    cli.write("app.py", "x = 1\n")
    cli.write("mergegate.toml", text)
    run = cli("gate")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert message in run.stderr


def test_pylint_knows_waivers(cli: Cli, pylint: Pylint) -> None:

    cli.write("app.py", SLEEPING.format(name="one"))
    assert [each["symbol"] for each in pylint.messages("app.py")] == ["blocking-call-in-async"]
    cli.write("mergegate.toml", waiver())
    assert pylint.messages("app.py") == []


def test_this_project_passes_its_own_gate() -> None:
    run = Cli(Path(__file__).resolve().parents[2])("gate", "--no-cache", "--ci")
    assert run.returncode == 0, run.stdout + run.stderr
