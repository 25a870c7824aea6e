"""Checks: the algorithms behind the rules; each is a query on the linked program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mergegate.checks import blocking, coroutines, log_flow, optional, pydantic
from mergegate.finding import Finding
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph

Check = Callable[[CallGraph, Sequence[Rule], Knowledge], Iterable[Finding]]

# the names by which rule files ask for an algorithm
CHECKS: dict[str, Check] = {
    "blocking": blocking.check,
    "coroutines": coroutines.check,
    "optional": optional.check,
    "pii": log_flow.check,
    "pydantic": pydantic.check,
}

__all__ = ["CHECKS", "Check"]
