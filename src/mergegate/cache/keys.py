"""Keys of cache entries: digests of everything that an entry depends on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

_SIZE = 16
_PACKAGE = Path(__file__).resolve().parent.parent

EXTRACTOR = ("syntax",)
ENGINE = ("syntax", "semantics", "checks", "rules", "engine", "finding.py")


def digest(data: bytes) -> bytes:
    """Return the digest of some bytes."""
    return blake2b(data, digest_size=_SIZE).digest()


def key(kind: str, *parts: bytes) -> bytes:
    """Return the key of an entry of a kind that depends on some parts; parts cannot run into each other."""
    state = blake2b(kind.encode(), digest_size=_SIZE)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


def settings_part(settings: Any) -> bytes:
    """Return JSON data as one part of a key, equal for equal data."""
    return json.dumps(settings, sort_keys=True).encode()


def sources_part(names: Sequence[str]) -> bytes:
    """Return a digest of this package's own sources and the running Python: no version number to forget.

    Parameters
    ----------
    names
        Folders and files of the package, relative to it.

    Raises
    ------
    FileNotFoundError
        If the package does not lie in plain files, so that nothing tells one version from another.
    """
    return _sources_digest(tuple(names))


@cache
def _sources_digest(names: tuple[str, ...]) -> bytes:
    state = blake2b(repr((sys.implementation.name, sys.version_info[:3])).encode(), digest_size=_SIZE)
    for name in names:
        for path in _modules(_PACKAGE / name):
            data = path.read_bytes()
            state.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{len(data)}\0".encode())
            state.update(data)
    return state.digest()


def folder_part(folder: Path, suffix: str) -> bytes:
    """Return a digest of the names and contents of all files with a suffix below a folder."""
    state = blake2b(digest_size=_SIZE)
    for path in sorted(folder.rglob(f"*{suffix}")):
        data = path.read_bytes()
        state.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        state.update(data)
    return state.digest()


def _modules(path: Path) -> Iterable[Path]:
    if path.suffix == ".py":
        return [path]
    found = sorted(path.rglob("*.py"))
    if not found:
        raise FileNotFoundError(f"{path} has no Python files")
    return found
