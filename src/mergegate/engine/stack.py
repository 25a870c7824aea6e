"""One depth of recursion for all fronts: what is too deep to analyse must not depend on who asks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

DEPTH = 4000
_STACK_BYTES = 64 * 1024 * 1024


def on_fresh_stack(function: Callable[[], _Result]) -> _Result:
    """Call a function in a thread of its own, where it may recurse as deep as anywhere else.

    An editor, pylint or a worker process calls us from stacks of different depth; a file that is only just not
    nested too deeply would give other findings in each.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    limit = sys.getrecursionlimit()
    size = threading.stack_size(_STACK_BYTES)
    try:
        sys.setrecursionlimit(max(limit, DEPTH))
        thread = threading.Thread(target=call, name="mergegate", daemon=True)
        thread.start()
        threading.stack_size(size)
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
