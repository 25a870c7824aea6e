"""The stage of leaks into logs: each Python file by itself, through the cache."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage
from mergegate.finding import Confidence, Finding, Severity

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule

CHECK = "pii"
# there, people print what they made up
_FOR_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|fixtures|examples?|samples?|docs?|tutorials?|benchmarks?|mocks?|e2e|cookbook|demos?|scripts)/"
    r"|(?:^|/)(?:conftest|test_[^/]*|[^/]*_tests?)\.py$"
)


class LogLeaks(FileStage):
    """Finds what log calls are given that should not be in logs."""

    entry = "leaks"
    sources = ("leaks", "privacy", "secrets", "trees.py")

    def of(self, inputs: Sequence[Input], rules: Mapping[str, Rule]) -> list[Finding]:
        """Return the findings in Python files."""
        if not any(rule.check == CHECK for rule in rules.values()):
            return []
        found = self.results(inputs, scan_all, _rows)
        return [
            _finding(input_.path, rules[str(row[0])], row)
            for input_, rows in zip(inputs, found, strict=True)
            for row in rows
            if row[0] in rules
        ]


def scan_all(files: list[bytes]) -> list[bytes]:
    """Return the leaks in files, each given as its kind, a null byte and its contents; runs in workers."""
    # a run without changes needs none of these
    from mergegate.engine.stack import on_fresh_stack  # noqa: PLC0415
    from mergegate.leaks.scan import scan  # noqa: PLC0415

    def scanned(file: bytes) -> bytes:
        return json.dumps(scan(file.partition(b"\0")[2]), separators=(",", ":")).encode("ascii")

    return on_fresh_stack(lambda: [scanned(file) for file in files])


_KINDS = (str, *[int] * 4, *[str] * 4)
_SEVERITIES = {each.value: each for each in Severity}
_CONFIDENCES = {each.value: each for each in Confidence}


def _rows(data: bytes) -> list[list[Any]]:
    """Read what `scan_all` wrote.

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
