"""Python files that no run measured: what coverage reports do not even mention."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

from mergegate.coverage.model import Measurement
from mergegate.gate.source import Source
from mergegate.trees import tree_of


def unmeasured(
    root: Path, files: Iterable[str], measurement: Measurement, include: Sequence[str], exclude: Sequence[str]
) -> list[str]:
    """Return the Python files of a project that should be in a measurement and are not.

    Files without a statement do not count.

    Parameters
    ----------
    root
        The project's folder.
    files
        The project's Python files relative to it.
    measurement
        What was measured, with what coverage.py was told to omit.
    include
        Patterns of files that must be measured; empty: those below folders of measured files.
    exclude
        Patterns of files that need not be.
    """
    measured = measurement.files
    wanted = matcher(include) if include else below(measured)
    spared = matcher(exclude)
    found = [
        path
        for path in files
        if path not in measured and wanted(path) and not spared(path) and not _omitted(root, path, measurement.omit)
    ]
    return [path for path in found if _says_something(root / path)]


@cache
def _spec(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - costs more than all that needs no patterns

    return GitIgnoreSpec.from_lines(patterns).match_file


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a path matches patterns of a .gitignore file."""
    return _spec(tuple(patterns))


def below(measured: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a Python file lies where others were measured.

    Folders of measured files count with all below them; of the project's own folder only the modules in it do.
    """
    folders = {PurePosixPath(path).parent.as_posix() for path in measured if path.endswith(".py")}

    def tell(path: str) -> bool:
        folder = PurePosixPath(path).parent
        if folder.as_posix() in folders:
            return True
        return any(each.as_posix() in folders for each in folder.parents if each.as_posix() != ".")

    return tell


def _omitted(root: Path, path: str, patterns: Sequence[str]) -> bool:
    """Tell whether coverage.py was told to leave a file out; where it is unclear, it was."""
    full = (root / path).as_posix()
    for pattern in patterns:
        whole = pattern if pattern.startswith(("*", "/")) else (root / pattern).as_posix()
        if fnmatch(full, whole) or fnmatch(full, f"{whole.rstrip('/')}/*"):
            return True
    return False


def _says_something(file: Path) -> bool:
    """Tell whether a file has statements; coverage.py counts no docstrings."""
    try:
        tree = tree_of("\n".join(Source(file.read_bytes()).lines))
    except OSError:
        return False
    return tree is not None and any(not _is_text(each) for each in tree.body)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
