"""Conditions of knowledge entries: whether the arguments of this very call let it block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mergegate.rules.model import ArgumentDemand, Blocking, BlockingBody, Condition
from mergegate.syntax.demands import contradicts

if TYPE_CHECKING:
    from mergegate.semantics.calls import Calls


def fits_company(entry: Blocking, methods: frozenset[str]) -> bool:
    """Tell whether a call can block where the function calls these methods on the same object."""
    if not methods.isdisjoint(entry.free_beside):
        return False
    return not entry.blocks_beside or not methods.isdisjoint(entry.blocks_beside)


def applies(program: Calls, entry: Blocking, module: int, row: Any) -> bool:
    """Tell whether a call with these arguments can block.

    Parameters
    ----------
    row
        The call's row: callee, positional and keyword argument nodes.
    """
    if entry.free_when and any(_holds(program, condition, module, row) for condition in entry.free_when):
        return False
    if isinstance(entry, BlockingBody) and not all(_is_met(program, demand, module, row) for demand in entry.demands):
        return False
    return not entry.blocks_when or any(_holds(program, condition, module, row) for condition in entry.blocks_when)


def _holds(program: Calls, condition: Condition, module: int, row: Any) -> bool:
    node = _argument(condition, row)
    if condition.given is not None:
        return (node != 0) == condition.given
    if not node or module < 0:
        return False
    argument = program.modules[module].rows[node]
    if condition.has_equals:
        return _equals(argument, condition.equals)
    if condition.mentions:
        return _mentions(program, module, node, condition.mentions, 0)
    if condition.type:
        return any(v[0] == "ins" and condition.type in program.mro(v[1]) for v in program.value(module, node))
    return False


def _is_met(program: Calls, demand: ArgumentDemand, module: int, row: Any) -> bool:
    """Tell whether a call may pass what a body demands."""
    node = _passed(demand.argument, demand.position, row)
    if node:
        return module < 0 or not contradicts(program.row(module, node), demand.demand)
    if not demand.fails_by_default:
        return True
    spread = [program.row(module, node)[0] == "*" for node in row[2]] if module >= 0 else []
    return any(spread) or any(key == "**" for key, _ in row[3])


def _argument(condition: Condition, row: Any) -> int:
    position = -1 if condition.position is None else condition.position
    return _passed(condition.argument, position, row)


def _passed(argument: str, position: int, row: Any) -> int:
    """Return the node that a call passes by keyword or position, 0 if it passes none."""
    for key, node in row[3]:
        if key == argument:
            return node
    return row[2][position] if 0 <= position < len(row[2]) else 0


def _equals(argument: Any, expected: object) -> bool:
    if argument[0] == "k":
        return argument[1] == repr(expected)
    return argument[0] == "#" and not isinstance(expected, bool) and argument[1] == expected


def _mentions(program: Calls, module: int, node: int, name: str, depth: int) -> bool:
    """Tell whether an attribute or name of that spelling stands anywhere in the argument."""
    row = program.modules[module].rows[node]
    if row[0] in ".g" and row[-1] == name:
        return True
    if row[0] == "m" and row[3] == name:
        return True
    if depth > 4:
        return False
    if row[0] in "|.":
        parts = row[1:] if row[0] == "|" else row[1:2]
        return any(_mentions(program, module, part, name, depth + 1) for part in parts)
    return False
