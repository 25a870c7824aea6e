"""Source text as reports need it: decoded lines, and byte offsets turned into character positions."""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mergegate.gate.marks import Where, mark, value_at

if TYPE_CHECKING:
    from mergegate.engine import Analysis

_SHOWN = re.compile(r"""((?<!\S)[rRbBuUfF]{1,2}(?=["'])|\\$)|\\["'\\]|[^\s"']""")
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
        self.marks: dict[Where, str] = {}

    def hide(self, places: Sequence[Where], salt: str) -> None:
        """Replace the texts at some places by asterisks, so that columns and the syntax around them stay.

        Parameters
        ----------
        places
            The places.
        salt
            The salt for the marks, which say afterwards what was there.
        """
        self.marks = {where: mark(value_at(self.lines, where), salt) for where in places}
        for where in places:
            for number in range(where.line, min(where.end_line, len(self.lines)) + 1):
                text = self.lines[number - 1]
                start = self.characters(number, where.column) if number == where.line else 0
                end = self.characters(number, where.end_column) if number == where.end_line else len(text)
                self.lines[number - 1] = text[:start] + _masked(text[start:end]) + text[end:]

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
        Places of what must not be shown, by path, as the keys of findings have them: the text there is masked.
    salt
        The salt for the marks of what is masked.
    """

    def __init__(
        self, read: Callable[[str], bytes], masked: Mapping[str, Sequence[str]] | None = None, salt: str = ""
    ) -> None:
        self.read = read
        self.masked = masked or {}
        self.salt = salt
        self._known: dict[str, Source] = {}

    @classmethod
    def of(cls, analysis: Analysis, salt: str = "") -> Sources:
        """Return the files of an analysis, without the credentials that it found.

        Parameters
        ----------
        analysis
            The analysis.
        salt
            That of the project's baseline.
        """
        masked: defaultdict[str, list[str]] = defaultdict(list)
        for finding in analysis.findings:
            if finding.key:
                masked[finding.path].append(finding.key)
        return cls(analysis.sources, masked, salt)

    def __getitem__(self, path: str) -> Source:
        known = self._known.get(path)
        if known is None:
            try:
                data = self.read(path)
            except (OSError, KeyError):
                data = b""
            known = self._known[path] = Source(data)
            known.hide([Where.of(key) for key in self.masked.get(path, ())], self.salt)
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


def _masked(text: str) -> str:
    """Return text with asterisks for all but blanks and what a literal needs to stay one: quotes and what is before."""
    return _SHOWN.sub(lambda found: found[1] or "*" * len(found[0]), text)


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
