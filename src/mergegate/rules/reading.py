"""Reading TOML tables with a checked shape: each mistake is one sentence that names file, key and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, cast

from mergegate.errors import RuleError

T = TypeVar("T")


def read_toml(path: Path, shown: str) -> Table:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.
    shown
        How messages call it.

    Raises
    ------
    RuleError
        If the file cannot be read, is not UTF-8 or is not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise RuleError(f"{shown}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RuleError(f"{shown}: is not UTF-8 (byte {error.start})") from error
    try:
        return Table(shown, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{shown}: is not valid TOML: {error}") from error


class Table:
    """One table of a file.

    Parameters
    ----------
    file
        How messages call the file.
    place
        The key that leads to the table, empty at the top.
    data
        The table itself.
    """

    def __init__(self, file: str, place: str, data: Mapping[str, object]) -> None:
        self.file = file
        self.place = place
        self._data = data

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def fail(self, key: str, problem: str, allowed: str = "") -> RuleError:
        """Return the error for a key of this table."""
        place = f"{self.place}.{key}" if self.place and key else self.place or key
        return RuleError(f"{self.file}: {place}: {problem}", allowed and f"allowed: {allowed}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string that is not blank; required unless there is a default."""
        value = self._get(key, str, "a string", default)
        if not value.strip() and value != default:
            raise self.fail(key, "is empty", "a non-empty string")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """Return one of the allowed strings."""
        value = self.text(key, default)
        if value not in allowed and value != default:
            raise self.fail(key, _unknown(value, allowed), ", ".join(allowed))
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        return self._get(key, bool, "true or false", default)

    def position(self, key: str) -> int | None:
        """Return a number that counts from 0, or None if it is not given."""
        if key not in self._data:
            return None
        value = self._get(key, int, "a whole number", None)
        if value < 0:
            raise self.fail(key, f"is {value}", "0 or more")
        return value

    def constant(self, key: str) -> bool | int | float:
        """Return true, false or a number."""
        return self._get(key, (bool, int, float), "true, false or a number", None)

    def texts(self, key: str, *, required: bool = False, single: bool = False) -> tuple[str, ...]:
        """Return an array of strings.

        Parameters
        ----------
        required
            Whether there must be one at least.
        single
            Whether a lone string may stand for an array of one.
        """
        if key not in self._data and not required:
            return ()
        value = self._get(key, object, "", None)
        if single and isinstance(value, str):
            value = [value]
        items = cast("list[object]", value)
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise self.fail(key, "is not an array of non-empty strings", '["...", "..."]')
        if required and not value:
            raise self.fail(key, "is empty", "at least one string")
        return tuple(cast("list[str]", value))

    def mapping(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        if key not in self._data:
            return {}
        value = cast("dict[str, object]", self._get(key, dict, "a table", None))
        for name, item in value.items():
            if not isinstance(item, str) or not item.strip():
                raise self.fail(f"{key}.{name}", "is not a non-empty string", "a string")
        return cast("dict[str, str]", value)

    def table(self, key: str) -> Table:
        """Return a table within this one."""
        value = cast("dict[str, object]", self._get(key, dict, "a table", None))
        return Table(self.file, f"{self.place}.{key}" if self.place else key, value)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables, empty if it is not given."""
        if key not in self._data:
            return []
        value = cast("list[object]", self._get(key, list, "an array of tables", None))
        found: list[Table] = []
        for number, item in enumerate(value, 1):
            place = f"{self.place}.{key}" if self.place else key
            if not isinstance(item, dict):
                raise self.fail(f"{key}[{number}]", "is not a table", "{ key = value, ... }")
            found.append(Table(self.file, f"{place}[{number}]", cast("dict[str, object]", item)))
        return found

    def expecting(self, *keys: str) -> Table:
        """Refuse all keys but these.

        Raises
        ------
        RuleError
            If the table has another key.
        """
        for key in self._data:
            if key not in keys:
                raise self.fail(key, f"is not known here{_meant(key, keys)}", ", ".join(keys))
        return self

    def _get(self, key: str, kind: type[T] | tuple[type[T], ...], wanted: str, default: T | None) -> T:
        if key not in self._data:
            if default is None:
                raise self.fail(key, "is missing", wanted)
            return default
        value = self._data[key]
        # bool is an int to Python, but not to who writes a file
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise self.fail(key, f"is {_shown(value)}", wanted)
        return value


def each(tables: Iterable[Table], read: Callable[[Table], T]) -> tuple[T, ...]:
    """Read every table of an array."""
    return tuple([read(table) for table in tables])


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    return f"{value!r}" if not isinstance(value, bool) else str(value).lower()


def _unknown(value: str, allowed: Collection[str]) -> str:
    return f"{value!r} is not known{_meant(value, allowed)}"


def _meant(value: str, allowed: Collection[str]) -> str:
    close = get_close_matches(value, list(allowed), n=1)
    return f", did you mean {close[0]!r}?" if close else ""
