"""`contracts.lock.json`: what each contract was, version by version, and which breaks somebody lets pass until when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from mergegate.cache.lock import locked
from mergegate.config_contracts import LEVELS, POLICIES
from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, is_object
from mergegate.contracts.schemas.keywords import DRAFTS, mapped
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.contracts.schemas.source import SchemaError, read_json, read_text
from mergegate.errors import EvidenceError, MergegateError
from mergegate.files.writing import write_change

FILE = "contracts.lock.json"
UPDATE = "mergegate contracts lock"
REMAKE = "mergegate contracts lock --remake"
_VERSION = 1
_KEPT_ORDER = frozenset({"properties", "patternProperties"})


@dataclass(frozen=True, slots=True)
class Version:
    """A schema that a contract had, and why a break before it was accepted; empty if there was none."""

    schema: Document
    draft: str
    accepted: str = ""

    @classmethod
    def of(cls, schema: Schema, accepted: str = "") -> Version:
        """Return the version that a schema is."""
        return cls(arranged(schema.document), schema.draft, accepted)

    @property
    def digest(self) -> str:
        """What tells it from others: a hash of all that it says, remarks included."""
        text = json.dumps([self.draft, self.schema], ensure_ascii=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A break that is let pass: for the schema of one digest, until a day, for a reason."""

    digest: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Entry:
    """A contract as it is locked; the last version is the present one."""

    source: str
    policy: str
    level: str
    formats: bool
    versions: tuple[Version, ...]
    waivers: tuple[Waiver, ...] = ()

    @property
    def latest(self) -> Version:
        """The version that is in force."""
        return self.versions[-1]

    def schema(self, version: Version, name: str) -> Schema:
        """Return a version as a schema that can be compared."""
        return load(version.schema, draft=version.draft, formats=self.formats, shown=f"{name} in {FILE}")

    @property
    def since_break(self) -> tuple[Version, ...]:
        """The versions from the last accepted break on, newest first: what a transitive policy protects."""
        found: list[Version] = []
        for version in reversed(self.versions):
            found.append(version)
            if version.accepted:
                break
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Lock:
    """All locked contracts, by name."""

    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])

    def text(self) -> str:
        """Return the file's text: the same entries, the same text."""
        contracts = {name: _written(self.entries[name]) for name in sorted(self.entries)}
        return json.dumps({"version": _VERSION, "contracts": contracts}, indent=1, ensure_ascii=False) + "\n"


def arranged(document: Document) -> Document:
    """Return a schema with its words in order; properties stay as they are, for models are asked in their order."""
    inner = mapped(document, arranged)
    if isinstance(inner, bool):
        return inner
    return {key: inner[key] if key in _KEPT_ORDER else _sorted(key, inner[key]) for key in sorted(inner)}


def _sorted(key: str, value: Json) -> Json:
    return dict(sorted(as_object(value).items())) if key in ("$defs", "definitions") and is_object(value) else value


def read(path: Path) -> Lock:
    """Read a lock.

    Raises
    ------
    EvidenceError
        If there is none, or it is broken or in conflict.
    """
    if not path.exists():
        raise EvidenceError(f"There is no lock {path.name}", f"'{UPDATE}' makes it")
    try:
        text = read_text(path)
        if any(line.startswith("<<<<<<< ") for line in text.split("\n")):
            hint = f"take one side, as by 'git checkout --theirs {path.name}', then run '{UPDATE}'"
            raise EvidenceError(f"The lock {path.name} is in conflict", hint)
        data = read_json(path)
    except SchemaError as error:
        raise _broken(path, error.message.removeprefix(f"{path}").lstrip(": ")) from None
    return _lock(path, data)


def _lock(path: Path, data: Json) -> Lock:
    table = as_object(data)
    if table.get("version") != _VERSION or not is_object(table.get("contracts")):
        raise _broken(path, f"has no contracts of version {_VERSION}")
    entries: dict[str, Entry] = {}
    for name, each in as_object(table["contracts"]).items():
        try:
            entries[name] = _entry(as_object(each))
        except (KeyError, TypeError, ValueError) as error:
            raise _broken(path, f"the contract {name!r} is damaged: {_reason(error)}") from None
    return Lock(entries)


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _entry(table: dict[str, Any]) -> Entry:
    versions = tuple(_version(as_object(each)) for each in as_list(table["versions"]))
    waivers = tuple(
        Waiver(str(each["digest"]), str(each["reason"]), date.fromisoformat(each["expires"]))
        for each in as_list(table.get("waivers", []))
    )
    if not versions:
        raise ValueError("it has no version")
    if table["policy"] not in POLICIES or table["level"] not in LEVELS:
        raise ValueError("its policy or level means nothing")
    return Entry(str(table["source"]), table["policy"], table["level"], table["formats"] is True, versions, waivers)


def _version(table: dict[str, Any]) -> Version:
    document, draft = table["schema"], table["draft"]
    if draft not in DRAFTS or not isinstance(document, dict | bool):
        raise ValueError("a version holds no schema")
    found = Version(table["schema"], draft, str(table.get("accepted", "")))
    if found.digest != table["digest"]:
        raise ValueError("a digest does not fit its schema, so one of them was edited")
    load(found.schema, draft=draft, shown="a version")
    return found


def _broken(path: Path, what: str) -> EvidenceError:
    hint = f"restore it with 'git checkout -- {path.name}'; '{REMAKE}' makes it anew, without its history"
    return EvidenceError(f"The lock {path.name} is broken: {what}", hint)


def write(path: Path, lock: Lock, known: Lock | None, folder: Path) -> bool:
    """Write a lock, whole or not at all.

    Parameters
    ----------
    path
        The file.
    lock
        What it is to hold.
    known
        What it held when `lock` was made of it, None if it was not there or is to be overwritten whatever it holds.
    folder
        The folder of the project's cache, where locks between processes are kept.

    Returns
    -------
    bool
        Whether there was something to write.

    Raises
    ------
    MergegateError
        If another process has changed it meanwhile, or it cannot be locked or written.
    """
    with locked(folder, path):
        if known is not None and read(path).text() != known.text():
            raise MergegateError(f"{path.name} was changed by another process", f"run '{UPDATE}' again")
        try:
            return write_change(path, lock.text())
        except OSError as error:
            hint = "make the file and its folder writable"
            raise MergegateError(f"The lock {path.name} cannot be written: {error.strerror}", hint) from None


def _written(entry: Entry) -> dict[str, Json]:
    found: dict[str, Json] = {
        "source": entry.source, "policy": entry.policy, "level": entry.level, "formats": entry.formats,
        "versions": [
            {
                "digest": each.digest, "draft": each.draft, **({"accepted": each.accepted} if each.accepted else {}),
                "schema": each.schema,
            }
            for each in entry.versions
        ],
    }  # fmt: skip
    if entry.waivers:
        found["waivers"] = [
            {"digest": each.digest, "reason": each.reason, "expires": each.expires.isoformat()}
            for each in sorted(entry.waivers, key=lambda each: (each.expires, each.digest, each.reason))
        ]
    return found
