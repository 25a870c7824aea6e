"""Reports of other tools, data of several machines, the baseline's file, and what people read about gaps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from covered import APP, BASELINE, Covered, lcov
from repositories import git

NO_RATCHET = "ratchet = []\n"
SCRIPT = "export const a = 1;\nexport function b(x) {\n  return x;\n}\n"
COBERTURA = """\
<?xml version="1.0" ?>
<coverage version="1"><sources><source>/builds/project/frontend</source></sources><packages><package name="ui">
<classes><class name="a" filename="ui/a.ts"><methods/><lines>
<line number="1" hits="1"/><line number="2" hits="1" branch="true" condition-coverage="50% (1/2)"/>
<line number="3" hits="0"/></lines></class></classes></package></packages></coverage>
"""


def checked(covered: Covered, *arguments: str) -> subprocess.CompletedProcess[str]:
    return covered.cli("coverage", "check", *arguments)


# -- other tools -------------------------------------------------------------------------------------------------------


def test_a_frontend_below_its_floor_blocks(covered: Covered) -> None:
    covered.settings('floors = {"frontend/" = 60}\nratchet = []\nreports = ["frontend/coverage/lcov.info"]\n')
    covered.write("frontend/src/a.ts", SCRIPT)
    covered.write("frontend/coverage/lcov.info", lcov(src__a_ts=["1:1", "2:1", "3:0"]))
    assert checked(covered).returncode == 0
    covered.write("frontend/coverage/lcov.info", lcov(src__a_ts=["1:1", "2:0", "3:0"]))
    done = checked(covered)
    assert done.returncode == 1
    assert "FAILED coverage of frontend/: 33.33 % (1 of 3), at least 60 %" in done.stdout


@pytest.mark.slow
def test_python_and_a_frontend_are_one_verdict(covered: Covered) -> None:
    covered.start('floors = {"frontend/" = 60, "src/" = 50}\nratchet = []\nreports = ["frontend/lcov.info"]\n')
    covered.write("frontend/a.ts", SCRIPT)
    done = covered.test()
    assert done.returncode == 8
    assert "There is no coverage report frontend/lcov.info (run the tests that write it first)" in done.stdout
    covered.write("frontend/lcov.info", lcov(a_ts=["1:1", "2:0", "3:0"]))
    done = covered.test()
    assert (done.returncode, "coverage of frontend/: 33.33 %" in done.stdout) == (7, True)
    covered.write("frontend/lcov.info", lcov(a_ts=["1:1", "2:1", "3:0"]))
    done = covered.test()
    assert done.returncode == 0
    assert {*covered.evidence["figures"]["files"]} == {"frontend/a.ts", "src/app/__init__.py", "src/app/core.py"}


@pytest.mark.parametrize(
    "path", ["/app/frontend/ui/a.ts", "C:\\work\\frontend\\ui\\a.ts", "ui/a.ts", "./ui/a.ts", "frontend/ui/a.ts"]
)
def test_paths_of_other_machines_are_mapped_by_their_end(covered: Covered, path: str) -> None:
    covered.settings(NO_RATCHET)
    covered.write("frontend/ui/a.ts", SCRIPT)
    covered.write("frontend/lcov.info", f"SF:{path}\nDA:1,1\nend_of_record\n")
    done = checked(covered, "--report", "frontend/lcov.info", "--format", "json")
    assert [*json.loads(done.stdout)["files"]] == ["frontend/ui/a.ts"]


def test_a_path_that_may_be_several_files_is_an_error(covered: Covered) -> None:
    covered.settings(NO_RATCHET)
    for folder in ("one", "two"):
        covered.write(f"{folder}/ui/a.ts", SCRIPT)
    covered.write("reports/lcov.info", "SF:/app/ui/a.ts\nDA:1,1\nend_of_record\n")
    done = checked(covered, "--report", "reports/lcov.info")
    assert done.returncode == 3
    assert "speaks of /app/ui/a.ts, which may be any of one/ui/a.ts, two/ui/a.ts" in done.stderr
    covered.write("two/lcov.info", "SF:/app/ui/a.ts\nDA:1,1\nend_of_record\n")
    done = checked(covered, "--report", "two/lcov.info", "--format", "json")
    assert [*json.loads(done.stdout)["files"]] == ["two/ui/a.ts"]


def test_cobertura_tells_lines_and_branches(covered: Covered) -> None:
    covered.settings(NO_RATCHET)
    covered.write("frontend/ui/a.ts", SCRIPT)
    covered.write("cobertura.xml", COBERTURA)
    done = checked(covered, "--report", "cobertura.xml", "--format", "json")
    assert json.loads(done.stdout)["files"] == {"frontend/ui/a.ts": {"statements": [2, 3], "branches": [1, 2]}}


DAMAGED = {
    "gone": (None, "There is no coverage report it.info"),
    "empty": ("", "neither lcov nor Cobertura, or empty"),
    "cut off": ("SF:a.ts\nDA:1,1\n", "cut off"),
    "no number": ("SF:a.ts\nDA:1,x\nend_of_record\n", "damaged in line 2"),
    "cut off XML": (COBERTURA[:200], "no XML, or cut off"),
    "hostile XML": ('<!DOCTYPE x [<!ENTITY a "b">]><coverage>&a;</coverage>', "XML with entities of its own"),
    "foreign": ("SF:nowhere/b.ts\nDA:1,1\nend_of_record\n", "speaks of no file of the project"),
    "older": ("SF:a.ts\nDA:900,1\nend_of_record\n", "older than the code"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_report_that_is_of_no_use_is_one_clear_line(covered: Covered, case: str) -> None:
    covered.settings(NO_RATCHET)
    covered.write("a.ts", SCRIPT)
    text, said = DAMAGED[case]
    if text is not None:
        covered.write("it.info", text)
    done = checked(covered, "--report", "it.info")
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_script_that_a_formatter_wraps_is_no_change(covered: Covered) -> None:
    covered.settings('reports = ["lcov.info"]\nbase = "main"\nchanged = 100\n')
    text = "const a = f(1, 2);\nconst b = g({ x: a, y: 3 });\nconst c = 4;\n"
    covered.write("a.ts", text)
    covered.write("lcov.info", lcov(a_ts=["1:1", "2:0", "3:1"]))
    assert covered.cli("coverage", "update").returncode == 0
    covered.commit()
    git(covered.folder, "checkout", "-q", "-b", "feature")
    covered.write("a.ts", "const a = f(1, 2)\n\nconst b = g({\n  x: a,\n  y: 3,\n})\nconst c = 4\n")
    covered.write("lcov.info", lcov(a_ts=["1:1", "3:0", "7:1"]))
    done = checked(covered)
    assert done.returncode == 0, done.stdout
    covered.write("a.ts", text.replace("y: 3", "y: 5"))
    covered.write("lcov.info", lcov(a_ts=["1:1", "2:0", "3:1"]))
    done = checked(covered)
    assert done.returncode == 1
    assert "a.ts: 2; test them" in done.stdout


# -- several machines --------------------------------------------------------------------------------------------------


@pytest.fixture
def shards(covered: Covered) -> Covered:
    """A project with the data files of two machines, each of which ran other tests in another folder."""
    covered.start("floors = {total = 85}\nratchet = []\n", coverage='source = ["src"]\n')
    for name, call in (("one", "core.choose(1)"), ("two", "core.unused(1)")):
        copy = covered.folder / f"machine-{name}"
        shutil.copytree(covered.folder / "src", copy / "src")
        script = f"import sys; sys.path.insert(0, 'src'); from app import core; {call}"
        (copy / "run.py").write_text(script, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "coverage", "run", "--source=src", "--data-file", covered.folder / f"{name}.data", "run.py"],
            cwd=copy, check=True, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0
        shutil.rmtree(copy)
    return covered


def test_data_of_several_machines_count_together(shards: Covered) -> None:
    assert checked(shards, "--data", "one.data").returncode == 1
    done = checked(shards, "--data", "one.data", "--data", "two.data")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "85.71 % covered in 2 files" in done.stdout
    assert (shards.folder / "one.data").exists()


def test_a_machine_without_data_is_missed(shards: Covered) -> None:
    done = checked(shards, "--data", "one.data", "--data", "three.data")
    assert (done.returncode, "There is no data file" in done.stderr) == (3, True)
    (shards.folder / "three.data").write_bytes((shards.folder / "one.data").read_bytes()[:3000])
    done = checked(shards, "--data", "one.data", "--data", "three.data")
    assert done.returncode == 3
    assert "three.data is no data file of coverage.py, or damaged" in done.stderr


def test_without_any_measurement_there_is_nothing_to_judge(covered: Covered) -> None:
    covered.settings(NO_RATCHET)
    done = checked(covered)
    assert done.returncode == 3
    assert "There is no measurement in" in done.stderr


# -- the baseline ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(covered: Covered) -> Covered:
    """A project with a report, a baseline and a commit."""
    covered.settings('reports = ["lcov.info"]\n')
    covered.write("src/app/core.py", APP)
    covered.write("src/app/other.py", APP)
    missed = ["1:1", "2:1", "3:1", "4:1", "7:1", "8:0", "9:0"]
    covered.write("lcov.info", lcov(src__app__core_py=missed, src__app__other_py=missed))
    assert covered.cli("coverage", "update").returncode == 0
    covered.commit()
    return covered


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 9, "measured": null, "files": {}}', "\x00\x01", '{"version": 1}']
)
def test_a_broken_baseline_blocks_with_the_command_that_repairs_it(kept: Covered, text: str) -> None:
    kept.write(BASELINE, text)
    done = checked(kept)
    assert done.returncode == 3
    assert "mergegate coverage update" in done.stdout
    assert kept.cli("coverage", "update").returncode == 0
    assert checked(kept).returncode == 0


def test_the_baseline_has_a_line_for_each_file_and_nothing_that_changes_by_itself(kept: Covered) -> None:
    before = (kept.folder / BASELINE).read_text(encoding="utf-8")
    assert len(re.findall(r'^ "src/app/\w+\.py": \{.*\},?$', before, re.MULTILINE)) == 2
    for name in ("core", "other"):
        kept.write(f"src/app/{name}.py", f"\n\n{APP}")
    moved = ["3:1", "4:1", "5:1", "6:1", "9:1", "10:0", "11:0"]
    kept.write("lcov.info", lcov(src__app__core_py=moved, src__app__other_py=moved))
    assert "was up to date" in kept.cli("coverage", "update").stdout
    assert (kept.folder / BASELINE).read_text(encoding="utf-8") == before


def covered_in(kept: Covered, core: int, other: int) -> None:
    """Write a report in which one of the two uncovered lines of each file may be covered."""
    lines = ["1:1", "2:1", "3:1", "4:1", "7:1"]
    kept.write(
        "lcov.info",
        lcov(src__app__core_py=[*lines, "8:0", f"9:{core}"], src__app__other_py=[*lines, f"8:{other}", "9:0"]),
    )


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_conflict_is_merged_in_memory_and_refused_in_ci(kept: Covered, style: str) -> None:
    git(kept.folder, "config", "merge.conflictStyle", style)
    for branch, core, other in (("one", 1, 0), ("two", 0, 1)):
        git(kept.folder, "checkout", "-q", "-b", branch, "main")
        covered_in(kept, core, other)
        kept.cli("coverage", "update")
        kept.commit()
    with pytest.raises(subprocess.CalledProcessError):
        git(kept.folder, "merge", "one")
    assert "<<<<<<<" in (kept.folder / BASELINE).read_text(encoding="utf-8")
    covered_in(kept, 1, 1)
    done = checked(kept)
    assert (done.returncode, "merged in memory" in done.stdout) == (0, True)
    assert checked(Covered(kept.pytester, {"CI": "true"})).returncode == 3
    covered_in(kept, 0, 1)
    assert checked(kept).returncode == 1


def test_git_can_merge_baselines_by_our_arithmetic(kept: Covered) -> None:
    sides: dict[str, Path] = {}
    for name, core, other in (("base", 0, 0), ("ours", 1, 0), ("theirs", 0, 1)):
        covered_in(kept, core, other)
        kept.cli("coverage", "update")
        sides[name] = kept.write(f"{name}.json", (kept.folder / BASELINE).read_text(encoding="utf-8"))
    assert kept.cli("coverage", "merge", *sides.values()).returncode == 0
    covered_in(kept, 1, 1)
    kept.cli("coverage", "update")
    assert sides["ours"].read_text(encoding="utf-8") == (kept.folder / BASELINE).read_text(encoding="utf-8")
    kept.write("theirs.json", "{")
    before = sides["ours"].read_bytes()
    assert kept.cli("coverage", "merge", *sides.values()).returncode == 3
    assert sides["ours"].read_bytes() == before


# -- the gate and reports ----------------------------------------------------------------------------------------------


def test_the_merge_gate_takes_coverage_in_and_refuses_what_is_older_than_the_code(kept: Covered) -> None:
    done = kept.cli("gate")
    assert (done.returncode, "there is no .mergegate/evidence/coverage.json" in done.stdout) == (3, True)
    assert checked(kept).returncode == 0
    assert kept.cli("gate").returncode == 0
    kept.write("src/app/core.py", APP.replace("value + 1", "value + 2"))
    done = kept.cli("gate")
    assert (done.returncode, "src/app/core.py has changed since" in done.stdout) == (3, True)


def test_gaps_are_ranked_and_a_plan_reaches_the_floor(kept: Covered) -> None:
    done = kept.cli("coverage", "report")
    assert (done.returncode, "No run of all tests has left what it covers" in done.stderr) == (3, True)
    kept.settings('reports = ["lcov.info"]\nfloors = {total = 80}\n')
    assert checked(kept).returncode == 1
    for number in range(3):
        kept.write("src/app/other.py", f"{APP}\n# {number}\n")
        kept.commit()
    found = json.loads(kept.cli("coverage", "report", "--format", "json").stdout)
    assert [(each["path"], each["name"], each["lines"]) for each in found["gaps"]] == [
        ("src/app/other.py", "unused", [8, 9]),
        ("src/app/core.py", "unused", [8, 9]),
    ]
    assert found["gaps"][0]["changes"] == 4
    [step] = found["plan"]
    assert (step["component"], step["now"], step["then"], len(step["functions"])) == ("total", [10, 14], [12, 14], 1)
    assert found["notes"] == ["src/app/other.py has changed since; run the tests again for true lines"]
    text = kept.cli("coverage", "report").stdout
    assert "from 71.42 % to 80 %" in text
    assert "<code>unused</code>" in text


def test_the_page_is_one_file_that_loads_nothing(kept: Covered) -> None:
    covered_in(kept, 1, 0)
    kept.cli("coverage", "update")
    kept.commit()
    kept.settings('reports = ["lcov.info"]\nfloors = {total = 90, "src/" = 10}\n')
    kept.write("src/app/<b>&.py", "x = 1\n")
    checked(kept)
    done = kept.cli("coverage", "report", "--format", "html", "--output", "coverage.html")
    assert done.returncode == 0, done.stderr
    page = (kept.folder / "coverage.html").read_bytes().decode("ascii")
    assert re.findall(r"(?:src|href)=|url\(|@import", page) == []
    assert "default-src 'none'" in page
    assert 'aria-label="The baseline went from 71.42 % on ' in page
    chart = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert chart is not None
    ElementTree.fromstring(chart[0])
    assert "<b>&" not in page
