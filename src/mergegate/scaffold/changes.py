"""Changes of files before they are made: planned, shown as a diff, then written whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mergegate.errors import MergegateError
from mergegate.files.writing import write_whole


class Change(NamedTuple):
    """What a file is to hold; `before` is None if there is no such file."""

    path: Path
    before: str | None
    after: str


class Note(NamedTuple):
    """A file that is left as it is, and why; `snippet` is what its owner may add to it."""

    path: Path
    text: str
    snippet: str = ""


Step = Change | Note


def read_text(path: Path) -> str | None:
    """Return what a file holds, line ends as they are; None if there is no such file.

    Raises
    ------
    MergegateError
        If it cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise MergegateError(f"{path} is not UTF-8", "convert it, then run it again") from None
    except OSError as error:
        raise MergegateError(f"{path} cannot be read: {error.strerror}", "repair that, then run it again") from None


def appended(text: str, addition: str, *, gap: bool = True) -> str:
    """Return a text with lines added at its end, in the style of line ends that it has.

    Parameters
    ----------
    text
        What is there.
    addition
        Whole lines that end in a line feed.
    gap
        Whether an empty line comes between.
    """
    if text and not text.endswith("\n"):
        text += newline(text)
    if gap and text.strip() and not text.replace("\r\n", "\n").endswith("\n\n"):
        text += newline(text)
    return text + addition.replace("\n", newline(text))


def newline(text: str) -> str:
    """Return how lines end in a text."""
    return "\r\n" if "\r\n" in text else "\n"


def diff(change: Change, name: str) -> Iterator[str]:
    """Yield a change as the lines of a unified diff, without line ends.

    Parameters
    ----------
    change
        What is to be written.
    name
        How the file is called in it.
    """
    before, after = ((text or "").splitlines() for text in (change.before, change.after))
    old = "/dev/null" if change.before is None else f"a/{name}"
    yield from difflib.unified_diff(before, after, old, f"b/{name}", lineterm="")


def write(change: Change) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    MergegateError
        If it cannot be written.
    """
    try:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(change.path, (change.after,))
    except OSError as error:
        hint = "make it and its folder writable, then run it again"
        raise MergegateError(f"{change.path} cannot be written: {error.strerror}", hint) from None
