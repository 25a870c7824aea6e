"""Where pyright is: the package beside mergegate, else the program on the PATH; and which interpreter it asks."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from mergegate.config import Config
from mergegate.errors import EvidenceError, MergegateError
from mergegate.git import Repository

VARIABLE = "MERGEGATE_PYRIGHT"
"""Names the program to run instead."""

INSTALL = "install it with 'pip install mergegate[types]'"
_ENVIRONMENTS = (".venv", "venv")
_IN_ENVIRONMENT = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")


def find_pyright() -> tuple[str, ...]:
    """Return the beginning of the command line that runs pyright.

    Nothing in the current folder is run, for that may be the code under analysis.

    Raises
    ------
    EvidenceError
        If there is no pyright.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise EvidenceError(f"{VARIABLE} names {named!r}, which is no program", "unset it, or name pyright")
        return (found,)
    here = Path.cwd()
    folders = [folder for folder in sys.path if folder and Path(folder).resolve() != here.resolve()]
    if PathFinder.find_spec("pyright", folders) is not None:
        return (sys.executable, "-P", "-m", "pyright")
    found = shutil.which("pyright")
    if found is None or Path(found).resolve().parent == here.resolve():
        raise EvidenceError("There is no pyright", INSTALL)
    return (found,)


def find_interpreter(config: Config) -> Path | None:
    """Return the interpreter whose packages are the project's, None if nothing but the PATH says which.

    It is the one that the settings name, else that of the environment in the project's folder unless another one is
    active. pyright asks it where its packages are, and so starts it; one that is committed is never started.

    Raises
    ------
    MergegateError
        If the settings name one that is committed or that is no interpreter.
    """
    if config.python:
        return _named(config)
    if os.environ.get("VIRTUAL_ENV"):
        return None
    for name in _ENVIRONMENTS:
        folder = config.root / name
        if (folder / "pyvenv.cfg").is_file() and not _is_committed(folder):
            return _inside(folder)
    return None


def _named(config: Config) -> Path:
    place = Path(os.path.abspath(config.root / config.python))  # noqa: PTH100 - a link would lead out of the environment
    found = _inside(place) if place.is_dir() else place
    if found is None:
        raise config.error(("python",), f'names "{config.python}", in which there is no interpreter')
    if _is_committed(place):
        message = f'names "{config.python}", which is committed: pyright would run what a change brings along'
        raise config.error(("python",), message, "name an environment that git ignores")
    return found


def _inside(folder: Path) -> Path | None:
    return next((folder / name for name in _IN_ENVIRONMENT if (folder / name).is_file()), None)


def _is_committed(place: Path) -> bool:
    try:
        repository = Repository.find(place if place.is_dir() else place.parent)
        if repository is None:
            return False
        path = repository.prefix(place.parent) + place.name
        return bool(repository.files(repository.resolve("HEAD"), path))
    except (MergegateError, ValueError):
        # no commit yet, or a link out of the work tree
        return False
