"""Files are written whole or not at all: under another name first, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write a text file; until it is complete, what was there before stays, whatever happens.

    Parameters
    ----------
    path
        The file; a symbolic link stays one, and what it leads to is written.
    pieces
        The text; lines end as they do in it, and what UTF-8 cannot hold is written escaped.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(pieces)
            file.flush()
            # a rename may reach the disk before the contents do
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
