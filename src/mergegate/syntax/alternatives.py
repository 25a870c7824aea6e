"""Alternatives: code of which a version, or the presence of a library, picks one way or the other."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from typing import Any

from mergegate.syntax.summary import Flag, FunctionFlag, Place

STDLIB = sys.stdlib_module_names
# how tests call versions: PYDANTIC_V2, IS_V1, pydantic.VERSION; `is_pydantic_model` and `HAS_PYDANTIC` ask for none
_VERSION_NAME = re.compile(
    r"version|(?:^|_)v\d+(?:$|_)|major|compat"
    r"|(?<!has_)(?<!have_)pydantic(?!_?(?:base_?)?model|_?(?:class|field|type|object|available|installed))",
    re.IGNORECASE,
)
# members that only one version has: `hasattr(model, "model_dump")`
_VERSION_MEMBER = re.compile(
    r"model_|__pydantic|__fields|__config__|__root__|parse_|schema|(?:dict|json|copy|v1|from_orm|construct|validate"
    r"|update_forward_refs|TypeAdapter|RootModel|ConfigDict|(?:field|model|root)_(?:validator|serializer))$"
)
_LACKING_MEMBER = frozenset({"AttributeError", "TypeError"})
_LACKING_MODULE = frozenset({"ImportError", "ModuleNotFoundError", "Exception", ""})
WARNING_CATCHERS = frozenset({"warns", "deprecated_call", "catch_warnings", "raises"})


def alternative(flags: int) -> int:
    """Return the bit of `FunctionFlag` for a definition under some bits of `Flag`."""
    return FunctionFlag.ALTERNATIVE if flags & Flag.ALTERNATIVE else 0


def place_of(part: ast.expr | ast.stmt) -> Place:
    """Return where a part of the tree stands."""
    line = part.lineno
    return line, part.col_offset, (part.end_lineno or line) - line, part.end_col_offset or 0


def asks_for_version(test: ast.expr) -> bool:
    """Tell whether a test is about a version or about what a library offers."""
    if isinstance(test, ast.Name):
        return _VERSION_NAME.search(test.id) is not None
    handler = _PARTS.get(test.__class__)
    return handler is not None and handler(test)


def _attribute(test: ast.Attribute) -> bool:
    if _VERSION_NAME.search(test.attr):
        # the version of Python says nothing about libraries
        return test.attr != "version_info" or not (isinstance(test.value, ast.Name) and test.value.id == "sys")
    return isinstance(test.value, ast.Attribute | ast.Name | ast.Call) and asks_for_version(test.value)


def _call(test: ast.Call) -> bool:
    if isinstance(test.func, ast.Name) and test.func.id == "hasattr" and len(test.args) == 2:
        member = test.args[1]
        if isinstance(member, ast.Constant):
            return isinstance(member.value, str) and _VERSION_MEMBER.match(member.value) is not None
        return True
    return asks_for_version(test.func) or any(asks_for_version(argument) for argument in test.args)


def _comparison(test: ast.Compare) -> bool:
    return asks_for_version(test.left) or any(asks_for_version(each) for each in test.comparators)


def _operand(test: ast.UnaryOp) -> bool:
    return asks_for_version(test.operand)


def _operands(test: ast.BoolOp) -> bool:
    return any(asks_for_version(value) for value in test.values)


def _subscript(test: ast.Subscript) -> bool:
    return asks_for_version(test.value)


def alternative_try(statement: ast.Try) -> int:
    """Return the flag of a `try` whose handlers do in another way what its body may not be able to do."""
    for handler in statement.handlers:
        caught = _names_of(handler.type)
        if not caught.isdisjoint(_LACKING_MEMBER):
            return Flag.ALTERNATIVE
        if not caught.isdisjoint(_LACKING_MODULE) and _imports(handler.body):
            return Flag.ALTERNATIVE
    return 0


def expects_warning(manager: ast.expr) -> bool:
    """Tell `with pytest.warns(...)` and its like, under which the deprecated is on purpose."""
    func = manager.func if isinstance(manager, ast.Call) else manager
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in WARNING_CATCHERS


def _names_of(kind: ast.expr | None) -> set[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return {each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in kinds}


def _imports(body: list[ast.stmt]) -> bool:
    return any(isinstance(each, ast.Import | ast.ImportFrom) for each in body)


_PARTS: dict[type, Callable[[Any], bool]] = {
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.UnaryOp: _operand,
    ast.BoolOp: _operands,
    ast.Subscript: _subscript,
}
