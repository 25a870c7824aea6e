"""A run: from a project's configuration to all findings, through the cache."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mergegate.cache.keys import ENGINE, digest, folder_part, key, settings_part, sources_part
from mergegate.cache.remembered import Digests, times_count
from mergegate.cache.store import Store
from mergegate.config import Config, analysis_settings, find_files
from mergegate.config_shapes import plain
from mergegate.engine.catalogue import READERS, catalogue_key, digest_of_rules, load_catalogue
from mergegate.engine.credentials import Credentials
from mergegate.engine.dependencies import Dependencies
from mergegate.engine.extraction import Summaries, Summary, summary_key
from mergegate.engine.inputs import ChangedUnderneath, Input, Reader
from mergegate.engine.log_leaks import CHECK as LEAKS
from mergegate.engine.log_leaks import LogLeaks
from mergegate.engine.patterns import remembering
from mergegate.engine.per_file import FileStage
from mergegate.engine.results import Analysis, Outcome, decode, encode
from mergegate.errors import MergegateError
from mergegate.files.ignore import SUFFIX
from mergegate.rules.selection import selected_rules
from mergegate.secrets.kinds import kind_of

if TYPE_CHECKING:
    from mergegate.engine.links import Links

# what stages know of files, by stage and path
_StageResults = Mapping[str, Mapping[str, Any]]


def analyse(
    config: Config,
    *,
    jobs: int | None = None,
    cache: bool = True,
    overlay: Mapping[str, bytes] | None = None,
    trust_stat: bool = True,
    verify: bool = False,
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
        Whether a file of equal size and times is taken as unchanged unread. Never in CI.
    verify
        Whether to analyse without the cache too and compare.

    Raises
    ------
    MergegateError
        If the configuration, a rule or a knowledge table is malformed, or if `verify` finds a difference.
    """

    def once(*, cached: bool, trusting: bool) -> Analysis:
        return _analyse(config, config.jobs if jobs is None else jobs, overlay or {}, cache=cached, trust_stat=trusting)

    try:
        analysis = once(cached=cache, trusting=trust_stat and times_count())
    except ChangedUnderneath:
        # read again, all of it
        try:
            analysis = once(cached=cache, trusting=False)
        except ChangedUnderneath as changed:
            raise MergegateError(f"{changed} was changed during the run", "run mergegate again") from None
    if verify and cache:
        compare(analysis, once(cached=False, trusting=False))
    return analysis


def _analyse(config: Config, jobs: int, overlay: Mapping[str, bytes], *, cache: bool, trust_stat: bool) -> Analysis:
    started = time.perf_counter()
    store = Store(config.root / config.cache_dir) if cache else None
    try:
        reader = Reader(config.root, overlay, store if trust_stat else None, time.time_ns())
        # an editor asks after every key press: those runs are not worth their room
        run = Run(config, jobs, reader, store, trust_stat=trust_stat, kept=not overlay)
        found = find_files(config, also=overlay, translate=remembering(store), wants=kind_of)
        inputs = reader.read(sorted((*found.files, *found.others)))
        cached, outcome = run.outcome(inputs)
    finally:
        if store is not None:
            store.close()
    return Analysis(
        root=config.root,
        rules=run.rules,
        findings=outcome.findings,
        pragmas=outcome.pragmas,
        sources=_Sources(config.root, overlay),
        paths=tuple([each.path for each in inputs]),
        nested=found.nested,
        files=len(python_of(inputs)),
        lines=sum(each.lines for each in python_of(inputs)),
        cached=cached,
        seconds=time.perf_counter() - started,
        warnings=(*found.warnings, *(store.warnings if store is not None else ())),
        rules_digest=run.rules_part.hex(),
        inputs=tuple(inputs),
        cache=config.root / config.cache_dir if store is not None else None,
    )


def python_of(inputs: Sequence[Input]) -> list[Input]:
    """Return the inputs that are part of the program: the others are configuration."""
    return [each for each in inputs if each.path.endswith(SUFFIX)]


class Contents(Protocol):
    """Where a run gets the contents of its inputs from."""

    def contents(self, input_: Input) -> bytes:
        """Return the contents of an input."""
        ...

    def release(self) -> None:
        """Let go of what is held in memory."""
        ...


