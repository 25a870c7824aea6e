"""The tables of contracts, read from the rules' folder of knowledge once a process."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

from mergegate.errors import RuleError
from mergegate.rules.folders import CONTRACTS, TABLES, rules_folder


@lru_cache
def read_table(name: str) -> dict[str, Any]:
    """Return a table by file name.

    Raises
    ------
    RuleError
        If it is missing or malformed.
    """
    path = rules_folder() / TABLES / CONTRACTS / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{path} cannot be read: {error}", "install mergegate again") from error
