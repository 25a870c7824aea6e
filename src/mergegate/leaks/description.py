"""Descriptions: what is said of a value that gets where it should not, and how sure that is."""

from __future__ import annotations

import re
from typing import NamedTuple

from mergegate.finding import Confidence, Severity
from mergegate.leaks.sinks import BINDING, LOGGING, OUTPUT, TELEMETRY
from mergegate.leaks.sources import Source

CREDENTIAL, PERSONAL = "credential-in-log", "personal-data-in-log"
# alone, such a word is as often something else: a token of a parser, an address in memory
_VAGUE = frozenset({
    "token", "secret", "address", "cookie", "pin", "recipient", "authorization", "webhook url", "dsn", "login", "otp",
    "cred", "creds", "credential", "credentials",
})  # fmt: skip


class Leak(NamedTuple):
    """A value that a call writes.

    Attributes
    ----------
    rule
        The rule that it breaks.
    line, column, end_line, end_column
        Where the value stands: 1-based lines, 0-based offsets in bytes.
    severity, confidence
        How bad and how sure; where the file lies may lower both.
    message, help
        What is wrong and what to do.
    """

    rule: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: str
    confidence: str
    message: str
    help: str


_WRITTEN = {
    LOGGING: "written to a log", OUTPUT: "printed", TELEMETRY: "sent to telemetry", BINDING: "bound to log records"
}  # fmt: skip


def described(source: Source, sink: str, written: str) -> Leak:
    """Return what there is to say of a source that gets to a sink.

    Parameters
    ----------
    written
        What writes it, in words.
    """
    term, node = source.term, source.node
    credential = term.category == "credential"
    severity = {"high": Severity.ERROR, "medium": Severity.WARNING}.get(term.level, Severity.INFO)
    entity = term.entity.replace("_", " ").lower()
    kind = "a credential" if credential else f"personal data ({entity})" if entity else "personal data"
    message = f"`{source.shown}` is {_WRITTEN[sink]} by {written}: its name says that it holds {kind}"
    help_ = (
        f"leave it out, or log `bool({source.shown})`; where it has to be told from others, mask it"
        if credential
        else f"log an id instead, or mask it: `mergegate.privacy.redact({source.shown})`"
    )
    return Leak(
        CREDENTIAL if credential else PERSONAL, node.lineno, node.col_offset, node.end_lineno or node.lineno,
        node.end_col_offset or node.col_offset + 1, severity.value, _confidence(source, sink).value, message, help_,
    )  # fmt: skip


def _confidence(source: Source, sink: str) -> Confidence:
    term = source.term
    if term.level == "low" or term.category == "content":
        return Confidence.LOW
    # of a name that goes on behind the term, what it holds is more often about such a value
    last = re.findall(r"[a-z]+", term.text)[-1].removesuffix("s")
    goes_on = not re.fullmatch(rf".*{last}s*[^a-z]*", source.shown.lower())
    if sink == OUTPUT or goes_on or term.text in _VAGUE or term.match == "exact":
        return Confidence.MEDIUM
    return Confidence.HIGH
