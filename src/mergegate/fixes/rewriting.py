"""One file: findings become requests, requests plans, and all plans that hold are carried out at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from mergegate.finding import Finding
from mergegate.fixes import (
    imports,
    pydantic_configuration,
    pydantic_fields,
    pydantic_members,
    pydantic_names,
    pydantic_validators,
    waiting,
)
from mergegate.fixes.draft import Draft, Edit, Refusal, Request
from mergegate.fixes.placement import Places


class Left(NamedTuple):
    """A finding that is not repaired: why, and whether `--unsafe` would; no reason: there is no rewrite for it."""

    finding: Finding
    reason: str = ""
    unsafe: bool = False


class Rewritten(NamedTuple):
    """What became of a file.

    Attributes
    ----------
    data
        The new contents; those of before, if nothing is fixed.
    fixed
        The findings that the new contents no longer have.
    left
        The others.
    """

    data: bytes
    fixed: tuple[Finding, ...]
    left: tuple[Left, ...]


_Plan = Callable[[Draft, Request], None]
_REWRITES: Mapping[str, tuple[_Plan, tuple[type[cst.CSTNode], ...]]] = {
    "name": (pydantic_names.plan, pydantic_names.ANCHORS),
    "config": (pydantic_configuration.plan_config, pydantic_configuration.HEAD),
    "key": (pydantic_configuration.plan_key, pydantic_configuration.KEY),
    "class-argument": (pydantic_configuration.plan_class_argument, pydantic_configuration.HEAD),
    "argument": (pydantic_fields.plan_argument, pydantic_fields.CALL),
    "extras": (pydantic_fields.plan_extras, pydantic_fields.CALL),
    "unannotated": (pydantic_fields.plan_unannotated, pydantic_fields.DECLARATION),
    "optional": (pydantic_fields.plan_optional, pydantic_fields.DECLARATION),
    "validator": (pydantic_validators.plan_validator, pydantic_validators.DECORATOR),
    "root-validator": (pydantic_validators.plan_root, pydantic_validators.DECORATOR),
    "validator-call": (pydantic_validators.plan_call, pydantic_validators.CALL),
    "member": (pydantic_members.plan, pydantic_members.USE),
    "post-init": (pydantic_members.plan_post_init, pydantic_members.FUNCTION),
    "root-field": (pydantic_members.plan_root_field, pydantic_members.DECLARATION),
    "root-call": (pydantic_members.plan_root_call, waiting.CALL),
    "sleep": (waiting.plan_sleep, waiting.CALL),
    "thread": (waiting.plan_thread, waiting.CALL),
    "await": (waiting.plan_await, waiting.CALL),
}
_CHANGED = "the file is no longer as it was when it was analysed: run it again"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def rewrite(data: bytes, findings: Iterable[Finding], *, unsafe: bool, package: bool = False) -> Rewritten:
    """Repair what can be repaired in a file.

    Parameters
    ----------
    data
        The contents of the file, which parse as Python.
    findings
        What is to be repaired in it.
    unsafe
        Whether to make rewrites that may change behaviour.
    package
        Whether it is an `__init__.py`, whose imports others may use.
    """
    asked = list(findings)
    try:
        module = cst.parse_module(data)
        ast.parse(data)
    except (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError):
        return _untouched(data, asked, "the file cannot be parsed")
    if module.bytes != data:
        return _untouched(data, asked, "the file holds form feeds or the like, which would be lost")
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    places = Places(wrapper.resolve(PositionProvider), _LINE_ENDS.split(module.code))
    parents = dict(wrapper.resolve(ParentNodeProvider))
    draft = Draft(module, parents, unsafe=unsafe)
    left = [each for each in (_planned(draft, places, finding) for finding in asked) if each is not None]
    if len(left) == len(asked):
        return Rewritten(data, (), tuple(left))
    made = _carried_out(draft, parents, package=package)
    if made is None:
        return _untouched(data, asked, "the rewritten file would not parse; please report it")
    lost = {id(each.finding) for each in left}
    return Rewritten(made, tuple(each for each in asked if id(each) not in lost), tuple(left))


def _untouched(data: bytes, findings: Iterable[Finding], reason: str) -> Rewritten:
    return Rewritten(data, (), tuple(Left(finding, reason if finding.fix else "") for finding in findings))


def _planned(draft: Draft, places: Places, finding: Finding) -> Left | None:
    """Plan the repair of a finding; return it if it stays."""
    known = _REWRITES.get(finding.fix[0]) if finding.fix else None
    if known is None:
        return Left(finding)
    plan, kinds = known
    node = places.find(finding, kinds)
    if node is None:
        return Left(finding, _CHANGED)
    try:
        with draft.planning():
            plan(draft, Request(node, finding.fix, finding.line))
    except Refusal as refusal:
        return Left(finding, refusal.reason, refusal.unsafe)
    return None


def _carried_out(draft: Draft, parents: dict[cst.CSTNode, cst.CSTNode], *, package: bool) -> bytes | None:
    """Return the new contents; None if they do not parse."""
    plan = draft.accepted
    imports.plan_moves(plan, parents, draft.module)
    edits: dict[cst.CSTNode, list[Edit]] = {}
    for node, edit in plan.edits:
        edits.setdefault(node, []).append(edit)
    try:
        made = draft.module.visit(_Editing(edits))
        assert isinstance(made, cst.Module)
        data = imports.finish(made, plan, keep=package).bytes
        ast.parse(data)
    except (cst.CSTValidationError, SyntaxError, ValueError):
        return None
    return data


class _Editing(cst.CSTTransformer):
    """Carries out edits from the inside out."""

    def __init__(self, edits: Mapping[cst.CSTNode, list[Edit]]) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(self, original_node: cst.CSTNode, updated_node: object) -> object:  # type: ignore[override]
        made = updated_node
        for edit in self.edits.get(original_node, ()):
            if not isinstance(made, cst.CSTNode):
                break
            made = edit(made)
        return made
