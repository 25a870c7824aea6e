"""Settings of models: the inner class `Config` becomes `model_config`, and its keys get their new names."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from mergegate.fixes.code import dotted, is_literal, keyword, name_of, names_in
from mergegate.fixes.draft import Draft, Edited, Refusal, Request

HEAD, KEY = (cst.ClassDef,), (cst.Assign, cst.AnnAssign, cst.FunctionDef)
_WIDEST = 100


class _Setting(NamedTuple):
    """One setting: comment lines before it, its name and value, and the comment behind it."""

    before: list[str]
    name: str
    value: str
    comment: str


def plan_config(draft: Draft, request: Request) -> None:
    """Plan the rewrite `config`: the name of what makes the settings, and `present` if its package is in use."""
    inner = request.node
    assert isinstance(inner, cst.ClassDef)
    _, maker, *marks = request.arguments
    owner = draft.enclosing(inner, cst.ClassDef)
    if owner is None or inner.decorators:
        raise Refusal("it is no plain class in the body of its model")
    bound = {target for statement in owner.body.body for target in _targets(statement)}
    if "model_config" in bound:
        raise Refusal("the model has a `model_config` already: merge them")
    _check_bases(owner, inner)
    _check_body(draft, inner, bound)
    home = "pydantic_settings" if maker == "SettingsConfigDict" else "pydantic"
    if home != "pydantic" and "present" not in marks and home not in draft.bindings.modules:
        draft.at_own_risk("it asks for the package pydantic-settings")
    local = draft.need(home, maker)

    def made(updated: cst.ClassDef) -> Edited:
        settings = _settings(draft, updated)
        if not settings:
            return cst.RemoveFromParent()
        return _statement(draft, local, settings).with_changes(leading_lines=updated.leading_lines)

    draft.edit(inner, made)


def _targets(statement: cst.CSTNode) -> list[str]:
    if isinstance(statement, cst.SimpleStatementLine):
        return [name for small in statement.body for name in _targets(small)]
    if isinstance(statement, cst.Assign):
        return [dotted(each.target) for each in statement.targets]
    if isinstance(statement, cst.AnnAssign):
        return [dotted(statement.target)]
    return []


def _check_bases(owner: cst.ClassDef, inner: cst.ClassDef) -> None:
    """Refuse unless all bases are the settings that `model_config` inherits anyway."""
    models = {dotted(each.value) for each in owner.bases}
    for base in inner.bases:
        head, _, last = dotted(base.value).rpartition(".")
        if not ((last == "Config" and head in models) or last in ("BaseConfig", "object")):
            raise Refusal(f"it derives from `{last or 'what is computed'}`: write `model_config` with its settings")
    if inner.keywords:
        raise Refusal("it has class arguments")


def _check_body(draft: Draft, inner: cst.ClassDef, bound: set[str]) -> None:
    if not isinstance(inner.body, cst.IndentedBlock):
        raise Refusal("its body stands on the line of its head")
    own: set[str] = set()
    by_hand = draft.names.config_removed.keys() | draft.names.config_settings.keys()
    for line in inner.body.body:
        if not isinstance(line, cst.SimpleStatementLine):
            kind = "a function" if isinstance(line, cst.FunctionDef) else "more than assignments"
            raise Refusal(f"it holds {kind}: write it outside of the class, and name it in `model_config`")
        for small in line.body:
            if isinstance(small, cst.Pass) or (isinstance(small, cst.Expr) and _is_quiet(small.value)):
                continue
            if not isinstance(small, cst.Assign | cst.AnnAssign) or small.value is None or len(line.body) > 1:
                raise Refusal("it holds more than plain assignments")
            names = _targets(small)
            if len(names) != 1 or not names[0].isidentifier():
                raise Refusal("it assigns to more than one name at once")
            if names_in(small.value) & (own | (bound - {"Config"})):
                raise Refusal(f"the value of `{names[0]}` may lead elsewhere in the body of the model")
            if names[0] in by_hand and not _is_convertible(draft, names[0], small.value):
                raise Refusal(f"`{names[0]}` has no equal: take it out first")
            own.add(names[0])


def _is_quiet(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Ellipsis | cst.SimpleString)


def _is_convertible(draft: Draft, name: str, value: cst.BaseExpression) -> bool:
    return name in draft.names.config_deleted or (name == "allow_mutation" and is_literal(value, True, False))


def renamed(draft: Draft, name: str, value: cst.BaseExpression) -> tuple[str, cst.BaseExpression] | None:
    """Return what a setting is called under pydantic 2 and its value; None if it goes without a word."""
    if name in draft.names.config_deleted:
        return None
    if name == "allow_mutation" and is_literal(value, True, False):
        return "frozen", cst.Name("False" if is_literal(value, True) else "True")
    return draft.names.config_renamed.get(name, name), value


def _settings(draft: Draft, inner: cst.ClassDef) -> list[_Setting]:
    found: list[_Setting] = []
    comments: list[str] = []
    header = inner.body.header if isinstance(inner.body, cst.IndentedBlock) else None
    if header is not None and header.comment:
        comments.append(header.comment.value)
    for line in inner.body.body:
        assert isinstance(line, cst.SimpleStatementLine)
        comments.extend(each.comment.value for each in line.leading_lines if each.comment)
        behind = line.trailing_whitespace.comment.value if line.trailing_whitespace.comment else ""
        for small in line.body:
            setting = None
            if isinstance(small, cst.Assign | cst.AnnAssign) and small.value is not None:
                setting = renamed(draft, _targets(small)[0], small.value)
            elif isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString):
                comments.extend(f"# {text.strip()}" for text in str(small.value.evaluated_value).strip().splitlines())
            if setting is not None:
                found.append(_Setting(comments, setting[0], draft.code(setting[1]), behind))
                comments, behind = [], ""
        comments.extend([behind] if behind else [])
    if isinstance(inner.body, cst.IndentedBlock):
        comments.extend(each.comment.value for each in inner.body.footer if each.comment)
    return [*found[:-1], *_ended(found[-1], comments)] if found else []


def _ended(last: _Setting, comments: list[str]) -> list[_Setting]:
    """Put comments at the end of the class before its last setting: nothing may be lost."""
    return [last._replace(before=[*last.before, *comments])]


def _statement(draft: Draft, maker: str, settings: list[_Setting]) -> cst.SimpleStatementLine:
    line = ", ".join(f"{each.name}={each.value}" for each in settings)
    newline, indent = draft.module.default_newline, draft.module.default_indent
    plain = not any(each.before or each.comment or "\n" in each.value or "\r" in each.value for each in settings)
    if plain and len(line) + len(maker) + len(indent) + len("model_config = ()") <= _WIDEST:
        text = f"model_config = {maker}({line})"
    else:
        rows: list[str] = []
        for each in settings:
            rows.extend(f"{indent}{comment}" for comment in each.before)
            behind = f"  {each.comment}" if each.comment else ""
            rows.append(f"{indent}{each.name}={_deeper(each.value, indent)},{behind}")
        text = newline.join([f"model_config = {maker}(", *rows, ")"])
    made = cst.parse_statement(text, config=draft.module.config_for_parsing)
    assert isinstance(made, cst.SimpleStatementLine)
    return made


def _deeper(value: str, indent: str) -> str:
    """Indent the further lines of a value, unless they may belong to a string."""
    if '"""' in value or "'''" in value or "\\" in value:
        return value
    first, *others = value.splitlines(keepends=True)
    return "".join([first, *(f"{indent}{line}" if line.strip() else line for line in others)])


