"""A run: from a project's configuration to all findings, through the cache."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mergegate.cache.keys import ENGINE, digest, folder_part, key, settings_part, sources_part
from mergegate.cache.store import Store
from mergegate.config import Config, analysis_settings, find_files
from mergegate.engine.dependencies import Dependencies
from mergegate.engine.extraction import Summaries, summary_key
from mergegate.engine.inputs import ChangedUnderneath, Input, Reader
from mergegate.engine.patterns import remembering
from mergegate.engine.results import Analysis, Outcome, decode, encode
from mergegate.engine.vocabulary import compiled_key, rule_folders
from mergegate.errors import MergegateError
from mergegate.rules.loader import rules_digest


def analyse(
    config: Config,
    *,
    jobs: int | None = None,
    cache: bool = True,
    overlay: Mapping[str, bytes] | None = None,
    trust_stat: bool = True,
    verify: bool = False,
    own_process: bool = False,
) -> Analysis:
    """Analyse a whole project.

    Parameters
    ----------
    config
        The project.
    jobs
        The most worker processes, 0 for as many as there are processors; None: as configured.
    cache
        Whether the cache is read and written.
    overlay
        Contents that an editor holds, by POSIX path relative to the root; they count instead of the files'.
    trust_stat
        Whether a file of equal size and times is taken as unchanged unread. Never in CI (`CI` is set), where a fresh
        checkout makes times meaningless.
    verify
        Whether to analyse without the cache too and compare.
    own_process
        Whether the process exists for this run, so that its garbage collector may rest.

    Raises
    ------
    MergegateError
        If the configuration, a rule or a knowledge table is malformed, or if `verify` finds a difference.
    """
    run = _Run(config, config.jobs if jobs is None else jobs, overlay or {})
    trusted = trust_stat and not os.environ.get("CI")
    with _resting_collector() if own_process else contextlib.nullcontext():
        try:
            analysis = run.analyse(cache=cache, trust_stat=trusted)
        except ChangedUnderneath:
            # with every file read at once nothing can change between two looks
            analysis = run.analyse(cache=cache, trust_stat=False)
        if verify and cache:
            _compare(analysis, run.analyse(cache=False, trust_stat=False))
    return analysis


class _Run:
    def __init__(self, config: Config, jobs: int, overlay: Mapping[str, bytes]) -> None:
        self.config = config
        self.jobs = jobs
        self.overlay = overlay

    def analyse(self, *, cache: bool, trust_stat: bool) -> Analysis:
        """Analyse, with or without cache."""
        started, now = time.perf_counter(), time.time_ns()
        store = Store(self.config.root / self.config.cache_dir) if cache else None
        try:
            reader = Reader(self.config.root, self.overlay, store if trust_stat else None, now)
            found = find_files(self.config, also=self.overlay, translate=remembering(store))
            inputs = reader.read(found.files)
            dependencies = Dependencies(self.config, store, trust_stat=trust_stat)
            cached, outcome = self._outcome(inputs, reader, store, dependencies)
        finally:
            if store is not None:
                store.close()
        return Analysis(
            root=self.config.root,
            findings=outcome.findings,
            pragmas=outcome.pragmas,
            sources=_Sources(self.config.root, self.overlay),
            paths=tuple([each.path for each in inputs]),
            nested=found.nested,
            files=len(inputs),
            lines=sum(each.lines for each in inputs),
            cached=cached,
            seconds=time.perf_counter() - started,
            warnings=(*found.warnings, *(store.warnings if store is not None else ())),
        )

    def _outcome(
        self, inputs: Sequence[Input], reader: Reader, store: Store | None, dependencies: Dependencies
    ) -> tuple[int, Outcome]:
        """Return how many files' facts came out of the cache, and what the run found."""
        if store is None:
            return self._compute(inputs, reader, None, dependencies)
        base = self._key(inputs)
        packages = dependencies.known_part(base)
        run_key = key("run", base, packages or b"")
        stored = store.get(run_key) if packages is not None else None
        if stored is not None:
            with contextlib.suppress(ValueError):
                outcome = decode(stored)
                if store.is_stale(run_key):
                    # the next edit needs the summaries, though this run did not read them
                    store.touch(map(summary_key, inputs))
                return len(inputs), outcome
        cached, outcome = self._compute(inputs, reader, store, dependencies)
        if not self.overlay:
            # an editor asks after every key press: those runs are not worth their room
            store.put("run", key("run", base, dependencies.found_part(base)), encode(outcome))
        return cached, outcome

    def _compute(
        self, inputs: Sequence[Input], reader: Reader, store: Store | None, dependencies: Dependencies
    ) -> tuple[int, Outcome]:
        from mergegate.engine.evaluation import evaluate  # noqa: PLC0415  (a run without changes needs none of it)

        summaries = Summaries(store, self.jobs, reader.contents)
        encoded = summaries.of(inputs)
        reader.release()
        try:
            return summaries.cached, evaluate(self.config, inputs, encoded, store, dependencies)
        except MergegateError:
            raise
        except Exception:
            if store is None or not (summaries.cached or dependencies.cached):
                raise
            # an entry may be whole and yet be none of ours: whoever writes the cache is not trusted
            store.distrust([*map(summary_key, inputs), compiled_key(self.config), *dependencies.cached])
            fresh = Summaries(None, self.jobs, reader.contents)
            encoded = fresh.of(inputs)
            return 0, evaluate(self.config, inputs, encoded, None, Dependencies(self.config, None))

    def _key(self, inputs: Sequence[Input]) -> bytes:
        """Return the key of the whole run but for installed packages: everything else that its findings depend on."""
        files = b"".join(each.path.encode("utf-8", "surrogateescape") + b"\0" + each.digest for each in inputs)
        return key(
            "base",
            sources_part(ENGINE),
            rules_digest(rule_folders(self.config)).encode(),
            settings_part(analysis_settings(self.config)),
            *_foreign_checks(),
            digest(files),
        )


