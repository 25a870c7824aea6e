"""Configuration files: where they are, what table they hold, and on which line a key stands."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from mergegate.config_shapes import KeyPath
from mergegate.errors import ConfigError

OWN_FILE = "mergegate.toml"
PYPROJECT = "pyproject.toml"
FILE_NAMES = (OWN_FILE, PYPROJECT)


class ConfigFile(NamedTuple):
    """A file with a table of settings; `prefix` are the keys that lead to the table."""

    path: Path
    text: str
    prefix: KeyPath
    table: Mapping[str, Any]

    def line(self, keys: KeyPath) -> int:
        """Return the 1-based line on which the value of a key of the table stands."""
        return line_of(self.text, (*self.prefix, *keys))


def read_file(path: Path, *, required: bool = False) -> ConfigFile | None:
    """Read the settings of a file.

    Parameters
    ----------
    path
        A TOML file; in one that is named `pyproject.toml` the table `[tool.mergegate]` counts, in others the whole.
    required
        Whether the file must exist and hold settings.

    Returns
    -------
    ConfigFile or None
        None if the file does not exist or has no settings of ours.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not TOML.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        if required:
            raise ConfigError(f"{path}: there is no such configuration file") from None
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    nested = path.name == PYPROJECT
    # a broken file that does not speak of us is not ours to complain about, and most need no parsing
    if nested and b"mergegate" not in data and not required:
        return None
    text, table = _parse(path, data)
    prefix: KeyPath = ()
    if nested:
        prefix = ("tool", "mergegate")
        tool = table.get("tool")
        mine: object = cast("dict[str, Any]", tool).get("mergegate") if isinstance(tool, dict) else None
        if mine is None:
            if required:
                raise ConfigError(f"{path}: has no table [tool.mergegate]")
            return None
        if not isinstance(mine, dict):
            raise ConfigError(f"{path}:{line_of(text, prefix)}: tool.mergegate must be a table")
        table = cast("dict[str, Any]", mine)
    return ConfigFile(path, text, prefix, table)


def find_file(start: Path) -> ConfigFile | None:
    """Return the nearest configuration at or above a folder; `mergegate.toml` wins over `pyproject.toml` beside it."""
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            found = read_file(folder / name)
            if found is not None:
                return found
    return None


def _parse(path: Path, data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None


def line_of(text: str, keys: KeyPath) -> int:
    """Return the 1-based line of a key path in TOML text, found by parsing ever longer beginnings of the text.

    A statement starts on the line after the longest parseable beginning that lacks the key and ends on the line where
    a beginning has it, so no second TOML grammar is needed. An item of a list that spans lines is found by closing
    the list early. A key that is absent stands where its table stands.
    """
    lines = text.split("\n")
    named = [n for n, line in enumerate(lines) if any(isinstance(key, str) and key in line for key in keys)]
    for candidates in (named, range(len(lines))):
        for start in candidates:
            end = _end_of_statement(lines, start, keys)
            if end:
                return _line_in_statement(lines, start, end, keys) + 1
    return line_of(text, keys[:-1]) if len(keys) > 1 else 1


def _end_of_statement(lines: list[str], start: int, keys: KeyPath) -> int:
    """Return the end (exclusive) of the statement from line `start` on if that is what brings the key, else 0."""
    if _has(lines[:start], keys) is not False:
        return 0
    for end in range(start + 1, len(lines) + 1):
        has = _has(lines[:end], keys)
        if has is not None:
            return end if has else 0
    return 0


def _line_in_statement(lines: list[str], start: int, end: int, keys: KeyPath) -> int:
    if end - start == 1 or not any(isinstance(key, int) for key in keys):
        return start
    closed_early = (stop for stop in range(start + 1, end) if _has([*lines[:stop], "]"], keys))
    return next(closed_early, end) - 1


def _has(lines: list[str], keys: KeyPath) -> bool | None:
    """Tell whether TOML text has a key path; None if it is no TOML."""
    try:
        value: Any = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None
    for key in keys:
        if isinstance(key, int):
            if not isinstance(value, list) or key >= len(cast("list[Any]", value)):
                return False
        elif not isinstance(value, dict) or key not in value:
            return False
        value = cast("Any", value)[key]
    return True
