"""What fits a terminal: colours, and source excerpts with carets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from mergegate.finding import Finding
from mergegate.gate.source import Source
from mergegate.reporters.plain import expanded

_CODES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_WIDTH = 160
_CONTEXT = 60


class Paint:
    """Colours text, or leaves it.

    Parameters
    ----------
    color
        Whether to colour.
    """

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, text: str, *styles: str) -> str:
        """Return the text in the given styles (names of colours, `bold`)."""
        return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m" if self.color else text


def excerpt(source: Source, finding: Finding, paint: Paint, color: str) -> Iterator[str]:
    """Yield the source line of a finding and the line of carets below it.

    Tabs are expanded, wide and combining characters counted as terminals show them; of a very long line only the
    surroundings of the finding are given.
    """
    text = source.line(finding.line)
    if not text.strip():
        return
    start = source.characters(finding.line, finding.column)
    last_line = finding.end_line > finding.line
    end = len(text.rstrip()) if last_line else source.characters(finding.line, finding.end_column)
    end = max(end, start + 1)
    head = tail = ""
    if len(text) > _WIDTH:
        cut = max(0, min(start - _CONTEXT, len(text) - _WIDTH))
        head, tail = "..." if cut else "", "..." if cut + _WIDTH < len(text) else ""
        text, start, end = text[cut : cut + _WIDTH], start - cut, min(end - cut, _WIDTH)
    before, marked, after = (expanded(part) for part in (text[:start], text[start:end], text[end:]))
    number = f"{finding.line:>5} | "
    margin = f"{' ' * 6}| {' ' * (len(head) + _columns(before))}"
    yield f"{number}{head}{before}{marked}{after}{tail}".rstrip()
    yield margin + paint("^" * max(1, _columns(marked)), color)


def _columns(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