class _Sources:
    """Contents of files by relative path, for whoever shows findings."""

    def __init__(self, root: Path, overlay: Mapping[str, bytes]) -> None:
        self._root = root
        self._overlay = overlay

    def __call__(self, path: str) -> bytes:
        held = self._overlay.get(path)
        return (self._root / path).read_bytes() if held is None else held


def _foreign_checks() -> list[bytes]:
    """Return digests of the packages whose checks a plugin has added; without plugins no check is loaded yet."""
    checks: Mapping[str, Any] = getattr(sys.modules.get("mergegate.checks"), "CHECKS", {})
    parts: list[bytes] = []
    for name, check in sorted(checks.items()):
        package = check.__module__.partition(".")[0]
        if package == "mergegate":
            continue
        file = getattr(sys.modules.get(package), "__file__", None)
        parts.append(f"{name}={check.__module__}.{check.__qualname__}".encode())
        if file is not None:
            path = Path(file)
            parts.append(folder_part(path.parent, ".py") if path.stem == "__init__" else digest(path.read_bytes()))
    return parts


@contextlib.contextmanager
def _resting_collector() -> Generator[None]:
    import gc  # noqa: PLC0415

    # a program is one big structure that lives to the end; walking it again and again costs more than making it
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def _compare(cached: Analysis, cold: Analysis) -> None:
    if cached.findings == cold.findings and cached.pragmas == cold.pragmas and cached.paths == cold.paths:
        return
    differing = set(cached.findings) ^ set(cold.findings)
    first = min((f"{each.path}:{each.line} {each.rule}" for each in differing), default="files or suppression comments")
    reason = f"The cache gives other findings than a run without it ({len(differing)} differ, first {first})"
    raise MergegateError(reason, "run 'mergegate cache clean', and report it: this must not happen")
