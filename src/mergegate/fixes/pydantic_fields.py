"""Fields: arguments of `Field` and of constrained types, and what is missing from declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import libcst as cst

from mergegate.fixes.code import is_literal, keyword, literal, name_of, with_arguments
from mergegate.fixes.draft import Draft, Refusal, Request

CALL, DECLARATION = (cst.Call,), (cst.Assign, cst.AnnAssign)
# what the engine of pydantic 2 has no equal for: look-around, back-references, conditions, comments, atomic groups
_UNKNOWN_TO_RUST = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P=)|\\[1-9]|\\Z|[*+?}]\+")
_TYPES: Mapping[type, str] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    bytes: "bytes",
    list: "list",
    dict: "dict",
    set: "set",
}


def plan_argument(draft: Draft, request: Request) -> None:
    """Plan the rewrite `argument`: the function that is called, and an argument of it."""
    _, function, name = request.arguments
    call = request.node
    assert isinstance(call, cst.Call)
    given = next((each for each in call.args if name_of(each) == name), None)
    if given is None:
        raise Refusal("the argument is not written there")
    if any(each.star == "**" for each in call.args):
        raise Refusal("further arguments come out of a dict")
    if name == "const":
        _literal_type(draft, call, given)
    elif name == "regex":
        pattern = _pattern(draft, given.value)
        _replace(draft, call, name, lambda _: keyword("pattern", pattern or given.value))
    elif name == "allow_mutation":
        if not is_literal(given.value, True, False):
            raise Refusal("its value is not written there")
        frozen = keyword("frozen", cst.Name("True")) if is_literal(given.value, False) else None
        _replace(draft, call, name, lambda _: frozen)
    else:
        table = draft.names.field_renamed if function == "Field" else draft.names.constrained.get(function, {})
        new = table.get(name)
        if not new:
            raise Refusal("it has no equal")
        if any(name_of(each) == new for each in call.args):
            raise Refusal(f"`{new}` is given too")
        _replace(draft, call, name, lambda old: old.with_changes(keyword=cst.Name(new)))


def _replace(draft: Draft, call: cst.Call, name: str, make: Callable[[cst.Arg], cst.Arg | None]) -> None:
    """Plan that an argument is replaced by another one, or goes."""

    def made(updated: cst.Call) -> cst.Call:
        kept: list[cst.Arg] = []
        for each in updated.args:
            new = make(each) if name_of(each) == name else each
            if new is not None:
                kept.append(new.with_changes(comma=each.comma, whitespace_after_arg=each.whitespace_after_arg))
        return with_arguments(updated, kept)

    draft.edit(call, made)


def _pattern(draft: Draft, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the pattern that finds what the old one matched at the beginning; None if that is the same one."""
    text = literal(value)
    if not isinstance(value, cst.SimpleString) or not isinstance(text, str):
        draft.at_own_risk("the pattern is not written there: patterns are searched for now, not matched from the start")
        return None
    if _UNKNOWN_TO_RUST.search(text):
        hint = "set regex_engine='python-re' in model_config"
        draft.at_own_risk(f"the engine of pydantic 2 does not know all that the pattern uses: {hint}")
    begins = text.startswith(("^", r"\A"))
    if begins and "|" not in text:
        return None
    raw = f"^(?:{value.raw_value})" if "|" in text else f"^{value.raw_value}"
    return cst.SimpleString(f"{value.prefix}{value.quote}{raw}{value.quote}")


def _literal_type(draft: Draft, call: cst.Call, given: cst.Arg) -> None:
    """`kind: str = Field("book", const=True)` becomes `kind: Literal["book"] = Field("book")`."""
    if is_literal(given.value, False):
        _replace(draft, call, "const", lambda _: None)
        return
    declared = draft.parent(call)
    value = _default(call)
    constant = literal(value) if value is not None else ...
    declares = isinstance(declared, cst.AnnAssign | cst.Assign)
    if not declares or value is None or not isinstance(constant, str | int | bool | bytes):
        raise Refusal("the constant is not written there")
    local = draft.need("typing", "Literal")
    text = f"{local}[{draft.code(value)}]"
    _replace(draft, call, "const", lambda _: None)
    annotation = cst.Annotation(cst.parse_expression(text))
    draft.edit(declared, lambda node: _annotated(node, annotation, again=True))


def _annotated(node: cst.Assign | cst.AnnAssign, annotation: cst.Annotation, *, again: bool) -> cst.AnnAssign:
    """Return the declaration with a type; one that has a type keeps it unless `again`."""
    if isinstance(node, cst.AnnAssign):
        kept = node.annotation.with_changes(annotation=annotation.annotation)
        return node.with_changes(annotation=kept) if again else node
    return cst.AnnAssign(node.targets[0].target, annotation, node.value, semicolon=node.semicolon)


