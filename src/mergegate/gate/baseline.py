"""The baseline: the findings that a project has accepted, as a file that people can read, review and merge."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mergegate.errors import EvidenceError
from mergegate.gate.identity import Identity

VERSION = 1


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
    """

    entries: tuple[Identity, ...] = ()
    rules: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def of(cls, entries: Iterable[Identity], rules: Iterable[str], digest: str) -> Baseline:
        """Return a baseline of findings and rules in any order."""
        return cls(tuple(sorted(entries, key=sort_key)), tuple(sorted(rules)), digest)


def sort_key(entry: Identity) -> tuple[str, str, str, str]:
    """Order of entries in the file: neighbours are those that people look for together."""
    return entry.path, entry.scope, entry.rule, _line(entry)


def written(baseline: Baseline) -> str:
    """Return the text of a baseline's file: one entry a line, and the same text for the same baseline everywhere."""
    head = [
        f'"version": {VERSION}',
        f'"digest": {json.dumps(baseline.digest)}',
        f'"rules": {json.dumps(baseline.rules)}',
    ]
    entries = ",\n".join(map(_line, baseline.entries))
    body = f"[\n{entries}\n]" if entries else "[]"
    return "{\n" + ",\n".join([*head, f'"entries": {body}']) + "\n}\n"


def read(data: bytes, shown: str) -> Baseline:
    """Return the baseline that a file holds.

    Parameters
    ----------
    data
        The file's contents, with line ends of any kind.
    shown
        How to name the file in errors.

    Raises
    ------
    EvidenceError
        If it is empty, cut off, of another format or no baseline at all.
    """
    if not data.strip():
        raise broken(shown, "is empty")
    try:
        return _baseline(json.loads(data), shown)
    except json.JSONDecodeError as error:
        raise broken(shown, f"is cut off or damaged in line {error.lineno} ({error.msg})") from None
    except UnicodeDecodeError:
        raise broken(shown, "is no text") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise broken(shown, "is no baseline of mergegate, or damaged") from None


def broken(shown: str, what: str) -> EvidenceError:
    """Return the error about an unusable file, with the commands that repair it."""
    repair = f"'git checkout -- {shown}' brings the last one back, 'mergegate baseline create --force' makes a new one"
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


def _baseline(document: object, shown: str) -> Baseline:
    if not isinstance(document, dict):
        raise TypeError
    table = cast("dict[str, Any]", document)
    version = table["version"]
    if version != VERSION:
        reason = f"The baseline {shown} has the format {version!r}, and this mergegate knows {VERSION} only"
        raise EvidenceError(reason, "use the mergegate that wrote it, or run 'mergegate baseline create --force'")
    rules, digest, rows = table["rules"], table["digest"], table["entries"]
    if not (isinstance(digest, str) and isinstance(rules, list) and isinstance(rows, list)):
        raise TypeError
    ids = [name for name in cast("list[object]", rules) if isinstance(name, str)]
    if len(ids) != len(cast("list[object]", rules)):
        raise TypeError
    return Baseline.of(map(Identity.from_json, cast("list[Any]", rows)), ids, digest)
