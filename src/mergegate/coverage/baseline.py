"""The coverage baseline: what is not covered today, a line a file, for people to read, review and merge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

from mergegate.coverage.model import NOTHING, Figure, FileCoverage, Measurement, Setting
from mergegate.coverage.statements import FileCode, Key
from mergegate.errors import EvidenceError

VERSION = 1
COMMAND = "mergegate coverage update"


@dataclass(frozen=True, slots=True)
class Record:
    """What the baseline keeps of a file.

    Attributes
    ----------
    lines, ways
        Figures of statements and of branches.
    missing
        The statements that no test runs.
    partial
        The ways out of covered statements that no test takes.
    """

    lines: Figure
    ways: Figure = NOTHING
    missing: Counter[Key] = field(default_factory=Counter[Key])
    partial: Counter[Key] = field(default_factory=Counter[Key])

    @property
    def figure(self) -> Figure:
        """Statements and branches together."""
        return self.lines + self.ways


Remember = Callable[[str, FileCoverage, Callable[[], Record]], Record]
"""Gives a file's record, given its path, what was measured of it, and what makes the record."""


class CoverageBaseline(NamedTuple):
    """The state that may not get worse.

    Attributes
    ----------
    setting
        How Python was measured; None if it was not.
    files
        By path relative to the project; None for a Python file that no run has measured.
    """

    setting: Setting | None
    files: Mapping[str, Record | None]

    @property
    def measured(self) -> dict[str, Record]:
        """The files that were measured."""
        return {path: record for path, record in self.files.items() if record is not None}


def recorded(
    measurement: Measurement,
    code: Callable[[str], FileCode],
    unmeasured: Iterable[str] = (),
    remembered: Remember | None = None,
) -> CoverageBaseline:
    """Return the baseline that a measurement makes.

    Parameters
    ----------
    measurement
        What was measured.
    code
        Gives the code of a measured file.
    unmeasured
        Python files that no run has measured.
    remembered
        Gives the record of a file as an earlier run made it, else as the given function makes it.
    """
    files: dict[str, Record | None] = dict.fromkeys(unmeasured)
    for path, found in measurement.files.items():
        if not found.missing and not found.partial:
            files[path] = Record(found.lines, found.ways)
        elif remembered is None:
            files[path] = _made(found, code(path))
        else:
            files[path] = remembered(path, found, lambda path=path, found=found: _made(found, code(path)))
    return CoverageBaseline(measurement.setting, dict(sorted(files.items())))


def _made(found: FileCoverage, code: FileCode) -> Record:
    return Record(found.lines, found.ways, code.counted(found.missing), Counter(map(code.way, found.partial)))


def record_to_data(record: Record | None) -> dict[str, Any] | None:
    """Return a record as JSON data, as the baseline's file has it."""
    return _spelled(record)


def record_from_data(data: Any) -> Record | None:
    """Return what `record_to_data` was given.

    Raises
    ------
    AttributeError, KeyError, TypeError, ValueError
        If the data is of another form.
    """
    return _record(data)


# -- the file ----------------------------------------------------------------------------------------------------------


def written(baseline: CoverageBaseline) -> str:
    """Return the text of a baseline's file: one file a line, and the same text for the same baseline everywhere."""
    setting = baseline.setting
    measured = None
    if setting is not None:
        measured = {name: getattr(setting, name) for name in ("coverage", "python", "core", "branch")}
    lines = [f" {json.dumps(path)}: {json.dumps(_spelled(record))}" for path, record in sorted(baseline.files.items())]
    body = "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"
    head = [f'"version": {VERSION}', f'"measured": {json.dumps(measured)}', f'"files": {body}']
    return "{\n" + ",\n".join(head) + "\n}\n"


def read(data: bytes, shown: str) -> CoverageBaseline:
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
        return _understood(json.loads(data), shown)
    except json.JSONDecodeError as error:
        raise broken(shown, f"is cut off or damaged in line {error.lineno} ({error.msg})") from None
    except UnicodeDecodeError:
        raise broken(shown, "is no text") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise broken(shown, "is no coverage baseline of mergegate, or damaged") from None


def broken(shown: str, what: str) -> EvidenceError:
    """Return the error about an unusable file, with the commands that repair it."""
    repair = f"'git checkout -- {shown}' brings the last one back, '{COMMAND}' makes a new one"
    return EvidenceError(f"The coverage baseline {shown} {what}", repair)


def schema_file() -> Path:
    """Return the file of the JSON Schema of baselines."""
    return Path(__file__).parent / "baseline.schema.json"


def _spelled(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    data: dict[str, Any] = {"statements": list(record.lines)}
    if record.ways.total:
        data["branches"] = list(record.ways)
    for name, keys in (("missing", record.missing), ("partial", record.partial)):
        if keys:
            data[name] = _by_scope(keys)
    return data


def _by_scope(keys: Counter[Key]) -> dict[str, str]:
    scopes: dict[str, list[str]] = {}
    for key in sorted(keys.elements()):
        scopes.setdefault(key.scope, []).append(key.code)
    return {scope: " ".join(codes) for scope, codes in scopes.items()}


def _understood(document: Any, shown: str) -> CoverageBaseline:
    version = document["version"]
    if version != VERSION:
        reason = f"The coverage baseline {shown} has the format {version!r}, and this mergegate knows {VERSION} only"
        raise EvidenceError(reason, f"use the mergegate that wrote it, or run '{COMMAND}'")
    measured = document["measured"]
    setting = None
    if measured is not None:
        if not all(isinstance(value, bool if name == "branch" else str) for name, value in measured.items()):
            raise TypeError
        setting = Setting(**measured)
    files = cast("Mapping[str, Any]", document["files"])
    return CoverageBaseline(setting, {path: _record(data) for path, data in files.items()})


def _record(data: Any) -> Record | None:
    if data is None:
        return None
    missing, partial = (_counted(data.get(name, {})) for name in ("missing", "partial"))
    return Record(_figure(data["statements"]), _figure(data.get("branches", (0, 0))), missing, partial)


def _figure(data: Any) -> Figure:
    covered, count = data
    if not (isinstance(covered, int) and isinstance(count, int) and 0 <= covered <= count):
        raise ValueError
    return Figure(covered, count)


def _counted(data: Mapping[str, str]) -> Counter[Key]:
    return Counter(Key(scope, code) for scope, codes in data.items() for code in codes.split())
