"""Personal data and credentials in texts: found, masked in structures and logs, encrypted in fields.

Framework-free; needs the extra `privacy`. `mergegate.privacy.encryption` holds the cipher for single fields.
"""

from __future__ import annotations

from mergegate.errors import MergegateError

try:
    from mergegate.privacy.detection import detect, entity_names
    from mergegate.privacy.logs import RedactingFilter, protect, redact_event, redact_record
    from mergegate.privacy.redaction import mask, redact, redact_text
    from mergegate.privacy.spans import Span
except ModuleNotFoundError as error:
    if error.name not in ("phonenumbers", "stdnum"):
        raise
    raise MergegateError("mergegate.privacy needs more packages", "pip install 'mergegate[privacy]'") from error

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
