"""The tables behind the judgement, read from the rules' folder of knowledge once a process."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mergegate.errors import RuleError
from mergegate.secrets.formats import Formats, parse_format
from mergegate.secrets.names import NameWords
from mergegate.secrets.randomness import LetterPairs
from mergegate.secrets.values import Values, ValueWords

FOLDER = "secrets"


class Tables(NamedTuple):
    """What names, values and formats are judged by.

    Attributes
    ----------
    positions
        The position of the secret argument by the dotted name of a callable.
    """

    names: NameWords
    values: Values
    formats: Formats
    positions: dict[str, int]


@lru_cache(maxsize=2)
def load_tables(folder: Path) -> Tables:
    """Return the tables in a folder.

    Parameters
    ----------
    folder
        The folder of knowledge within the rules.

    Raises
    ------
    RuleError
        If one of them is malformed.
    """
    words = _read(folder / "words.toml")
    try:
        names = NameWords(**{key: frozenset(given) for key, given in words["names"].items()})
        given = words["values"]
        value_words = ValueWords(
            frozenset(given["placeholders"]), frozenset(given["defaults"]), frozenset(given["samples"]),
            tuple(given["public"]),
        )  # fmt: skip
        values = Values(value_words, names, LetterPairs(_read(folder / "letter_pairs.toml")["pairs"]))
        formats = Formats([parse_format(row) for row in _read(folder / "formats.toml")["format"]])
        positions = {name: int(at) for name, at in _read(folder / "arguments.toml")["positions"].items()}
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError(f"a table of secrets in {folder} is malformed: {error}", "install mergegate again") from error
    return Tables(names, values, formats, positions)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{path} cannot be read: {error}", "install mergegate again") from error
