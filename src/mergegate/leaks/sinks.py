"""Sinks: which calls write to a log, to an output or to telemetry."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mergegate.rules.folders import PRIVACY
from mergegate.rules.tables import read_table
from mergegate.secrets.names import words_of

LOGGING, OUTPUT, TELEMETRY, BINDING = "logging", "output", "telemetry", "binding"
_TABLE = "sinks.toml"


@dataclass(frozen=True)
class Words:
    """The table of sinks and sanitizers.

    Attributes
    ----------
    receivers, makers, methods, binders
        Of loggers: their names, what makes them, what writes, and what binds values to later records.
    naming
        Last words of parameters that hold what something is called.
    functions
        Dotted names of functions that write to an output.
    telemetry
        Methods that attach values to spans and events.
    sanitizers, hiding, transparent, hiding_types
        Functions whose result is not the value, words in names of such functions, functions whose result is the value,
        types whose text is not the value.
    """

    receivers: frozenset[str]
    makers: frozenset[str]
    methods: frozenset[str]
    binders: frozenset[str]
    naming: frozenset[str]
    functions: frozenset[str]
    telemetry: frozenset[str]
    sanitizers: frozenset[str]
    hiding: frozenset[str]
    transparent: frozenset[str]
    hiding_types: frozenset[str]


@lru_cache(maxsize=1)
def load_words() -> Words:
    """Return the table that comes with the rules.

    Raises
    ------
    mergegate.errors.RuleError
        If it is missing or malformed.
    """
    table: dict[str, Any] = read_table(PRIVACY, _TABLE)
    logging, sanitizers = table["logging"], table["sanitizers"]
    return Words(
        receivers=frozenset(logging["receivers"]),
        makers=frozenset(logging["makers"]),
        methods=frozenset(logging["methods"]),
        binders=frozenset(logging["binders"]),
        naming=frozenset(logging["naming"]),
        functions=frozenset(table["output"]["functions"]),
        telemetry=frozenset(table["telemetry"]["methods"]),
        sanitizers=frozenset(sanitizers["functions"]),
        hiding=frozenset(sanitizers["words"]),
        transparent=frozenset(sanitizers["transparent"]),
        hiding_types=frozenset(sanitizers["types"]),
    )


def call_beginnings(data: bytes, words: Words) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the beginnings of calls which may be sinks, and of others: `.info(`, `print(`.

    A method and a function of one name may be given twice.
    """
    methods, functions, ends, longest = _patterns(words)
    for found in methods.finditer(data):
        yield found.span()
    for end in ends:
        position = data.find(end)
        while position >= 0:
            last = position + len(end)
            found = functions.search(data, max(0, last - longest), last)
            if found is not None:
                yield found.span()
            position = data.find(end, last)


@lru_cache(maxsize=1)
def _patterns(words: Words) -> tuple[re.Pattern[bytes], re.Pattern[bytes], tuple[bytes, ...], int]:
    """Return expressions for methods and for functions, the ends that beginnings of functions have, and their length.

    An expression that may begin with any letter is slow, and so is one for all names at once.
    """
    methods = "|".join(sorted({*words.methods, *words.binders, *words.telemetry, "write"}))
    names = {name.rpartition(".")[2] for name in words.functions} - {"write"}
    names |= {"bind_contextvars", "bound_contextvars"}
    ends = [name for name in names if not any(name.endswith(other) for other in names - {name})]
    function = rf"(?<!\w)(?:{'|'.join(sorted(names))})\(\Z"
    return (
        re.compile(rf"\.(?:{methods})\(".encode()),
        re.compile(function.encode()),
        tuple(f"{name}(".encode() for name in sorted(ends)),
        max(map(len, names)) + 1,
    )


def sink_of(call: ast.Call, words: Words, loggers: Collection[str]) -> str:
    """Return what a call writes to, empty if it is no sink.

    Parameters
    ----------
    loggers
        Names that the module binds to loggers.
    """
    function = call.func
    dotted = dotted_name(function)
    last = dotted.rpartition(".")[2]
    if dotted in words.functions or ".".join(dotted.split(".")[-2:]) in words.functions:
        return OUTPUT
    if isinstance(function, ast.Attribute):
        if function.attr in words.methods and _is_logger(function.value, words, loggers):
            return LOGGING
        if function.attr in words.binders and _is_logger(function.value, words, loggers):
            return BINDING
        if function.attr in words.telemetry:
            return TELEMETRY
    return BINDING if last in ("bind_contextvars", "bound_contextvars") else ""


def called(node: ast.Call) -> str:
    """Return the last name of what is called, empty if it has none."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def dotted_name(node: ast.expr) -> str:
    """Return an attribute chain as it is written: `self.app.logger`; the parts behind a call are left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _is_logger(node: ast.expr, words: Words, loggers: Collection[str]) -> bool:
    if isinstance(node, ast.Call):
        if called(node) in words.makers:
            return True
        # `logger.bind(...).opt(...).info(...)`
        return isinstance(node.func, ast.Attribute) and _is_logger(node.func.value, words, loggers)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    # `auditLogger`, `audit_log`, `LOG`
    return name in loggers or not words.receivers.isdisjoint(words_of(name)[-1:])


def loggers_of(tree: ast.Module, words: Words) -> frozenset[str]:
    """Return the names that a module binds to what makers of loggers return."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_logger(node.value, words, ()):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(found)
