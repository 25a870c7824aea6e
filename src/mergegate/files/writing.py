"""Files are written whole or not at all: under another name first, then renamed."""

from __future__ import annotations

import os
import stat
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
    _write(path, (piece.encode("utf-8", "backslashreplace") for piece in pieces))


def write_change(path: Path, text: str) -> bool:
    """Write a text file as `write_whole` does, unless it holds the text already, line ends of Windows or not.

    Returns
    -------
    bool
        Whether there was something to write.

    Raises
    ------
    OSError
        If it cannot be read or written.
    """
    if path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == text.encode("utf-8", "backslashreplace"):
        return False
    write_whole(path, (text,))
    return True


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as `write_whole` does, but bytes; who may read or run it stays as it was.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    _write(path, (data,), mode=path.stat().st_mode if path.exists() else None)


def _write(path: Path, pieces: Iterable[bytes], *, mode: int | None = None) -> None:
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            # a rename may reach the disk before the contents do
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
