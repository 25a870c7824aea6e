"""What goes wrong in a benchmark for reasons outside it."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A reason and what to do about it, in one line."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
