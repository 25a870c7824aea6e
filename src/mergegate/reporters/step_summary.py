"""The summary of a GitHub Actions step: the Markdown of a comment, with more room."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.markdown import document

_MOST_CAUSES = 2_000
_SUMMARY = 1_000_000
"""GitHub drops a summary over 1 MiB, whole; other commands of the step may write to it too."""


def write(report: Report, style: Style) -> Iterator[str]:
    """Write what `markdown` writes, without the mark for bots and with all findings that fit."""
    del style
    yield from document(report, "", _SUMMARY, _MOST_CAUSES)
    yield "\n"
