"""Errors that reach the user as one clear line: what, where, what to do."""

from __future__ import annotations


class MergegateError(Exception):
    """A failure with a sentence for the user; the command line prints it without a traceback.

    Parameters
    ----------
    message
        What went wrong and where, as one sentence.
    hint
        What the user can do about it, often a command.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(MergegateError):
    """The configuration cannot be read or holds a value that has no meaning."""


class RuleError(MergegateError):
    """A rule file or a knowledge table is malformed."""


class EvidenceError(MergegateError):
    """A baseline or configured evidence is broken, missing or stale."""

    exit_code = 3
