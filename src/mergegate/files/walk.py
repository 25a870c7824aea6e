"""The walk through a project's folder: its Python and other files, and the configured projects nested in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.files.ignore import SUFFIX, Layer, Translate, is_ignored, translate

NEVER = frozenset({
    ".bzr", ".cache", ".direnv", ".eggs", ".git", ".hg", ".hypothesis", ".ipynb_checkpoints", ".mergegate_cache",
    ".mypy_cache", ".nox", ".pants.d", ".pytest_cache", ".ruff_cache", ".svn", ".tox", "__pycache__", "__pypackages__",
    "buck-out", "node_modules", "site-packages",
})  # fmt: skip
ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})


class File(NamedTuple):
    """A file of the project and what the file system says of it; all zeros if it is only in an editor."""

    path: str
    modified: int
    changed: int
    size: int
    inode: int


class Walk(NamedTuple):
    """What a walk met: Python files, nested projects and other files by POSIX path relative to the root, sorted."""

    files: tuple[File, ...]
    nested: tuple[str, ...]
    warnings: tuple[str, ...]
    others: tuple[File, ...] = ()


class Limits(NamedTuple):
    """Where a walk goes.

    Attributes
    ----------
    exclude
        Patterns of a .gitignore file that come after those of all such files.
    respect_gitignore
        Whether .gitignore files count.
    is_project
        Tells whether a folder, given with the names in it, is a project of its own.
    wants
        Tells which files besides those of Python to take, by relative path.
    """

    exclude: Sequence[str]
    respect_gitignore: bool
    is_project: Callable[[Path, Collection[str]], bool]
    wants: Callable[[str], object] = lambda _path: False


def walk(root: Path, limits: Limits, *, also: Collection[str] = (), translate: Translate = translate) -> Walk:
    """Find the Python files below a folder.

    Stubs (`.pyi`) are left out: they repeat signatures of modules without the bodies that findings are about.
    Folders that are symbolic links are not followed, as git does not; so there are no loops.

    Parameters
    ----------
    root
        The folder.
    limits
        Where to go.
    also
        Relative paths of files that exist elsewhere, as in an editor; they count unless they are ignored. Their
        folders may be missing.
    translate
        Translates the text of an ignore file, for callers that keep translations.

    Raises
    ------
    BadPattern
        If a pattern of `exclude` means nothing.
    """
    return _Walker(root, limits, also, translate).run()


class _Walker:
    def __init__(self, root: Path, limits: Limits, also: Collection[str], translate: Translate) -> None:
        self.root = root
        self.limits = limits
        self.translate = translate
        self.files: list[File] = []
        self.others: list[File] = []
        self.nested: list[str] = []
        self.warnings: list[str] = []
        self.also: dict[str, list[str]] = {}
        # the folders on the way to them, by the folder that each is in
        self.also_folders: dict[str, dict[str, None]] = {}
        for path in also:
            *folders, name = path.split("/")
            base = ""
            for folder in folders:
                self.also_folders.setdefault(base, {})[folder] = None
                base += f"{folder}/"
            self.also.setdefault(base, []).append(name)

    def run(self) -> Walk:
        """Walk."""
        exclude: tuple[Layer, ...] = ()
        if self.limits.exclude:
            exclude = (Layer(self.translate("\n".join(self.limits.exclude), strict=True)),)
        stack: list[tuple[str, str, tuple[Layer, ...]]] = [(str(self.root), "", self._outer_layers())]
        while stack:
            folder, base, layers = stack.pop()
            try:
                with os.scandir(folder) as iterator:
                    entries = list(iterator)
            except FileNotFoundError:
                # it vanished; or it is one of those that exist elsewhere
                entries = []
            except OSError as error:
                self.warnings.append(f"{base or '.'}: the folder cannot be read: {error.strerror}")
                continue
            names = {entry.name for entry in entries}
            if base and self._is_foreign(folder, base, names):
                continue
            if ".gitignore" in names and self.limits.respect_gitignore:
                layer = self._layer(os.path.join(folder, ".gitignore"), base)  # noqa: PTH118
                layers = layers if layer is None else (layer, *layers)
            stack += [(path, inner, layers) for path, inner in self._entries(entries, names, base, (*exclude, *layers))]
        return Walk(
            tuple(sorted(self.files)), tuple(sorted(self.nested)), tuple(self.warnings), tuple(sorted(self.others))
        )

    def _entries(
        self, entries: Iterable[os.DirEntry[str]], names: Collection[str], base: str, asked: Sequence[Layer]
    ) -> Iterator[tuple[str, str]]:
        """Take the files of a folder; yield the folders in it, each with its relative path."""
        for entry in entries:
            name = entry.name
            if name.endswith(SUFFIX):
                self._file(entry, base + name, asked, self.files)
            elif self.limits.wants(base + name):
                self._file(entry, base + name, asked, self.others)
            if name not in NEVER and entry.is_dir(follow_symlinks=False):
                inner = f"{base}{name}/"
                if not is_ignored(inner, asked):
                    yield entry.path, inner
        for name in self.also_folders.get(base, ()):
            inner = f"{base}{name}/"
            if name not in names and name not in NEVER and not is_ignored(inner, asked):
                yield str(self.root / inner), inner
        for name in self.also.get(base, ()):
            if name not in names and not is_ignored(base + name, asked):
                if name.endswith(SUFFIX):
                    self.files.append(File(base + name, 0, 0, 0, 0))
                elif self.limits.wants(base + name):
                    self.others.append(File(base + name, 0, 0, 0, 0))

    def _file(self, entry: os.DirEntry[str], path: str, asked: Sequence[Layer], taken: list[File]) -> None:
        try:
            if not entry.is_file() or is_ignored(path, asked):
                return
            stat = entry.stat()
        except OSError:
            # it vanished, or its link is broken: there is no such file
            return
        taken.append(File(path, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))

    def _is_foreign(self, folder: str, base: str, names: set[str]) -> bool:
        """Tell whether a folder is an environment, a build copy or a project of its own."""
        if not names.isdisjoint(ENVIRONMENT_MARKS):
            return True
        if base.endswith("build/") and base.rpartition("/")[0].rpartition("/")[2] == "build" and "lib" in names:
            # what setuptools copies there would double every finding
            return "__init__.py" not in names
        if self.limits.is_project(Path(folder), names):
            self.nested.append(base.rstrip("/"))
            return True
        return False

    def _outer_layers(self) -> tuple[Layer, ...]:
        """Return what git knows besides the files on the way: the repository's exclude file, .gitignore files above."""
        if not self.limits.respect_gitignore:
            return ()
        root = self.root
        above = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
        if above is None:
            return ()
        layers: list[Layer | None] = []
        prefix = ""
        for folder in (root, *root.parents):
            if folder != root:
                layers.append(self._layer(str(folder / ".gitignore"), "", prefix))
            if folder == above:
                layers.append(self._layer(str(folder / ".git" / "info" / "exclude"), "", prefix))
                break
            prefix = f"{folder.name}/{prefix}"
        return tuple(layer for layer in layers if layer is not None)

    def _layer(self, file: str, base: str, prefix: str = "") -> Layer | None:
        try:
            with open(file, encoding="utf-8", errors="surrogateescape") as stream:  # noqa: PTH123
                text = stream.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            self.warnings.append(f"{file}: cannot be read: {error.strerror}")
            return None
        runs = self.translate(text)
        return Layer(runs, base, prefix) if runs else None
