"""`mergegate types` with the real pyright: what is old stays old through every edit elsewhere, what is new fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fronts import Cli
from repositories import commit, git

FILE = "mergegate-types-baseline.json"
SETTINGS = "[types]\n"
OPTIONAL = """\
import re


def first(text: str) -> str:
    found = re.match("a+", text)
    return found.group()


def second(text: str) -> str:
    return text.upper()
"""


@pytest.fixture
def project(cli: Cli) -> Cli:
    """A repository with one accepted type error, all of it committed."""
    git(cli.folder, "init", "-q", "-b", "main")
    cli.write("mergegate.toml", SETTINGS)
    cli.write(".gitignore", ".mergegate_cache\n.mergegate\n")
    cli.write("app.py", OPTIONAL)
    made = cli("types", "update")
    assert made.stdout == f"{FILE}: 1 type error is accepted; commit it\n", made.stderr
    commit(cli.folder)
    return cli


def entries(cli: Cli) -> list[list[str]]:
    return [row[:3] for row in json.loads((cli.folder / FILE).read_text(encoding="utf-8"))["entries"]]


def statuses(run: subprocess.CompletedProcess[str]) -> list[tuple[str, int, str]]:
    return [(each["rule"], each["line"], each["status"]) for each in json.loads(run.stdout)["findings"]]


def test_without_a_baseline_all_is_new_and_the_command_that_accepts_it_is_named(cli: Cli) -> None:
    cli.write("mergegate.toml", SETTINGS)
    cli.write("app.py", OPTIONAL)
    run = cli("types")
    assert run.returncode == 1
    assert 'app.py:6:18: error reportOptionalMemberAccess: "group" is not a known attribute of "None"' in run.stdout
    assert "1 new (1 error), 1 file" in run.stdout
    assert run.stderr == (
        "mergegate: the gate is closed, types: new type errors 1, at most 0 allowed; "
        f"there is no {FILE}; 'mergegate types update' accepts those of today\n"
    )


def test_what_was_accepted_stays_so_when_its_file_is_renamed_and_its_code_moved_and_laid_out_anew(project: Cli) -> None:
    written = (project.folder / FILE).read_text(encoding="utf-8")
    git(project.folder, "mv", "app.py", "other.py")
    project.write(
        "other.py",
        """\
        import re


        class Texts:
            def second(self, text: str) -> str:
                return text.upper()

            def first(self, text: str) -> str:
                # a comment
                found = re.match('a+', text)
                return (
                    found.group()
                )
        """,
    )
    run = project("types", "--format", "json", "--ci")
    assert (run.returncode, statuses(run)) == (0, [("reportOptionalMemberAccess", 12, "baselined")]), run.stderr
    assert (project.folder / FILE).read_text(encoding="utf-8") == written
    outside_of_ci = project("types")
    assert outside_of_ci.returncode == 0
    assert f"{FILE}: 1 entry moved; commit it with the change" in outside_of_ci.stderr
    assert entries(project) == [["reportOptionalMemberAccess", "other.py", "Texts.first"]]


def test_one_repaired_and_one_added_is_new(project: Cli) -> None:
    text = OPTIONAL.replace("    return found.group()", '    return found.group() if found else ""')
    project.write("app.py", text.replace("return text.upper()", 'return re.search("b", text).string'))
    run = project("types", "--format", "json")
    assert (run.returncode, statuses(run)) == (1, [("reportOptionalMemberAccess", 10, "new")])
    assert entries(project) == [["reportOptionalMemberAccess", "app.py", "first"]], "nothing shrinks while one is new"
    update = project("types", "update")
    assert update.stdout == f"{FILE}: 1 removed, 0 moved, 0 left\n"
    assert update.stderr == "mergegate: 1 type error is new; --accept-new accepts it\n"
    assert project("types", "update", "--accept-new").stdout == f"{FILE}: 0 removed, 0 moved, 1 added, 1 left\n"
    assert entries(project) == [["reportOptionalMemberAccess", "app.py", "second"]]
    assert project("types").returncode == 0


def test_a_repaired_error_leaves_the_baseline_but_not_in_ci(project: Cli) -> None:
    project.write("app.py", OPTIONAL.replace("found.group()", '"" if found is None else found.group()'))
    run = project("types", env={"CI": "true"})
    assert run.returncode == 0
    assert f"{FILE}: 1 entry has no type error any more; 'mergegate types update' removes it" in run.stdout
    project.write("mergegate.toml", 'baseline-stale = "fail"\n' + SETTINGS)
    assert project("types", env={"CI": "true"}).returncode == 3
    project.write("mergegate.toml", SETTINGS)
    assert entries(project) == [["reportOptionalMemberAccess", "app.py", "first"]]
    assert f"{FILE}: 1 entry removed; commit it with the change" in project("types").stderr
    assert entries(project) == []


def test_growth_is_refused_in_ci(project: Cli) -> None:
    git(project.folder, "checkout", "-q", "-b", "change")
    project.write("app.py", OPTIONAL.replace("text.upper()", "text.uper()"))
    assert project("types", "update", "--accept-new").returncode == 0
    commit(project.folder)
    run = project("types", env={"CI": "true", "GITHUB_BASE_REF": "main"})
    assert run.returncode == 1
    assert (
        f"{FILE}: 1 entry is not in the baseline of main (reportAttributeAccessIssue in app.py second); repair the code "
        "and run 'mergegate types update', or accept it with --allow-growth"
    ) in run.stderr
    gate = project("gate", env={"CI": "true", "GITHUB_BASE_REF": "main"})
    assert gate.returncode == 1
    assert "types: growth of the baseline" in gate.stderr
    allowed = project("gate", "--allow-growth", env={"CI": "true", "GITHUB_BASE_REF": "main"})
    assert allowed.returncode == 0, allowed.stderr


@pytest.mark.slow
def test_a_comment_that_silences_is_new_like_an_error(project: Cli) -> None:
    project.write("app.py", OPTIONAL.replace("found.group()", "found.group()  # type: ignore"))
    run = project("types", "--format", "json")
    assert (run.returncode, statuses(run)) == (1, [("silencing-comment", 6, "new")])
    assert "types: new silencing comments 1, at most 0 allowed; repair what they hide" in run.stderr
    assert project("types", "update", "--accept-new").returncode == 0
    # narrowed to a rule it is the same comment still
    project.write(
        "app.py", OPTIONAL.replace("found.group()", "found.group()  # pyright: ignore[reportOptionalMemberAccess]")
    )
    assert project("types").returncode == 0
    project.write("mergegate.toml", SETTINGS + "max-silencing = 0\n")
    closed = project("types")
    assert closed.returncode == 1
    assert "silencing comments in all: 1 (at most 0)" in closed.stdout


@pytest.mark.slow
def test_ceilings_count_old_errors_and_strict_paths_have_none(project: Cli) -> None:
    project.write("core/strict.py", "number: int = ''\n")
    assert project("types", "update", "--accept-new").returncode == 0
    project.write(
        "mergegate.toml",
        SETTINGS + 'max-errors = 2\nmax-per-rule = { reportOptionalMemberAccess = 1 }\nstrict-paths = ["tests/"]\n',
    )
    assert project("types").returncode == 0
    project.write(
        "mergegate.toml",
        SETTINGS + 'max-errors = 1\nmax-per-rule = { reportOptionalMemberAccess = 0 }\nstrict-paths = ["core/"]\n',
    )
    run = project("types", "--format", "json")
    assert run.returncode == 1
    failed = {
        each["name"]: (each["actual"], each["limit"])
        for each in json.loads(run.stdout)["gate"]["conditions"]
        if each["status"] == "failed"
    }
    assert failed == {
        "type errors in all": ("2", "at most 1"),
        "reportOptionalMemberAccess in all": ("1", "at most 0"),
        "type errors in core/": ("1", "at most 0"),
    }


def test_the_gate_weighs_types_and_the_evidence_is_left_for_others(project: Cli) -> None:
    run = project("gate")
    assert run.returncode == 0, run.stderr
    assert "passed          types      new type errors: 0 (at most 0)" in run.stdout
    evidence = json.loads((project.folder / ".mergegate" / "evidence" / "types.json").read_text(encoding="utf-8"))
    assert list(evidence["inputs"]) == ["app.py"]
    assert evidence["figures"]["by_rule"] == {"reportOptionalMemberAccess": 1}
    without = project("types", "--no-baseline")
    assert (without.returncode, "1 new" in without.stdout) == (1, True)
    assert "repair them, or accept them" in without.stderr
    project.write("app.py", OPTIONAL + "\n\nnumber: int = ''\n")
    run = project("gate")
    assert run.returncode == 1
    assert (
        'app.py:13: reportAssignmentType: Type "Literal[\'\']" is not assignable to declared type "int"' in run.stdout
    )


@pytest.mark.slow
def test_a_merge_of_two_baselines_is_one(project: Cli) -> None:
    git(project.folder, "checkout", "-q", "-b", "one")
    project.write("one.py", "one: int = ''\n")
    assert project("types", "update", "--accept-new").returncode == 0
    commit(project.folder)
    git(project.folder, "checkout", "-q", "-b", "other", "main")
    project.write("other.py", "other: int = ''\n")
    assert project("types", "update", "--accept-new").returncode == 0
    commit(project.folder)
    assert subprocess.run(
        ("git", "merge", "-q", "one"), cwd=project.folder, check=False, capture_output=True
    ).returncode
    assert "<<<<<<<" in (project.folder / FILE).read_text(encoding="utf-8")
    run = project("types")
    assert run.returncode == 0, run.stdout
    assert "both sides were merged in memory" in run.stderr
    assert project("types", "update").returncode == 0
    assert [path for _, path, _ in entries(project)] == ["app.py", "one.py", "other.py"]
    assert project("types", env={"CI": "true"}).returncode == 0


def test_all_formats_show_what_is_new(project: Cli, tmp_path: Path) -> None:
    project.write("app.py", OPTIONAL + "\n\nsnowman: int = '\N{SNOWMAN}\N{GRINNING FACE}' + 1\n")
    reports = tmp_path / "reports"
    reports.mkdir()
    formats = ("json", "html", "markdown", "sarif", "github", "gitlab", "junit")
    run = project("types", *(f"--report={name}={reports / name}" for name in formats))
    assert run.returncode == 1
    # the place is where editors see it, whatever stands before it on the line
    assert "app.py:13:16: error reportOperatorIssue: " in run.stdout
    for name in formats:
        assert "reportOperatorIssue" in (reports / name).read_text(encoding="utf-8"), name
    page = (reports / "html").read_text(encoding="utf-8")
    assert page.index("New findings") < page.index("Baselined: known before")
    assert "By file" in page


@pytest.mark.slow
def test_paths_select_what_is_shown_and_the_conditions_are_about_the_whole(project: Cli) -> None:
    project.write("lib/a.py", "a: int = ''\n")
    run = project("types", "app.py", "--format", "json")
    assert (run.returncode, statuses(run)) == (1, [("reportOptionalMemberAccess", 6, "baselined")])
    run = project("types", "lib", "--format", "json")
    assert (run.returncode, statuses(run)) == (1, [("reportAssignmentType", 1, "new")])
    assert project("types", "nowhere").returncode == 2
