"""Where reports go: standard output or files, in colour or plain."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from mergegate.config_shapes import guess
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
    raise MergegateError(f"There is no format {name!r}", f"{guess(name, known)}the formats are {', '.join(known)}")


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
    """Write to standard output; when nobody reads it any more (`| head`), the rest is left out.

    Raises
    ------
    MergegateError
        If it cannot be written for another reason.
    """
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise MergegateError(f"Standard output cannot be written: {error.strerror}", "name a file: --output") from None


def silence(stream: TextIO) -> None:
    """Lead a stream nowhere: the interpreter flushes it again at its end and must find an open descriptor."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a file whole or not at all: under another name first, then renamed.

    What is no regular file (a pipe, `/dev/stdout`) is written to as it is, and the file in which GitHub Actions
    collects the summary of a step is appended to: other commands of the step write there too.

    Raises
    ------
    MergegateError
        If the file cannot be written.
    """
    target = path.resolve()
    try:
        if (path.exists() and not path.is_file()) or _is_step_summary(target):
            _write(path, pieces, "a")
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            _write(temporary, pieces, "w")
            temporary.replace(target)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        hint = "name a writable file in a folder that exists"
        raise MergegateError(f"{path} cannot be written: {error.strerror}", hint) from None


def _write(path: Path, pieces: Iterable[str], mode: str) -> None:
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(pieces)


def _is_step_summary(path: Path) -> bool:
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(named) and path == Path(named).resolve()
