"""The wheel in clean environments: pytest finds the plugin by itself, with every supported pytest-cov."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from covered import APP, BASELINE, TEST
from installation import build_wheel, install, run

pytestmark = pytest.mark.slow

SETTINGS = '[tool.mergegate.coverage]\nfloors = {total = 50}\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"pyproject.toml": SETTINGS, "app/__init__.py": "", "app/core.py": APP, "tests/test_core.py": TEST}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("version", ["5", "6", "7"])
def test_the_installed_plugin_judges_as_coverage_reports(
    wheel: Path, project: Path, tmp_path_factory: pytest.TempPathFactory, version: str
) -> None:
    programs = install(tmp_path_factory.mktemp("environment") / "venv", wheel)
    added = run(
        programs / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        f"pytest-cov=={version}.*",
        "pytest-xdist",
        folder=project,
    )
    assert added.returncode == 0, added.stderr
    pytest_ = (programs / "python", "-m", "pytest", "--cov=app", "--cov-branch")
    made = run(*pytest_, "--mergegate-update-coverage", folder=project)
    assert made.returncode == 0, made.stdout
    assert f"{BASELINE} was written" in made.stdout
    for workers in ((), ("-n2",)):
        done = run(*pytest_, *workers, folder=project)
        assert done.returncode == 0, done.stdout
        reported = run(programs / "python", "-m", "coverage", "json", "-q", "-o", "-", folder=project)
        totals = json.loads(reported.stdout)["totals"]
        covered, known = (totals[f"{first}_lines"] + totals[f"{first}_branches"] for first in ("covered", "missing"))
        assert (covered, known) == (5, 4)
        assert "passed: 55.55 % covered in 2 files" in done.stdout
    (project / "tests/test_core.py").write_text("import app.core\n\n\ndef test_nothing():\n    pass\n")
    worse = run(*pytest_, folder=project)
    assert worse.returncode == 7
    assert "FAILED newly uncovered statements" in worse.stdout
    # a run of which nobody wants anything hears nothing of it
    (project / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    idle = run(programs / "python", "-m", "pytest", "-q", folder=project)
    assert (idle.returncode, "mergegate" in idle.stdout) == (0, False)
