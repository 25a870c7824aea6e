"""Imports everything that an analysis may need, for hosts that change `sys.path` afterwards."""

from __future__ import annotations

import pkgutil
from importlib import import_module

_PARTS = ("cache", "checks", "config", "config_file", "config_shapes", "engine", "files", "gate", "rules", "semantics",
          "syntax")  # fmt: skip
# what these import only when they need it
_LATE = (
    "difflib",
    "gc",
    "pathspec.patterns.gitignore.spec",
)


def import_everything() -> None:
    """Import all modules below the gate and what they import late."""
    for part in _PARTS:
        module = import_module(f"mergegate.{part}")
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
            import_module(found.name)
    for name in _LATE:
        import_module(name)
