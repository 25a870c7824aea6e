"""A sign of life on the terminal when an analysis takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

_PATIENCE = 1.0
_MESSAGE = "Analysing the whole program ..."


@contextmanager
def notice_when_slow(message: str = _MESSAGE) -> Generator[None]:
    """Show a line on standard error while the body runs, if that is a terminal and it takes more than a second."""
    if not sys.stderr.isatty():
        yield
        return
    shown = threading.Event()

    def show() -> None:
        shown.set()
        sys.stderr.write(message)
        sys.stderr.flush()

    timer = threading.Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown.is_set():
            sys.stderr.write(f"\r{' ' * len(message)}\r")
            sys.stderr.flush()
