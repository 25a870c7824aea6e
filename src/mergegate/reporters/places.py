"""Where a project lies in its repository: code hosts want paths from the repository's root."""

from __future__ import annotations

from pathlib import Path


def repository_prefix(root: Path) -> str:
    """Return the path from the repository's root to the project root, ending in a slash; empty if they are one."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            relative = root.relative_to(folder).as_posix()
            return "" if relative == "." else f"{relative}/"
    return ""
