"""Methods and attributes of models under their new names, and models of one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from mergegate.fixes.code import chain, dotted, keyword, name_of, with_arguments
from mergegate.fixes.draft import Draft, Refusal, Request

USE, FUNCTION, DECLARATION = (cst.Call, cst.Attribute), (cst.FunctionDef,), (cst.Assign, cst.AnnAssign)
_PLAIN = frozenset({"dict", "parse_obj", "construct", "schema", "copy", "validate", "json", "update_forward_refs"})
_ON_THE_CLASS = frozenset({"__fields__", "model_fields", "model_computed_fields"})


def plan(draft: Draft, request: Request) -> None:
    """Plan the rewrite `member`: its name, and what is known of the receivers.

    Marks: `class` or `instance`, `orm` if all are read from objects, `overridden` if a subclass defines the member.
    """
    _, member, *marks = request.arguments
    node = request.node
    call = node if isinstance(node, cst.Call) else None
    attribute = call.func if call is not None else node
    if not isinstance(attribute, cst.Attribute) or attribute.attr.value != member:
        raise Refusal("it is not written as an attribute")
    if "overridden" in marks:
        draft.at_own_risk(f"a subclass overrides `{member}`, and would no longer be called")
    if member == "__root__":
        draft.at_own_risk("the model must derive from `RootModel`")
        draft.edit(attribute, _named("root"))
    elif member in _ON_THE_CLASS:
        _fields(draft, attribute, marks)
    elif member in draft.names.attributes:
        new = draft.names.attributes[member]
        if not new:
            raise Refusal("it has no successor")
        draft.edit(attribute, _named(new))
    elif member not in draft.names.methods:
        raise Refusal("what takes its place is not the same")
    elif call is None:
        _uncalled(draft, attribute, member)
    else:
        _called(draft, call, attribute, member, marks)


def _named(new: str) -> Callable[[cst.Attribute], cst.Attribute]:
    return lambda node: node.with_changes(attr=node.attr.with_changes(value=new))


def _fields(draft: Draft, attribute: cst.Attribute, marks: Sequence[str]) -> None:
    new = "model_fields" if attribute.attr.value == "__fields__" else attribute.attr.value
    if "class" in marks or dotted(attribute.value) == "cls":
        draft.edit(attribute, _named(new))
    elif "instance" in marks:
        draft.edit(
            attribute,
            lambda node: node.with_changes(
                value=cst.Call(cst.Name("type"), [cst.Arg(node.value.with_changes(lpar=(), rpar=()))]),
                attr=node.attr.with_changes(value=new),
            ),
        )
    else:
        raise Refusal("it is not known whether that is a model or an object of one: read it from the class")


def _uncalled(draft: Draft, attribute: cst.Attribute, member: str) -> None:
    if member not in _PLAIN:
        raise Refusal("it is not called there")
    draft.edit(attribute, _named(draft.names.methods[member]))


def _called(draft: Draft, call: cst.Call, attribute: cst.Attribute, member: str, marks: Sequence[str]) -> None:
    given = [name_of(each) for each in call.args]
    new = draft.names.methods[member]
    if member in _ARGUMENTS:
        _check(given, _ARGUMENTS[member])
    if member in ("parse_raw", "parse_file", "schema_json"):
        _read(draft, call, attribute, given, member)
        return
    if member == "update_forward_refs" and given:
        _namespace(draft, call, attribute)
        return
    draft.edit(attribute, _named(new))
    if member == "from_orm" and "orm" not in marks:
        added = keyword("from_attributes", cst.Name("True"))
        draft.edit(call, lambda updated: with_arguments(updated, [*updated.args, added]))
    elif "skip_defaults" in given:
        draft.edit(call, lambda updated: _relabelled(updated, {"skip_defaults": "exclude_unset"}))
    elif member == "validate":
        draft.edit(call, lambda updated: _relabelled(updated, {"value": "obj"}))


_DUMPED = {
    "include", "exclude", "by_alias", "skip_defaults", "exclude_unset", "exclude_defaults", "exclude_none", "**",
}  # fmt: skip
# the arguments with which a rewritten call means the same
_ARGUMENTS = {
    "dict": _DUMPED,
    "json": _DUMPED | {"indent"},
    "copy": {"update", "deep"},
    "parse_obj": {"", "obj"},
    "from_orm": {"", "obj"},
    "validate": {"", "value"},
    "construct": {"", "_fields_set", "**", "*"},
    "schema": {"", "by_alias", "ref_template"},
}


def _check(given: Sequence[str], taken: set[str]) -> None:
    unknown = [name for name in given if name not in taken]
    if unknown and not {"_fields_set"} <= taken:
        told = ", ".join(f"`{name}`" if name.isidentifier() else "unnamed ones" for name in unknown)
        raise Refusal(f"it is called with arguments that have no equal: {told}")


def _relabelled(call: cst.Call, labels: dict[str, str]) -> cst.Call:
    return call.with_changes(
        args=[
            each.with_changes(keyword=cst.Name(labels[name_of(each)])) if name_of(each) in labels else each
            for each in call.args
        ]
    )


def _read(draft: Draft, call: cst.Call, attribute: cst.Attribute, given: Sequence[str], member: str) -> None:
    """`parse_raw`, `parse_file` and `schema_json`, as far as they are called with nothing special."""
    if list(given) not in ([""], []) or (member != "schema_json" and not given) or (member == "schema_json" and given):
        raise Refusal("it is called with arguments that have no equal")
    if member == "parse_raw":
        draft.edit(attribute, _named("model_validate_json"))
        return
    draft.at_own_risk("it is put together of several calls")
    if member == "parse_file":
        path = draft.need("pathlib", "Path")
        draft.edit(attribute, _named("model_validate_json"))
        draft.edit(call, lambda updated: updated.with_changes(args=[_bytes_of(path, updated.args[0])]))
        return
    module = draft.need_module("json")
    draft.edit(attribute, _named("model_json_schema"))
    draft.edit(call, lambda updated: cst.Call(chain(f"{module}.dumps"), [cst.Arg(updated)]))


def _bytes_of(path: str, argument: cst.Arg) -> cst.Arg:
    opened = cst.Call(cst.Name(path), [cst.Arg(argument.value)])
    return argument.with_changes(value=cst.Call(cst.Attribute(opened, cst.Name("read_bytes"))))


def _namespace(draft: Draft, call: cst.Call, attribute: cst.Attribute) -> None:
    """`update_forward_refs(**names)` and `update_forward_refs(Name=Name)`."""
    if (len(call.args) > 1 and any(each.star for each in call.args)) or any(each.star == "*" for each in call.args):
        raise Refusal("its names come from several places")

    def made(updated: cst.Call) -> cst.Call:
        if updated.args[0].star:
            value = updated.args[0].value
        else:
            rows = [
                cst.DictElement(draft.text(name_of(each)), each.value)
                for each in updated.args
                if each.keyword is not None
            ]
            value = cst.Dict(rows)
        return updated.with_changes(args=[keyword("_types_namespace", value)])

    draft.edit(attribute, _named("model_rebuild"))
    draft.edit(call, made)


def plan_post_init(draft: Draft, request: Request) -> None:
    """Plan the rewrite `post-init`: the hook of a dataclass gets the name by which it is called."""
    function = request.node
    assert isinstance(function, cst.FunctionDef)
    if len(function.params.params) != 1:
        raise Refusal("it takes arguments")
    draft.edit(function, lambda node: node.with_changes(name=cst.Name("__post_init__")))


def plan_root_field(draft: Draft, request: Request) -> None:
    """Plan the rewrite `root-field`: a model of one value derives from `RootModel`."""
    draft.at_own_risk("`Model(__root__=value)` and reads of `__root__` elsewhere must change with it")
    field = request.node
    owner = draft.enclosing(field, cst.ClassDef)
    if not isinstance(field, cst.AnnAssign) or owner is None or len(owner.bases) != 1:
        raise Refusal("its type does not stand there")
    base = owner.bases[0]
    if dotted(base.value).rpartition(".")[2] != "BaseModel":
        raise Refusal("the model derives from another one: let that derive from `RootModel`")
    root = cst.parse_expression(f"{draft.need('pydantic', 'RootModel')}[{draft.code(field.annotation.annotation)}]")
    draft.edit(base, lambda node: node.with_changes(value=root))
    name = dotted(base.value)
    if "." not in name:
        draft.retire(name)
    if field.value is None:
        draft.remove_statement(field)
    else:
        draft.edit(field, lambda node: node.with_changes(target=cst.Name("root")))


def plan_root_call(draft: Draft, request: Request) -> None:
    """Plan the rewrite `root-call`: `Model(__root__=value)` becomes `Model(value)`."""
    draft.at_own_risk("the model must derive from `RootModel`")
    call = request.node
    assert isinstance(call, cst.Call)
    if len(call.args) != 1 or name_of(call.args[0]) != "__root__":
        raise Refusal("it is called with further arguments")
    bare = {"keyword": None, "equal": cst.MaybeSentinel.DEFAULT}
    draft.edit(call, lambda updated: updated.with_changes(args=[updated.args[0].with_changes(**bare)]))
