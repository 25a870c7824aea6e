"""Ignore patterns as git understands them, translated by pathspec and joined into few regular expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

SUFFIX = ".py"


class Run(NamedTuple):
    """Consecutive patterns of one polarity as regular expressions; an empty one matches nothing.

    Attributes
    ----------
    ignores
        Whether a match is ignored; False for `!pattern`.
    folders
        Matches relative paths of folders, with a final slash.
    files
        Matches relative paths of Python files.
    """

    ignores: bool
    folders: str
    files: str


class Translate(Protocol):
    """Turns the text of an ignore file into regular expressions; see `translate`."""

    def __call__(self, text: str, /, *, strict: bool = False) -> Sequence[Run]:
        """Return the runs of patterns in their order."""
        ...


class BadPattern(ValueError):  # noqa: N818  (a value of a setting, told to the user as a `ConfigError`)
    """A line that is no pattern."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def translate(text: str, /, *, strict: bool = False) -> Sequence[Run]:
    """Return the patterns of an ignore file's text, one a line, as runs in their order.

    Parameters
    ----------
    text
        The lines. Those without a meaning are left out, as git does.
    strict
        Whether each line must be a pattern.

    Raises
    ------
    BadPattern
        If `strict` and a line is no pattern.
    """
    runs: list[tuple[bool, list[str], list[str]]] = []
    for number, line in enumerate(text.split("\n")):
        try:
            found = _translate_line(line)
        except ValueError as error:
            if strict:
                raise BadPattern(number, str(error)) from None
            continue
        if found is None:
            if strict:
                raise BadPattern(number, "it is empty or a comment")
            continue
        ignores, regex = found
        if not runs or runs[-1][0] != ignores:
            runs.append((ignores, [], []))
        runs[-1][1].append(regex)
        if _may_name_python(line):
            runs[-1][2].append(regex)
    return [Run(ignores, "|".join(folders), "|".join(files)) for ignores, folders, files in runs]


def _translate_line(line: str) -> tuple[bool, str] | None:
    # imported here: it costs more than a whole run whose patterns are known
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415

    if line.rstrip().endswith("/**"):
        # what lies below a folder, never the folder itself: walking asks for each folder on the way
        line = f"{line.rstrip()}/*"
    regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(line)
    if regex is None or ignores is None:
        return None
    # named groups would clash in a union; a union is matched from the start, where the translator means "anywhere"
    regex = re.sub(r"\(\?P<\w+>", "(?:", regex)
    return ignores, regex if regex.startswith("^") else f"^.*?{regex}"


def _may_name_python(line: str) -> bool:
    """Tell whether a pattern can match the path of a Python file itself rather than a folder above it."""
    line = line.rstrip()
    if "\\" in line or "[" in line:
        return True
    literal = re.split(r"[*?/]", line)[-1]
    if line.endswith("/"):
        return False
    return literal.endswith(SUFFIX) or (SUFFIX.endswith(literal) and literal != line.lstrip("!"))


class Layer:
    """The patterns of one file, applied to paths relative to the project.

    Parameters
    ----------
    runs
        The translated patterns.
    base
        The folder of the patterns relative to the project, with a final slash or empty.
    prefix
        The project's folder relative to that of the patterns, if they stand above the project.
    """

    def __init__(self, runs: Sequence[Run], base: str = "", prefix: str = "") -> None:
        self._cut = len(base)
        self._prefix = prefix
        self._folders = [(run.ignores, re.compile(run.folders).match) for run in reversed(runs) if run.folders]
        self._files = [(run.ignores, re.compile(run.files).match) for run in reversed(runs) if run.files]

    def verdict(self, path: str) -> bool | None:
        """Tell whether a path is ignored; None if no pattern speaks of it. A folder's path ends in a slash."""
        tests = self._folders if path.endswith("/") else self._files
        if tests:
            path = self._prefix + path[self._cut :]
            for ignores, matches in tests:
                if matches(path):
                    return ignores
        return None


def is_ignored(path: str, layers: Sequence[Layer]) -> bool:
    """Tell whether a path whose parents are not ignored is; the first layer that speaks of it decides."""
    for layer in layers:
        verdict = layer.verdict(path)
        if verdict is not None:
            return verdict
    return False
