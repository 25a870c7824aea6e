"""The stage of leaks into logs: each Python file by itself, through the cache."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage
from mergegate.finding import Confidence, Finding, Severity

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule
    from mergegate.trees import Parsed

CHECK = "pii"
# there, people print what they made up
_FOR_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|fixtures|examples?|samples?|docs?|tutorials?|benchmarks?|mocks?|e2e|cookbook|demos?|scripts)/"
    r"|(?:^|/)(?:conftest|test_[^/]*|[^/]*_tests?)\.py$"
)


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

    def read(self, data: bytes) -> list[list[Any]]:
        """Read an entry."""
        return _rows(data)

    def findings(self, inputs: Sequence[Input], rules: Mapping[str, Rule]) -> list[Finding]:
        """Return the findings in the files."""
        return [
            _finding(input_.path, rules[str(row[0])], row)
            for input_, rows in zip(inputs, self.results(), strict=True)
            for row in rows
            if row[0] in rules
        ]


def maker() -> Callable[[Parsed, str], bytes]:
    """Return what finds the leaks in a file."""
    from mergegate.leaks.scan import scan  # noqa: PLC0415  (a run without changes needs none)

    return lambda parsed, _: json.dumps(scan(parsed), separators=(",", ":")).encode("ascii")


_KINDS = (str, *[int] * 4, *[str] * 4)
_SEVERITIES = {each.value: each for each in Severity}
_CONFIDENCES = {each.value: each for each in Confidence}


def _rows(data: bytes) -> list[list[Any]]:
    """Read what `maker` wrote.

    Raises
    ------
    ValueError
        If the bytes are something else.
    """
    rows = json.loads(data)
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):  # pyright: ignore[reportUnknownVariableType]
        raise ValueError("no leaks")
    return rows  # pyright: ignore[reportUnknownVariableType]


def _is_row(row: Any) -> bool:
    if not isinstance(row, list) or tuple(map(type, row)) != _KINDS:  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return False
    return row[5] in _SEVERITIES and row[6] in _CONFIDENCES  # pyright: ignore[reportUnknownVariableType]


def _finding(path: str, rule: Rule, row: Sequence[Any]) -> Finding:
    _, line, column, end_line, end_column, severity, confidence, message, help_ = row
    given, sure = _SEVERITIES[severity], _CONFIDENCES[confidence]
    if _FOR_TESTS.search(path):
        given, sure = (Severity.WARNING if given is Severity.ERROR else Severity.INFO), sure.lowered(1)
    return Finding(
        rule.id, rule.family, given, sure, path, line, column, end_line, end_column, message, help_
    )  # fmt: skip
