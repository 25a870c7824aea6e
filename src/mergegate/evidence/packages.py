"""Third-party packages whose types pyright had or lacked: with others it finds other errors in the same code."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mergegate.engine.environment import Environment
from mergegate.engine.installed import Packages as Installed
from mergegate.gate.location import parse
from mergegate.gate.source import Source, Sources

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([A-Za-z_][\w., \t]*))", re.M
)
_MISSING = " (missing)"


class Packages(NamedTuple):
    """The packages that a project imports, those of its own and of the standard library left out.

    Attributes
    ----------
    present
        What pyright found, by top-level module: the distribution as `name==version`, empty if nobody says.
    missing
        The top-level modules that it did not find, sorted.
    """

    present: Mapping[str, str]
    missing: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return all as a baseline keeps them: `yaml PyYAML==6.0.2`, `attr`, `numpy (missing)`."""
        found = (f"{name} {distribution}".strip() for name, distribution in sorted(self.present.items()))
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
    missing = {name.partition(".")[0] for name in unresolved}
    present: dict[str, str] = {}
    for name, mentions in _mentioned(paths, sources).items():
        if name in missing or name in sys.stdlib_module_names or _is_own(root, name):
            continue
        found = installed.find(name)
        distribution = found.distribution if found is not None and "==" in found.distribution else ""
        if distribution or any(name in _imported(sources[path]) for path in mentions):
            present[name] = distribution
    return Packages(present, tuple(sorted(name for name in missing if not _is_own(root, name))))


def _mentioned(paths: Iterable[str], sources: Sources) -> dict[str, list[str]]:
    """Return the top-level modules that lines seem to import, with the files: such lines stand in texts, too."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        try:
            data = sources.read(path)
        except OSError:
            continue
        for source, listed in _IMPORT.findall(data):
            parts = [part.split() for part in (source, *listed.split(b","))]
            for part in parts:
                if part:
                    names[part[0].partition(b".")[0].decode()].append(path)
    return names


def _imported(source: Source) -> set[str]:
    """Return the top-level modules that a file imports."""
    tree = parse("\n".join(source.lines))
    names: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            names.update(each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _is_own(root: Path, name: str) -> bool:
    return any((folder / name).is_dir() or (folder / f"{name}.py").is_file() for folder in (root, root / "src"))
