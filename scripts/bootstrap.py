"""Set up an environment of its own and run the main job (`demo`) or the tests (`test`), with only Python at hand.

Needs nothing but the standard library: where Debian leaves `ensurepip` out, pip is fetched as a wheel from the package
index (`PIP_INDEX_URL`, else PyPI), its checksum verified.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = (3, 11)


def main(arguments: list[str]) -> int:
    """Run one of the two jobs; what follows `test` goes to pytest."""
    if sys.version_info < MINIMUM:
        return fail(f"mergegate needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer, this is {sys.version.split()[0]}")
    match arguments:
        case ["demo"]:
            return demo()
        case ["test", *rest]:
            return test(rest)
        case _:
            return fail("usage: python3 scripts/bootstrap.py demo | test [PYTEST ARGUMENTS]")


def demo() -> int:
    """Install mergegate and check the sample service with it."""
    python = environment(ROOT / ".venv-demo")
    run([*pip(python), "install", "--quiet", str(ROOT)])
    print("$ mergegate check fixtures/shop_service --exit-zero", flush=True)
    command = [str(python.with_name(f"mergegate{suffix()}")), "check", "fixtures/shop_service", "--exit-zero"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def test(rest: list[str]) -> int:
    """Install the development environment, then run the linters and the tests."""
    python = environment(ROOT / ".venv")
    run([*pip(python), "install", "--quiet", "--upgrade", "pip>=25.1"])
    run([str(python), "-m", "pip", "install", "--quiet", "--editable", ".", "--group", "test"])
    for step in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["pyright", "--pythonpath", str(python)]):
        run([str(python), "-m", *step])
    # two processes halve the time; what builds wheels and environments is for `tox -m full`
    return subprocess.run([str(python), "-m", "pytest", "-n", "auto", *rest], cwd=ROOT, check=False).returncode


def environment(folder: Path) -> Path:
    """Return the interpreter of a virtual environment in `folder`, which is made if it is not there."""
    python = folder / ("Scripts" if os.name == "nt" else "bin") / f"python{suffix()}"
    if not python.exists():
        venv.create(folder, with_pip=importlib.util.find_spec("ensurepip") is not None, symlinks=os.name != "nt")
    return python


def suffix() -> str:
    """Return how executables end here."""
    return ".exe" if os.name == "nt" else ""


def pip(python: Path) -> list[str]:
    """Return the command that is pip for an interpreter."""
    if subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0:
        return [str(python), "-m", "pip"]
    return [str(python), str(fetch_pip() / "pip")]


def fetch_pip() -> Path:
    """Fetch pip's newest wheel from the package index; a wheel can be run from its file."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    request = urllib.request.Request(f"{index}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    wheel = next(f for f in reversed(files) if f["filename"].endswith("-py3-none-any.whl") and not f.get("yanked"))
    with urllib.request.urlopen(wheel["url"]) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != wheel["hashes"]["sha256"]:
        raise SystemExit("the pip wheel that the package index sent does not have the checksum it announces")
    target = Path(tempfile.mkdtemp()) / wheel["filename"]
    target.write_bytes(data)
    return target


def run(command: list[str]) -> None:
    """Run a step; a failure ends the job with its exit code."""
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        print(f"failed: {' '.join(command)}", file=sys.stderr)
        raise SystemExit(code)


def fail(sentence: str) -> int:
    """Say what is wrong; 2 is the exit code for usage errors."""
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
