"""Calls that hold the event loop: awaited instead, or handed over to a thread."""

from __future__ import annotations

import libcst as cst

from mergegate.fixes.code import chain, dotted, name_of
from mergegate.fixes.draft import Draft, Refusal, Request

CALL = (cst.Call,)
_LIBRARIES = ("anyio", "trio")
_OWN_SCOPES = (cst.Lambda, cst.GeneratorExp, cst.ClassDef)
# what is bound to its thread, or useless before it is read
_RESULTS_STAY = frozenset({"open", "io.open", "os.popen", "subprocess.Popen", "urllib.request.urlopen", "os.scandir"})


def plan_sleep(draft: Draft, request: Request) -> None:
    """Plan the rewrite `sleep`: `time.sleep(n)` becomes `await asyncio.sleep(n)`, or that of anyio or trio."""
    call = _call(draft, request)
    if len(call.args) != 1 or name_of(call.args[0]):
        raise Refusal("it is not called with the seconds alone")
    module = draft.need_module(_library(draft))
    _retire(draft, call)
    draft.edit(call, lambda updated: _awaited(draft, call, updated.with_changes(func=chain(f"{module}.sleep"))))


def plan_thread(draft: Draft, request: Request) -> None:
    """Plan the rewrite `thread`: a function of a module, by its dotted name, runs in a thread."""
    call = _call(draft, request)
    name = request.arguments[1]
    head = dotted(call.func).partition(".")[0]
    if not head or (head != name and not any(draft.bindings.bound.get(head, set()))):
        raise Refusal("it is a method: whether its object may be used in another thread is not known")
    if "" in draft.bindings.bound.get(head, set()):
        raise Refusal(f"`{head}` means several things in this file")
    if any(part[:1].isupper() for part in dotted(call.func).split(".")) or name in _RESULTS_STAY:
        raise Refusal("what it makes is used by further calls that wait: hand these over together with it")
    if isinstance(draft.parent(call), cst.WithItem):
        raise Refusal("what it makes is used by further calls that wait: hand these over together with it")
    library = _library(draft)
    module = draft.need_module(library)
    if library != "asyncio" and any(name_of(each) for each in call.args):
        raise Refusal("it is called with named arguments: hand over a `functools.partial`")
    hand_over = chain(f"{module}.to_thread" if library == "asyncio" else f"{module}.to_thread.run_sync")

    def made(updated: cst.Call) -> cst.BaseExpression:
        first = cst.Arg(updated.func, comma=_COMMA if updated.args else cst.MaybeSentinel.DEFAULT)
        return _awaited(draft, call, updated.with_changes(func=hand_over, args=[first, *updated.args]))

    draft.edit(call, made)


def plan_await(draft: Draft, request: Request) -> None:
    """Plan the rewrite `await`: what a coroutine function made is awaited at once."""
    call = _call(draft, request)
    draft.at_own_risk("it may be meant to run beside: then keep a reference, `task = asyncio.create_task(...)`")
    if not isinstance(draft.parent(call), cst.Expr):
        raise Refusal("its result is used")
    draft.edit(call, lambda updated: _awaited(draft, call, updated))


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _call(draft: Draft, request: Request) -> cst.Call:
    """Return the call, if `await` may stand before it."""
    call = request.node
    assert isinstance(call, cst.Call)
    for around in draft.around(call):
        if isinstance(around, _OWN_SCOPES):
            raise Refusal("it stands in a scope of its own, where nothing can be awaited")
        if isinstance(around, cst.With) and around.asynchronous is None:
            held = " ".join(draft.code(item.item) for item in around.items).lower()
            if "lock" in held or "mutex" in held:
                draft.at_own_risk("it stands in a `with` that may hold a lock, which would be held while others run")
        if isinstance(around, cst.FunctionDef):
            if around.asynchronous is None:
                raise Refusal("the function around it is not async: make it so, or hand it over to a thread")
            return call
    raise Refusal("it stands in no function")


def _library(draft: Draft) -> str:
    present = {name.partition(".")[0] for name in draft.bindings.modules}
    return next((name for name in _LIBRARIES if name in present and "asyncio" not in present), "asyncio")


def _retire(draft: Draft, call: cst.Call) -> None:
    head = dotted(call.func).partition(".")[0]
    if head:
        draft.retire(head)


def _awaited(draft: Draft, original: cst.Call, call: cst.Call) -> cst.BaseExpression:
    parent = draft.parent(original)
    bare = call.with_changes(lpar=(), rpar=())
    inner = (isinstance(parent, cst.Attribute | cst.Subscript) and parent.value is original) or (
        isinstance(parent, cst.Call) and parent.func is original
    )
    if call.lpar or inner:
        return cst.Await(bare, lpar=call.lpar or [cst.LeftParen()], rpar=call.rpar or [cst.RightParen()])
    return cst.Await(bare)