def plan_key(draft: Draft, request: Request) -> None:
    """Plan the rewrite `key`: a setting in a class of settings gets its new name, or goes."""
    name = request.arguments[1]
    node = request.node
    if isinstance(node, cst.FunctionDef) or not isinstance(node, cst.Assign | cst.AnnAssign) or node.value is None:
        raise Refusal("it is a function")
    if isinstance(node, cst.Assign) and len(node.targets) > 1:
        raise Refusal("it is assigned together with other names")
    if name not in draft.names.config_renamed and not _is_convertible(draft, name, node.value):
        raise Refusal("it has no equal")
    made = renamed(draft, name, node.value)
    if made is None:
        draft.remove_statement(node)
        return
    if isinstance(node, cst.AnnAssign):
        draft.edit(node, lambda node: node.with_changes(target=cst.Name(made[0]), value=_value(draft, name, node)))
        return

    def assigned(updated: cst.Assign) -> cst.Assign:
        target = updated.targets[0].with_changes(target=cst.Name(made[0]))
        return updated.with_changes(targets=[target], value=_value(draft, name, updated))

    draft.edit(node, assigned)


def _value(draft: Draft, name: str, node: cst.Assign | cst.AnnAssign) -> cst.BaseExpression:
    assert node.value is not None
    setting = renamed(draft, name, node.value)
    return setting[1] if setting is not None else node.value


def plan_class_argument(draft: Draft, request: Request) -> None:
    """Plan the rewrite `class-argument`: a setting in the head of a model gets its new name, or goes."""
    name = request.arguments[1]
    node = request.node
    assert isinstance(node, cst.ClassDef)
    given = next((each for each in node.keywords if name_of(each) == name), None)
    if given is None:
        raise Refusal("the argument is not there")
    if name not in draft.names.config_renamed and not _is_convertible(draft, name, given.value):
        raise Refusal("it has no equal")

    def made(updated: cst.ClassDef) -> cst.ClassDef:
        kept: list[cst.Arg] = []
        for each in updated.keywords:
            setting = renamed(draft, name, each.value) if name_of(each) == name else (name_of(each), each.value)
            if setting is not None:
                kept.append(keyword(*setting).with_changes(comma=each.comma) if name_of(each) == name else each)
        if kept:
            kept[-1] = kept[-1].with_changes(comma=updated.keywords[-1].comma)
            return updated.with_changes(keywords=kept)
        bases = list(updated.bases)
        if bases:
            bases[-1] = bases[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(keywords=(), bases=bases)

    draft.edit(node, made)
