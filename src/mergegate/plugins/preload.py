"""Imports what an analysis needs from outside this package, for hosts that change `sys.path` afterwards."""

from __future__ import annotations

from importlib import import_module

# this package's own modules are found by its `__path__`, whatever is put on `sys.path`: they wait until they are needed
_OUTSIDE = (
    "ast", "bisect", "builtins", "codecs", "collections.abc", "contextlib", "dataclasses", "difflib", "enum",
    "functools", "gc", "hashlib", "heapq", "io", "json", "msgspec", "msgspec.structs", "os", "pathlib",
    "pathspec.patterns.gitignore.spec", "posixpath", "re", "sqlite3", "sys", "threading", "time", "tokenize", "tomllib",
    "typing", "warnings", "zlib",
)  # fmt: skip


def import_outside() -> None:
    """Import them."""
    for name in _OUTSIDE:
        import_module(name)
