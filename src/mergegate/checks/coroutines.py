"""Coroutines that are made and dropped: the call of an async function whose result nobody awaits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from mergegate.finding import Finding
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import EXACT, Value, how_known
from mergegate.syntax.summary import Flag, FunctionFlag, Operation


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield a finding for each call that makes a coroutine which is never awaited, returned, stored or passed on."""
    for rule in rules:
        for module in range(len(program.modules)):
            for number in program.scanned("coroutines", module, partial(_droppers, program, module)):
                function = program.function_base[module] + number
                found = program.remembered("coroutines", function, partial(_dropped, program, function, knowledge))
                for dropped in found:
                    yield _finding(program, rule, function, dropped)


def _droppers(program: CallGraph, module: int) -> list[int]:
    """Return the functions of a module, by number in it, that drop what a call gives."""
    functions = program.modules[module].functions
    return [number for number, fact in enumerate(functions) if any(map(_is_dropped, fact.operations))]


def _is_dropped(operation: Operation) -> bool:
    dropped = operation.flags & (Flag.STATEMENT | Flag.DISCARDED)
    return bool(dropped) and operation.kind == "call" and not operation.flags & Flag.AWAITED


def _dropped(program: CallGraph, function: int, knowledge: Knowledge) -> list[tuple[int, str, str]]:
    """Return which operations of a function drop a coroutine, with the name of its function and the package of that."""
    found: list[tuple[int, str, str]] = []
    for position, operation in enumerate(program.functions[function].operations):
        made = _maker(program, program.function_module[function], operation) if _is_dropped(operation) else None
        if made is not None and made[0] == "fn":
            found.append((position, program.fact(made[1]).qualname, ""))
        elif made is not None:
            name = _external_name(made)
            found.append((position, name, knowledge.installed.get(name.partition(".")[0], "")))
    return found


def _maker(program: CallGraph, module: int, operation: Operation) -> Value | None:
    """Return the function whose coroutine an operation makes; None if it may make anything else."""
    row = program.modules[module].rows[operation.node]
    values = program.value(module, row[1]) if row[0] == "(" else ()
    if not values or not all(_makes_coroutine(program, value) for value in values):
        return None
    return values[0]


def _external_name(value: Value) -> str:
    return f"{value[1]}.{value[3]}" if value[0] == "xm" else str(value[1])


def _makes_coroutine(program: CallGraph, value: Value) -> bool:
    if value[0] == "fn":
        return _is_plain_coroutine(program, value[1]) and not _has_other_override(program, value)
    return value[0] in ("x", "xm") and program.is_library_coroutine(value)


def _is_plain_coroutine(program: CallGraph, function: int) -> bool:
    fact = program.functions[function]
    if program.is_async(function) and not fact.flags & FunctionFlag.ASYNC:
        # a wrapper of the program, or a decorator known to hand calls to a thread, makes it awaitable
        return program.callable_of(function).effect != "task"
    if not fact.flags & FunctionFlag.ASYNC or fact.flags & FunctionFlag.GENERATOR:
        return False
    wrappers = program.callable_of(function).wrappers
    if wrappers:
        return all(program.fact(w).flags & FunctionFlag.ASYNC for w in wrappers)
    module = program.function_module[function]
    # a decorator of which nothing is known may schedule the coroutine itself
    return all(_keeps_coroutine(program, module, node) for node in fact.decorators)


def _keeps_coroutine(program: CallGraph, module: int, node: int) -> bool:
    row = program.modules[module].rows[node]
    values = program.value(module, row[1] if row[0] == "(" else node)
    return bool(values) and all(
        v[0] in ("x", "cls") and program.decorator_effects.get(str(v[1])) in ("transparent", "static", "class")
        for v in values
    )


def _has_other_override(program: CallGraph, value: Value) -> bool:
    """Tell whether a subclass replaces the method by something that may not be a coroutine."""
    receiver, fact = value[2], program.fact(value[1])
    if receiver is None or how_known(receiver) == EXACT or not isinstance(receiver[1], int):
        return False
    for subclass in program.overriding(receiver[1], fact.name):
        for member in program.value(program.class_module[subclass], program.classes[subclass].names[fact.name]):
            if member[0] != "fn" or not _is_plain_coroutine(program, member[1]):
                return True
    return False


def _finding(program: CallGraph, rule: Rule, function: int, dropped: tuple[int, str, str]) -> Finding:
    fact = program.functions[function]
    position, name, package = dropped
    operation = fact.operations[position]
    origin = f" in installed package {package}" if package else ""
    inside = fact.flags & FunctionFlag.ASYNC
    repair = (
        f"write `await {name}(...)`, or keep a reference: `task = asyncio.create_task({name}(...))`"
        if inside
        else f"make `{fact.name}` async and await it, or start it from synchronous code: `asyncio.run({name}(...))`"
    )
    return Finding(
        rule=rule.id,
        family=rule.family,
        severity=rule.severity,
        confidence=rule.confidence.lowered() if package else rule.confidence,
        path=program.paths[program.function_module[function]],
        line=operation.line,
        column=operation.column,
        end_line=operation.end_line,
        end_column=operation.end_column,
        message=f"The coroutine that `{name}()`{origin} makes is never awaited: its body does not run",
        help=repair,
        scope=fact.qualname,
        fix=("await",) if inside and operation.flags & Flag.STATEMENT else (),
    )
