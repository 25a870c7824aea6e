"""Third-party packages whose types pyright had or lacked: with others it finds other errors in the same code."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mergegate.engine.environment import Environment
from mergegate.engine.installed import Packages as Installed
from mergegate.gate.source import Sources

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([A-Za-z_][\w., \t]*))", re.M
)
_MISSING = " (missing)"


class Packages(NamedTuple):
    """The packages that a project imports, those of its own and of the standard library left out.

    Attributes
    ----------
    present
        What is installed of them, as `name==version` by top-level module.
    missing
        The top-level modules that pyright did not find, sorted.
    """

    present: Mapping[str, str]
    missing: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return all as a baseline keeps them: `yaml PyYAML==6.0.2`, `numpy (missing)`."""
        found = (f"{name} {distribution}" for name, distribution in sorted(self.present.items()))
        return (*found, *(f"{name}{_MISSING}" for name in self.missing))

    def lost(self, lines: Iterable[str]) -> tuple[str, ...]:
        """Return the modules that are missing and were not when a baseline was made."""
        before = {line.partition(" ")[0] for line in lines if not line.endswith(_MISSING)}
        return tuple(name for name in self.missing if name in before)

    def gained(self, lines: Iterable[str]) -> tuple[str, ...]:
        """Return the modules that are there and were missing when a baseline was made."""
        before = {line.removesuffix(_MISSING) for line in lines if line.endswith(_MISSING)}
        return tuple(name for name in sorted(self.present) if name in before)


def find_packages(
    root: Path, paths: Iterable[str], sources: Sources, *, unresolved: Iterable[str], python: Path | None,
    variables: Mapping[str, str],
) -> Packages:  # fmt: skip
    """Return the third-party packages that files of a project import.

    Parameters
    ----------
    root
        The project's folder.
    paths, sources
        Its files and what they hold.
    unresolved
        The modules that pyright did not find.
    python
        The interpreter that pyright was told to ask; None: that on the PATH.
    variables
        Those of the process.
    """
    asked = python or next((Path(path) for path in map(shutil.which, ("python", "python3")) if path), None)
    named = "" if python is None and variables.get("VIRTUAL_ENV") else str(asked or "")
    installed = Installed(Environment(root, named, variables), None, "types", 0)
    # of an installed package a module may be missing: that is an error like others
    names = {name.partition(".")[0] for name in unresolved}
    missing = {name for name in names if not _is_own(root, name) and installed.find(name) is None}
    present: dict[str, str] = {}
    for name in _mentioned(paths, sources) - missing - sys.stdlib_module_names:
        found = installed.find(name)
        # pyright may know a module from elsewhere, or may have been told to be silent about it: who knows
        if found is not None and "==" in found.distribution and not _is_own(root, name):
            present[name] = found.distribution
    return Packages(present, tuple(sorted(missing)))


def _mentioned(paths: Iterable[str], sources: Sources) -> set[str]:
    """Return the top-level modules that lines seem to import: such lines stand in texts, too."""
    names: set[str] = set()
    for path in paths:
        try:
            data = sources.read(path)
        except OSError:
            continue
        for source, listed in _IMPORT.findall(data):
            parts = [part.split() for part in (source, *listed.split(b","))]
            names.update(part[0].partition(b".")[0].decode() for part in parts if part)
    return names


def _is_own(root: Path, name: str) -> bool:
    return any((folder / name).is_dir() or (folder / f"{name}.py").is_file() for folder in (root, root / "src"))
