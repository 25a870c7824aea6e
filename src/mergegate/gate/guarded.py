"""What others report about files, such as type errors, without the credentials that stand in these files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mergegate.engine.credentials import places_in, tokens_in
from mergegate.finding import Finding
from mergegate.gate.marks import Where, value_at
from mergegate.gate.source import Source, Sources

# as much of a literal as pyright shows in a message
_SHOWN = 50
_SHORTEST = 4


def guarded(findings: Iterable[Finding], sources: Sources) -> tuple[list[Finding], Sources]:
    """Return findings with messages that hold no credential, and their files with every credential masked.

    Parameters
    ----------
    findings
        Findings that no rule of ours made.
    sources
        Their files as they are.
    """
    masked: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    cleaned: list[Finding] = []
    for finding in findings:
        if finding.path not in masked:
            masked[finding.path], values[finding.path] = _look(finding.path, sources)
        cleaned.append(replace(finding, message=_without(finding.message, values[finding.path])))
    return cleaned, Sources(sources.read, masked)


def _look(path: str, sources: Sources) -> tuple[list[str], list[str]]:
    try:
        data = sources.read(path)
    except OSError:
        return [], []
    keys = places_in(path, data)
    lines = Source(data).lines if keys else []
    return keys, sorted((value_at(lines, Where.of(key)) for key in keys), key=len, reverse=True)


def _without(message: str, values: list[str]) -> str:
    for value in values:
        for part in (value, value[:_SHOWN]):
            if len(part) >= _SHORTEST:
                message = message.replace(part, "***")
    for token in tokens_in(message):
        message = message.replace(token, "***")
    return message
