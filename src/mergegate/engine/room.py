"""Room: memory that a big run has let go of goes back to the system before the next stage asks for more."""

from __future__ import annotations

import sys


def give_back() -> None:
    """Return the free memory of the C library to the system, which glibc by itself only does at the end of its heap.

    Contents and encoded summaries stand there, Python's own small objects elsewhere: the one is of no use to the other.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  (small programs need none)

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
