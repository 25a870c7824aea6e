"""The environment of a project: which packages are installed, found by looking at folders; no interpreter is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_PYTHON_FOLDER = re.compile(r"python3\.(\d+)t?")
_NOT_ALIKE = re.compile(r"[-_.]+")
_IMPORT_LINE = re.compile(r"import[ \t]")
_METADATA_BYTES = 4096
# how pre-commit names the environment of a hook, which it activates for the hook's run
_HOOK = "py_env-"


class Place(NamedTuple):
    """Where a top-level package or module lies.

    Attributes
    ----------
    folder
        The folder of installed packages.
    path
        The package's folder or the module's file in it.
    """

    folder: str
    path: str


class Environment:
    """The folders of installed packages that a project's interpreter would search, in order.

    Parameters
    ----------
    root
        The project's folder.
    python
        The environment or interpreter that the project names; empty: the active one (`VIRTUAL_ENV`) save a hook's, else
        `.venv` or `venv` in the project's folder.
    variables
        The variables of the process.
    """

    def __init__(self, root: Path, python: str, variables: Mapping[str, str]) -> None:
        self._listings: dict[str, frozenset[str]] = {}
        prefix = _prefix(root, python, variables)
        self.folders = tuple(self._folders(prefix, os.path.abspath(root))) if prefix else ()

    def find(self, name: str) -> Place | None:
        """Return where a top-level package or module lies; a folder without `__init__.py` is none."""
        for folder in self.folders:
            names = self._names(folder)
            if name in names and os.path.isfile(os.path.join(folder, name, "__init__.py")):
                return Place(folder, name)
            if f"{name}.py" in names:
                return Place(folder, f"{name}.py")
        return None

    def distributions(self, place: Place) -> list[str]:
        """Return the `.dist-info` folders beside a package, those first whose name is like the package's."""
        wanted = _normal(place.path.removesuffix(".py"))
        found = [name for name in self._names(place.folder) if name.endswith(".dist-info")]
        return sorted(found, key=lambda name: (_normal(name.partition("-")[0]) != wanted, name))

    def _names(self, folder: str) -> frozenset[str]:
        known = self._listings.get(folder)
        if known is None:
            known = self._listings[folder] = frozenset(_listed(folder))
        return known

    def _folders(self, prefix: str, root: str) -> Iterable[str]:
        seen: set[str] = set()
        for folder in _libraries(prefix):
            for each in (folder, *self._added(folder, root)):
                real = os.path.realpath(each)
                if real not in seen and os.path.isdir(each):
                    seen.add(real)
                    yield each

    def _added(self, folder: str, root: str) -> Iterable[str]:
        """Return the folders that `.pth` files add with plain lines; what lies in the project is analysed anyway."""
        for name in sorted(self._names(folder)):
            if not name.endswith(".pth") or name.startswith("."):
                continue
            for line in _read(os.path.join(folder, name)).splitlines():
                text = line.strip()
                if text and not text.startswith("#") and not _IMPORT_LINE.match(text):
                    path = os.path.normpath(os.path.join(folder, text))
                    if not _lies_in(path, root) or _lies_in(path, folder):
                        yield path


def described(folder: str, dist_info: str) -> str:
    """Return a distribution as `name==version`, by its metadata, else by the name of its `.dist-info` folder."""
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    for line in _read(os.path.join(folder, dist_info, "METADATA"), _METADATA_BYTES).splitlines():
        key, _, value = line.partition(":")
        if not key.strip():
            break
        if key == "Name":
            name = value.strip() or name
        elif key == "Version":
            version = value.strip() or version
    return f"{name}=={version}"


def _prefix(root: Path, python: str, variables: Mapping[str, str]) -> str:
    """Return the folder of the environment, empty if the project has none."""
    if python:
        path = os.path.abspath(root / python)
        if os.path.isdir(path):
            return path
        # the interpreter may be a link out of the environment, which is not followed
        folder = os.path.dirname(path)
        return os.path.dirname(folder) if os.path.basename(folder) in ("bin", "Scripts") else folder
    active = variables.get("VIRTUAL_ENV", "")
    if variables.get("PRE_COMMIT") and os.path.basename(active).startswith(_HOOK):
        # it holds this program and says nothing of the project
        active = ""
    candidates = [active, os.path.join(root, ".venv"), os.path.join(root, "venv")]
    return next((each for each in candidates if each and os.path.isfile(os.path.join(each, "pyvenv.cfg"))), "")


def _libraries(prefix: str) -> Iterable[str]:
    """Return the folders of installed packages of an environment, and of the interpreter behind it if it shows them."""
    settings: dict[str, str] = {}
    for line in _read(os.path.join(prefix, "pyvenv.cfg")).splitlines():
        key, _, value = line.partition("=")
        settings[key.strip().lower()] = value.strip()
    version = settings.get("version", settings.get("version_info", ""))
    minor = ".".join(version.split(".")[:2])
    yield from _site_packages(prefix, minor)
    home = settings.get("home", "")
    if home and settings.get("include-system-site-packages", "").lower() == "true":
        base = os.path.dirname(home) if os.path.basename(home) == "bin" else home
        yield from _site_packages(base, minor)
        yield os.path.join(base, "lib", "python3", "dist-packages")


def _site_packages(prefix: str, minor: str) -> Iterable[str]:
    for library in ("lib", "lib64"):
        folder = os.path.join(prefix, library)
        matches = [match for match in map(_PYTHON_FOLDER.fullmatch, _listed(folder)) if match]
        versions = sorted(matches, key=lambda match: (int(match[1]), match[0]), reverse=True)
        exact = [match for match in versions if match[0].rstrip("t") == f"python{minor}"]
        for match in (exact or versions)[:1]:
            yield os.path.join(folder, match[0], "site-packages")
    yield os.path.join(prefix, "Lib", "site-packages")


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read(path: str, size: int = -1) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(size)
    except OSError:
        return ""


def _normal(name: str) -> str:
    return _NOT_ALIKE.sub("_", name).lower()
