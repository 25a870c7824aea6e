"""Source text as reports need it: decoded lines, and byte offsets turned into character positions."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping

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
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.read = read
        self._known: dict[str, Source] = {}

    def __getitem__(self, path: str) -> Source:
        known = self._known.get(path)
        if known is None:
            try:
                data = self.read(path)
            except (OSError, KeyError):
                data = b""
            known = self._known[path] = Source(data)
        return known

    @classmethod
    def joined(cls, parts: Mapping[str, Sources]) -> Sources:
        """Return the files of several analyses as one; each part's files are found behind its prefix (`a/b/`)."""
        longest_first = sorted(parts, key=len, reverse=True)

        def read(path: str) -> bytes:
            prefix = next(prefix for prefix in longest_first if path.startswith(prefix))
            return parts[prefix].read(path.removeprefix(prefix))

        return cls(read)

    def line_text(self, path: str, line: int) -> str:
        """Return a line of a file."""
        return self[path].line(line)


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
