"""Loads rules and knowledge tables: ours from the rules folder, users' from folders of the same layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mergegate.errors import RuleError
from mergegate.rules.compiled import compile_rules, read_compiled
from mergegate.rules.knowledge import read_knowledge
from mergegate.rules.model import Knowledge, Rule
from mergegate.rules.rule_files import read_rule, unique
from mergegate.rules.types_source import load_types

_TABLES = "knowledge"
_TYPES = "types"


def rules_folder() -> Path:
    """Return the folder of our own rules: beside the package in a wheel, at the top of a checkout.

    Raises
    ------
    RuleError
        If there is neither.
    """
    package = Path(__file__).resolve().parent.parent
    # an editable install may leave a stale copy elsewhere; the one beside the running package is never stale
    for folder in (package / "rules_data", package.parent.parent / "rules"):
        if (folder / _TABLES).is_dir():
            return folder
    raise RuleError(f"the rules that belong to {package} are missing", "install mergegate again")


def load_rules(extra_folders: Sequence[Path] = ()) -> dict[str, Rule]:
    """Return all rules by id, sorted.

    Parameters
    ----------
    extra_folders
        Users' folders: `<family>/<id>.toml` for rules, `knowledge/**/*.toml` for tables.

    Raises
    ------
    RuleError
        If a file is malformed, or two rules have one id.
    """
    rules: dict[str, Rule] = {}
    origins: dict[str, str] = {}
    for folder, shown in _folders(extra_folders):
        for path in _rules(folder):
            name = _shown(path, folder, shown)
            unique(rules, origins, read_rule(path, name), name)
    return dict(sorted(rules.items()))


def load_knowledge(
    extra_folders: Sequence[Path] = (),
    *,
    blocking: Iterable[str] = (),
    safe: Iterable[str] = (),
    handovers: Iterable[str] = (),
) -> Knowledge:
    """Return all knowledge tables as one.

    Users' entries count above ours: `safe = ["requests.*"]` silences all of ours that it covers.

    Parameters
    ----------
    extra_folders
        Users' folders, see `load_rules`.
    blocking
        More names that block.
    safe
        Names that do not block, whatever the tables say.
    handovers
        More functions that run a callable argument off the event loop, or decorators whose functions run there.

    Raises
    ------
    RuleError
        If a file is malformed.
    ConfigError
        If a name is malformed.
    """
    declared = (tuple(blocking), tuple(safe), tuple(handovers))
    own, *added = [
        [(path, _shown(path, folder, shown)) for path in _tables(folder)] for folder, shown in _folders(extra_folders)
    ]
    digest = _hash([rules_digest(extra_folders), *["\n".join(names) for names in declared]])
    return read_knowledge(
        own,
        [file for files in added for file in files],
        declared=declared,
        type_table=load_type_table(extra_folders),
        digest=digest,
    )


def load_type_table(extra_folders: Sequence[Path] = ()) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """Return the type table and its aliases: ours, and what users' folders hold in `knowledge/types`.

    Raises
    ------
    RuleError
        If a file is malformed.
    """
    types: dict[str, object] = {}
    aliases: dict[str, str] = {}
    for folder, _ in _folders(extra_folders):
        found_types, found_aliases = load_types(folder / _TABLES / _TYPES)
        types.update(found_types)
        aliases.update(found_aliases)
    return types, aliases


def rules_digest(extra_folders: Sequence[Path] = ()) -> str:
    """Return a digest of everything in the rules folders: names and contents of rules, tables and types.

    Raises
    ------
    RuleError
        If a file cannot be read.
    """
    parts: list[bytes | str] = []
    for number, (folder, shown) in enumerate(_folders(extra_folders)):
        for path in [*_rules(folder), *sorted(p for p in (folder / _TABLES).rglob("*") if p.is_file())]:
            parts.append(f"{number}:{path.relative_to(folder).as_posix()}")
            try:
                parts.append(path.read_bytes())
            except OSError as error:
                raise RuleError(f"{_shown(path, folder, shown)}: cannot be read: {error.strerror}") from error
    return _hash(parts)


def _hash(parts: Iterable[bytes | str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def _folders(extra_folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return our folder and users', with how messages call them."""
    for folder in extra_folders:
        if not (_rules(folder) or _tables(folder)):
            problem = "holds no rules" if folder.is_dir() else "is not a folder"
            raise RuleError(f"{folder.as_posix()}: {problem}", "expected: <family>/<rule>.toml and knowledge/*.toml")
    return [(rules_folder(), "rules"), *[(folder, folder.as_posix()) for folder in extra_folders]]


def _rules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*.toml") if path.parent.name != _TABLES)


def _tables(folder: Path) -> list[Path]:
    tables = folder / _TABLES
    return sorted(path for path in tables.rglob("*.toml") if path.relative_to(tables).parts[0] != _TYPES)


def _shown(path: Path, folder: Path, shown: str) -> str:
    return f"{shown}/{path.relative_to(folder).as_posix()}"


__all__ = [
    "compile_rules", "load_knowledge", "load_rules", "load_type_table", "read_compiled", "rules_digest", "rules_folder",
]  # fmt: skip
