"""The quarantine: rejected answers as lines of JSON, without what must not be shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mergegate.contracts.verdict import Outcome
from mergegate.errors import MergegateError
from mergegate.files.writing import write_whole


def write_quarantine(file: Path, outcomes: Iterable[Outcome]) -> int:
    """Write the rejected ones of some verdicts, sorted, and return how many there are; without any, the file goes.

    Raises
    ------
    MergegateError
        If it cannot be written.
    """
    rejected = sorted((each for each in outcomes if not each.passed), key=order)
    try:
        if not rejected:
            file.unlink(missing_ok=True)
            return 0
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, (f"{json.dumps(row(each), ensure_ascii=False)}\n" for each in rejected))
    except OSError as error:
        raise MergegateError(f"The quarantine {file} cannot be written: {error.strerror}", "make it writable") from None
    return len(rejected)


def order(outcome: Outcome) -> tuple[str, str, int, int]:
    """Return what verdicts are sorted by: contract and place."""
    return outcome.contract, outcome.file, outcome.line, outcome.number


def row(outcome: Outcome) -> dict[str, Any]:
    """Return a verdict as JSON data."""
    return {
        "id": outcome.id, "contract": outcome.contract, "sha256": outcome.sha256, "status": str(outcome.status),
        "pointer": outcome.pointer, "keyword": outcome.keyword, "message": outcome.message, "model": outcome.model,
        "provider": outcome.provider, "prompt": outcome.prompt, "steps": list(outcome.steps), "text": outcome.excerpt,
    }  # fmt: skip
