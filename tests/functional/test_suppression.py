"""Suppression comments, from source text to the report, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fronts import Cli

SLEEPER = "import time\n\n\nasync def run():\n    time.sleep(1){comment}\n"
RULE = "blocking-call-in-async"


def findings(cli: Cli, *options: str) -> list[tuple[str, str]]:
    return [(each["rule"], each["status"]) for each in cli.json(*options)["findings"]]


@pytest.mark.parametrize(
    "comment",
    [
        f"# mergegate: ignore[{RULE}]",
        f"# mergegate: ignore[{RULE}] -- the loop is not running yet",
        "# mergegate: ignore[async]",
        "# mergegate: ignore",
        f"# mergegate: ignore[other-rule, {RULE}]",
        f"# noqa # mergegate: ignore[{RULE}]",
        f"# pylint: disable={RULE}",
        "# pylint: disable=E7101",
        "# pylint: disable=all",
    ],
)
def test_a_comment_on_the_line_suppresses(cli: Cli, comment: str) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  {comment}"))
    assert (RULE, "suppressed") in findings(cli)
    assert (RULE, "new") not in findings(cli)


@pytest.mark.parametrize(
    "comment",
    [
        "# mergegate: ignore[file-io-in-async]",
        "# pylint: disable=file-io-in-async",
        "# pylint: disable=E7102",
        "# an ordinary comment about mergegate",
        "",
    ],
)
def test_another_comment_does_not(cli: Cli, comment: str) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  {comment}"))
    assert (RULE, "new") in findings(cli)


def test_a_comment_in_a_string_is_none(cli: Cli) -> None:
    cli.write("app.py", f'import time\n\n\nasync def run():\n    time.sleep(len("# mergegate: ignore[{RULE}]"))\n')
    assert findings(cli) == [(RULE, "new")]


def test_an_unused_comment_is_reported_where_it_stands(cli: Cli) -> None:
    cli.write("app.py", f"x = 'ä'  # mergegate: ignore[{RULE}]\ny = 1  # mergegate: ignore\n")
    document = cli.json()
    found = [(each["rule"], each["line"], each["column"]) for each in document["findings"]]
    assert found == [("unused-suppression", 1, 10), ("unused-suppression", 2, 8)]
    assert RULE in document["findings"][0]["message"]


def test_only_the_unused_name_of_a_comment_is_reported(cli: Cli) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}, file-io-in-async]"))
    document = cli.json()
    (complaint,) = [each for each in document["findings"] if each["status"] == "new"]
    assert complaint["rule"] == "unused-suppression"
    assert "file-io-in-async" in complaint["message"]


def test_a_misspelt_name_is_reported_with_the_right_one(cli: Cli) -> None:
    cli.write("app.py", SLEEPER.format(comment="  # mergegate: ignore[blocking-call-in-asinc]"))
    document = cli.json()
    (complaint,) = [each for each in document["findings"] if each["rule"] == "unused-suppression"]
    assert "blocking-call-in-asinc" in complaint["message"]
    assert RULE in complaint["help"]


def test_unused_comments_of_others_are_theirs(cli: Cli) -> None:
    cli.write("app.py", f"x = 1  # pylint: disable={RULE}\n")
    assert findings(cli) == []


@pytest.mark.parametrize("options", [(), ("--select", "core"), ("--ignore", "async"), ("--min-confidence", "low")])
def test_what_is_selected_does_not_make_a_comment_unused(cli: Cli, options: tuple[str, ...]) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}]"))
    assert "unused-suppression" not in [rule for rule, _ in findings(cli, *options)]


def test_a_comment_may_keep_a_place_for_itself(cli: Cli) -> None:
    cli.write("app.py", f"x = 1  # mergegate: ignore[{RULE}, unused-suppression]\n")
    assert findings(cli) == [("unused-suppression", "suppressed")]


def test_reasons_are_asked_for_by_option(cli: Cli) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}]"))
    cli.write("other.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}] -- runs before the loop"))
    assert ("suppression-without-reason", "new") not in findings(cli)
    cli.write("mergegate.toml", "require-reasons = true\n")
    document = cli.json()
    found = [(each["path"], each["line"]) for each in document["findings"] if "reason" in each["rule"]]
    assert found == [("app.py", 5)]


def test_the_reason_reaches_code_scanning(cli: Cli) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}] -- measured: 2 ms"))
    (result,) = json.loads(cli("check", "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "measured: 2 ms"}]


def test_suppressed_findings_do_not_fail_the_run(cli: Cli) -> None:
    cli.write("app.py", SLEEPER.format(comment=f"  # mergegate: ignore[{RULE}]"))
    run = cli("check")
    assert run.returncode == 0
    assert "0 new, 1 suppressed" in run.stdout


def test_a_pylint_comment_on_its_own_line_covers_the_rest_of_its_block(cli: Cli) -> None:
    cli.write(
        "app.py",
        "import time\n\n\nasync def first():\n    # pylint: disable=E7101\n    time.sleep(1)\n    time.sleep(1)\n"
        "\n\nasync def second():\n    time.sleep(1)\n",
    )
    document = cli.json()
    found = [(each["line"], each["status"]) for each in document["findings"]]
    assert found == [(6, "suppressed"), (7, "suppressed"), (11, "new")]


def test_files_stay_as_they_are(cli: Cli, tmp_path: Path) -> None:
    cli.write("app.py", SLEEPER.format(comment=""))
    before = (tmp_path / "app.py").read_bytes()
    cli("check")
    assert (tmp_path / "app.py").read_bytes() == before
