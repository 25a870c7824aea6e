"""`@validator` becomes `@field_validator`, `@root_validator` becomes `@model_validator`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import libcst as cst

from mergegate.fixes.code import dotted, inside, is_literal, keyword, literal, name_of, with_arguments
from mergegate.fixes.draft import Draft, Refusal, Request
from mergegate.fixes.pydantic_fields import validated_default

DECORATOR, CALL = (cst.Call, cst.Name, cst.Attribute), (cst.Call,)
_INFO = "info"


class _Target(NamedTuple):
    """A validating function, its decorator and the class around it."""

    function: cst.FunctionDef
    decorator: cst.Decorator
    arguments: dict[str, cst.BaseExpression]
    owner: cst.ClassDef | None


def _target(draft: Draft, request: Request) -> _Target:
    decorator = draft.parent(request.node)
    function = draft.parent(decorator)
    if not isinstance(decorator, cst.Decorator) or not isinstance(function, cst.FunctionDef):
        raise Refusal("it decorates no function")
    if len([each for each in function.decorators if not _is_classmethod(each)]) > 1:
        raise Refusal("the function has several decorators")
    node = request.node
    given = {name_of(each): each.value for each in node.args} if isinstance(node, cst.Call) else {}
    if {"*", "**"} & given.keys() - {"*"} or "**" in given:
        raise Refusal("its arguments come out of a dict")
    return _Target(function, decorator, given, draft.enclosing(function, cst.ClassDef))


def _is_classmethod(decorator: cst.Decorator) -> bool:
    return dotted(decorator.decorator) == "classmethod"


def _flag(target: _Target, name: str) -> bool:
    value = target.arguments.get(name)
    if value is not None and not is_literal(value, True, False):
        raise Refusal(f"the value of `{name}` is not written there")
    return value is not None and is_literal(value, True)


def _parameters(function: cst.FunctionDef) -> list[str]:
    """Return the names of the parameters; `**name` for what takes any."""
    given = function.params
    if isinstance(given.star_arg, cst.Param):
        raise Refusal("the function takes `*args`")
    named = [each.name.value for each in (*given.posonly_params, *given.params, *given.kwonly_params)]
    return [*named, *([f"**{given.star_kwarg.name.value}"] if given.star_kwarg else [])]


# -- fields --------------------------------------------------------------------------------------------------------


def plan_validator(draft: Draft, request: Request) -> None:
    """Plan the rewrite `validator` of a decorator; `exported` if other files import the name from this one."""
    target = _target(draft, request)
    node = request.node
    if not isinstance(node, cst.Call):
        raise Refusal("it names no field")
    if _flag(target, "each_item") or "whole" in target.arguments:
        raise Refusal("it runs for each item: give the items `Annotated[item, AfterValidator(...)]` as their type")
    _check_errors(draft, target.function)
    signature = _signature(draft, target.function)
    if _flag(target, "always"):
        _always(draft, target)
    local = _callee(draft, node, "field_validator", request)
    info = draft.need("pydantic", "ValidationInfo") if signature else ""
    draft.edit(node, _renamed(local, before=_flag(target, "pre")))
    draft.edit(target.function, lambda function: _as_classmethod(function, signature, info))


def _callee(draft: Draft, node: cst.Call | cst.Name | cst.Attribute, new: str, request: Request) -> str:
    """Return how the new decorator is written, and plan its import."""
    old = node.func if isinstance(node, cst.Call) else node
    written = dotted(old)
    home, _, _ = written.rpartition(".")
    if home:
        return f"{home}.{new}" if draft.bindings.bound.get(home) == {"pydantic"} else draft.need("pydantic", new)
    if "exported" not in request.arguments:
        draft.retire(written)
    return draft.need("pydantic", new)


def _renamed(local: str, *, before: bool) -> Callable[[cst.Call], cst.Call]:
    dropped = {"pre", "always", "each_item", "allow_reuse"}

    def made(updated: cst.Call) -> cst.Call:
        kept = [each for each in updated.args if name_of(each) not in dropped]
        if before:
            kept.append(keyword("mode", cst.SimpleString(f"{_quote(updated)}before{_quote(updated)}")))
        return with_arguments(updated, kept).with_changes(func=_chain(local))

    return made


def _quote(call: cst.Call) -> str:
    first = next((each.value for each in call.args if isinstance(each.value, cst.SimpleString)), None)
    return first.quote if first is not None and len(first.quote) == 1 else '"'


def _chain(text: str) -> cst.Name | cst.Attribute:
    head, _, last = text.rpartition(".")
    return cst.Attribute(_chain(head), cst.Name(last)) if head else cst.Name(last)


def _check_errors(draft: Draft, function: cst.FunctionDef) -> None:
    """A TypeError in a validator is no error of validation any more."""
    for node in inside(function.body):
        if isinstance(node, cst.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
            if dotted(raised) == "TypeError":
                draft.at_own_risk("it raises TypeError, which is no error of validation any more: raise ValueError")


def _signature(draft: Draft, function: cst.FunctionDef) -> dict[str, str]:
    """Return what to write for each further parameter, and plan it in the body; empty if there are none.

    Raises
    ------
    Refusal
        If a parameter is used in a way that has no equal.
    """
    names = _parameters(function)
    if len(names) < 2 or names[0].startswith("**") or names[1].startswith("**"):
        raise Refusal("it does not take the class and a value")
    further = names[2:]
    made: dict[str, str] = {}
    for name in further:
        uses = [node for node in inside(function.body) if isinstance(node, cst.Name) and node.value == name.lstrip("*")]
        uses = [node for node in uses if not _is_label(draft, node)]
        if name.startswith("**"):
            if uses:
                raise Refusal(f"it reads `{name}`: take `info: ValidationInfo`")
        elif name == "values":
            _replace_values(draft, uses)
            made[name] = f"{_INFO}.data"
        elif name == "field":
            _replace_field(draft, uses)
            made[name] = f"{_INFO}.field_name"
        else:
            raise Refusal(f"a validator gets no `{name}` any more: take `info: ValidationInfo`")
    if made and any(isinstance(each, cst.Name) and each.value == _INFO for each in inside(function)):
        raise Refusal(f"`{_INFO}` means something else in the function")
    # parameters that are never read need no `info` in their place
    return made


def _is_label(draft: Draft, node: cst.Name) -> bool:
    parent = draft.parent(node)
    return (isinstance(parent, cst.Attribute) and parent.attr is node) or (
        isinstance(parent, cst.Arg) and parent.keyword is node
    )


def _replace_values(draft: Draft, uses: list[cst.Name]) -> None:
    for node in uses:
        parent = draft.parent(node)
        around = draft.parent(parent)
        stored = isinstance(around, cst.AssignTarget | cst.AugAssign | cst.Del) and parent is not node
        if isinstance(parent, cst.AssignTarget | cst.Param | cst.Del | cst.CompFor) or (
            stored and not isinstance(parent, cst.Arg)
        ):
            raise Refusal("it changes `values`")
        draft.edit(node, lambda _: _chain(f"{_INFO}.data"))


def _replace_field(draft: Draft, uses: list[cst.Name]) -> None:
    for node in uses:
        parent = draft.parent(node)
        if not isinstance(parent, cst.Attribute) or parent.attr.value != "name":
            raise Refusal("it reads more of `field` than its name: look it up in `cls.model_fields[info.field_name]`")
        draft.edit(parent, lambda _: _chain(f"{_INFO}.field_name"))


def _as_classmethod(function: cst.FunctionDef, signature: dict[str, str], info: str) -> cst.FunctionDef:
    made = _decorated(function)
    given = made.params
    positional = [*given.posonly_params, *given.params][:2]
    if signature:
        last = positional[1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        added = cst.Param(cst.Name(_INFO), cst.Annotation(cst.Name(info)))
        params = [positional[0], last, added]
    elif len(given.posonly_params) + len(given.params) + len(given.kwonly_params) > 2 or given.star_kwarg:
        params = [positional[0], positional[1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    else:
        return made
    return made.with_changes(params=cst.Parameters(params=params))


def _decorated(function: cst.FunctionDef) -> cst.FunctionDef:
    """Return the function with `@classmethod` next to it."""
    others = [each for each in function.decorators if not _is_classmethod(each)]
    present = next((each for each in function.decorators if _is_classmethod(each)), None)
    added = present or cst.Decorator(cst.Name("classmethod"))
    return function.with_changes(decorators=[*others, added.with_changes(leading_lines=())])


def _always(draft: Draft, target: _Target) -> None:
    named = [literal(value) for value in _positional(target)]
    owner = target.owner
    if owner is None or not all(isinstance(name, str) for name in named) or "*" in named:
        raise Refusal("it is to run for defaults too: write `validate_default=True` in the fields")
    fields = _fields(owner)
    for name in named:
        field = fields.get(str(name))
        if field is None:
            raise Refusal(
                f"it is to run for the default of `{name}` too: write `validate_default=True` in its `Field()`"
            )
        may_be_none = draft.code(field.annotation.annotation).startswith(("Optional[", "typing.Optional[", "Any"))
        if field.value is not None or may_be_none:
            validated_default(draft, field)


def _positional(target: _Target) -> list[cst.BaseExpression]:
    call = target.decorator.decorator
    return [each.value for each in call.args if not name_of(each)] if isinstance(call, cst.Call) else []


def _fields(owner: cst.ClassDef) -> dict[str, cst.AnnAssign]:
    lines = [line for line in owner.body.body if isinstance(line, cst.SimpleStatementLine)]
    declared = [small for line in lines for small in line.body if isinstance(small, cst.AnnAssign)]
    return {dotted(each.target): each for each in declared}


# -- models --------------------------------------------------------------------------------------------------------


def plan_root(draft: Draft, request: Request) -> None:
    """Plan the rewrite `root-validator` of a decorator; marks: `orm` if the model is read from objects, `exported`."""
    target = _target(draft, request)
    names = _parameters(target.function)
    if len(names) != 2 or any(name.startswith("*") for name in names):
        raise Refusal("it does not take the class and the values alone")
    node = request.node
    assert isinstance(node, cst.Call | cst.Name | cst.Attribute)
    _check_errors(draft, target.function)
    if _flag(target, "pre"):
        if "orm" in request.arguments:
            draft.at_own_risk("the model is read from objects too, for which the function would not run")
        _before(draft, target, names[1])
        mode = "before"
    else:
        if not _flag(target, "skip_on_failure"):
            draft.at_own_risk("it ran where fields were wrong too, and does not any more")
        _after(draft, target, names)
        mode = "after"
    local = _callee(draft, node, "model_validator", request)
    call = cst.Call(_chain(local), [keyword("mode", draft.text(mode))])
    draft.edit(node, lambda _: call)


def _before(draft: Draft, target: _Target, values: str) -> None:
    """Let everything but a dict pass: pydantic 1 did not call the function for models."""
    function = target.function
    if not isinstance(function.body, cst.IndentedBlock):
        raise Refusal("its body stands on the line of its head")
    text = (
        f"if not isinstance({values}, dict):{draft.module.default_newline}{draft.module.default_indent}return {values}"
    )
    guard = cst.parse_statement(text, config=draft.module.config_for_parsing)

    def made(updated: cst.FunctionDef) -> cst.FunctionDef:
        assert isinstance(updated.body, cst.IndentedBlock)
        body = list(updated.body.body)
        at = 1 if updated.get_docstring() is not None else 0
        body.insert(at, guard)
        return _decorated(updated).with_changes(body=updated.body.with_changes(body=body))

    draft.edit(function, made)


def _after(draft: Draft, target: _Target, names: list[str]) -> None:
    """Read fields from the model itself: `values["x"]` becomes `self.x`."""
    function, (cls, values) = target.function, names
    owner = target.owner
    if owner is None:
        raise Refusal("it stands in no class")
    fields = _fields(owner)
    for node in inside(function.body):
        if isinstance(node, cst.Name) and node.value == "self":
            raise Refusal("`self` means something else in the function")
        if isinstance(node, cst.Name) and node.value == values and not _is_label(draft, node):
            _replace_value(draft, node, fields)
        elif isinstance(node, cst.Name) and node.value == cls and not _is_label(draft, node):
            draft.edit(node, lambda _: cst.parse_expression("type(self)"))
        elif isinstance(node, cst.Return) and (node.value is None or dotted(node.value) != values):
            raise Refusal("it returns something else than its values")

    def made(updated: cst.FunctionDef) -> cst.FunctionDef:
        kept = [each for each in updated.decorators if not _is_classmethod(each)]
        returns = None
        if updated.returns is not None:
            returns = updated.returns.with_changes(annotation=draft.text(owner.name.value))
        params = cst.Parameters(params=[cst.Param(cst.Name("self"))])
        return updated.with_changes(decorators=kept, params=params, returns=returns)

    draft.edit(function, made)


def _replace_value(draft: Draft, node: cst.Name, fields: dict[str, cst.AnnAssign]) -> None:
    parent = draft.parent(node)
    if isinstance(parent, cst.Return):
        draft.edit(node, lambda _: cst.Name("self"))
        return
    whole: cst.CSTNode = parent
    key: object = ...
    if isinstance(parent, cst.Subscript) and len(parent.slice) == 1:
        index = parent.slice[0].slice
        key = literal(index.value) if isinstance(index, cst.Index) else ...
        if isinstance(draft.parent(parent), cst.AssignTarget | cst.AugAssign | cst.Del):
            raise Refusal("it changes the values: assign to the fields of `self`")
    elif isinstance(parent, cst.Attribute) and parent.attr.value == "get":
        whole = draft.parent(parent)
        if isinstance(whole, cst.Call) and whole.func is parent and whole.args and not name_of(whole.args[0]):
            key = literal(whole.args[0].value)
    if not isinstance(key, str) or not key.isidentifier():
        raise Refusal("it reads the values otherwise than by the names of fields: read them from `self`")
    if key not in fields:
        draft.at_own_risk(f"`{key}` is no field that its own class declares")
    draft.edit(whole, lambda _: cst.Attribute(cst.Name("self"), cst.Name(str(key))))


# -- functions -----------------------------------------------------------------------------------------------------


def plan_call(draft: Draft, request: Request) -> None:
    """Plan the rewrite `validator-call`: `validator("f", allow_reuse=True)(function)`."""
    call = request.node
    assert isinstance(call, cst.Call)
    outer = draft.parent(call)
    if not isinstance(outer, cst.Call) or outer.func is not call or len(outer.args) != 1:
        raise Refusal("it is not called with a function at once")
    function = dotted(outer.args[0].value)
    given = {name_of(each): each.value for each in call.args}
    if any(not is_literal(given.get(name, cst.Name("False")), False) for name in ("each_item", "always", "whole")):
        raise Refusal("it runs for each item, or for defaults too")
    if dotted(call.func).rpartition(".")[2] != "validator" or "**" in given or not function:
        raise Refusal("it is no validator of fields with a named function")
    if not _takes_a_value(draft, function):
        draft.at_own_risk(
            f"it is not known here what `{function}` takes: it gets the value, and `info` if it takes two"
        )
    before = is_literal(given.get("pre", cst.Name("False")), True)
    draft.edit(call, _renamed(_callee(draft, call, "field_validator", request), before=before))


def _takes_a_value(draft: Draft, name: str) -> bool:
    found = [node for node in draft.module.body if isinstance(node, cst.FunctionDef) and node.name.value == name]
    if len(found) != 1 or draft.bindings.bound.get(name) != {""}:
        return False
    names = _parameters(found[0])
    return len(names) == 1 and not names[0].startswith("*")
