"""The result of a run as it is stored: findings and suppression comments, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mergegate.finding import Confidence, Finding, Severity, Step

if TYPE_CHECKING:
    from mergegate.engine.inputs import Input
    from mergegate.rules.rule import Rule
    from mergegate.syntax.pragmas import Pragma


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a run found out about one project.

    Attributes
    ----------
    root
        The project's folder; all paths are relative to it.
    rules
        The rules that hold in the project, by id; of their examples only the pair that reports show may be there.
    findings
        All findings in report order: before suppression, selection, minimal confidence and per-path ignores.
    pragmas
        The suppression comments of the files that have any.
    sources
        Returns the contents of a file by relative path, from the editor if it holds them. May raise OSError.
    paths
        All files of the program, sorted.
    nested
        Folders of configured projects inside this one, which are not part of it.
    files, lines, cached
        How many files and lines were analysed, and how many files' facts came out of the cache.
    seconds
        Wall time.
    warnings
        What the user should know about the run itself.
    rules_digest
        Digest of the rules and of all tables behind them.
    inputs
        The files with the digests of their contents.
    cache
        The folder of the cache, None if it is not in use.
    """

    root: Path
    rules: Mapping[str, Rule]
    findings: tuple[Finding, ...]
    pragmas: Mapping[str, tuple[Pragma, ...]]
    sources: Callable[[str], bytes]
    paths: tuple[str, ...]
    nested: tuple[str, ...]
    files: int
    lines: int
    cached: int
    seconds: float
    warnings: tuple[str, ...]
    rules_digest: str = ""
    inputs: tuple[Input, ...] = ()
    cache: Path | None = None


class Outcome(NamedTuple):
    """What depends on the program alone, and so can be stored."""

    findings: tuple[Finding, ...]
    pragmas: Mapping[str, tuple[Pragma, ...]]


def encode(outcome: Outcome) -> bytes:
    """Serialise an outcome to JSON bytes."""
    findings = [
        [
            f.rule, f.family, f.severity, f.confidence, f.path, f.line, f.column, f.end_line, f.end_column, f.message,
            f.help, f.cause, f.scope, [[step.path, step.line, step.text] for step in f.witness], f.key, f.fix,
        ]
        for f in outcome.findings
    ]  # fmt: skip
    return json.dumps([findings, outcome.pragmas], separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> Outcome:
    """Read what `encode` wrote.

    Raises
    ------
    ValueError
        If the bytes are no encoded outcome.
    """
    try:
        findings, pragmas = json.loads(data)
        made = {path: tuple(map(pragma, rows)) for path, rows in pragmas.items()}
        return Outcome(tuple(map(_finding, findings)), made)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"no encoded outcome: {error}") from error


def _finding(row: list[Any]) -> Finding:
    if tuple(map(type, row)) != _KINDS:
        raise TypeError("a value is of another kind")
    (
        rule, family, severity, confidence, path, line, column, end_line, end_column, message,
        help_, cause, scope, witness, key, fix,
    ) = row  # fmt: skip
    return Finding(
        rule, family, _SEVERITIES[severity], _CONFIDENCES[confidence], path, line, column, end_line, end_column,
        message, help_, cause, scope, tuple([_step(hop) for hop in witness]), key, tuple(map(str, fix)),
    )  # fmt: skip


def _step(hop: list[Any]) -> Step:
    path, line, text = hop
    return Step(str(path), int(line), str(text))


# what JSON makes of the fields of a finding: texts, the place, texts, the witness, the key, the fix
_KINDS = (*[str] * 5, *[int] * 4, *[str] * 4, list, str, list)
_SEVERITIES = {each.value: each for each in Severity}
_CONFIDENCES = {each.value: each for each in Confidence}


def pragma(row: Sequence[Any]) -> Pragma:
    """Return a suppression comment as summaries and stored outcomes hold it."""
    from mergegate.syntax.pragmas import Pragma  # noqa: PLC0415  (the package of the syntax is not loaded for nothing)

    kind, line, first, last, rules, reason = row
    return Pragma(kind, line, first, last, tuple(rules), reason)
