"""The baseline: the findings that a project has accepted, as a file that people can read, review and merge."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from mergegate.errors import EvidenceError
from mergegate.gate.identity import Identity
from mergegate.gate.marks import SALT_BYTES

VERSION = 1
_SALT = re.compile(rb'"salt": "([0-9a-f]{%d})"' % (2 * SALT_BYTES))


class Kind(NamedTuple):
    """What baselines of a kind accept, and how their files and the commands about them call things.

    Attributes
    ----------
    name
        What is accepted.
    rules, digest
        The keys of these attributes in the file.
    create, update, remake
        The commands that make a file, bring it up to date, and make it anew.
    """

    name: str
    rules: str
    digest: str
    create: str
    update: str
    remake: str


FINDINGS = Kind(
    "findings", "rules", "digest",
    "mergegate baseline create", "mergegate baseline update", "mergegate baseline create --force",
)  # fmt: skip
TYPES = Kind(
    "types", "packages", "pyright", "mergegate types update", "mergegate types update", "mergegate types update --force"
)
"""Type errors: in place of rules it names the installed packages, in place of their digest the version of pyright."""

_KINDS = {kind.name: kind for kind in (FINDINGS, TYPES)}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted findings, and the rules that were known when they were accepted.

    Attributes
    ----------
    entries
        The identities of the findings, sorted; equal ones stand for as many findings.
    rules
        The ids of the rules that existed, sorted: what another rule finds is new because the rule is.
    digest
        Of these rules and their tables; another one means that mergegate itself may find more than before. Empty when
        two branches accepted findings under different ones.
    kind
        What it accepts; of type errors, `rules` and `digest` say what they depend on.
    salt
        For the marks of credentials, in hexadecimal digits, so that equal ones in other projects have other marks.
        Empty in files that were made before there was one.
    """

    entries: tuple[Identity, ...] = ()
    rules: tuple[str, ...] = ()
    digest: str = ""
    kind: Kind = FINDINGS
    salt: str = ""

    @classmethod
    def of(
        cls, entries: Iterable[Identity], rules: Iterable[str], digest: str, kind: Kind = FINDINGS, salt: str = ""
    ) -> Baseline:
        """Return a baseline of findings and rules in any order."""
        return cls(tuple(sorted(entries, key=sort_key)), tuple(sorted(rules)), digest, kind, salt)


def sort_key(entry: Identity) -> tuple[str, str, str, str]:
    """Order of entries in the file: neighbours are those that people look for together."""
    return entry.path, entry.scope, entry.rule, _line(entry)


def written(baseline: Baseline) -> str:
    """Return the text of a baseline's file: one entry a line, and the same text for the same baseline everywhere."""
    kind = baseline.kind
    head = [
        f'"version": {VERSION}',
        *([] if kind is FINDINGS else [f'"kind": {json.dumps(kind.name)}']),
        *([f'"salt": {json.dumps(baseline.salt)}'] if baseline.salt else []),
        f'"{kind.digest}": {json.dumps(baseline.digest)}',
        f'"{kind.rules}": {json.dumps(baseline.rules)}',
    ]
    entries = ",\n".join(map(_line, baseline.entries))
    body = f"[\n{entries}\n]" if entries else "[]"
    return "{\n" + ",\n".join([*head, f'"entries": {body}']) + "\n}\n"


def salt_in(data: bytes) -> str:
    """Return the salt in what may be a baseline, whole or not; empty if there is none."""
    found = _SALT.search(data)
    return found[1].decode("ascii") if found is not None else ""


def read(data: bytes, shown: str, kind: Kind | None = FINDINGS) -> Baseline:
    """Return the baseline that a file holds.

    Parameters
    ----------
    data
        The file's contents, with line ends of any kind.
    shown
        How to name the file in errors.
    kind
        What it must accept; None: whatever it says.

    Raises
    ------
    EvidenceError
        If it is empty, cut off, of another format or no baseline at all.
    """
    if not data.strip():
        raise broken(shown, "is empty", kind)
    try:
        return _baseline(json.loads(data), shown, kind)
    except json.JSONDecodeError as error:
        raise broken(shown, f"is cut off or damaged in line {error.lineno} ({error.msg})", kind) from None
    except UnicodeDecodeError:
        raise broken(shown, "is no text", kind) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise broken(shown, "is no baseline of mergegate, or damaged", kind) from None


def broken(shown: str, what: str, kind: Kind | None = FINDINGS) -> EvidenceError:
    """Return the error about an unusable file, with the commands that repair it."""
    remake = (kind or FINDINGS).remake
    repair = f"'git checkout -- {shown}' brings the last one back, '{remake}' makes a new one"
    return EvidenceError(f"The baseline {shown} {what}", repair)


def shown_path(path: Path) -> str:
    """Return a path as people type it where they stand."""
    here = Path.cwd()
    try:
        return os.path.relpath(path, here) if path.anchor == here.anchor else str(path)
    except ValueError:
        return str(path)


def _line(entry: Identity) -> str:
    return json.dumps(entry.to_json())


def _baseline(document: object, shown: str, wanted: Kind | None) -> Baseline:
    if not isinstance(document, dict):
        raise TypeError
    table = cast("dict[str, Any]", document)
    version = table["version"]
    if version != VERSION:
        reason = f"The baseline {shown} has the format {version!r}, and this mergegate knows {VERSION} only"
        raise EvidenceError(reason, f"use the mergegate that wrote it, or run '{(wanted or FINDINGS).remake}'")
    kind = _KINDS[table.get("kind", FINDINGS.name)]
    if wanted is not None and kind is not wanted:
        raise broken(shown, f"is one of {kind.name}, not of {wanted.name}", wanted)
    rules, digest, rows = table[kind.rules], table[kind.digest], table["entries"]
    if not (isinstance(digest, str) and isinstance(rules, list) and isinstance(rows, list)):
        raise TypeError
    salt = table.get("salt", "")
    if not isinstance(salt, str) or len(bytes.fromhex(salt)) not in (0, SALT_BYTES):
        raise TypeError
    ids = [name for name in cast("list[object]", rules) if isinstance(name, str)]
    if len(ids) != len(cast("list[object]", rules)):
        raise TypeError
    return Baseline.of(map(Identity.from_json, cast("list[Any]", rows)), ids, digest, kind, salt)
