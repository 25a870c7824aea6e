"""The configuration of a project: found, checked and explained."""

from __future__ import annotations

import dataclasses
import os
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

from mergegate.config_contracts import ContractConfig
from mergegate.config_coverage import CoverageConfig
from mergegate.config_file import FILE_NAMES, PYPROJECT, ConfigFile, find_file, read_file
from mergegate.config_gate import GateConfig, Waiver
from mergegate.config_shapes import (
    Flag,
    KeyPath,
    ListOf,
    Section,
    TableOf,
    Text,
    Whole,
    WrongValue,
    guess,
    key_of,
    option,
    options,
    plain,
)
from mergegate.config_types import TypesConfig
from mergegate.errors import ConfigError
from mergegate.files.ignore import BadPattern, Translate, translate
from mergegate.files.walk import Limits, Walk, walk
from mergegate.finding import Confidence, Severity

GRADES = ("unbounded", "contents", "metadata", "first-use")
_NAMES = ListOf(Text())


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingName:
    """A callable that the project declares to block; its name may end in `.*`."""

    name: str = option(Text(), "Dotted name of the callable; a final `.*` stands for every name below.")
    grade: str = option(Text(GRADES), "How long it blocks.", "unbounded")
    replacement: str = option(Text(), "What the message tells to use instead.", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConfig:
    """What a project adds to the knowledge about blocking calls."""

    blocking: tuple[BlockingName, ...] = option(
        ListOf(Section(BlockingName, short="name")), "Callables that block: dotted names, or tables.", ()
    )
    safe: tuple[str, ...] = option(_NAMES, "Callables that never block, whatever their body says.", ())
    hand_overs: tuple[str, ...] = option(_NAMES, "Callables that run a function they are given in a thread.", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one project.

    Attributes
    ----------
    root
        The project's folder; all paths and patterns are relative to it.
    file
        Where the settings stand, None if nothing is configured.
    origins
        Where each setting that is not a default comes from: `pyproject.toml:12`, `command line`.
    """

    root: Path
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    select: tuple[str, ...] = option(_NAMES, "Rules or families to report; empty: all.", (), analysis=False)
    ignore: tuple[str, ...] = option(_NAMES, "Rules or families not to report.", (), analysis=False)
    min_confidence: str = option(
        Text(tuple(Confidence)), "Report findings of at least this confidence.", "high", analysis=False
    )
    exclude: tuple[str, ...] = option(
        _NAMES, "Files not to read, as .gitignore patterns; they come after those of .gitignore.", (), analysis=False
    )
    respect_gitignore: bool = option(Flag(), "Whether files that git ignores are left out.", True, analysis=False)
    per_file_ignores: Mapping[str, tuple[str, ...]] = option(
        TableOf(_NAMES), "Rules or families not to report in files that match a .gitignore pattern.", {}, analysis=False
    )
    baseline: str = option(
        Text(), "File of the baseline, relative to the project.", "mergegate-baseline.json", analysis=False
    )
    baseline_shrink: bool = option(
        Flag(), "Whether `check` removes entries without a finding from the baseline, save in CI.", True, analysis=False
    )  # fmt: skip
    baseline_growth: str = option(
        Text(("forbid", "allow")), "What happens when a change adds to the baseline of its base.", "forbid",
        analysis=False,
    )  # fmt: skip
    baseline_stale: str = option(
        Text(("report", "fail")), "What happens when the baseline has entries without a finding in CI.", "report",
        analysis=False,
    )  # fmt: skip
    src: tuple[str, ...] = option(_NAMES, "Folders that hold top-level packages, besides the root and `src`.", ())
    python: str = option(
        Text(), "Virtual environment or interpreter whose packages are the dependencies.", "", analysis=False
    )
    dependencies: bool = option(
        Flag(), "Whether bodies of installed packages of which no table speaks are followed to what blocks.", True
    )
    rule_folders: tuple[str, ...] = option(_NAMES, "Folders with rules of your own.", (), analysis=False)
    jobs: int = option(Whole(), "Worker processes; 0: as many as there are processors.", 0, analysis=False)
    cache_dir: str = option(Text(), "Folder of the cache.", ".mergegate_cache", analysis=False)
    require_reasons: bool = option(Flag(), "Whether a suppression must give a reason.", False, analysis=False)
    severity: Mapping[str, str] = option(
        TableOf(Text(tuple(Severity))), "Severity by rule, where it is not the rule's own.", {}, analysis=False
    )
    async_: AsyncConfig = option(Section(AsyncConfig), "Blocking calls in async functions.", AsyncConfig())  # noqa: RUF009
    coverage: CoverageConfig = option(  # noqa: RUF009
        Section(CoverageConfig), "What tests must cover; the gate is on if this section is there.",
        CoverageConfig(), analysis=False,
    )  # fmt: skip
    contracts: Mapping[str, ContractConfig] = option(
        TableOf(Section(ContractConfig)), "Contracts on what models answer, by name.", {}, analysis=False
    )
    gate: GateConfig = option(Section(GateConfig), "Conditions of the merge gate.", GateConfig(), analysis=False)  # noqa: RUF009
    types: TypesConfig = option(Section(TypesConfig), "Type errors of pyright.", TypesConfig(), analysis=False)  # noqa: RUF009
    waivers: tuple[Waiver, ...] = option(
        ListOf(Section(Waiver)), "Findings that are let through for a while.", (), analysis=False
    )

    @property
    def types_wanted(self) -> bool:
        """Whether the project has conditions on type errors."""
        return "types" in self.origins and self.types.enabled

    def override(self, source: str = "command line", **changes: object) -> Config:
        """Return a copy with other values, given by field name as TOML would give them.

        Raises
        ------
        ConfigError
            If a value has the wrong shape.
        """
        known = {item.name: (key, spec) for key, (item, spec) in options(Config).items()}
        values: dict[str, Any] = {}
        changed: dict[str, str] = {}
        for name, value in changes.items():
            key, spec = known[name]
            try:
                values[name] = spec.shape.read(plain(value), (key,))
            except WrongValue as wrong:
                raise ConfigError(f"{source}: {_spell(wrong.path)} {wrong.message}", wrong.hint) from None
            changed[key] = source
        return dataclasses.replace(self, origins=ChainMap(changed, cast("dict[str, str]", self.origins)), **values)

    def error(self, keys: KeyPath, message: str, hint: str = "") -> ConfigError:
        """Return an error about a setting, with its file and line if it stands in a file."""
        found = self._file_of(keys)
        if found is not None:
            return _error(found, WrongValue(keys, message, hint))
        return ConfigError(f"{self.place(keys)}: {_spell(keys)} {message}", hint)

    def place(self, keys: KeyPath) -> str:
        """Return where a setting comes from: `pyproject.toml:12`, `command line`, `default`."""
        found = self._file_of(keys)
        return f"{found.path.name}:{found.line(keys)}" if found else self.origins.get(str(keys[0]), "default")

    def _file_of(self, keys: KeyPath) -> ConfigFile | None:
        source = self.origins.get(str(keys[0]), "default")
        return read_file(self.file) if self.file is not None and source.startswith(self.file.name) else None

    def check_rules(self, rules: Iterable[str], families: Iterable[str]) -> None:
        """Raise `ConfigError` if a setting names a rule or family that does not exist."""
        known = {*rules, *families, "all"}
        mentions: list[tuple[KeyPath, str]] = [(("select", i), name) for i, name in enumerate(self.select)]
        mentions += [(("ignore", i), name) for i, name in enumerate(self.ignore)]
        mentions += [(("severity", name), name) for name in self.severity]
        mentions += [(("waivers", i, "rule"), waiver.rule) for i, waiver in enumerate(self.waivers)]
        mentions += [(("gate", "max-findings", name), name) for name in self.gate.max_findings]
        for pattern, names in self.per_file_ignores.items():
            mentions += [(("per-file-ignores", pattern, i), name) for i, name in enumerate(names)]
        for keys, name in mentions:
            if name not in known:
                hint = f"{guess(name, known)}`mergegate rules` lists them"
                raise self.error(keys, f'names an unknown rule or family "{name}"', hint)


class Setting(NamedTuple):
    """One setting as it is in effect: its key, its value as JSON data and where that comes from."""

    key: str
    value: Any
    source: str


def load_config(start: Path, explicit: Path | None = None) -> Config:
    """Return the configuration that holds for a path.

    The nearest `mergegate.toml`, or `pyproject.toml` with `[tool.mergegate]`, at or above the path makes its folder
    the project; without one the project is the git work tree around the path, else the current folder if the path lies
    in it, else the path's folder.

    Parameters
    ----------
    start
        A file or folder of the project.
    explicit
        A configuration file to use instead; its folder is the project.

    Raises
    ------
    ConfigError
        If a configuration file cannot be read or a key or value has no meaning.
    """
    folder = Path(os.path.abspath(start))  # noqa: PTH100  (`resolve` would leave the user's symbolic links)
    if not folder.is_dir():
        folder = folder.parent
    found = find_file(folder) if explicit is None else read_file(explicit.absolute(), required=True)
    if found is None:
        here = Path.cwd()
        return Config(root=_git_root(folder) or (here if folder.is_relative_to(here) else folder))
    return _from_file(found)


def discover_projects(root: Path) -> tuple[Config, ...]:
    """Return the configurations of the project at `root` and of all configured projects nested in it, sorted by path.

    Raises
    ------
    ConfigError
        If a configuration file cannot be read or a key or value has no meaning.
    """
    first = load_config(root)
    found = {first.root: first}
    queue = [first]
    while queue:
        config = queue.pop()
        for nested in find_files(config).nested:
            inner = load_config(config.root / nested)
            if inner.root not in found:
                found[inner.root] = inner
                queue.append(inner)
    return tuple(found[folder] for folder in sorted(found))


def find_files(
    config: Config,
    *,
    also: Collection[str] = (),
    translate: Translate = translate,
    wants: Callable[[str], object] = lambda _path: False,
) -> Walk:
    """Return the files of a project and the configured projects nested in it; see `files.walk.walk`.

    Raises
    ------
    ConfigError
        If a pattern of `exclude` means nothing or the configuration of a nested project is broken.
    """
    limits = Limits(config.exclude, config.respect_gitignore, _is_project, wants)
    try:
        return walk(config.root, limits, also=also, translate=translate)
    except BadPattern as bad:
        index = min(bad.line, len(config.exclude) - 1)
        message = f"is no pattern: {bad.reason}"
        raise config.error(("exclude", index), message) from None


def _is_project(folder: Path, names: Collection[str]) -> bool:
    return any(name in names and read_file(folder / name) is not None for name in FILE_NAMES)


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft-07) of the table `[tool.mergegate]`, which is all of `mergegate.toml`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "mergegate",
        "description": "Configuration of mergegate: [tool.mergegate] in pyproject.toml, or mergegate.toml.",
        **Section(Config).schema(),
    }


def effective(config: Config) -> list[Setting]:
    """Return all settings in effect, in the order of their declaration, each with the source of its value."""
    return [
        Setting(key, plain(getattr(config, item.name)), config.origins.get(key, "default"))
        for key, (item, _) in options(Config).items()
    ]


def analysis_settings(config: Config) -> dict[str, Any]:
    """Return the settings that can change what the analysis finds, as JSON data."""
    return {key: plain(getattr(config, item.name)) for key, (item, spec) in options(Config).items() if spec.analysis}


def _from_file(found: ConfigFile) -> Config:
    try:
        values = Section(Config).arguments(found.table, ())
        root = found.path.parent
        _check_paths(root, values)
    except WrongValue as wrong:
        raise _error(found, wrong) from None
    origins = _Origins(found, [key_of(name) for name in values])
    return Config(root=root, file=found.path, origins=origins, **values)


class _Origins(Mapping[str, str]):
    """Places of the settings in a file, looked up when they are asked for: most runs show none."""

    def __init__(self, found: ConfigFile, keys: list[str]) -> None:
        self._found = found
        self._keys = keys

    def __getitem__(self, key: str) -> str:
        if key not in self._keys:
            raise KeyError(key)
        return f"{self._found.path.name}:{self._found.line((key,))}"

    def __iter__(self) -> Any:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _check_paths(root: Path, values: Mapping[str, Any]) -> None:
    for name in ("src", "rule_folders"):
        for index, folder in enumerate(values.get(name, ())):
            if not (root / folder).is_dir():
                raise WrongValue((key_of(name), index), f'names the folder "{folder}", which does not exist')
    types = values.get("types")
    if types is not None:
        _check_types(root, types)
    python = values.get("python")
    if python and not (root / python).exists():
        raise WrongValue(("python",), f'names "{python}", which does not exist')


def _check_types(root: Path, types: TypesConfig) -> None:
    if types.project and not (root / types.project).exists():
        raise WrongValue(("types", "project"), f'names "{types.project}", which does not exist')
    try:
        if types.strict_paths:
            translate("\n".join(types.strict_paths), strict=True)
    except BadPattern as bad:
        raise WrongValue(("types", "strict-paths", bad.line), f"is no pattern: {bad.reason}") from None
    wrong = next((name for name in types.max_per_rule if not name.startswith("report")), None)
    if wrong is not None:
        hint = "pyright's rules are spelled as in reportOptionalMemberAccess"
        raise WrongValue(("types", "max-per-rule", wrong), "is no rule of pyright", hint)


def _git_root(folder: Path) -> Path | None:
    return next((candidate for candidate in (folder, *folder.parents) if (candidate / ".git").exists()), None)


def _error(found: ConfigFile, wrong: WrongValue) -> ConfigError:
    hint = wrong.hint
    if found.path.name != PYPROJECT and wrong.path[:1] == ("tool",):
        hint = f"in {found.path.name} the keys stand at the top, without [tool.mergegate]"
    return ConfigError(f"{found.path}:{found.line(wrong.path)}: {_spell(wrong.path)} {wrong.message}", hint)


def _spell(keys: KeyPath) -> str:
    """Return a key path in words: `async.blocking[2].grade`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text
