"""The store: opaque values by key in one sqlite file. Whatever happens to the file, a run goes on without it."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

FILE_NAME = "cache-v1.db"
LOCK = "lock-"
UNUSED_DAYS = 7
MAX_BYTES = 500_000_000
BUSY_SECONDS = 5.0
# bytes: a run over a million lines has no room to hold all that it writes
_MUCH = 16_000_000

_SIDE_FILES = ("", "-wal", "-shm", "-journal", ".corrupt")
_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder holds the cache of mergegate; see https://bford.info/cachedir/
"""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries
    (key BLOB PRIMARY KEY, kind TEXT NOT NULL, day INTEGER NOT NULL, crc INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS states (name TEXT PRIMARY KEY, crc INTEGER NOT NULL, value BLOB NOT NULL);
"""
# waiting for the disk takes longer than much of a run; what a crash of the whole system leaves broken is found by the
# checks of the file and of each entry, and computed anew
_UNSYNCED = "PRAGMA synchronous = OFF"
# SQLITE_ERROR: our tables are not there; SQLITE_CORRUPT, SQLITE_NOTADB; a short read in the middle of the file
_BROKEN = {1, 11, 26, 522}


class Info(NamedTuple):
    """What a cache holds: entries by kind, and bytes on disk."""

    folder: Path
    bytes: int
    entries: dict[str, int]


class Store:
    """An open cache. Errors never leave it: a value that cannot be read is a miss, and one warning says why.

    Parameters
    ----------
    folder
        The folder of the cache; it is created when needed.

    Attributes
    ----------
    warnings
        What the user should know, at most one line.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self.warnings: list[str] = []
        self.today = int(time.time() // 86400)
        self._pending: dict[bytes, tuple[str, bytes]] = {}
        self._waiting = 0
        self._states: dict[str, bytes] = {}
        self._damaged: list[bytes] = []
        self._used: set[bytes] = set()
        self._writable = True
        self._db: sqlite3.Connection | None = None
        with self._guard():
            self._open()

    # -- reading -------------------------------------------------------------------------------------------------

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, None if there is none that is whole."""
        return self.get_many((key,)).get(key)

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that have one."""
        found: dict[bytes, bytes] = {}
        with self._guard():
            if self._db is not None:
                read = self._db.execute
                for key in keys:
                    row = read("SELECT crc, value, day FROM entries WHERE key = ?", (key,)).fetchone()
                    if row is None:
                        continue
                    crc, value, day = row
                    if not isinstance(value, bytes) or crc32(value, crc32(key)) != crc:
                        self._damaged.append(key)
                        continue
                    found[key] = value
                    if day != self.today:
                        self._used.add(key)
        return found

    def state(self, name: str) -> bytes | None:
        """Return the latest value of a name, None if there is none that is whole."""
        with self._guard():
            if self._db is not None:
                row = self._db.execute("SELECT crc, value FROM states WHERE name = ?", (name,)).fetchone()
                if row is not None and isinstance(row[1], bytes) and crc32(row[1]) == row[0]:
                    return row[1]
        return None

    def is_stale(self, key: bytes) -> bool:
        """Tell whether a key that was just read was last used before today."""
        return key in self._used

    # -- writing -------------------------------------------------------------------------------------------------

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Remember a value for the next `flush`, at once where much waits; equal keys stand for equal values."""
        self._pending[key] = (kind, value)
        self._waiting += len(value)
        if self._waiting > _MUCH:
            self.flush()

    def put_state(self, name: str, value: bytes) -> None:
        """Remember the latest value of a name for the next `flush`."""
        self._states[name] = value

    def touch(self, keys: Iterable[bytes]) -> None:
        """Remember that entries are in use although they are not read."""
        self._used.update(keys)

    def distrust(self, keys: Iterable[bytes]) -> None:
        """Drop entries at the next `flush` that are whole but not what they should be."""
        self._damaged.extend(keys)

    def flush(self) -> None:
        """Write what is remembered, in one transaction."""
        if self._damaged and not self.warnings:
            self.warnings.append(f"{self.path}: damaged entries of the cache were computed anew")
        if not (self._pending or self._states or self._used or self._damaged):
            return
        with self._guard():
            if self._db is not None and self._writable:
                self._write(self._db)
        self._pending, self._states, self._damaged, self._used = {}, {}, [], set()
        self._waiting = 0

    def _write(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("DELETE FROM entries WHERE key = ?", [(key,) for key in self._damaged])
            db.executemany(
                "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?)",
                (
                    (key, kind, self.today, crc32(value, crc32(key)), value)
                    for key, (kind, value) in self._pending.items()
                ),
            )
            db.executemany(
                "UPDATE entries SET day = ? WHERE key = ? AND day <> ?",
                [(self.today, key, self.today) for key in self._used],
            )
            db.executemany(
                "INSERT OR REPLACE INTO states VALUES (?, ?, ?)",
                [(name, crc32(value), value) for name, value in self._states.items()],
            )
            self._evict(db)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def _evict(self, db: sqlite3.Connection) -> None:
        """Once a day, drop what nobody used for a week, then the least recently used above the limit."""
        swept = db.execute("SELECT crc FROM states WHERE name = 'swept'").fetchone()
        if swept is not None and swept[0] == self.today:
            return
        db.execute("INSERT OR REPLACE INTO states VALUES ('swept', ?, x'')", (self.today,))
        db.execute("DELETE FROM entries WHERE day < ?", (self.today - UNUSED_DAYS,))
        (total,) = db.execute("SELECT total(length(value)) FROM entries").fetchone()
        while total > MAX_BYTES:
            day, size = db.execute(
                "SELECT day, total(length(value)) FROM entries GROUP BY day ORDER BY day LIMIT 1"
            ).fetchone()
            db.execute("DELETE FROM entries WHERE day = ?", (day,))
            total -= size
        db.execute("PRAGMA incremental_vacuum")

    def close(self) -> None:
        """Write what is remembered and let go of the file."""
        self.flush()
        self._disconnect()

    # -- the file ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        make_folder(self.folder)
        # connecting as autocommit leaves transactions to us
        self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        db = self._db
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('entries', 'states')").fetchone()[0] == 2:
            db.execute(_UNSYNCED)
            return
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # another process may hold the file, or it lies on a network share: then the default journal does
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = WAL")
        db.execute(_UNSYNCED)
        db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute("COMMIT")

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    @contextlib.contextmanager
    def _guard(self) -> Generator[None]:
        """Turn a failure of the file into a warning: a broken file is set aside, others leave the run uncached."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 1) in _BROKEN:
                self._set_aside(error)
            else:
                self._warn(f"{self.path}: the cache cannot be used: {error}")
        except (OSError, sqlite3.Error, UnicodeError) as error:
            self._disconnect()
            self._warn(f"{self.folder}: the cache cannot be used: {error}")

    def _set_aside(self, error: Exception) -> None:
        """Rename a broken file and start a new one."""
        aside = self.path.with_name(f"{FILE_NAME}.corrupt")
        if self.warnings:
            return
        self._warn(f"{self.path}: the cache is damaged ({error}); a new one is started")
        try:
            self.path.replace(aside)
            for suffix in ("-wal", "-shm", "-journal"):
                self.path.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.Error):
            self._disconnect()

    def _warn(self, text: str) -> None:
        if not self.warnings:
            self.warnings.append(text)


def make_folder(folder: Path) -> None:
    """Create the folder of a cache with marks that keep it out of git and of backups; leave an existing one alone."""
    if folder.is_dir():
        return
    # another run may make it at the same time
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    (folder / "CACHEDIR.TAG").write_text(_TAG, encoding="utf-8")


def info(folder: Path) -> Info:
    """Return what the cache in a folder holds; an unreadable one holds nothing."""
    entries: dict[str, int] = {}
    path = folder / FILE_NAME
    if path.is_file():
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
            entries = dict(db.execute("SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY kind"))
    return Info(folder, sum(file.stat().st_size for file in _files(folder)), entries)


def clean(folder: Path) -> int:
    """Delete the cache in a folder, and the folder if nothing else is in it; return the bytes that are free now.

    Raises
    ------
    OSError
        If a file cannot be deleted.
    """
    freed = 0
    for file in _files(folder):
        freed += file.stat().st_size
        file.unlink()
    if folder.is_dir() and {entry.name for entry in folder.iterdir()} <= {".gitignore", "CACHEDIR.TAG"}:
        for entry in folder.iterdir():
            entry.unlink()
        folder.rmdir()
    return freed


def _files(folder: Path) -> Sequence[Path]:
    own = [path for suffix in _SIDE_FILES if (path := folder / (FILE_NAME + suffix)).is_file()]
    return [*own, *folder.glob(f"{LOCK}*")]
