"""What pyright reports, read strictly: whatever is not exactly as it should be is no evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mergegate.errors import EvidenceError
from mergegate.evidence.pyright_tool import INSTALL
from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.source import Sources

FAMILY = "types"
SYNTAX = "syntax-error"
"""The rule of what pyright reports without one."""

_MISSING = "reportMissingImports"
_LONGEST = 600
_CODES = {
    2: ("pyright broke off", "run it by hand to see more: 'pyright --outputjson'"),
    3: ("pyright cannot read its configuration", "repair pyrightconfig.json or [tool.pyright]"),
    4: ("pyright does not understand how it was called", "check types.project and python in the settings"),
}


@dataclass(frozen=True, slots=True)
class Output:
    """What pyright found.

    Attributes
    ----------
    version
        Its version.
    errors
        The errors in the order of places; their paths are relative to the project.
    warnings, files
        How many warnings there are, and how many files were read.
    seconds
        How long it took.
    unresolved
        The modules whose import leads nowhere, as written; relative ones are left out.
    """

    version: str
    errors: tuple[Finding, ...]
    warnings: int
    files: int
    seconds: float
    unresolved: frozenset[str]


def read_output(ended: tuple[int, bytes, bytes], root: Path, sources: Sources) -> Output:
    """Return what an ended run of `pyright --outputjson` says.

    Parameters
    ----------
    ended
        Its exit code, standard output and standard error.
    root
        The project's folder.
    sources
        The project's files.

    Raises
    ------
    EvidenceError
        If it broke off, read no file, or left something else than a whole report that agrees with itself.
    """
    code, output, errors = ended
    said = _last_line(errors)
    if code < 0 or code > 1:
        reason, hint = _CODES.get(code, ("pyright broke off", "run it by hand to see more: 'pyright --outputjson'"))
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise EvidenceError(f"{reason} ({what}{f': {said}' if said else ''})", hint)
    try:
        found = _Reading(root, sources).output(json.loads(output))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        reason = f"pyright left no report ({said or 'its output is no JSON'})"
        hint = f"run 'pyright --outputjson' by hand to see why; if it is not installed, {INSTALL}"
        raise EvidenceError(reason, hint) from None
    if not found.files:
        hint = "check include and exclude in the configuration of pyright, they may lead nowhere"
        raise EvidenceError("pyright has read no file", hint)
    if bool(found.errors) != bool(code):
        raise EvidenceError(f"pyright ended with {code} and reports {len(found.errors)} errors", "run it again")
    return found


class _Reading:
    def __init__(self, root: Path, sources: Sources) -> None:
        self._root = str(root)
        self._real = os.path.realpath(root)
        self._sources = sources
        self._unresolved: set[str] = set()

    def output(self, document: Mapping[str, Any]) -> Output:
        summary = document["summary"]
        diagnostics = [(each["severity"], each) for each in document["generalDiagnostics"]]
        errors = [self._finding(each) for severity, each in diagnostics if severity == "error"]
        for _, each in diagnostics:
            if each.get("rule") == _MISSING:
                self._note(each)
        count, warnings, files = (_count(summary[name]) for name in ("errorCount", "warningCount", "filesAnalyzed"))
        if count != len(errors):
            raise ValueError
        return Output(
            _text(document["version"]),
            tuple(sorted(errors, key=lambda each: each.sort_key)),
            warnings,
            files,
            float(summary["timeInSec"]),
            frozenset(self._unresolved),
        )

    def _finding(self, diagnostic: Mapping[str, Any]) -> Finding:
        path = self._path(diagnostic["file"])
        (line, column), (end_line, end_column) = (
            self._position(path, diagnostic["range"][name]) for name in ("start", "end")
        )
        rule = _text(diagnostic.get("rule", SYNTAX))
        message = _one_line(_text(diagnostic["message"]))
        return Finding(rule, FAMILY, Severity.ERROR, Confidence.HIGH, path, line, column, end_line, end_column, message)

    def _note(self, diagnostic: Mapping[str, Any]) -> None:
        """Keep the name of a module that was not found: it stands in the code, whatever the message says."""
        path, ends = self._path(diagnostic["file"]), diagnostic["range"]
        line = _count(ends["start"]["line"]) + 1
        written = self._sources.line_text(path, line)
        name = written[_count(ends["start"]["character"]) : _count(ends["end"]["character"])].strip()
        if name.replace(".", "").isidentifier() and not name.startswith("."):
            self._unresolved.add(name)

    def _path(self, file: object) -> str:
        path = _text(file)
        for root in (self._root, self._real):
            if path.startswith(root + os.sep):
                return path[len(root) + 1 :].replace(os.sep, "/")
        return os.path.relpath(path, self._real).replace(os.sep, "/")

    def _position(self, path: str, place: Mapping[str, Any]) -> tuple[int, int]:
        line = _count(place["line"]) + 1
        return line, self._sources[path].offset(line, _count(place["character"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError
    return value


def _one_line(message: str) -> str:
    """Return a message of several lines on one."""
    lines = [line.strip("\u00a0 \t") for line in message.splitlines()]
    joined = "; ".join(line for line in lines if line)
    return joined if len(joined) <= _LONGEST else f"{joined[: _LONGEST - 1]}\u2026"


def _last_line(data: bytes) -> str:
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")[:200]
