"""Where reports go: standard output or files, in colour or plain."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

from mergegate.errors import MergegateError
from mergegate.reporters import FORMATS, Reporter, built_in


def find_reporter(name: str, added: Mapping[str, Reporter]) -> Reporter:
    """Return the reporter of a format.

    Parameters
    ----------
    name
        What the user wrote.
    added
        The formats that plugins add.

    Raises
    ------
    MergegateError
        If there is no such format.
    """
    if name in FORMATS:
        return built_in(name)
    if name in added:
        return added[name]
    known = [*FORMATS, *sorted(added)]
    close = get_close_matches(name, known, 1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    raise MergegateError(f"There is no format {name!r}", f"{guess}the formats are {', '.join(known)}")


def wants_color(stream: TextIO) -> bool:
    """Tell whether text for a stream is to be coloured: on a terminal, unless the environment says otherwise.

    `NO_COLOR` turns colours off and `FORCE_COLOR` on, if they are set and not empty.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write_out(pieces: Iterable[str]) -> None:
    """Write to standard output; when nobody reads it any more, the rest is left out."""
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        # the interpreter flushes again at its end, which must find an open descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a file whole or not at all: under another name first, then renamed.

    Raises
    ------
    MergegateError
        If the file cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(pieces)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> MergegateError:
    return MergegateError(f"{path} cannot be written: {error.strerror}", "name a writable file in a folder that exists")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
