"""The line hashes by which GitHub's code scanning recognises an alert in the next upload.

Its upload action adds them to a SARIF log that lacks them, but not every way to upload passes through that action, so
the log brings them along; they have to be the same to the last bit. A line is hashed together with what follows it:
the first 100 UTF-16 code units from its start, taken as digits of a number to the base 37, modulo 2**64. Blanks and
tabs are left out, every line end counts as `\\n`, the end of the file as U+FFFF, and what lies beyond it as zeros.
Lines of one file with the same hash are numbered.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Container

_WINDOW = 100
_BASE = 37
_MODULUS = 1 << 64
_END = "\uffff" + "\0" * _WINDOW
_LEFT_OUT = {ord(" "): None, ord("\t"): None}


def line_hashes(data: bytes, wanted: Container[int]) -> dict[int, str]:
    """Return the hashes of some lines of a file.

    Parameters
    ----------
    data
        The file's bytes.
    wanted
        The lines, 1-based; those that the file does not have are left out.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    units = _code_units(text.translate(_LEFT_OUT) + _END)
    found: dict[int, str] = {}
    # the same window has the same hash, so most lines need only be counted
    occurrences: Counter[str] = Counter()
    start = 0
    for number in range(1, text.count("\n") + 2):
        window = units[start : start + _WINDOW]
        occurrences[window] += 1
        if number in wanted:
            found[number] = f"{_hash(window):x}:{occurrences[window]}"
        start = units.find("\n", start) + 1
    return found


def _hash(window: str) -> int:
    value = 0
    for unit in window:
        value = (value * _BASE + ord(unit)) % _MODULUS
    return value


def _code_units(text: str) -> str:
    """Return a text in which each UTF-16 code unit is a character of its own."""
    if max(text) <= "\uffff":
        return text
    units = array("H", text.encode("utf-16", "surrogatepass")[2:])
    return "".join(map(chr, units))
