"""Source text as reports need it: decoded lines, and byte offsets turned into character positions."""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mergegate.finding import Finding

if TYPE_CHECKING:
    from mergegate.engine import Analysis

_KEY_BEGINS, _KEY_ENDS = "PRIVATE KEY", "-----END"
_LONGEST_KEY = 400
_QUOTED = re.compile(r"""(\"{3}|'{3}|["'])(.*?)\1""")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class Source:
    """The text of one file.

    Parameters
    ----------
    data
        The file's bytes; decoded as Python does (byte order mark, coding cookie), what cannot be decoded is replaced.
    """

    def __init__(self, data: bytes) -> None:
        text = _decode(data)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines: list[str] = text.split("\n")

    def line(self, number: int) -> str:
        """Return a line by its 1-based number, without its end; empty if there is no such line."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def characters(self, line: int, offset: int) -> int:
        """Turn a 0-based offset in UTF-8 bytes into one in characters."""
        text = self.line(line)
        return min(offset, len(text)) if text.isascii() else len(_head(text, offset))

    def utf16(self, line: int, offset: int) -> int:
        """Turn a 0-based offset in UTF-8 bytes into one in UTF-16 code units."""
        text = self.line(line)
        if text.isascii():
            return min(offset, len(text))
        return sum(2 if character > "\uffff" else 1 for character in _head(text, offset))

    def offset(self, line: int, units: int) -> int:
        """Turn a 0-based offset in UTF-16 code units into one in UTF-8 bytes."""
        text = self.line(line)
        if text.isascii():
            return min(units, len(text))
        head = text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")
        return len(head.encode("utf-8", "surrogatepass"))


class Sources:
    """The files of one analysis, read and decoded when first asked for.

    Parameters
    ----------
    read
        Gives a file's bytes by its path; a file that is gone meanwhile counts as empty.
    masked
        Findings of what must not be shown, by path: their text is masked.
    """

    def __init__(self, read: Callable[[str], bytes], masked: Mapping[str, Sequence[Finding]] | None = None) -> None:
        self.read = read
        self.masked = masked or {}
        self._known: dict[str, Source] = {}

    @classmethod
    def of(cls, analysis: Analysis) -> Sources:
        """Return the files of an analysis, without the credentials that it found."""
        masked: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in analysis.findings:
            if finding.key:
                masked[finding.path].append(finding)
        return cls(analysis.sources, masked)

    def __getitem__(self, path: str) -> Source:
        known = self._known.get(path)
        if known is None:
            try:
                data = self.read(path)
            except (OSError, KeyError):
                data = b""
            known = self._known[path] = Source(data)
            for finding in self.masked.get(path, ()):
                mask(known, finding)
        return known

    @classmethod
    def joined(cls, parts: Mapping[str, Sources]) -> Sources:
        """Return the files of several analyses as one; each part's files are found behind its prefix (`a/b/`)."""
        longest_first = sorted(parts, key=len, reverse=True)

        def read(path: str) -> bytes:
            prefix = next(prefix for prefix in longest_first if path.startswith(prefix))
            return parts[prefix].read(path.removeprefix(prefix))

        masked = {f"{prefix}{path}": found for prefix, part in parts.items() for path, found in part.masked.items()}
        return cls(read, masked)

    def line_text(self, path: str, line: int) -> str:
        """Return a line of a file."""
        return self[path].line(line)


def mask(source: Source, finding: Finding) -> None:
    """Replace the text of a finding by asterisks, so that columns and the syntax around it stay.

    A key in a text block goes on below the line that is reported; it is masked to its end.
    """
    last = finding.end_line
    is_key = _KEY_BEGINS in source.line(finding.line)
    if is_key:
        below = range(finding.line, min(len(source.lines), finding.line + _LONGEST_KEY) + 1)
        last = next((number for number in below if _KEY_ENDS in source.line(number)), last)
    for number in range(finding.line, min(last, len(source.lines)) + 1):
        text = source.lines[number - 1]
        start = source.characters(number, finding.column) if number == finding.line else 0
        end = source.characters(number, finding.end_column) if number == finding.end_line else len(text)
        if number == finding.line and last != finding.end_line:
            end = len(text)
        source.lines[number - 1] = text[:start] + _masked(text[start:end], whole=is_key) + text[end:]


def _masked(text: str, *, whole: bool) -> str:
    """Return text with asterisks within its quotes; without quotes, or if asked for, for all but blanks."""
    if whole or not _QUOTED.search(text):
        return re.sub(r"[^\s\"']", "*", text)
    return _QUOTED.sub(lambda found: f"{found[1]}{'*' * len(found[2])}{found[1]}", text)


def _head(text: str, offset: int) -> str:
    return text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")


def _decode(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace")
    for line in data.split(b"\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie:
            try:
                return data.decode(cookie[1].decode("ascii"), "replace")
            except (LookupError, UnicodeError):
                break
    return data.decode("utf-8", "replace")
