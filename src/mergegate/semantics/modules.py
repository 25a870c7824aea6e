"""Which file is which module: names under every source root, and imports resolved against them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence


class ModuleIndex:
    """Maps dotted module names to files.

    A file answers to several names: the one under its own package root (the topmost folder with an `__init__.py`, or
    the unbroken chain of such folders), the one from the project root, and the one under each configured source root.
    When several files answer to one name (vendored copies, example projects), the file nearest to the importing one
    is meant. A package below a folder without `__init__.py` does not take the name of a library: `app/links/redis/` is
    `app.links.redis`, never `redis`.

    Parameters
    ----------
    is_library
        Tells whether a top-level name is that of a known library.
    """

    def __init__(self, paths: Sequence[str], source_roots: Sequence[str], is_library: Callable[[str], bool]) -> None:
        self.paths = list(paths)
        self.is_library = is_library
        self.packages = {posixpath.dirname(p) for p in paths if posixpath.basename(p) == "__init__.py"}
        self.by_name: dict[str, list[int]] = {}
        self.names: list[str] = []
        self.prefixes: set[str] = set()
        # for each file what comes before the names of modules beside it, empty if it is no script; None: not known yet
        self._beside_scripts: list[str | None] = [None] * len(self.paths)
        roots = [root.strip("/").removeprefix("./") for root in source_roots]
        for index, path in enumerate(self.paths):
            candidates = self._candidates(path, roots)
            self.names.append(candidates[0])
            for name in candidates:
                self.by_name.setdefault(name, []).append(index)
        for name in self.by_name:
            while "." in name:
                name = name.rpartition(".")[0]
                self.prefixes.add(name)

    def _candidates(self, path: str, roots: list[str]) -> list[str]:
        stem = path.removesuffix(".py").removesuffix("/__init__")
        found: dict[str, None] = {}
        own = [self._outermost(path)]
        if posixpath.dirname(path) in self.packages:
            inner = self._innermost(path)
            if not self.is_library(stem[len(inner) :].strip("/").partition("/")[0]):
                own.append(inner)
        for root in [*own, *roots, "src", ""]:
            if not root:
                found[stem.replace("/", ".")] = None
            elif stem.startswith(root + "/"):
                found[stem[len(root) + 1 :].replace("/", ".")] = None
        return [name for name in found if name and name != "__init__"] or [stem.replace("/", ".")]

    def _innermost(self, path: str) -> str:
        """Return the folder above the unbroken chain of packages around a file."""
        top: str = posixpath.dirname(path)
        while top in self.packages:
            top = posixpath.dirname(top)
        return top

    def _outermost(self, path: str) -> str:
        """Return the folder above the topmost package around a file; folders below it without `__init__.py` count."""
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            if "/".join(folders[:depth]) in self.packages:
                return "/".join(folders[: depth - 1])
        return "/".join(folders)

    def find(self, name: str, importer: int) -> int:
        """Return the index of module `name` as seen from the importing module, or -1."""
        found = self.by_name.get(name)
        if not found:
            return self._beside(name, importer)
        if len(found) == 1:
            return found[0]
        return max(found, key=lambda index: (self._nearness(index, importer), -index))

    def _beside(self, name: str, importer: int) -> int:
        """A script, which is in no package, imports the modules of its own folder."""
        prefix = self._beside_scripts[importer]
        if prefix is None:
            folder: str = posixpath.dirname(self.paths[importer])
            is_script = folder and self._outermost(self.paths[importer]) == folder
            prefix = self._beside_scripts[importer] = f"{folder.replace('/', '.')}." if is_script else ""
        if not prefix:
            return -1
        found = self.by_name.get(f"{prefix}{name}", ())
        return next((index for index in found if index != importer), -1)

    def _nearness(self, index: int, importer: int) -> int:
        mine, other = self.paths[importer].split("/"), self.paths[index].split("/")
        same = 0
        for left, right in zip(mine, other, strict=False):
            if left != right:
                break
            same += 1
        return same

    def is_prefix(self, name: str) -> bool:
        """Tell whether `name` is a namespace package of the program."""
        return name in self.prefixes

    def absolute(self, importer: int, level: int, module: str) -> str:
        """Return the dotted name that an import of `level` dots means in the importing module."""
        if not level:
            return module
        parts = self.names[importer].split(".")
        if posixpath.basename(self.paths[importer]) == "__init__.py":
            level -= 1
        if level:
            parts = parts[:-level]
        return ".".join([*parts, module] if module else parts)
