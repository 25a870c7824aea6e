"""Results of library calls that no signature can state: they depend on what was passed."""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mergegate.semantics.values import EXACT, UNKNOWN, Union, join

if TYPE_CHECKING:
    from mergegate.semantics.callables import Callables

Keywords = Sequence[Sequence[Any]]


def library_result(
    program: Callables, name: str, module: int, positional: Sequence[int], keywords: Keywords
) -> Union | None:
    """Return the result of a call of `name`, or None if its signature says all there is."""
    handler = _HANDLERS.get(name)
    if handler is None or module < 0:
        return None
    arguments = [program.value(module, node) for node in positional]
    return handler(program, arguments, [(key, program.value(module, node)) for key, node in keywords])


def _first(arguments: list[Union]) -> Union:
    return arguments[0] if arguments else UNKNOWN


def _same(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    del program, keywords
    return _first(arguments)


def _partial(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    del program, keywords
    return (("part", _first(arguments)),) if _first(arguments) else UNKNOWN


def _awaitable(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("aw", program.awaited(_first(arguments))),)


def _task(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("ins", "asyncio.Task", (program.awaited(_first(arguments)),), EXACT),)


def _gathered(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("aw", (("tup", tuple(program.awaited(a) for a in arguments)),)),)


def _in_thread(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("aw", program.call_union(_first(arguments), -1, (), ())),)


def _in_executor(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("aw", program.call_union(arguments[1], -1, (), ())),) if len(arguments) > 1 else None


def _submitted(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    result = program.call_union(_first(arguments), -1, (), ())
    return (("ins", "concurrent.futures.Future", (result,), EXACT),)


def _element(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    found = program.element_of(_first(arguments))
    return join([found, *arguments[1:]]) if found else None


def _listed(head: str) -> Function[[Callables, list[Union], Any], Union | None]:
    def result(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
        return (("ins", head, (program.element_of(_first(arguments)),), EXACT),)

    return result


def _enumerated(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    pair = ("tup", ((("ins", "builtins.int", (), EXACT),), program.element_of(_first(arguments))))
    return (("ins", "typing.Iterator", ((pair,),), EXACT),)


def _zipped(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    row = ("tup", tuple(program.element_of(a) for a in arguments))
    return (("ins", "typing.Iterator", ((row,),), EXACT),)


def _mapped(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    result = program.call_union(_first(arguments), -1, (), ())
    return (("ins", "typing.Iterator", (result,), EXACT),)


def _filtered(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    found = program.element_of(arguments[1]) if len(arguments) > 1 else UNKNOWN
    return (("ins", "typing.Iterator", (found,), EXACT),)


def _type_of(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    if len(arguments) != 1:
        return None
    return tuple(("cls", v[1]) for v in arguments[0] if v[0] == "ins")


def _closing(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("with", _first(arguments)),)


def _entered(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return program.entered(_first(arguments))


def _entered_async(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    return (("aw", program.entered(_first(arguments), asynchronous=True)),)


def _session_factory(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    """`sessionmaker(class_=AsyncSession)` makes sessions of that class."""
    for key, union in keywords:
        if key == "class_":
            return tuple(("part", (("cls", v[1]),)) for v in union if v[0] == "cls") or None
    return None


def _defaultdict(program: Callables, arguments: list[Union], keywords: Any) -> Union | None:
    made = program.call_union(_first(arguments), -1, (), ())
    return (("ins", "builtins.dict", (UNKNOWN, made), EXACT),)


_Handler = Function[["Callables", list[Union], Any], "Union | None"]

_HANDLERS: dict[str, _Handler] = {
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "weakref.proxy": _same,
    "contextvars.copy_context": lambda *_: None,
    "asyncio.wait_for": _awaitable,
    "asyncio.shield": _awaitable,
    "asyncio.create_task": _task,
    "asyncio.ensure_future": _task,
    "asyncio.TaskGroup.create_task": _task,
    "asyncio.AbstractEventLoop.create_task": _task,
    "asyncio.gather": _gathered,
    "asyncio.to_thread": _in_thread,
    "anyio.to_thread.run_sync": _in_thread,
    "starlette.concurrency.run_in_threadpool": _in_thread,
    "fastapi.concurrency.run_in_threadpool": _in_thread,
    "asyncio.AbstractEventLoop.run_in_executor": _in_executor,
    "concurrent.futures.Executor.submit": _submitted,
    "concurrent.futures.ThreadPoolExecutor.submit": _submitted,
    "concurrent.futures.ProcessPoolExecutor.submit": _submitted,
    "builtins.next": _element,
    "builtins.min": _element,
    "builtins.max": _element,
    "builtins.iter": _listed("typing.Iterator"),
    "builtins.reversed": _listed("typing.Iterator"),
    "builtins.list": _listed("builtins.list"),
    "builtins.sorted": _listed("builtins.list"),
    "builtins.set": _listed("builtins.set"),
    "builtins.frozenset": _listed("builtins.set"),
    "builtins.tuple": _listed("builtins.tuple"),
    "builtins.enumerate": _enumerated,
    "builtins.zip": _zipped,
    "builtins.map": _mapped,
    "builtins.filter": _filtered,
    "builtins.type": _type_of,
    "collections.defaultdict": _defaultdict,
    "contextlib.closing": _closing,
    "contextlib.aclosing": lambda p, a, k: (("awith", _first(a)),),
    "contextlib.nullcontext": _closing,
    "contextlib.ExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_async_context": _entered_async,
    "sqlalchemy.orm.sessionmaker": _session_factory,
}
