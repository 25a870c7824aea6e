"""Redaction in logs: a filter for `logging`, a processor for structlog and a patcher for loguru."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, cast

from mergegate.privacy.redaction import redact, redact_text

# what a record holds from the start; everything else was handed over with `extra`
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FORMATTER = logging.Formatter()


class RedactingFilter(logging.Filter):
    """Masks personal data and credentials in log records: in the message, in `extra`, in tracebacks and stacks.

    A filter of a logger sees only what is logged to that logger itself: add it to handlers, or let `protect` do so.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask what a record holds, and let it pass."""
        try:
            message = record.getMessage()
        except Exception:
            record.msg, record.args = redact_text(str(record.msg)), _arguments(record.args)
        else:
            record.msg, record.args = redact_text(message), None
        if record.exc_info and not record.exc_text:
            # formatters print this text if there is one
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
        if record.stack_info:
            record.stack_info = redact_text(record.stack_info)
        for name in vars(record).keys() - _OWN:
            setattr(record, name, redact({name: getattr(record, name)})[name])
        return True


def _arguments(given: Any) -> Any:
    return redact(cast("Any", given)) if isinstance(given, (tuple, dict)) else given


def protect(logger: logging.Logger | None = None) -> RedactingFilter:
    """Add a redacting filter to all handlers of a logger, the root's if none is given, and return it.

    Handlers that are added later are not covered. Nothing is added to a handler that has one.
    """
    added = RedactingFilter()
    for handler in (logger or logging.getLogger()).handlers:
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(added)
    return added


def redact_event(logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask the values of an event: a processor of structlog, to stand in front of the renderer.

    Parameters
    ----------
    logger, method_name
        As structlog hands them over; not used.
    event_dict
        The event.
    """
    del logger, method_name
    return redact(event_dict)


def redact_record(record: dict[str, Any]) -> None:
    """Mask message and extra values of a record, in place: for `loguru.logger.configure(patcher=redact_record)`.

    loguru writes tracebacks by itself: add sinks with `diagnose=False`, or they show the values of variables.
    """
    record["message"] = redact_text(record["message"])
    record["extra"] = redact(record["extra"])
