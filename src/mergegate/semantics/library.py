"""Results of library calls that no signature can state: they depend on what was passed."""

from __future__ import annotations

from collections.abc import Callable as Function
from typing import TYPE_CHECKING, NamedTuple

from mergegate.semantics.values import EXACT, NO_ARGUMENTS, UNKNOWN, Arguments, Union, a_class, how_known, join

if TYPE_CHECKING:
    from mergegate.semantics.calls import Calls


class Call(NamedTuple):
    """A library call whose arguments are evaluated."""

    program: Calls
    arguments: list[Union]
    keywords: dict[str, Union]
    passed: Arguments

    @property
    def first(self) -> Union:
        """The first positional argument; unknown if there is none."""
        return self.arguments[0] if self.arguments else UNKNOWN

    @property
    def second(self) -> Union:
        """The second positional argument; unknown if there is none."""
        return self.arguments[1] if len(self.arguments) > 1 else UNKNOWN

    @property
    def first_type(self) -> Union:
        """What the first positional argument declares, read as an annotation; unknown if there is none."""
        module, positional, _ = self.passed
        return self.program.declared(module, positional[0]) if positional else UNKNOWN

    def result_of(self, callee: Union) -> Union:
        """Return what calling an argument gives."""
        return self.program.call_union(callee, NO_ARGUMENTS)


def library_result(program: Calls, name: str, arguments: Arguments) -> Union | None:
    """Return the result of a call of `name`, or None if its signature says all there is."""
    handler = _HANDLERS.get(name)
    module = arguments.module
    if handler is None or module < 0:
        return None
    positional = [program.value(module, node) for node in arguments.positional]
    keywords = {key: program.value(module, node) for key, node in arguments.keywords}
    return handler(Call(program, positional, keywords, arguments))


def _same(call: Call) -> Union | None:
    return call.first


def _as_type(call: Call) -> Union | None:
    return call.first_type


def _adapter(call: Call) -> Union | None:
    return (("ins", "pydantic.TypeAdapter", (call.first_type,), EXACT),)


def _partial(call: Call) -> Union | None:
    return (("part", call.first),) if call.first else UNKNOWN


def _awaitable(call: Call) -> Union | None:
    return (("aw", call.program.awaited(call.first)),)


def _task(call: Call) -> Union | None:
    return (("ins", "asyncio.Task", (call.program.awaited(call.first),), EXACT),)


def _gathered(call: Call) -> Union | None:
    return (("aw", (("tup", tuple(call.program.awaited(a) for a in call.arguments)),)),)


def _in_thread(call: Call) -> Union | None:
    return (("aw", call.result_of(call.first)),)


def _in_executor(call: Call) -> Union | None:
    return (("aw", call.result_of(call.second)),) if call.second else None


def _submitted(call: Call) -> Union | None:
    return (("ins", "concurrent.futures.Future", (call.result_of(call.first),), EXACT),)


def _element(call: Call) -> Union | None:
    found = call.program.element_of(call.first)
    return join([found, *call.arguments[1:]]) if found else None


def _container(head: str) -> Function[[Call], Union | None]:
    def result(call: Call) -> Union | None:
        return (("ins", head, (call.program.element_of(call.first),), EXACT),)

    return result


def _iterator(element: Union) -> Union:
    return (("ins", "typing.Iterator", (element,), EXACT),)


def _enumerated(call: Call) -> Union | None:
    return _iterator((("tup", ((("ins", "builtins.int", (), EXACT),), call.program.element_of(call.first))),))


def _zipped(call: Call) -> Union | None:
    return _iterator((("tup", tuple(call.program.element_of(a) for a in call.arguments)),))


def _mapped(call: Call) -> Union | None:
    return _iterator(call.result_of(call.first))


def _filtered(call: Call) -> Union | None:
    return _iterator(call.program.element_of(call.second))


def _type_of(call: Call) -> Union | None:
    return tuple(a_class(v[1], how_known(v)) for v in call.first if v[0] == "ins") if len(call.arguments) == 1 else None


def _closing(call: Call) -> Union | None:
    return (("with", call.first),)


def _aclosing(call: Call) -> Union | None:
    return (("awith", call.first),)


def _entered(call: Call) -> Union | None:
    return call.program.entered(call.first)


def _entered_async(call: Call) -> Union | None:
    return (("aw", call.program.entered(call.first, asynchronous=True)),)


def _session_factory(call: Call) -> Union | None:
    """`sessionmaker(class_=AsyncSession)` makes sessions of that class."""
    classes = call.keywords.get("class_", UNKNOWN)
    return tuple(("part", (("cls", v[1]),)) for v in classes if v[0] == "cls") or None


def _defaultdict(call: Call) -> Union | None:
    return (("ins", "builtins.dict", (UNKNOWN, call.result_of(call.first)), EXACT),)


_HANDLERS: dict[str, Function[[Call], Union | None]] = {
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "weakref.proxy": _same,
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
    "builtins.iter": _container("typing.Iterator"),
    "builtins.reversed": _container("typing.Iterator"),
    "builtins.list": _container("builtins.list"),
    "builtins.sorted": _container("builtins.list"),
    "builtins.set": _container("builtins.set"),
    "builtins.frozenset": _container("builtins.frozenset"),
    "builtins.tuple": _container("builtins.tuple"),
    "builtins.enumerate": _enumerated,
    "builtins.zip": _zipped,
    "builtins.map": _mapped,
    "builtins.filter": _filtered,
    "builtins.type": _type_of,
    "collections.defaultdict": _defaultdict,
    "contextlib.closing": _closing,
    "contextlib.aclosing": _aclosing,
    "contextlib.nullcontext": _closing,
    "contextlib.ExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_async_context": _entered_async,
    "sqlalchemy.orm.sessionmaker": _session_factory,
    "pydantic.parse_obj_as": _as_type,
    "pydantic.parse_raw_as": _as_type,
    "pydantic.parse_file_as": _as_type,
    "pydantic.TypeAdapter": _adapter,
}
