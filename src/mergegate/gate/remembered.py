"""Identities of findings, remembered in the cache: to work one out, its file has to be parsed."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mergegate.cache.keys import key, settings_part, sources_part
from mergegate.cache.store import Store
from mergegate.finding import Finding
from mergegate.gate.identity import Identity, identify
from mergegate.gate.source import Sources

if TYPE_CHECKING:
    from mergegate.engine import Analysis

# what makes identities
_MAKERS = ("gate",)


def identities(analysis: Analysis, findings: Sequence[Finding], sources: Sources) -> list[Identity]:
    """Return what `identify` does of findings in an analysis, from its cache as far as it is there.

    Parameters
    ----------
    analysis
        What the engine found; it knows the digests of the files and where the cache is, if one is in use.
    findings
        Any findings in its files.
    sources
        The files.
    """
    if analysis.cache is None:
        return identify(findings, sources)
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for index, finding in enumerate(findings):
        by_path[finding.path].append(index)
    found: dict[int, Identity] = {}
    with contextlib.closing(Store(analysis.cache)) as store:
        remembered = _Remembered(store, analysis)
        for path, indexes in by_path.items():
            made = remembered.of(path, [findings[index] for index in indexes], sources)
            found.update(zip(indexes, made, strict=True))
    return [found[index] for index in range(len(findings))]


class _Remembered:
    """The identities in the files of one analysis."""

    def __init__(self, store: Store, analysis: Analysis) -> None:
        self._store = store
        self._digests = {each.path: each.digest for each in analysis.inputs}

    def of(self, path: str, findings: Sequence[Finding], sources: Sources) -> list[Identity]:
        """Return the identities of findings in one file."""
        file = self._digests.get(path)
        if file is None:
            return identify(findings, sources)
        places = settings_part(
            [path, sources.salt, [[each.rule, each.line, each.column, each.key] for each in findings]]
        )
        entry = key("identities", sources_part(_MAKERS), file, places)
        stored = self._store.get(entry)
        if stored is not None:
            with contextlib.suppress(ValueError, TypeError):
                known = [Identity.from_json(row) for row in json.loads(stored)]
                if _match(known, findings):
                    return known
            self._store.distrust((entry,))
        made = identify(findings, sources)
        self._store.put("identities", entry, json.dumps([each.to_json() for each in made]).encode("ascii"))
        return made


def _match(known: Sequence[Identity], findings: Sequence[Finding]) -> bool:
    return [(each.rule, each.path) for each in known] == [(each.rule, each.path) for each in findings]