def _default(call: cst.Call) -> cst.BaseExpression | None:
    """Return the default value that a call of `Field` is given."""
    for index, each in enumerate(call.args):
        if name_of(each) == "default" or (index == 0 and not name_of(each)):
            return each.value
    return None


def plan_extras(draft: Draft, request: Request) -> None:
    """Plan the rewrite `extras`: arguments that `Field` does not know go into `json_schema_extra`."""
    names = request.arguments[1:]
    call = request.node
    assert isinstance(call, cst.Call)
    if "env" in names:
        _environment(draft, call, names)
        return
    if any(each.star == "**" for each in call.args):
        raise Refusal("further arguments come out of a dict")
    if any(name_of(each) == "json_schema_extra" for each in call.args):
        raise Refusal("there is a `json_schema_extra` already: put them there")

    def made(updated: cst.Call) -> cst.Call:
        extra = [each for each in updated.args if name_of(each) in names]
        text = ", ".join(f"{draft.quote}{name_of(each)}{draft.quote}: {draft.code(each.value)}" for each in extra)
        new = keyword("json_schema_extra", cst.parse_expression(f"{{{text}}}", config=draft.module.config_for_parsing))
        rows = [new.with_changes(comma=each.comma) if each is extra[0] else each for each in updated.args]
        return with_arguments(updated, [each for each in rows if each not in extra[1:]])

    draft.edit(call, made)


def _environment(draft: Draft, call: cst.Call, names: tuple[str, ...]) -> None:
    """`env="NAME"` becomes `validation_alias="NAME"`."""
    draft.at_own_risk("the setting can then be passed by that name alone, not by that of the field")
    given = next(each for each in call.args if name_of(each) == "env")
    if len(names) > 1 or any(name_of(each) in ("alias", "validation_alias") for each in call.args):
        raise Refusal("there are other names or arguments beside `env`")
    value = given.value
    if isinstance(value, cst.List | cst.Tuple):
        choices = draft.need("pydantic", "AliasChoices")
        text = f"{choices}({', '.join(draft.code(each.value) for each in value.elements)})"
        value = cst.parse_expression(text)
    elif not isinstance(literal(value), str):
        raise Refusal("the name is not written there")
    _replace(draft, call, "env", lambda _: keyword("validation_alias", value))


def plan_unannotated(draft: Draft, request: Request) -> None:
    """Plan the rewrite `unannotated`: a field gets the type that pydantic 1 took from its default."""
    node = request.node
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        raise Refusal("it is assigned together with other names")
    value = _default(node.value) if isinstance(node.value, cst.Call) else node.value
    constant = literal(value) if value is not None else ...
    name = _TYPES.get(type(constant))
    if name is None or name in draft.bindings.bound:
        raise Refusal("its type does not follow from its default")

    annotation = cst.Annotation(cst.Name(name))
    draft.edit(node, lambda node: _annotated(node, annotation, again=False))


def plan_optional(draft: Draft, request: Request) -> None:
    """Plan the rewrite `optional`: a field that may be None gets the default that it had under pydantic 1."""
    node = request.node
    if not isinstance(node, cst.AnnAssign) or node.value is not None:
        raise Refusal("it has a default already")
    draft.edit(node, lambda node: node.with_changes(value=cst.Name("None"), equal=cst.MaybeSentinel.DEFAULT))


def validated_default(draft: Draft, field: cst.AnnAssign) -> None:
    """Plan that the default of a field is validated: what `always=True` did."""
    value = field.value
    if isinstance(value, cst.Call):
        if name_of_function(value) != "Field":
            raise Refusal("a default of a field is computed: write `validate_default=True` in its `Field()`")
        if not any(name_of(each) == "validate_default" for each in value.args):
            added = keyword("validate_default", cst.Name("True"))
            draft.edit(value, lambda call: _with_once(call, added))
        return
    local = draft.need("pydantic", "Field")

    def made(updated: cst.AnnAssign) -> cst.AnnAssign:
        if isinstance(updated.value, cst.Call) and name_of_function(updated.value) == local:
            return updated
        default = cst.Arg(updated.value or cst.Name("None"))
        wrapped = cst.Call(
            cst.Name(local), [default.with_changes(comma=_COMMA), keyword("validate_default", cst.Name("True"))]
        )
        return updated.with_changes(value=wrapped, equal=cst.MaybeSentinel.DEFAULT if value is None else updated.equal)

    draft.edit(field, made)


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _with_once(call: cst.Call, added: cst.Arg) -> cst.Call:
    if any(name_of(each) == name_of(added) for each in call.args):
        return call
    return with_arguments(call, [*call.args, added])


def name_of_function(call: cst.Call) -> str:
    """Return the last name of what is called."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""
