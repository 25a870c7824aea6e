"""Names that pydantic 2 calls otherwise or has no more: rewritten at their import and wherever they are used."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from mergegate.fixes.code import chain, name_of, with_arguments
from mergegate.fixes.draft import Draft, Move, Refusal, Request

ANCHORS = (cst.ImportAlias, cst.Attribute, cst.Call)
_LITERALS = ("allow", "forbid", "ignore")
_BY_HAND = "nothing takes its place that is the same"


def plan(draft: Draft, request: Request) -> None:
    """Plan the rewrite `name`: a dotted name, and `exported` if other files import it from this one."""
    _, dotted, *marks = request.arguments
    name = dotted.rpartition(".")[2]
    if isinstance(request.node, cst.ImportAlias):
        _imported(draft, request.node, name, dotted, exported="exported" in marks)
        return
    node = request.node.func if isinstance(request.node, cst.Call) else request.node
    assert isinstance(node, cst.Attribute)
    _use(draft, node, name, _home(node))


def _imported(draft: Draft, alias: cst.ImportAlias, name: str, dotted: str, *, exported: bool) -> None:
    statement = draft.parent(alias)
    local = alias.evaluated_alias or name
    if not isinstance(statement, cst.ImportFrom):
        raise Refusal(_BY_HAND)
    home, _, last = _moved(draft, name).rpartition(".")
    if home:
        if not draft.bindings.is_only(local, dotted):
            raise Refusal(f"`{local}` means several things in this file")
        kept = local != last and (exported or alias.asname is not None or draft.stands_in_a_string(local))
        others = draft.bindings.bound.get(last, set()) - {f"{home}.{last}", dotted}
        if others:
            kept = True
        made = Move(alias, home, last, local if kept else last)
        draft.move(statement, made)
        if made.local != local:
            for use in draft.bindings.uses.get(local, ()):
                draft.edit(use, lambda node: node.with_changes(value=made.local))
        return
    if not _is_known(draft, name):
        raise Refusal(_BY_HAND)
    if exported:
        raise Refusal(f"other files import `{local}` from this one: let them import it from where it is now")
    if not draft.bindings.is_only(local, dotted):
        raise Refusal(f"`{local}` means several things in this file")
    if draft.stands_in_a_string(local):
        raise Refusal(f"`{local}` stands in a string")
    for use in draft.bindings.uses.get(local, ()):
        _use(draft, use, name, "")
    draft.retire(local)


def _moved(draft: Draft, name: str) -> str:
    """Return the dotted name of what takes a name's place, or nothing."""
    if name in draft.names.moved_unsafe:
        target = draft.names.moved_unsafe[name]
        package = target.partition(".")[0].replace("_", "-")
        draft.at_own_risk(f"`{target}` is private" if package == "pydantic" else f"it asks for the package {package}")
        return target
    return draft.names.moved.get(name, "")


def _is_known(draft: Draft, name: str) -> bool:
    return name == "Extra" or name in _REWRITES or name in draft.names.spelled_out


def _home(node: cst.Attribute) -> str:
    """Return how a use that reads `pydantic.name` spells the module, with a dot."""
    value = node.value
    return f"{value.value}." if isinstance(value, cst.Name) else ""


def _use(draft: Draft, node: cst.Name | cst.Attribute, name: str, prefix: str) -> None:
    """Plan the rewrite of one use of a name.

    Parameters
    ----------
    prefix
        `pydantic.` where the name is read from the module; empty where it is imported.
    """
    parent = draft.parent(node)
    if name == "Extra" and isinstance(parent, cst.Attribute) and parent.attr.value in _LITERALS:
        around = draft.parent(parent)
        if not (isinstance(around, cst.Attribute) and around.value is parent):
            text = draft.text(parent.attr.value)
            draft.edit(parent, lambda _: text)
            return
    elif name in _REWRITES and isinstance(parent, cst.Call) and parent.func is node:
        _REWRITES[name](draft, parent, prefix)
        return
    elif name in draft.names.spelled_out and name != "Required":
        text = draft.names.spelled_out[name]
        for needed in {"Optional", "Union"} & {text.partition("[")[0]}:
            local = draft.need("typing", needed)
            text = text.replace(needed, local, 1)
        draft.edit(node, lambda _: cst.parse_expression(text))
        return
    elif name == "Required":
        draft.edit(node, lambda _: cst.Ellipsis())
        return
    elif isinstance(node, cst.Attribute):
        target = _moved(draft, name)
        home, _, last = target.rpartition(".")
        if home:
            local = f"{prefix}{last}" if home == "pydantic" and prefix else draft.need(home, last)
            draft.edit(node, lambda _: chain(local))
            return
    what = "`Extra` is used otherwise than as `Extra.forbid`" if name == "Extra" else f"`{name}` is not only called"
    raise Refusal(what if _is_known(draft, name) else _BY_HAND)


# -- what was called -----------------------------------------------------------------------------------------------


def _adapter(method: str, taken: int) -> Callable[[Draft, cst.Call, str], None]:
    """Return what makes `TypeAdapter(T).method(...)` of a call with `taken` positional arguments."""

    def rewrite(draft: Draft, call: cst.Call, prefix: str) -> None:
        if len(call.args) != taken or any(name_of(each) for each in call.args):
            raise Refusal("it is called with arguments that have no equal")
        local = f"{prefix}TypeAdapter" if prefix else draft.need("pydantic", "TypeAdapter")

        def made(updated: cst.Call) -> cst.Call:
            first, *others = updated.args
            type_ = first.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=cst.SimpleWhitespace(""))
            adapter = cst.Call(chain(local), [type_])
            spread = with_arguments(updated, others)
            return spread.with_changes(func=cst.Attribute(adapter, cst.Name(method)))

        draft.edit(call, made)

    return rewrite


def _from_file(draft: Draft, call: cst.Call, prefix: str) -> None:
    draft.at_own_risk("the file is read before it is validated")
    if len(call.args) != 2 or any(name_of(each) for each in call.args):
        raise Refusal("it is called with arguments that have no equal")
    local = f"{prefix}TypeAdapter" if prefix else draft.need("pydantic", "TypeAdapter")
    path = draft.need("pathlib", "Path")

    def made(updated: cst.Call) -> cst.Call:
        type_, file = (draft.code(each.value) for each in updated.args)
        text = f"{local}({type_}).validate_json({path}({file}).read_bytes())"
        rewritten = cst.parse_expression(text)
        assert isinstance(rewritten, cst.Call)
        return rewritten.with_changes(lpar=updated.lpar, rpar=updated.rpar)

    draft.edit(call, made)


_REWRITES = {
    "parse_obj_as": _adapter("validate_python", 2),
    "parse_raw_as": _adapter("validate_json", 2),
    "schema_of": _adapter("json_schema", 1),
    "parse_file_as": _from_file,
}
