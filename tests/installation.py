"""The package as users get it: a wheel, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fronts import environment

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, folder: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program outside of the checkout's influence."""
    kept = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command], cwd=folder, env={**kept, **(env or {})}, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the checkout into a folder."""
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, folder=ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path, *wheels: Path) -> Path:
    """Make an environment with wheels in it and return its folder of programs."""
    made = run(sys.executable, "-m", "venv", folder, folder=ROOT)
    assert made.returncode == 0, made.stderr
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    installed = run(programs / "python", "-m", "pip", "install", "--quiet", *wheels, folder=ROOT)
    assert installed.returncode == 0, installed.stderr
    return programs
