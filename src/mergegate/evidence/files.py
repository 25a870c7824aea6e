"""Evidence files: what a run of tests or of another tool measured, and of which files, for a later verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from mergegate.errors import EvidenceError
from mergegate.files.writing import write_whole
from mergegate.gate.conditions import Condition, Place, Status

VERSION = 1
FOLDER = ".mergegate/evidence"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured.

    Attributes
    ----------
    kind
        `coverage`, `contracts`, `types`, or the name of a plugin's evidence: the name of the file, too.
    tools
        Versions of the tools that measured, by name.
    inputs
        SHA-256 digests of the measured files by path relative to the project; empty if nothing in the tree matters.
    figures
        What was measured, as JSON data; readers ignore what they do not know.
    conditions
        The judgement that follows, ready for the verdict.
    """

    kind: str
    tools: Mapping[str, str]
    inputs: Mapping[str, str]
    figures: Mapping[str, Any]
    conditions: tuple[Condition, ...]
    version: int = field(default=VERSION)


def evidence_file(root: Path, kind: str) -> Path:
    """Return where the evidence of a kind is kept in a project."""
    return root / FOLDER / f"{kind}.json"


def digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the digests of files relative to a project, by path; what is not there or not readable is left out."""
    found: dict[str, str] = {}
    for path in sorted(set(paths)):
        try:
            found[path] = hashlib.sha256((root / path).read_bytes()).hexdigest()
        except OSError:
            continue
    return found


def stale(root: Path, evidence: Evidence) -> tuple[str, ...]:
    """Return the paths of measured files that have changed or are gone since, sorted."""
    now = digests(root, evidence.inputs)
    return tuple(path for path in sorted(evidence.inputs) if now.get(path) != evidence.inputs[path])


def write(root: Path, evidence: Evidence) -> Path:
    """Write evidence to its place in a project, whole or not at all; return the file.

    Raises
    ------
    EvidenceError
        If it cannot be written.
    """
    file = evidence_file(root, evidence.kind)
    data = {
        "version": evidence.version,
        "kind": evidence.kind,
        "tools": dict(sorted(evidence.tools.items())),
        "inputs": dict(sorted(evidence.inputs.items())),
        "figures": evidence.figures,
        "conditions": [_spelled(each) for each in evidence.conditions],
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # a line for each part: indenting all would take json ten times as long
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in data.items())
        write_whole(file, ["{\n", lines, "\n}\n"])
    except OSError as error:
        raise EvidenceError(f"{file} cannot be written: {error.strerror}", "make its folder writable") from None
    return file


def read(root: Path, kind: str) -> Evidence | None:
    """Return a project's evidence of a kind, None if it has none.

    Raises
    ------
    EvidenceError
        If the file is not readable as evidence of this kind.
    """
    file = evidence_file(root, kind)
    shown = f"{FOLDER}/{file.name}"
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{shown} cannot be read: {error.strerror}", "make it readable") from None
    except ValueError:
        raise EvidenceError(f"{shown} is no JSON, it may be cut off", "measure again") from None
    try:
        return _understood(data, kind)
    except (KeyError, TypeError, ValueError):
        raise EvidenceError(f"{shown} is no evidence of {kind} in version {VERSION}", "measure again") from None


def _understood(data: Any, kind: str) -> Evidence:
    if data["version"] != VERSION or data["kind"] != kind:
        raise ValueError
    return Evidence(
        kind,
        _texts(data["tools"]),
        _texts(data["inputs"]),
        cast("Mapping[str, Any]", {**data["figures"]}),
        tuple(_condition(each) for each in cast("Sequence[Any]", data["conditions"])),
    )


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in data.values()):
        raise TypeError
    return dict(data)


def _spelled(condition: Condition) -> dict[str, Any]:
    return {
        "source": condition.source,
        "name": condition.name,
        "status": str(condition.status),
        "actual": condition.actual,
        "limit": condition.limit,
        "text": condition.text,
        "places": [{"path": each.path, "line": each.line, "text": each.text} for each in condition.places],
    }


def _condition(data: Mapping[str, Any]) -> Condition:
    places = tuple(Place(str(each["path"]), int(each["line"]), str(each["text"])) for each in data["places"])
    names = ("source", "name", "actual", "limit", "text")
    return Condition(status=Status(data["status"]), places=places, **_texts({name: data[name] for name in names}))
