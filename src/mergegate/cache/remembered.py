"""Digests of files, remembered for as long as the file system says that none of the files has changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from hashlib import blake2b

from mergegate.cache.store import Store

# a file written again within the clock's grain keeps its time: one that is younger is not trusted (git's rule)
RACY_NANOSECONDS = 2_000_000_000
_SIZE = 16


def times_count() -> bool:
    """Tell whether equal times mean equal files: never in CI (`CI` is set), where every checkout is new."""
    return not os.environ.get("CI")


class Digests:
    """Remembers digests that cost more than a look at the times of the files they are made of.

    Parameters
    ----------
    store
        Where they are remembered; None: each is computed.
    now
        When the run started, in nanoseconds since the epoch.
    """

    def __init__(self, store: Store | None, now: int) -> None:
        self._store = store
        self._now = now

    def of(self, name: str, files: Sequence[str], compute: Callable[[], bytes]) -> bytes:
        """Return a digest.

        Parameters
        ----------
        name
            What it is remembered by.
        files
            All files that it depends on; another list of files is another digest.
        compute
            Computes it; its errors are the caller's.
        """
        signature = self._signature(files)
        if self._store is None or signature is None:
            return compute()
        name = f"digest:{name}"
        known = self._store.state(name)
        if known is not None and len(known) == 2 * _SIZE and known[:_SIZE] == signature:
            return known[_SIZE:]
        # looked at before it is read: what is written in between makes another signature next time
        digest = compute()
        self._store.put_state(name, signature + digest)
        return digest

    def _signature(self, files: Sequence[str]) -> bytes | None:
        """Return what the file system says of files, None if they are too young or gone."""
        state = blake2b(digest_size=_SIZE)
        newest = 0
        with contextlib.suppress(OSError):
            for file in files:
                stat = os.stat(file)  # noqa: PTH116  (asked in every run, for each file)
                newest = max(newest, stat.st_mtime_ns, stat.st_ctime_ns)
                row = (file, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
                state.update(repr(row).encode("utf-8", "backslashreplace"))
            return state.digest() if self._now - newest > RACY_NANOSECONDS else None
        return None
