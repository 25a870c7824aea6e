"""A lock between processes, kept in the folder of the cache."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from hashlib import blake2b
from pathlib import Path

from mergegate.cache.store import LOCK, make_folder
from mergegate.errors import MergegateError

_PATIENCE = 60.0


@contextlib.contextmanager
def locked(folder: Path, file: Path) -> Generator[None]:
    """Keep other processes from changing a file that they lock too.

    It is a lock of sqlite's: of what the standard library has, these alone work in the same way on all systems, and the
    system itself lets go of them when a process dies. In the cache it is out of git's sight.

    Parameters
    ----------
    folder
        The folder of the cache.
    file
        What is to be changed.

    Raises
    ------
    MergegateError
        If another process does not let go of the lock, or it cannot be made.
    """
    name = blake2b(str(file.resolve()).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    try:
        make_folder(folder)
        connection = sqlite3.connect(folder / f"{LOCK}{name}", _PATIENCE, isolation_level=None)
        with contextlib.suppress(sqlite3.Error):
            # a lock needs no journal, and a file of no bytes no recovery
            connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("BEGIN EXCLUSIVE")
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "wait for other runs to end, or name a folder that can be written as cache-dir in the settings"
        raise MergegateError(f"{file} cannot be locked in {folder}: {reason}", hint) from None
    with contextlib.closing(connection):
        yield
