"""What the coverage gate decides, situation by situation, on reports of real projects under git."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from covered import APP, BASELINE, Covered
from repositories import git

REPORT = "coverage.lcov"
HELPER = "def helper(items):\n    total = 0\n    for item in items:\n        total = total + item\n    return total\n"


def report(covered: Covered, **files: Iterable[int]) -> None:
    """Write a report: of each file (`core` is `src/app/core.py`) the lines that no test runs."""
    import ast

    records: list[str] = []
    for name, missing in files.items():
        path = f"src/app/{name}.py"
        tree = ast.parse((covered.folder / path).read_text(encoding="utf-8"))
        lines = sorted({node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)})
        uncovered = set(missing)
        assert uncovered <= {*lines}
        records += [f"SF:{path}", *(f"DA:{line},{int(line not in uncovered)}" for line in lines), "end_of_record"]
    covered.write(REPORT, "\n".join(records) + "\n")


def begin(covered: Covered, settings: str = "", **files: tuple[str, Iterable[int]]) -> None:
    """Make a project under git with a report and a baseline, on a branch of its own."""
    covered.settings(f'reports = ["{REPORT}"]\nbase = "main"\n{settings}')
    for name, (text, _) in (files or {"core": (APP, (8, 9))}).items():
        covered.write(f"src/app/{name}.py", text)
    report(covered, **{name: missing for name, (_, missing) in (files or {"core": (APP, (8, 9))}).items()})
    done = covered.cli("coverage", "update")
    assert done.returncode == 0, done.stderr
    covered.commit()
    git(covered.folder, "checkout", "-q", "-b", "feature")


def failed(covered: Covered, *arguments: str) -> dict[str, Any]:
    """What fails, by name."""
    done = covered.cli("coverage", "check", "--format", "json", *arguments)
    assert not done.stderr or done.returncode, done.stderr
    document = json.loads(done.stdout)
    found = {each["name"]: each for each in document["conditions"] if each["status"] in ("failed", "broken")}
    assert bool(found) == bool(done.returncode)
    return found


def lines(condition: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["path"], each["line"]) for each in condition["places"]]


CHANGED = "statements changed since main"
UNCOVERED = "newly uncovered statements"


def test_nothing_changed_is_nothing_wrong(covered: Covered) -> None:
    begin(covered)
    assert failed(covered) == {}


def test_deleting_covered_code_is_fine_though_the_percentage_falls(covered: Covered) -> None:
    begin(covered, core=(f"{HELPER}\n\n{APP}", (15, 16)))
    covered.write("src/app/core.py", APP)
    report(covered, core=(8, 9))
    assert failed(covered) == {}


def test_deleting_uncovered_code_and_its_tests_is_fine(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/core.py", APP.partition("\n\n\n")[0] + "\n")
    report(covered, core=())
    assert failed(covered) == {}


REFORMATTED = {
    "wrapped": (
        (
            "def choose(flag):\n    if flag:\n        return 1\n    return 2\n\n\ndef unused(\n    value,\n):\n"
            "    result = (\n        value\n        + 1\n    )\n    return (\n        result\n    )\n"
        ),
        (10, 14),
    ),
    "comments": (APP.replace("    result", "    # why\n\n    result"), (10, 11)),
    "blank lines above": ("\n\n\n" + APP, (11, 12)),
    "deeper": (
        (
            "def choose(flag):\n    if flag:\n        return 1\n    return 2\n\n\nif True:\n\n"
            "    def unused(value):\n        result = value + 1\n        return result\n"
        ),
        (10, 11),
    ),
}


@pytest.mark.parametrize("case", REFORMATTED)
def test_reformatting_old_uncovered_code_is_no_change(covered: Covered, case: str) -> None:
    begin(covered, "changed = 100\n")
    text, missing = REFORMATTED[case]
    covered.write("src/app/core.py", text)
    report(covered, core=missing)
    assert failed(covered) == {}


def test_one_line_that_a_formatter_splits_is_no_change(covered: Covered) -> None:
    begin(covered, "changed = 100\n", core=("def f(x):\n    if x: return 1\n    y = 2; return y\n", (2, 3)))
    covered.write("src/app/core.py", "def f(x):\n    if x:\n        return 1\n    y = 2\n    return y\n")
    report(covered, core=(2, 3, 4, 5))
    assert failed(covered) == {}


def test_covering_one_and_uncovering_another_is_not_even(covered: Covered) -> None:
    begin(covered)
    report(covered, core=(3, 9))
    assert lines(failed(covered)[UNCOVERED]) == [("src/app/core.py", 3)]


def test_an_equal_statement_more_is_one_more(covered: Covered) -> None:
    begin(covered, core=("def f():\n    return 1\n\n\ndef g():\n    return 1\n", (2,)))
    report(covered, core=(2, 6))
    assert lines(failed(covered)[UNCOVERED]) == [("src/app/core.py", 6)]


def test_an_edit_of_an_uncovered_statement_is_judged_as_a_change_only(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/core.py", APP.replace("value + 1", "value + 2"))
    report(covered, core=(8, 9))
    assert [*failed(covered)] == [CHANGED]
    assert lines(failed(covered)[CHANGED]) == [("src/app/core.py", 8)]


def test_an_allowance_lets_small_changes_pass(covered: Covered) -> None:
    begin(covered, "changed-allowance = 1\n")
    covered.write("src/app/core.py", APP.replace("value + 1", "value + 2"))
    report(covered, core=(8, 9))
    assert failed(covered) == {}


def test_new_uncovered_code_in_an_old_file_blocks_twice(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/core.py", f"{APP}\n\ndef more():\n    return 3\n")
    report(covered, core=(8, 9, 13))
    found = failed(covered)
    assert lines(found[UNCOVERED]) == lines(found[CHANGED]) == [("src/app/core.py", 13)]
    assert "50.00 % (1 of 2)" in found[CHANGED]["actual"]
    covered.settings(f'reports = ["{REPORT}"]\nbase = "main"\nchanged = 50\nratchet-allowance = 1\n')
    assert failed(covered) == {}


def test_a_copy_is_new_and_a_move_is_not(covered: Covered) -> None:
    begin(covered, "changed = 100\n")
    head, unused = APP.split("\n\n\n")
    covered.write("src/app/core.py", f"{head}\n")
    covered.write("src/app/other.py", unused)
    report(covered, core=(), other=(2, 3))
    assert failed(covered) == {}
    covered.write("src/app/core.py", APP)
    report(covered, core=(8, 9), other=(2, 3))
    assert {*failed(covered)} == {CHANGED, "new files"}


@pytest.mark.parametrize("staged", [True, False])
def test_a_rename_is_followed(covered: Covered, staged: bool) -> None:
    begin(covered, "changed = 100\n")
    (covered.folder / "src/app/core.py").rename(covered.folder / "src/app/kernel.py")
    if staged:
        git(covered.folder, "add", "-A")
    report(covered, kernel=(8, 9))
    assert failed(covered) == {}


def test_a_rename_with_an_edit_is_followed(covered: Covered) -> None:
    begin(covered, "changed = 0\n", core=(f"{HELPER}\n\n{APP}", (15, 16)))
    (covered.folder / "src/app/core.py").unlink()
    covered.write("src/app/kernel.py", f"{HELPER}\n\n{APP}".replace("value + 1", "value + 2"))
    git(covered.folder, "add", "-A")
    report(covered, kernel=(15, 16))
    assert failed(covered) == {}


def test_a_function_that_gets_another_name_is_the_same(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/core.py", APP.replace("def unused", "def _unused"))
    report(covered, core=(8, 9))
    assert failed(covered) == {}


def test_a_new_file_must_reach_what_changes_must(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/fresh.py", HELPER)
    report(covered, core=(8, 9), fresh=(2, 3, 4, 5))
    found = failed(covered)
    assert lines(found["new files"]) == [("src/app/fresh.py", 0)]
    assert found[CHANGED]["actual"] == "20.00 % (1 of 5)"
    report(covered, core=(8, 9), fresh=(5,))
    assert failed(covered) == {}


def test_a_new_file_that_no_report_mentions_is_named(covered: Covered) -> None:
    begin(covered)
    covered.write("src/app/forgotten.py", HELPER)
    covered.write("src/app/empty.py", '"""Nothing yet."""\n')
    covered.write("src/app/tests/test_x.py", "x = 1\n")
    covered.write("scripts/build.py", HELPER)
    found = failed(covered)
    assert lines(found["files that no run measured"]) == [("src/app/forgotten.py", 0)]
    assert "no test imports src/app/forgotten.py" in found["files that no run measured"]["text"]


def test_an_old_file_that_no_report_mentions_is_known(covered: Covered) -> None:
    covered.write("src/app/forgotten.py", HELPER)
    begin(covered)
    assert json.loads((covered.folder / BASELINE).read_text())["files"]["src/app/forgotten.py"] is None
    assert failed(covered) == {}
    assert "no run measures src/app/forgotten.py, as before" in covered.cli("coverage", "check").stdout


def test_a_file_that_is_not_measured_any_more_is_missed(covered: Covered) -> None:
    begin(covered, core=(APP, (8, 9)), other=(HELPER, ()))
    report(covered, core=(8, 9))
    text = failed(covered)["files that no run measured"]["text"]
    assert "src/app/other.py was measured before" in text
    (covered.folder / "src/app/other.py").unlink()
    assert failed(covered) == {}


def test_a_component_may_not_fall_below_its_share(covered: Covered) -> None:
    begin(covered, 'floors = {"src/" = 10}\nchanged = 0\nratchet = ["components"]\n')
    covered.write("src/app/fresh.py", HELPER)
    report(covered, core=(8, 9), fresh=(2, 3, 4, 5))
    assert "src/ fell from 71.42 % to 50.00 %" in failed(covered)["components against the baseline"]["text"]
    report(covered, core=(8, 9), fresh=(5,))
    assert failed(covered) == {}


def test_floors_hold_by_component_and_file(covered: Covered) -> None:
    floors = 'floors = {"src/app/other.py" = 90, "src/app/*.py" = 80, "nowhere/" = 50, total = 81.9}\nratchet = []\n'
    begin(covered, floors, core=(APP, (8, 9)), other=(HELPER, (5,)))
    found = failed(covered)
    assert found["coverage of src/app/other.py"]["actual"] == "80.00 % (4 of 5)"
    assert found["coverage of src/app/*.py"]["actual"] == "75.00 % (9 of 12)"
    assert "total coverage" in found
    assert "nowhere/ matches no measured file" in covered.cli("coverage", "check", "--format", "json").stdout
    assert "no measured file matches" in covered.cli("coverage", "report", "--format", "html").stdout
    covered.settings(f'reports = ["{REPORT}"]\nratchet = []\nfile-floor = 75\n')
    assert lines(failed(covered)["coverage of each file"]) == [("src/app/core.py", 0)]


def test_a_baseline_may_not_accept_more_than_that_of_the_base(covered: Covered) -> None:
    begin(covered, "changed = 0\n")
    report(covered, core=(3, 8, 9))
    covered.cli("coverage", "update")
    assert [*failed(covered)] == ["baseline against main"]
    assert failed(covered, "--allow-growth") == {}


def test_a_change_is_compared_with_what_ci_names(covered: Covered) -> None:
    begin(covered, "ratchet = []\n")
    covered.settings(f'reports = ["{REPORT}"]\nratchet = []\n')
    covered.write("src/app/core.py", APP.replace("value + 1", "value + 2"))
    report(covered, core=(8, 9))
    assert failed(covered) == {}
    covered.env = {"CI": "true", "GITHUB_BASE_REF": "main"}
    assert [*failed(covered)] == [CHANGED]
    covered.env = {"CI": "true", "GITHUB_BASE_REF": "gone"}
    assert "git fetch origin gone" in failed(covered)["changed statements"]["text"]


def test_all_that_was_accepted_shrinks_when_it_is_covered(covered: Covered) -> None:
    begin(covered)
    report(covered, core=(9,))
    covered.cli("coverage", "update")
    assert (
        len(
            json.loads((covered.folder / BASELINE).read_text())["files"]["src/app/core.py"]["missing"]["unused"].split()
        )
        == 1
    )
    report(covered, core=(8, 9))
    assert lines(failed(covered)[UNCOVERED]) == [("src/app/core.py", 8)]
