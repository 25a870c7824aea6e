"""The stage of leaks into logs: each Python file by itself, through the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage
from mergegate.finding import Confidence, Finding, Severity
from mergegate.leaks.places import weighed

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule
    from mergegate.trees import Parsed

CHECK = "pii"


class LogLeaks(FileStage):
    """What log calls in files are given that should not be in logs.

    Parameters
    ----------
    rules_part
        Digest of the rules and of all tables behind them.
    """

    entry = "leaks"

    def __init__(self, store: Store | None, rules_part: bytes) -> None:
        super().__init__(store)
        self._part = key(self.entry, sources_part(("leaks", "privacy", "secrets", "trees.py")), rules_part)

    def keys(self, inputs: Iterable[Input]) -> list[bytes]:
        """Return the keys of what is known of files."""
        return [key(self.entry, self._part, each.digest) for each in inputs]

    def read(self, data: bytes) -> list[list[list[Any]]]:
        """Read an entry: leaks and functions that write."""
        return _rows(data)

    def findings(self, inputs: Sequence[Input], rules: Mapping[str, Rule]) -> list[Finding]:
        """Return the findings in the files."""
        return [
            _finding(input_.path, rules[str(row[0])], row)
            for input_, (rows, _) in zip(inputs, self.results(), strict=True)
            for row in rows
            if row[0] in rules
        ]

    def writers(self, inputs: Sequence[Input]) -> Mapping[str, list[list[Any]]]:
        """Return by path the functions that write what they are given, each as the fields of `leaks.scan.Writer`."""
        return {each.path: writers for each, (_, writers) in zip(inputs, self.results(), strict=True) if writers}


def maker() -> Callable[[Parsed, str], bytes]:
    """Return what finds the leaks in a file."""
    from mergegate.leaks.scan import scan  # noqa: PLC0415  (a run without changes needs none)

    return lambda parsed, _: json.dumps(scan(parsed), separators=(",", ":")).encode("ascii")


_LEAK = (str, *[int] * 4, *[str] * 4)
_WRITER = (int, str, str, int, str)
_SEVERITIES = {each.value: each for each in Severity}
_CONFIDENCES = {each.value: each for each in Confidence}


def _rows(data: bytes) -> list[list[list[Any]]]:
    """Read what `maker` wrote.

    Raises
    ------
    ValueError
        If the bytes are something else.
    """
    found: Any = json.loads(data)
    if not isinstance(found, list) or len(found) != 2 or not all(isinstance(rows, list) for rows in found):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        raise ValueError("no leaks")
    leaks, writers = found  # pyright: ignore[reportUnknownVariableType]
    if not all(_is_row(row, _LEAK) and row[5] in _SEVERITIES and row[6] in _CONFIDENCES for row in leaks):  # pyright: ignore[reportUnknownVariableType]
        raise ValueError("no leaks")
    if not all(_is_row(row, _WRITER) for row in writers):  # pyright: ignore[reportUnknownVariableType]
        raise ValueError("no writers")
    return found  # pyright: ignore[reportUnknownVariableType]


def _is_row(row: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(row, list) and tuple(map(type, row)) == kinds  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _finding(path: str, rule: Rule, row: Sequence[Any]) -> Finding:
    _, line, column, end_line, end_column, severity, confidence, message, help_ = row
    given, sure = weighed(path, _SEVERITIES[severity], _CONFIDENCES[confidence])
    return Finding(
        rule.id, rule.family, given, sure, path, line, column, end_line, end_column, message, help_
    )  # fmt: skip
