"""Candidates: literal texts beside a name that says what they are for, wherever in a file they stand."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """A literal and the name that holds it.

    Attributes
    ----------
    name
        The name of the variable, parameter, key or field.
    value
        The text, which must not leave this process.
    line, end_line
        1-based lines.
    column, end_column
        0-based offsets in UTF-8 bytes.
    place
        How the name holds it: `assignment`, `argument`, `default`, `key`, `comparison`, `result`, `setting`.
    around
        Names farther out: the callee, the class, the keys above.
    """

    name: str
    value: str
    line: int
    column: int
    end_line: int
    end_column: int
    place: str
    around: str = ""
