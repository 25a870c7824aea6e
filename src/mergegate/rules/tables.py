"""Tables of knowledge that have readers of their own, read from our folder of rules once a process."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

from mergegate.errors import RuleError
from mergegate.rules.folders import TABLES, rules_folder


@lru_cache
def read_table(folder: str, name: str) -> dict[str, Any]:
    """Return a table.

    Parameters
    ----------
    folder
        The folder below `knowledge` that it lies in.
    name
        Its file's name.

    Raises
    ------
    RuleError
        If it is missing or malformed.
    """
    path = rules_folder() / TABLES / folder / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{path} cannot be read: {error}", "install mergegate again") from error
