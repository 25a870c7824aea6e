"""The walk through a project's folder: its Python files, and the configured projects nested in it."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mergegate.config_file import FILE_NAMES, read_file
from mergegate.files.ignore import SUFFIX, BadPattern, Layer, Translate, is_ignored, translate

if TYPE_CHECKING:
    from pathlib import Path

    from mergegate.config import Config

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
    """What a walk met: files and nested projects by POSIX path relative to the root, sorted."""

    files: tuple[File, ...]
    nested: tuple[str, ...]
    warnings: tuple[str, ...]


def walk(config: Config, *, also: Collection[str] = (), translate: Translate = translate) -> Walk:
    """Find the Python files of a project.

    Stubs (`.pyi`) are left out: they repeat signatures of modules without the bodies that findings are about.
    Folders that are symbolic links are not followed, as git does not; so there are no loops.

    Parameters
    ----------
    config
        The project.
    also
        Relative paths of files that exist in an editor; they count unless they are ignored.
    translate
        Translates the text of an ignore file, for callers that keep translations.

    Raises
    ------
    ConfigError
        If a pattern of `exclude` means nothing or the configuration of a nested project is broken.
    """
    return _Walker(config, also, translate).run()


class _Walker:
    def __init__(self, config: Config, also: Collection[str], translate: Translate) -> None:
        self.config = config
        self.translate = translate
        self.files: list[File] = []
        self.nested: list[str] = []
        self.warnings: list[str] = []
        self.also: dict[str, list[str]] = {}
        for path in also:
            folder, _, name = path.rpartition("/")
            self.also.setdefault(f"{folder}/" if folder else "", []).append(name)

    def run(self) -> Walk:
        root = str(self.config.root)
        stack: list[tuple[str, str, tuple[Layer, ...]]] = [(root, "", self._outer_layers())]
        exclude = self._exclude()
        while stack:
            folder, base, layers = stack.pop()
            try:
                with os.scandir(folder) as iterator:
                    entries = list(iterator)
            except OSError as error:
                self.warnings.append(f"{base or '.'}: the folder cannot be read: {error.strerror}")
                continue
            names = {entry.name for entry in entries}
            if base and self._is_foreign(folder, base, names):
                continue
            if ".gitignore" in names and self.config.respect_gitignore:
                layer = self._layer(os.path.join(folder, ".gitignore"), base)  # noqa: PTH118
                layers = layers if layer is None else (layer, *layers)
            asked = (*exclude, *layers)
            for entry in entries:
                name = entry.name
                if name.endswith(SUFFIX):
                    self._file(entry, base + name, asked)
                if name not in NEVER and entry.is_dir(follow_symlinks=False):
                    inner = f"{base}{name}/"
                    if not is_ignored(inner, asked):
                        stack.append((entry.path, inner, layers))
            for name in self.also.get(base, ()):
                if name not in names and name.endswith(SUFFIX) and not is_ignored(base + name, asked):
                    self.files.append(File(base + name, 0, 0, 0, 0))
        return Walk(tuple(sorted(self.files)), tuple(sorted(self.nested)), tuple(self.warnings))

    def _file(self, entry: os.DirEntry[str], path: str, asked: Sequence[Layer]) -> None:
        try:
            if not entry.is_file() or is_ignored(path, asked):
                return
            stat = entry.stat()
        except OSError:
            # it vanished, or its link is broken: there is no such file
            return
        self.files.append(File(path, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))

    def _is_foreign(self, folder: str, base: str, names: set[str]) -> bool:
        """Tell whether a folder is an environment, a build copy or a project of its own."""
        if not names.isdisjoint(ENVIRONMENT_MARKS):
            return True
        if base.endswith("build/") and base.rpartition("/")[0].rpartition("/")[2] == "build" and "lib" in names:
            # what setuptools copies there would double every finding
            return "__init__.py" not in names
        for name in FILE_NAMES:
            if name in names and read_file(self._path(folder) / name) is not None:
                self.nested.append(base.rstrip("/"))
                return True
        return False

    def _path(self, folder: str) -> Path:
        return type(self.config.root)(folder)

    def _exclude(self) -> tuple[Layer, ...]:
        patterns = self.config.exclude
        if not patterns:
            return ()
        try:
            return (Layer(self.translate("\n".join(patterns), strict=True)),)
        except BadPattern as error:
            index = min(error.line, len(patterns) - 1)
            message = f'holds "{patterns[index]}", which is no pattern: {error.reason}'
            raise self.config.error(("exclude", index), message) from None

    def _outer_layers(self) -> tuple[Layer, ...]:
        """Return what git knows besides the files on the way: the repository's exclude file, .gitignore files above."""
        if not self.config.respect_gitignore:
            return ()
        root = self.config.root
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
