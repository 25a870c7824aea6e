"""Personal data and credentials in texts: found, masked in structures and logs, encrypted in fields.

Framework-free; needs the extra `privacy`. `mergegate.privacy.encryption` holds the cipher for single fields.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mergegate.errors import MergegateError

if TYPE_CHECKING:
    from mergegate.privacy.detection import detect, entity_names
    from mergegate.privacy.logs import RedactingFilter, protect, redact_event, redact_record
    from mergegate.privacy.redaction import mask, redact, redact_text
    from mergegate.privacy.spans import Span

__all__ = [
    "RedactingFilter",
    "Span",
    "detect",
    "entity_names",
    "mask",
    "protect",
    "redact",
    "redact_event",
    "redact_record",
    "redact_text",
]

# the analysis uses the vocabulary of names without the packages that values are checked with
_MODULES = {
    "detect": "detection", "entity_names": "detection", "RedactingFilter": "logs", "protect": "logs",
    "redact_event": "logs", "redact_record": "logs", "mask": "redaction", "redact": "redaction",
    "redact_text": "redaction", "Span": "spans",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("phonenumbers", "stdnum"):
            raise
        raise MergegateError("mergegate.privacy needs more packages", "pip install 'mergegate[privacy]'") from error