class Run:
    """One run: the rules that hold in it, and what it finds.

    Parameters
    ----------
    config, jobs
        Those of `analyse`.
    reader
        Gives contents.
    store
        The cache, None to do without.
    trust_stat
        Whether a file of equal size and times is taken as unchanged unread.
    kept
        Whether what is found is worth its room in the cache.
    leads
        Whether the next run most likely follows from this one.
    """

    def __init__(
        self,
        config: Config,
        jobs: int,
        reader: Contents,
        store: Store | None,
        *,
        trust_stat: bool,
        kept: bool,
        leads: bool = True,
    ) -> None:
        now = time.time_ns()
        self.config = config
        self.jobs = jobs
        self.reader = reader
        self.store = store
        self._kept = kept
        self._leads = kept and leads
        self._dependencies = Dependencies(config, store, trust_stat=trust_stat)
        self._digests = Digests(store if trust_stat else None, now)
        self.rules_part = digest_of_rules(config, self._digests)
        self._catalogue_key = catalogue_key(self.rules_part, self._digests)
        self.rules = load_catalogue(config, self._catalogue_key, store)
        config.check_rules(self.rules, {rule.family for rule in self.rules.values()})
        selected = selected_rules(self.rules, config.select, config.ignore)
        # what only rules ask for that are off by default is not looked for, unless one of them is selected
        self._checks = {rule.check for rule in self.rules.values() if rule.enabled or rule.id in selected}

    def outcome(self, inputs: Sequence[Input]) -> tuple[int, Outcome]:
        """Return how many files' facts came out of the cache, and what the run found."""
        store = self.store
        if store is None:
            return self._compute(inputs)
        base = self._key(inputs)
        packages = self._dependencies.known_part(base)
        run_key = key("run", base, packages or b"")
        stored = store.get(run_key) if packages is not None else None
        if stored is not None:
            with contextlib.suppress(ValueError):
                outcome = decode(stored)
                if store.is_stale(run_key):
                    # the next edit needs what this run did not read
                    credentials = self._credentials(store).keys(inputs)
                    leaks = self._leaks(store).keys(python_of(inputs))
                    store.touch([*map(summary_key, python_of(inputs)), *credentials, *leaks, self._knowledge_key()])
                return len(python_of(inputs)), outcome
        cached, outcome = self._compute(inputs)
        if self._kept:
            store.put("run", key("run", base, self._dependencies.found_part(base)), encode(outcome))
        return cached, outcome

    def _compute(self, inputs: Sequence[Input]) -> tuple[int, Outcome]:
        modules = python_of(inputs)
        summaries, credentials, leaks = Summaries(self.store), self._credentials(self.store), self._leaks(self.store)
        summaries.look_up(modules)
        credentials.look_up(inputs)
        if self._looks_for_leaks():
            leaks.look_up(modules)
        self._examine(summaries, credentials, leaks)
        self.reader.release()
        secrets, comments = credentials.findings(inputs, self.rules)
        leaked = leaks.findings(modules, self.rules) if self._looks_for_leaks() else []
        stage_results = {leaks.entry: leaks.writers(modules)} if self._looks_for_leaks() else {}
        cached, outcome = self._linked(modules, summaries, stage_results)
        findings = sorted((*outcome.findings, *secrets, *leaked), key=lambda each: each.sort_key)
        pragmas = {
            path: (*outcome.pragmas.get(path, ()), *comments.get(path, ())) for path in {**outcome.pragmas, **comments}
        }
        return cached, Outcome(tuple(findings), pragmas)

    def _examine(self, *stages: FileStage) -> None:
        from mergegate.engine.examination import examine  # noqa: PLC0415  (a run without changes needs none)

        examine(stages, self.jobs, self.reader.contents)

    def _credentials(self, store: Store | None) -> Credentials:
        return Credentials(store, self.rules_part)

    def _leaks(self, store: Store | None) -> LogLeaks:
        return LogLeaks(store, self.rules_part)

    def _looks_for_leaks(self) -> bool:
        return any(rule.check == LEAKS for rule in self.rules.values())

    def _linked(
        self, inputs: Sequence[Input], summaries: Summaries, stage_results: _StageResults
    ) -> tuple[int, Outcome]:
        """Return how many files' facts came out of the cache, and what the linked program shows."""
        try:
            return summaries.cached, self._evaluate(
                inputs, summaries.given(), stage_results, self.store, self._dependencies
            )
        except (MergegateError, ChangedUnderneath):
            raise
        except Exception:
            dependencies = self._dependencies
            if self.store is None or not (summaries.cached or dependencies.cached):
                raise
            # an entry may be whole and yet be none of ours: whoever writes the cache is not trusted
            doubtful = (self._catalogue_key, self._knowledge_key(), *dependencies.cached)
            self.store.distrust([*map(summary_key, inputs), *doubtful])
            self._links(self.store).distrust()
            again = Summaries(None)
            again.look_up(inputs)
            self._examine(again)
            self.rules = load_catalogue(self.config, self._catalogue_key, None)
            return 0, self._evaluate(inputs, again.given(), stage_results, None, Dependencies(self.config, None))

    def _evaluate(
        self,
        inputs: Sequence[Input],
        summaries: list[Summary],
        stage_results: _StageResults,
        store: Store | None,
        dependencies: Dependencies,
    ) -> Outcome:
        # a run without changes needs none of it
        from mergegate.engine.evaluation import Asked, evaluate  # noqa: PLC0415
        from mergegate.engine.vocabulary import load_vocabulary  # noqa: PLC0415

        vocabulary = load_vocabulary(self.config, self.rules, self._knowledge_key(), store)
        links = self._links(store) if store is not None else None
        asked = Asked(inputs, vocabulary, self._checks, self.reader.contents, stage_results)
        return evaluate(asked, self.config, summaries, dependencies, links=links)

    def _links(self, store: Store) -> Links:
        from mergegate.engine.links import Links  # noqa: PLC0415

        return Links(store, self.config.root.as_posix(), self._key(()), kept=self._leads)

    def _knowledge_key(self) -> bytes:
        declared = settings_part(plain(self.config.async_))
        return key("knowledge", sources_part(READERS, self._digests), self.rules_part, declared)

    def _key(self, inputs: Sequence[Input]) -> bytes:
        """Return the key of the whole run but for installed packages: everything else that its findings depend on."""
        files = b"".join(each.path.encode("utf-8", "surrogateescape") + b"\0" + each.digest for each in inputs)
        return key(
            "base",
            sources_part(ENGINE, self._digests),
            self.rules_part,
            settings_part(analysis_settings(self.config)),
            settings_part(sorted(self._checks)),
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


def compare(cached: Analysis, cold: Analysis) -> None:
    """Raise `MergegateError` if a run through the cache and one without it differ."""
    if cached.findings == cold.findings and cached.pragmas == cold.pragmas and cached.paths == cold.paths:
        return
    differing = set(cached.findings) ^ set(cold.findings)
    first = min((f"{each.path}:{each.line} {each.rule}" for each in differing), default="files or suppression comments")
    reason = f"The cache gives other findings than a run without it ({len(differing)} differ, first {first})"
    raise MergegateError(reason, "run 'mergegate cache clean', and report it: this must not happen")
