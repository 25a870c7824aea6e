"""What `mergegate fix` makes of models of pydantic 1 behaves under pydantic 2 as they did under pydantic 1."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli

pytestmark = pytest.mark.slow

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "pydantic_v1_models"
# those that ask for --unsafe
RISKY = ("roots.py", "settings.py")
OLD = ("pydantic[dotenv]>=1.10.20,<2",)
NEW = ("pydantic>=2.12", "pydantic-settings")
RUN = """
import importlib, json, pathlib, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
found = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    found[path.stem] = dict(importlib.import_module(path.stem).outcomes())
print(json.dumps(found))
"""


def interpreter(folder: Path, requirements: tuple[str, ...]) -> str:
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    return python


def outcomes(python: str, folder: Path) -> dict[str, dict[str, Any]]:
    run = subprocess.run(
        [python, "-W", "error", "-c", RUN, str(folder)], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_repaired_models_do_under_pydantic_2_what_they_did_under_pydantic_1(cli: Cli, tmp_path: Path) -> None:
    old, new = interpreter(tmp_path / "old", OLD), interpreter(tmp_path / "new", NEW)
    project = tmp_path / "project"
    shutil.copytree(MODELS, project)
    cli.write("project/mergegate.toml", "")
    before = outcomes(old, MODELS)
    safe = sorted(path.name for path in project.glob("*.py") if path.name not in RISKY)

    repaired = cli("fix", *safe, folder=project)
    risky = cli("fix", "--unsafe", folder=project)

    assert repaired.stdout.splitlines()[-1].endswith("0 left")
    assert (repaired.returncode, risky.returncode) == (0, 0), repaired.stderr + risky.stderr
    assert risky.stdout.splitlines()[-1].endswith(f"in {len(RISKY)} files, 0 left")
    assert outcomes(new, project) == before
