"""Keys of cache entries: digests of everything that an entry depends on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mergegate.cache.remembered import Digests

_SIZE = 16
_PACKAGE = Path(__file__).resolve().parent.parent

_PYTHON = repr((sys.implementation.name, sys.version_info[:3])).encode()
# the running code is that of the first look, whatever happens to the files afterwards
_SOURCES: dict[tuple[str, ...], bytes] = {}

EXTRACTOR = ("syntax",)
ENGINE = (
    "syntax",
    "semantics",
    "nullness",
    "checks",
    "rules",
    "secrets",
    "leaks",
    "privacy",
    "engine",
    "finding.py",
    "trees.py",
)


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


def sources_part(names: Sequence[str], digests: Digests | None = None) -> bytes:
    """Return a digest of this package's own sources and the running Python: no version number to forget.

    Parameters
    ----------
    names
        Folders and files of the package, relative to it.
    digests
        Where it may be remembered.

    Raises
    ------
    FileNotFoundError
        If the package does not lie in plain files, so that nothing tells one version from another.
    """
    parts = tuple(names)
    known = _SOURCES.get(parts)
    if known is None:
        known = _SOURCES[parts] = key("sources", _PYTHON, _sources_digest(parts, digests))
    return known


def _sources_digest(names: Sequence[str], digests: Digests | None) -> bytes:
    modules = [module for name in names for module in _modules(name)]
    if digests is None:
        return _digest_of_files(_PACKAGE, modules)
    files = [os.path.join(_PACKAGE, module) for module in modules]  # noqa: PTH118  (asked in every run)
    return digests.of(f"sources:{','.join(names)}", files, lambda: _digest_of_files(_PACKAGE, modules))


def folder_part(folder: Path, suffix: str) -> bytes:
    """Return a digest of the names and contents of all files with a suffix below a folder."""
    return _digest_of_files(folder, sorted(_below(str(folder), "", suffix)))


def _digest_of_files(folder: Path, names: Iterable[str]) -> bytes:
    state = blake2b(digest_size=_SIZE)
    for name in names:
        data = (folder / name).read_bytes()
        state.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        state.update(data)
    return state.digest()


def _modules(name: str) -> Sequence[str]:
    """Return the files of a part of this package, relative to it."""
    if name.endswith(".py"):
        return [name]
    found = sorted(_below(str(_PACKAGE / name), f"{name}/", ".py"))
    if not found:
        raise FileNotFoundError(f"{_PACKAGE / name} has no Python files")
    return found


def _below(folder: str, base: str, suffix: str) -> Iterator[str]:
    """Yield the files with a suffix below a folder, with a base before their relative paths."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, f"{base}{entry.name}/", suffix)
            elif entry.name.endswith(suffix):
                yield base + entry.name
