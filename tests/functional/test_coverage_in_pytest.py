"""The coverage gate within real runs of pytest: when it judges, what it says, and the status that it leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import jsonschema
import pytest

from covered import BASELINE, TEST, Covered
from repositories import git

NO_RATCHET = "ratchet = []\n"


def named(output: str) -> bool:
    """Whether a run of pytest says anything of us; where we are installed, its heading lists us among the plugins."""
    return any("mergegate" in line for line in output.splitlines() if not line.startswith("plugins:"))


def test_without_a_section_of_its_own_the_plugin_says_nothing(covered: Covered) -> None:
    covered.start()
    covered.write("pyproject.toml", '[tool.mergegate]\n[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    done = covered.test()
    assert (done.returncode, named(done.stdout)) == (0, False)
    assert not (covered.folder / ".mergegate").exists()


def test_a_total_that_rounds_up_to_its_floor_is_below_it(covered: Covered) -> None:
    # 299 of 400 statements: 74.75 %, which coverage shows as 75
    covered.start("floors = {total = 75}\nratchet = []\n")
    missed = "".join(f"    x = {n}\n" for n in range(101))
    covered.write("src/app/core.py", "y = 0\n" * 298 + f"def never():\n{missed}")
    covered.write("tests/test_core.py", "import app.core\n\n\ndef test_nothing():\n    pass\n")
    done = covered.test("--cov-fail-under=75")
    assert done.returncode == 7
    assert "FAILED total coverage: 74.75 % (299 of 400), at least 75 %" in done.stdout
    assert "1 more covered statement or branch would do" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("mergegate: all tests passed, and the coverage gate failed")
    covered.settings("floors = {total = 74.75}\nratchet = []\n")
    assert covered.test().returncode == 0


@pytest.mark.parametrize("branch", [False, True])
def test_a_coverage_without_the_parts_that_are_read_directly_gives_the_same(covered: Covered, branch: bool) -> None:
    covered.start("floors = {total = 10}\nratchet = []", coverage=f"branch = {str(branch).lower()}")
    covered.test("-q", "--cov-report=")
    direct = covered.evidence
    # as in a version of coverage.py that keeps them elsewhere
    covered.write("conftest.py", "import coverage.report_core\n\ndel coverage.report_core.get_analysis_to_report\n")
    # nothing is to be remembered
    shutil.rmtree(covered.folder / ".mergegate_cache")
    covered.test("-q", "--cov-report=")
    assert covered.evidence == direct


def test_a_missing_baseline_is_no_empty_one(covered: Covered) -> None:
    covered.start()
    done = covered.test()
    assert done.returncode == 8
    assert f"there is no coverage baseline {BASELINE}; 'mergegate coverage update' makes it" in done.stdout
    assert not (covered.folder / BASELINE).exists()


def test_what_a_run_accepts_the_next_run_compares_with(covered: Covered) -> None:
    covered.start()
    covered.accept()
    before = (covered.folder / BASELINE).read_bytes()
    done = covered.test()
    assert done.returncode == 0
    assert "passed: 57.14 % covered in 2 files" in done.stdout
    assert (covered.folder / BASELINE).read_bytes() == before
    schema = json.loads(covered.cli("coverage", "schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(covered.baseline)


def test_a_statement_that_loses_its_test_is_named(covered: Covered) -> None:
    covered.start()
    covered.write("tests/test_more.py", "from app.core import unused\n\n\ndef test_it():\n    assert unused(1) == 2\n")
    covered.accept()
    (covered.folder / "tests/test_more.py").unlink()
    done = covered.test()
    assert done.returncode == 7
    assert "FAILED newly uncovered statements: 2 in 1 file, at most 0" in done.stdout
    assert "src/app/core.py: 8-9" in done.stdout
    assert {(each["path"], each["line"]) for c in covered.evidence["conditions"] for each in c["places"]} == {
        ("src/app/core.py", 8),
        ("src/app/core.py", 9),
    }


def test_a_failed_test_stays_the_reason(covered: Covered) -> None:
    covered.start("floors = {total = 100}\n")
    covered.write("tests/test_bad.py", "def test_bad():\n    assert False\n")
    done = covered.test("--mergegate-update-coverage")
    assert done.returncode == 1
    assert "nothing was recorded, for tests failed" in done.stdout
    assert not (covered.folder / BASELINE).exists()
    assert not (covered.folder / ".mergegate/evidence").exists()


PARTIAL = {
    "-k": (("-k", "choose"), "-k leaves tests out"),
    "-m": (("-m", "not slow"), "-m leaves tests out"),
    "node id": (("tests/test_core.py::test_choose",), "single tests were named"),
    "a file": (("tests/test_core.py",), "tests/test_more.py was left out"),
    "--deselect": (("--deselect=tests/test_more.py::test_more",), "--deselect leaves tests out"),
    "--ignore": (("--ignore=tests/test_more.py",), "--ignore leaves tests out"),
    "--no-cov": (("--no-cov",), "--no-cov"),
}


@pytest.mark.parametrize("case", PARTIAL)
def test_a_part_of_the_tests_is_not_judged_and_writes_nothing(covered: Covered, case: str) -> None:
    covered.start("floors = {total = 100}\n")
    covered.write("tests/test_more.py", "def test_more():\n    pass\n")
    arguments, reason = PARTIAL[case]
    done = covered.test(*arguments)
    assert done.returncode == 0
    assert "not judged: " in done.stdout
    assert reason in done.stdout
    assert not (covered.folder / ".mergegate").exists()


def test_a_baseline_is_not_made_of_a_part(covered: Covered) -> None:
    covered.start()
    done = covered.test("-k", "choose", "--mergegate-update-coverage")
    assert done.returncode == 8
    assert "BROKEN The coverage baseline was not written (run all tests, with coverage)" in done.stdout


@pytest.mark.slow
def test_what_the_project_always_leaves_out_is_no_part(covered: Covered) -> None:
    covered.start(NO_RATCHET, pytest="addopts = \"-m 'not slow'\"\nmarkers = ['slow: slow']\n")
    assert "passed: " in covered.test().stdout
    assert "-m leaves tests out" in covered.test("-m", "slow or not slow").stdout


def test_a_run_that_stops_early_is_not_judged(covered: Covered) -> None:
    covered.start("floors = {total = 100}\n")
    covered.write("tests/test_bad.py", "def test_bad():\n    assert False\n")
    done = covered.test("-x")
    assert done.returncode == 1
    assert "not judged: " in done.stdout
    done = covered.test("--lf")
    assert done.returncode == 1
    assert "--lf leaves tests out" in done.stdout
    covered.write("tests/test_bad.py", "import nothing_of_this_name\n")
    done = covered.test()
    assert (done.returncode, "the run did not come to its end" in done.stdout) == (2, True)


def test_collecting_is_no_run(covered: Covered) -> None:
    covered.start("floors = {total = 100}\n")
    done = covered.test("--collect-only")
    assert (done.returncode, named(done.stdout)) == (0, False)


@pytest.mark.slow
def test_without_testpaths_all_folders_with_tests_are_all_tests(covered: Covered) -> None:
    covered.start(NO_RATCHET)
    assert "passed: " in covered.test("tests").stdout
    covered.write("more/test_other.py", "def test_other():\n    pass\n")
    assert "more/test_other.py was left out" in covered.test("tests").stdout
    covered.settings(NO_RATCHET, pytest='testpaths = ["tests"]\n')
    assert "passed: " in covered.test("tests").stdout


@pytest.mark.slow
def test_a_run_that_nothing_measured_blocks_in_ci_alone(covered: Covered) -> None:
    covered.start(NO_RATCHET)
    done = covered.test(cov=())
    assert (done.returncode, "not judged: Nothing measured coverage in this run" in done.stdout) == (0, True)
    done = covered.test(cov=(), env={"CI": "true"})
    assert done.returncode == 8
    assert "or with --mergegate-no-coverage" in done.stdout
    assert covered.test("--mergegate-no-coverage", cov=(), env={"CI": "true"}).returncode == 0


@pytest.mark.parametrize(
    "cov",
    [
        ("--cov=app", "--cov-branch"),
        pytest.param(("--cov=app",), marks=pytest.mark.slow),
        pytest.param(("--cov=src",), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_workers_count_together_as_one_process_does(covered: Covered, cov: tuple[str, ...]) -> None:
    covered.start()
    covered.write("tests/test_more.py", "from app.core import choose\n\n\ndef test_it():\n    assert choose(0) == 2\n")
    covered.accept(cov=cov)
    alone = covered.evidence["figures"]["files"]
    done = covered.test("-n2", cov=cov)
    assert done.returncode == 0, done.stdout
    assert covered.evidence["figures"]["files"] == alone


@pytest.mark.slow
def test_a_worker_that_dies_is_missed(covered: Covered) -> None:
    covered.start(NO_RATCHET)
    covered.write("tests/test_end.py", "import os\n\n\ndef test_end():\n    os._exit(3)\n")
    done = covered.test("-n2", "--max-worker-restart=0")
    assert done.returncode != 0
    assert "passed: " not in done.stdout
    assert not (covered.folder / ".mergegate/evidence").exists()


@pytest.fixture
def under_run(covered: Covered) -> Covered:
    """A project that `coverage run` measures, with a worker and a sub-process to follow."""
    covered.start(NO_RATCHET, coverage='source = ["src"]\n')
    return covered


def _coverage_run(covered: Covered, *arguments: str) -> subprocess.CompletedProcess[str]:
    from covered import plugin_options

    return covered.python("-m", "coverage", "run", "-m", "pytest", *plugin_options(), *arguments)


def test_coverage_run_is_judged_while_it_runs_and_goes_on(under_run: Covered) -> None:
    done = _coverage_run(under_run)
    assert done.returncode == 0, done.stdout
    assert "passed: 57.14 % covered in 2 files" in done.stdout
    report = under_run.python("-m", "coverage", "report")
    assert "57%" in report.stdout.splitlines()[-1]


@pytest.mark.slow
def test_coverage_run_with_workers_it_does_not_see_is_an_error(under_run: Covered) -> None:
    done = _coverage_run(under_run, "-n2")
    assert done.returncode == 8
    assert "does not see what the workers of pytest-xdist execute" in done.stdout
    assert "patch = ['subprocess']" in done.stdout


def test_coverage_run_with_workers_that_it_patches_is_whole(under_run: Covered) -> None:
    under_run.settings(NO_RATCHET, coverage='source = ["src"]\npatch = ["subprocess"]\n')
    done = _coverage_run(under_run, "-n2")
    assert done.returncode == 0, done.stdout
    assert "passed: 57.14 % covered in 2 files" in done.stdout


@pytest.mark.slow
def test_sub_processes_count(under_run: Covered) -> None:
    under_run.settings(NO_RATCHET, coverage='source = ["src"]\npatch = ["subprocess"]\n')
    call = "import sys; sys.path.insert(0, 'src'); from app.core import unused; unused(1)"
    text = f"import subprocess, sys\n\n\ndef test_it():\n    subprocess.run([sys.executable, '-c', {call!r}], check=True)\n"
    under_run.write("tests/test_process.py", text)
    done = _coverage_run(under_run)
    assert "passed: 85.71 %" in done.stdout, done.stdout
    done = under_run.test(cov=("--cov",))
    assert "passed: 85.71 %" in done.stdout, done.stdout


@pytest.mark.parametrize(
    "core",
    [
        "ctrace",
        pytest.param("pytrace", marks=pytest.mark.slow),
        pytest.param(
            "sysmon", marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought sys.monitoring")
        ),
    ],
)
def test_each_core_is_recorded_and_another_one_refused(covered: Covered, core: str) -> None:
    covered.start()
    names = {"ctrace": "CTracer", "pytrace": "PyTracer", "sysmon": "SysMonitor"}
    covered.env = {"COVERAGE_CORE": core}
    covered.accept()
    assert covered.baseline["measured"]["core"] == names[core]
    assert covered.test().returncode == 0
    covered.env = {"COVERAGE_CORE": "pytrace" if core == "ctrace" else "ctrace"}
    done = covered.test()
    assert done.returncode == 8
    assert f"instead of {names[core]}; 'mergegate coverage update' makes it anew" in done.stdout


def test_a_baseline_made_without_branches_is_refused_with_them(covered: Covered) -> None:
    covered.start()
    covered.accept()
    done = covered.test(cov=("--cov=app", "--cov-branch"))
    assert done.returncode == 8
    assert "branches are measured now" in done.stdout
    covered.settings('baseline-mismatch = "report"')
    done = covered.test(cov=("--cov=app", "--cov-branch"))
    assert done.returncode == 0
    assert "not compared with the baseline" in done.stdout


@pytest.mark.slow
def test_branches_can_be_demanded(covered: Covered) -> None:
    covered.start("branches = true\nratchet = []\n")
    assert covered.test().returncode == 8
    assert covered.test(cov=("--cov=app", "--cov-branch")).returncode == 0


def test_the_baseline_is_raised_on_the_main_branch_alone(covered: Covered) -> None:
    covered.start()
    covered.accept()
    covered.commit()
    git(covered.folder, "checkout", "-q", "-b", "feature")
    covered.write("tests/test_more.py", "from app.core import unused\n\n\ndef test_it():\n    assert unused(1) == 2\n")
    before = covered.baseline
    assert covered.test().returncode == 0
    assert covered.baseline == before
    git(covered.folder, "checkout", "-q", "main")
    covered.test(env={"CI": "true"})
    assert covered.baseline == before
    done = covered.test()
    assert f"{BASELINE} was raised: commit it" in done.stdout
    assert "unused" not in json.dumps(covered.baseline)
    assert covered.test().stdout.count("was raised") == 0


def test_an_edited_setting_is_one_clear_line(covered: Covered) -> None:
    covered.start("floors = {total = 101}\n")
    done = covered.test()
    assert done.returncode == 4
    assert "coverage.floors.total must be a number from 0 to 100, not 101" in done.stdout + done.stderr


def test_settings_of_pytest_are_read_from_its_native_table(covered: Covered) -> None:
    covered.start(NO_RATCHET)
    covered.write(
        "pyproject.toml",
        '[tool.mergegate.coverage]\nratchet = []\n[tool.pytest]\npythonpath = ["src"]\nmergegate_no_coverage = true\n'
        'mergegate_data = ["x"]\nmergegate_base = "origin/main"\n',
    )
    if pytest.version_tuple < (9,):
        pytest.skip("pytest 9 brought [tool.pytest]")
    done = covered.test()
    assert (done.returncode, named(done.stdout)) == (0, False)


def test_settings_of_pytest_are_read_from_an_ini_file(covered: Covered) -> None:
    covered.start("floors = {total = 100}\n")
    covered.write("pytest.ini", "[pytest]\npythonpath = src\nmergegate_no_coverage = true\n")
    assert covered.test().returncode == 0


@pytest.mark.slow
def test_a_data_file_can_be_named(covered: Covered) -> None:
    covered.start("floors = {total = 57}\nratchet = []\n")
    covered.test()
    (covered.folder / ".coverage").replace(covered.folder / "kept.data")
    done = covered.test("--mergegate-data=kept.data", cov=())
    assert done.returncode == 0
    assert "passed: 57.14 %" in done.stdout
    done = covered.test("--mergegate-data=gone.data", cov=())
    assert (done.returncode, "There is no data file" in done.stdout) == (8, True)


def test_the_gate_of_pytest_cov_and_ours_stand_side_by_side(covered: Covered) -> None:
    covered.start("floors = {total = 90}\nratchet = []\n")
    done = covered.test("--cov-fail-under=80")
    assert done.returncode == 1
    assert "FAILED total coverage" in done.stdout


def test_files_outside_of_the_project_are_left_out_and_named(covered: Covered) -> None:
    covered.start(NO_RATCHET)
    other = covered.folder.parent / "elsewhere.py"
    other.write_text("x = 1\n", encoding="utf-8")
    covered.write(
        "tests/test_core.py", f"import sys\nsys.path.insert(0, {str(other.parent)!r})\nimport elsewhere\n{TEST}"
    )
    done = covered.test(cov=("--cov=app", "--cov=elsewhere"))
    other.unlink()
    assert "1 measured file outside of the project left out" in done.stdout
