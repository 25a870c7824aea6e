"""Analysis of a project as a commit has it, by the settings, rules and installed packages of today."""

from __future__ import annotations

import time
from dataclasses import replace

from mergegate.cache.remembered import times_count
from mergegate.cache.store import Store
from mergegate.config import Config
from mergegate.engine.inputs import ChangedUnderneath
from mergegate.engine.past_files import Past, PastReader, past_files
from mergegate.engine.results import Analysis
from mergegate.engine.run import Run, compare, python_of
from mergegate.errors import MergegateError


def analyse_past(
    config: Config,
    past: Past,
    present: Analysis,
    *,
    jobs: int | None = None,
    cache: bool = True,
    trust_stat: bool = True,
    verify: bool = False,
) -> Analysis:
    """Analyse a project as a commit has it; nothing is checked out.

    Parameters
    ----------
    config
        The project as it is configured now.
    past
        The commit.
    present
        What was found in the present files. Those that are the same in the commit are not looked at again.
    jobs, cache, trust_stat, verify
        Those of `analyse`.

    Raises
    ------
    GitError
        If the commit cannot be read.
    MergegateError
        If a present file was changed since it was analysed, or if `verify` finds a difference.
    """
    jobs = config.jobs if jobs is None else jobs

    def once(*, cached: bool) -> Analysis:
        return _analyse(config, past, present, jobs, cached=cached, trust_stat=cached and trust_stat and times_count())

    try:
        analysis = once(cached=cache)
        if verify and cache:
            compare(analysis, once(cached=False))
    except ChangedUnderneath as changed:
        raise MergegateError(f"{changed} was changed during the run", "run mergegate again") from None
    return analysis


def _analyse(config: Config, past: Past, present: Analysis, jobs: int, *, cached: bool, trust_stat: bool) -> Analysis:
    started = time.perf_counter()
    store = Store(config.root / config.cache_dir) if cached else None
    try:
        reader = PastReader(config.root, past.repository, {each.path: each for each in present.inputs}, store)
        run = Run(config, jobs, reader, store, trust_stat=trust_stat, kept=True, leads=False)
        inputs = reader.read(past_files(config, past, present.paths, store))
        from_cache, outcome = run.outcome(inputs)
    finally:
        if store is not None:
            store.close()
    return replace(
        present,
        findings=outcome.findings,
        pragmas=outcome.pragmas,
        sources=reader.source,
        inputs=tuple(inputs),
        paths=tuple([each.path for each in inputs]),
        files=len(python_of(inputs)),
        lines=sum(each.lines for each in python_of(inputs)),
        cached=from_cache,
        seconds=time.perf_counter() - started,
        warnings=tuple(store.warnings) if store is not None else (),
    )
