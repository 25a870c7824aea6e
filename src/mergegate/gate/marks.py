"""Marks: what a credential is recognised by where neither it nor what it could be guessed from may be kept."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

# enough to notice that it was changed, too few to tell a guess from sixty thousand others
_BYTES = 2
SALT_BYTES = 16


class Where(NamedTuple):
    """A place in a file: 1-based lines, 0-based offsets in UTF-8 bytes."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, key: str) -> Where:
        """Read the key of a finding."""
        return cls(*map(int, key.split(":")))


def mark(value: str, salt: str) -> str:
    """Return a short keyed hash of a value.

    Parameters
    ----------
    value
        The text.
    salt
        The salt of the project's baseline in hexadecimal digits; empty if there is none.
    """
    data = value.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=_BYTES, key=bytes.fromhex(salt), person=b"mergegate").hexdigest()


def value_at(lines: Sequence[str], where: Where) -> str:
    """Return the text at a place; of a literal of Python what it stands for, however it is quoted and laid out.

    Parameters
    ----------
    lines
        The file's lines.
    where
        The place; what of it lies outside of the file is left out.
    """
    parts: list[str] = []
    for number in range(where.line, min(where.end_line, len(lines)) + 1):
        data = lines[number - 1].encode("utf-8", "surrogatepass")
        start = where.column if number == where.line else 0
        end = where.end_column if number == where.end_line else len(data)
        parts.append(data[start:end].decode("utf-8", "replace"))
    text = "\n".join(parts)
    return _literal(text) if text.rstrip()[-1:] in ("'", '"') else text


def _literal(text: str) -> str:
    try:
        tree = ast.parse(f"({text})", mode="eval").body
        found = _joined(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    return text if found is None else found


def _joined(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    if isinstance(node, ast.JoinedStr):
        parts = [_joined(part) for part in node.values]
        return "".join(part or "" for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _joined(node.left), _joined(node.right)
        return left + right if left is not None and right is not None else None
    return None
