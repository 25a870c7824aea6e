"""A plugin in a wheel of its own, installed beside ours, adds a rule, a check and a format to all fronts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fronts import environment

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).with_name("sample_plugin")

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with both wheels."""
    folder = tmp_path_factory.mktemp("plugin")
    for project in (ROOT, SAMPLE):
        built = run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", project, folder=folder)
        assert built.returncode == 0, built.stdout + built.stderr
    made = run(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheels = sorted((folder / "dist").glob("*.whl"))
    assert len(wheels) == 2
    installed = run(python, "-m", "pip", "install", "--quiet", *wheels, folder=folder)
    assert installed.returncode == 0, installed.stderr
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mergegate.toml").write_text("")
    (tmp_path / "app.py").write_text(
        "import time\n\n\ndef do_it():\n    time.sleep(1)\n\n\nasync def run():\n    do_it()\n"
    )
    return tmp_path


def test_the_plugin_is_part_of_every_front(python: Path, project: Path) -> None:
    check = run(python, "-m", "mergegate", "check", "--format", "json", folder=project)
    found = [(each["rule"], each["line"]) for each in json.loads(check.stdout)["findings"]]
    assert found == [("meaningless-name", 4), ("blocking-helper-in-async", 9)]
    places = run(python, "-m", "mergegate", "check", "--select", "house", "--format", "places", folder=project)
    assert places.stdout == "app.py 4 meaningless-name\n"
    explained = run(python, "-m", "mergegate", "explain", "C9801", folder=project)
    assert "send_invoice" in explained.stdout
    enabled = "--enable=mergegate-house"
    lint = run(python, "-m", "pylint", "--load-plugins=mergegate", "--disable=all", enabled, "app.py", folder=project)
    assert "app.py:4:0: C9801: do_it() does not say what it does (name what is done) (meaningless-name)" in lint.stdout


def test_evidence_of_a_plugin_joins_the_verdict(python: Path, project: Path) -> None:
    (project / "app.py").write_text("x = 1\n")
    closed = run(python, "-m", "mergegate", "gate", folder=project)
    assert closed.returncode == 1
    assert "failed          licences   licence file" in closed.stdout
    assert "licences: licence file; add LICENSE" in closed.stderr
    (project / "LICENSE").write_text("MIT")
    assert run(python, "-m", "mergegate", "gate", folder=project).returncode == 0


def test_formats_of_plugins_are_named_in_mistakes(python: Path, project: Path) -> None:
    mistaken = run(python, "-m", "mergegate", "check", "--format", "place", folder=project)
    assert mistaken.returncode == 2
    assert 'did you mean "places"?' in mistaken.stderr


def test_the_wheel_brings_its_rules_along(python: Path, project: Path) -> None:
    listed = json.loads(run(python, "-m", "mergegate", "rules", "--format", "json", folder=project).stdout)
    shipped = {path.stem for path in (ROOT / "rules").glob("*/*.toml") if path.parent.name != "knowledge"}
    assert {rule["id"] for rule in listed} == shipped | {"meaningless-name"}


def test_a_broken_plugin_is_one_sentence(python: Path, project: Path) -> None:
    for arguments in (("check",), ("rules",)):
        code = (
            "import sys, house_rules.plugin as plugin; from mergegate.cli import main; "
            "plugin.mergegate_checks.__code__ = (lambda: 1 / 0).__code__; main(sys.argv[1:])"
        )
        broken = run(python, "-c", code, *arguments, folder=project)
        assert broken.returncode == 2
        assert broken.stderr.count("\n") == 1
        assert "house-rules" in broken.stderr
        assert "ZeroDivisionError" in broken.stderr
