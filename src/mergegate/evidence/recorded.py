"""Evidence that another run has left in its file: taken as it is, unless the tree has changed since."""

from __future__ import annotations

from pathlib import Path

from mergegate.errors import EvidenceError
from mergegate.evidence.files import FOLDER, read, stale
from mergegate.gate.conditions import Condition, Place, Status

_MAKERS = {"coverage": "run the tests with coverage", "contracts": "run the tests of the contracts"}
_SHOWN = 10


def recorded(root: Path, kind: str, *, wanted: bool) -> tuple[Condition, ...]:
    """Return what a project's evidence of a kind says.

    Parameters
    ----------
    root
        The project's folder.
    kind
        The kind of the evidence.
    wanted
        Whether the project has to have it.
    """
    again = _MAKERS.get(kind, f"measure {kind}")
    try:
        evidence = read(root, kind)
    except EvidenceError as error:
        return (Condition(kind, "evidence", Status.BROKEN, text=f"{error.message}; {again} again"),)
    if evidence is None:
        if not wanted:
            return (Condition(kind, "evidence", Status.ABSENT),)
        return (Condition(kind, "evidence", Status.BROKEN, text=f"there is no {FOLDER}/{kind}.json; {again} first"),)
    changed = stale(root, evidence)
    if changed:
        files = f"{changed[0]} has" if len(changed) == 1 else f"{changed[0]} and {len(changed) - 1} more have"
        places = tuple(Place(path, 0, "changed since it was measured") for path in changed[:_SHOWN])
        text = f"{files} changed since; {again} again"
        return (Condition(kind, "evidence", Status.BROKEN, text=text, places=places),)
    return evidence.conditions or (Condition(kind, "evidence", Status.PASSED),)
