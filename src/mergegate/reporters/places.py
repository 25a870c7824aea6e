"""Where findings lie for a code host: paths from the repository's root, and links to the lines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

_URL = re.compile(r"https?://[\w.~:/-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")

Link = Callable[[str, int], str]
"""Gives the address of a line, by path and number; empty if there is none."""


def repository_prefix(root: Path) -> str:
    """Return the path from the repository's root to the project root, ending in a slash; empty if they are one."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            relative = root.relative_to(folder).as_posix()
            return "" if relative == "." else f"{relative}/"
    return ""


def line_links(root: Path, environ: Mapping[str, str] = os.environ) -> Link:
    """Return what links to lines of the analysed commit.

    Parameters
    ----------
    root
        The project's root.
    environ
        Where GitHub Actions and GitLab CI say which commit of which repository they run on; elsewhere no line has a
        link.
    """
    base = _blobs(environ)
    prefix = repository_prefix(root) if base else ""

    def link(path: str, line: int) -> str:
        return f"{base}/{quote(os.fsencode(prefix + path), safe='/')}#L{line}" if base else ""

    return link


def _blobs(environ: Mapping[str, str]) -> str:
    """Return the address below which a code host shows the files of the commit; empty if it is not known."""
    repository = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}"
    hosts = (
        (repository, "blob", environ.get("GITHUB_SHA", "")),
        (environ.get("CI_PROJECT_URL", ""), "-/blob", environ.get("CI_COMMIT_SHA", "")),
    )
    for url, blob, commit in hosts:
        if _URL.fullmatch(url) and _COMMIT.fullmatch(commit):
            return f"{url}/{blob}/{commit}"
    return ""
