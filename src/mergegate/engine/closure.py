"""The modules of an installed package that a program can reach by imports, and the packages that they mention."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from mergegate.engine.environment import Place
from mergegate.engine.extraction import summarise_all
from mergegate.syntax.codec import decode
from mergegate.syntax.summary import ModuleSummary

MAX_MODULES = 400
MAX_HOPS = 6
_MAX_BYTES = 1_000_000
_SHOWN_FOLDER = "site-packages"


class Closure(NamedTuple):
    """What is reachable: (path, encoded summary) of modules, and the dotted names of all that they import elsewhere."""

    modules: list[tuple[str, bytes]]
    imports: frozenset[str]


def reach(place: Place, entries: Iterable[str]) -> Closure:
    """Read a package as far as imports lead from some of its modules.

    Parameters
    ----------
    place
        The package.
    entries
        Dotted names to start from; a name below a module means the module.
    """
    files = _Files(place.folder)
    found: dict[str, bytes] = {}
    imports: set[str] = set()
    pending: set[str] = set(entries)
    top = place.path.removesuffix(".py")
    for _ in range(MAX_HOPS + 1):
        inside = [name for name in pending if name == top or name.startswith(f"{top}.")]
        paths = sorted({path for name in inside for path in files.of(name)} - found.keys())
        paths = paths[: MAX_MODULES - len(found)]
        if not paths:
            break
        pending = set[str]()
        for path, encoded in zip(paths, summarise_all([files.read(path) for path in paths]), strict=True):
            found[path] = encoded
            pending |= imported(path, decode(encoded))
        imports |= pending
    elsewhere = frozenset(name for name in imports if name.partition(".")[0] not in {top, *sys.stdlib_module_names})
    return Closure([(f"{_SHOWN_FOLDER}/{path}", encoded) for path, encoded in found.items()], elsewhere)


def imported(path: str, summary: ModuleSummary) -> set[str]:
    """Return the dotted names of all that a module imports; what is below a module may be a module or not.

    Parameters
    ----------
    path
        The module's path in the folder that its absolute name starts from.
    """
    package = path.removesuffix(".py").split("/")[:-1]
    found = set(summary.imports)
    rows = [(row[1], row[2], row[3]) for row in summary.rows if row[0] == "m"]
    for level, module, name in [*rows, *[(level, module, "") for level, module in summary.stars]]:
        parts = [*package[: len(package) - level + 1], *([module] if module else [])] if level else [module]
        found.add(".".join([*parts, name] if name else parts))
    return found


class _Files:
    """The files of installed modules, as listings of folders tell."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._listings: dict[str, frozenset[str]] = {}

    def of(self, name: str) -> Iterable[str]:
        """Return the paths of a module and of the packages around it, as far as there are any."""
        path = ""
        for part in name.split("."):
            names = self._names(path)
            below = f"{path}/{part}" if path else part
            if part in names:
                if "__init__.py" in self._names(below):
                    yield f"{below}/__init__.py"
                elif f"{part}.py" in names:
                    yield f"{below}.py"
                path = below
                continue
            if f"{part}.py" in names:
                yield f"{below}.py"
            return

    def read(self, path: str) -> bytes:
        """Return the contents of a module; nothing if it cannot be read, or is data rather than code."""
        try:
            with open(os.path.join(self._folder, path), "rb") as stream:
                data = stream.read(_MAX_BYTES + 1)
        except OSError:
            return b""
        return data if len(data) <= _MAX_BYTES else b""

    def _names(self, path: str) -> frozenset[str]:
        known = self._listings.get(path)
        if known is None:
            try:
                known = frozenset(os.listdir(os.path.join(self._folder, path)))
            except OSError:
                known = frozenset[str]()
            self._listings[path] = known
        return known
