"""Install the lowest version of each dependency that the package declares, to test that the declarations are true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

_LOWER_BOUND = re.compile(r"([\w.-]+)\s*>=\s*([\w.]+)")


def lowest(requirements: list[str]) -> list[str]:
    """Return `name==version` for each requirement with a lower bound."""
    bounds = [_LOWER_BOUND.match(requirement) for requirement in requirements]
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]


if __name__ == "__main__":
    project = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    pins = lowest(project["project"]["dependencies"])
    sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *pins], check=False).returncode)
