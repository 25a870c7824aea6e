"""Translated ignore patterns, remembered in the cache: loading the translator costs more than the walk itself."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.files.ignore import Run, Translate, translate

_TRANSLATOR = ("files",)


def remembering(store: Store | None) -> Translate:
    """Return a translation of ignore files that asks the cache first."""
    if store is None:
        return translate

    def ask(text: str, /, *, strict: bool = False) -> Sequence[Run]:
        entry = key("patterns", sources_part(_TRANSLATOR), bytes([strict]), text.encode("utf-8", "surrogateescape"))
        stored = store.get(entry)
        if stored is not None:
            with contextlib.suppress(ValueError, TypeError, re.error):
                return [_run(*row) for row in json.loads(stored)]
        runs = translate(text, strict=strict)
        store.put("patterns", entry, json.dumps(runs).encode())
        return runs

    return ask


def _run(ignores: bool, folders: str, files: str) -> Run:
    """Return a run of patterns whose expressions compile; `re` keeps them compiled."""
    re.compile(folders)
    re.compile(files)
    return Run(bool(ignores), folders, files)
