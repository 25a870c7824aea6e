"""Setups: libraries that are told, or left, to add values of variables and of users to what they write."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mergegate.finding import Confidence, Severity
from mergegate.leaks.description import Leak
from mergegate.leaks.sinks import dotted_name
from mergegate.trees import Parsed

DEFAULT_PII, DIAGNOSE = "telemetry-sends-personal-data", "loguru-shows-variables"


def setups(parsed: Parsed) -> Iterator[Leak]:
    """Yield what a file's calls set up so that it gives values away.

    Parameters
    ----------
    parsed
        The code; most files are told apart without their tree.
    """
    data = parsed.data
    sentry, loguru = b"send_default_pii" in data, b"loguru" in data and b".add(" in data
    tree = parsed.tree if sentry or loguru else None
    if tree is None:
        return
    nodes = list(ast.walk(tree))
    names = dict(_imported(nodes))
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        first, _, rest = dotted_name(node.func).partition(".")
        called = f"{names.get(first, first)}.{rest}".rstrip(".") if first in names else ""
        if called == "sentry_sdk.init":
            yield from _sends_by_default(node)
        elif called == "loguru.logger.add":
            yield from _diagnoses(node)


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield (local name, dotted name) of what a module imports of the libraries."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module in ("sentry_sdk", "loguru") and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in ("sentry_sdk", "loguru"):
                    yield alias.asname or alias.name, alias.name


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _sends_by_default(call: ast.Call) -> Iterator[Leak]:
    value = _argument(call, "send_default_pii")
    if isinstance(value, ast.Constant) and value.value is True:
        message = (
            "`send_default_pii=True`: Sentry is sent the users' ids, names, e-mail and IP addresses, cookies and the "
            "bodies of requests with every event"
        )
        help_ = "leave it out, and set what you need by hand: `sentry_sdk.set_user({'id': ...})`"
        yield _leak(DEFAULT_PII, value, Confidence.HIGH, message, help_)


def _diagnoses(call: ast.Call) -> Iterator[Leak]:
    value = _argument(call, "diagnose")
    if any(keyword.arg is None for keyword in call.keywords):
        # `**options` may say it
        return
    if value is None:
        message = "`logger.add()` without `diagnose=False`: tracebacks show the values of all variables in their lines"
        yield _leak(DIAGNOSE, call.func, Confidence.MEDIUM, message, _DIAGNOSE_HELP)
    elif isinstance(value, ast.Constant) and value.value is True:
        message = "`diagnose=True`: tracebacks show the values of all variables in their lines"
        yield _leak(DIAGNOSE, value, Confidence.HIGH, message, _DIAGNOSE_HELP)


_DIAGNOSE_HELP = "write `diagnose=False`, or let a setting that only developers turn on decide"


def _leak(rule: str, node: ast.expr, confidence: Confidence, message: str, help_: str) -> Leak:
    line, end = node.lineno, node.end_lineno or node.lineno
    return Leak(
        rule, line, node.col_offset, end, node.end_col_offset or node.col_offset + 1, Severity.WARNING.value,
        confidence.value, message, help_,
    )  # fmt: skip
