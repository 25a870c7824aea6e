"""Comments that suppress findings."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Pragma(NamedTuple):
    kind: Literal["mergegate", "pylint", "malformed"]
    line: int
    first: int
    last: int
    rules: tuple[str, ...]
    reason: str
