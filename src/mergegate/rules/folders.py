"""Folders of rules: where ours is, which files they hold, and a digest of them; nothing is parsed here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.errors import RuleError

TABLES = "knowledge"
TYPES = "types"
SECRETS = "secrets"
PRIVACY = "privacy"
MIGRATIONS = "migrations"
CONTRACTS = "contracts"
_SUFFIX = ".toml"


class RulesFolder(NamedTuple):
    """A folder laid out as `<family>/<id>.toml` for rules and `knowledge/**` for tables and types.

    Attributes
    ----------
    path
        The folder.
    shown
        How messages call it.
    rules, tables, others
        Its files by POSIX path relative to it, in order: rules, knowledge tables, and what else lies below `knowledge`.
    """

    path: Path
    shown: str
    rules: tuple[str, ...]
    tables: tuple[str, ...]
    others: tuple[str, ...]


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
        if (folder / TABLES).is_dir():
            return folder
    raise RuleError(f"the rules that belong to {package} are missing", "install mergegate again")


def open_folders(extra_folders: Sequence[Path] = ()) -> list[RulesFolder]:
    """Return our folder and users'.

    Parameters
    ----------
    extra_folders
        Users' folders.

    Raises
    ------
    RuleError
        If a folder holds no rules.
    """
    added = [_listed(folder, folder.as_posix()) for folder in extra_folders]
    for folder in added:
        if not (folder.rules or folder.tables):
            problem = "holds no rules" if folder.path.is_dir() else "is not a folder"
            raise RuleError(f"{folder.shown}: {problem}", "expected: <family>/<rule>.toml and knowledge/*.toml")
    return [_listed(rules_folder(), "rules"), *added]


def rules_digest(folders: Iterable[RulesFolder]) -> str:
    """Return a digest of everything in folders of rules: names and contents of rules, tables and types.

    Raises
    ------
    RuleError
        If a file cannot be read.
    """
    state = hashlib.blake2b(digest_size=16)
    for number, folder in enumerate(folders):
        for name in (*folder.rules, *folder.tables, *folder.others):
            try:
                data = (folder.path / name).read_bytes()
            except OSError as error:
                raise RuleError(f"{folder.shown}/{name}: cannot be read: {error.strerror}") from error
            for part in (f"{number}:{name}".encode("utf-8", "surrogateescape"), data):
                state.update(len(part).to_bytes(8, "big"))
                state.update(part)
    return state.hexdigest()


def rule_files(folders: Iterable[RulesFolder]) -> list[str]:
    """Return the paths of everything that `rules_digest` depends on."""
    return [
        os.path.join(folder.path, name)  # noqa: PTH118  (asked in every run, for each file)
        for folder in folders
        for name in (*folder.rules, *folder.tables, *folder.others)
    ]


def _listed(folder: Path, shown: str) -> RulesFolder:
    rules: list[str] = []
    tables: list[str] = []
    others: list[str] = []
    # these have readers of their own
    apart = tuple(f"{TABLES}/{name}/" for name in (TYPES, SECRETS, PRIVACY, MIGRATIONS, CONTRACTS))
    for name in _walk(str(folder), ""):
        family, _, inner = name.partition("/")
        if family == TABLES:
            (tables if name.endswith(_SUFFIX) and not name.startswith(apart) else others).append(name)
        elif name.endswith(_SUFFIX) and inner and "/" not in inner:
            rules.append(name)
    return RulesFolder(folder, shown, tuple(rules), tuple(tables), tuple(others))


def _walk(folder: str, base: str) -> Iterator[str]:
    """Yield the files below a folder by relative path; only folders directly in it may be symbolic links."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = base + entry.name
        if entry.is_dir(follow_symlinks=not base):
            # a family holds its rules directly
            if not base or name.startswith(f"{TABLES}/"):
                yield from _walk(entry.path, f"{name}/")
        elif name.endswith(_SUFFIX) or entry.is_file():
            yield name
