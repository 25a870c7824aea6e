"""Methods and attributes that models have from pydantic 1, used on what is proven to be a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, operations_of, place_of_operation
from mergegate.finding import Finding
from mergegate.semantics.values import Value
from mergegate.syntax.summary import Row

DEPRECATED, REFUSED, ROOT = "pydantic-method-deprecated", "pydantic-method-refused", "pydantic-root-field"
# a model called `Item` says so in messages; one that is only known as a model does not
_ANY = "a model"
# `validate` of a type that is no model
_OF_A_TYPE = "type.validate"


class _Use(NamedTuple):
    member: str
    owner: str
    fix: tuple[str, ...]


def method_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each use of a member that pydantic 2 deprecates or no longer has."""
    program = models.program
    for module, summary in enumerate(program.modules):
        uses: dict[int, _Use] = {}
        marks = models.marked.of(module)
        for node in marks.members:
            _, base, member = summary.rows[node]
            found = models.receivers(program.value(module, base), member)
            if found:
                uses[node] = _Use(member, _name_of(models, found[0]), _fix(models, member, found))
            elif member == "validate" and (named := models.names_of(module, base) & models.names.types_with_validate):
                uses[node] = _Use(_OF_A_TYPE, min(named).rpartition(".")[2], ())
        made = {node: name for node in marks.roots if (name := _made_of_a_root(models, module, summary.rows[node]))}
        for fact, operation in operations_of(program, module) if uses or made else ():
            row = summary.rows[operation.node]
            if operation.kind == "call" and operation.node in made:
                name = made[operation.node]
                where = Where(module, place_of_operation(operation), fact.qualname)
                message = f"Breaks under pydantic 2: `{name}(__root__=...)`: the model has no such field"
                yield from reporter.at(where, ROOT, message, f"write `{name}(value)`", fix=("root-call",))
            called = operation.kind == "call" and row[0] == "("
            use = uses.get(row[1]) if called else uses.get(operation.node) if operation.kind == "attribute" else None
            if use is not None:
                rule, message, repair = _verdict(models, use, row if called else None)
                place = place_of_operation(operation)
                yield from reporter.at(Where(module, place, fact.qualname), rule, message, repair, fix=use.fix)


def _made_of_a_root(models: Models, module: int, row: Row) -> str:
    """Return the name of the model that a call makes of `__root__=value`, else nothing."""
    values = models.program.value(module, row[1])
    if not values or not all(value[0] == "cls" and models.is_model(value[1]) for value in values):
        return ""
    key = values[0][1]
    return models.program.classes[key].name if isinstance(key, int) else str(key).rpartition(".")[2]


def _fix(models: Models, member: str, found: list[Value]) -> tuple[str, ...]:
    """Return which rewrite repairs a use of a member, and what it must know of the receivers."""
    marks = ["class" if all(value[0] == "cls" for value in found) else ""]
    marks.append("instance" if all(value[0] == "ins" for value in found) else "")
    keys = [value[1] for value in found if value[0] in ("cls", "ins")]
    marks.append("orm" if len(keys) == len(found) and all(map(models.is_orm, keys)) else "")
    # what a subclass makes of the old method would no longer be called
    marks.append("" if models.overriders.get(member, frozenset()).isdisjoint(keys) else "overridden")
    return ("member", member, *filter(None, marks))


def _name_of(models: Models, value: Value) -> str:
    key = value[1]
    name = models.program.classes[key].name if isinstance(key, int) else str(key).rpartition(".")[2]
    return _ANY if name == "BaseModel" else f"`{name}`"


def _verdict(models: Models, use: _Use, call: Row | None) -> tuple[str, str, str]:
    """Return (rule, message, repair) for a use of a member, called or not."""
    table = models.names
    member = use.member
    if member == _OF_A_TYPE:
        message = f"Breaks under pydantic 2: the type `{use.owner}` has no `validate()`"
        return REFUSED, message, f"write `TypeAdapter({use.owner}).validate_python(...)`"
    if member == "__root__":
        return (
            ROOT,
            f"Breaks under pydantic 2: {use.owner} has no `__root__`",
            "derive from `RootModel[T]`, read `.root`",
        )
    if member in table.attributes_gone:
        new = table.attributes_gone[member]
        repair = f"read `{new}`" if new else "it has no successor"
        return REFUSED, f"Breaks under pydantic 2: models have no `{member}`", repair
    if member in table.attributes:
        new = table.attributes[member]
        repair = f"read `{new}` of the class" if new == "model_fields" else f"read `{new}`" if new else ""
        return DEPRECATED, f"Deprecated in pydantic 2: `{member}` of {use.owner}", repair or "it has no successor"
    if call is not None:
        refused = _refused_arguments(models, member, call)
        if refused:
            told = ", ".join(f"`{name}`" for name in refused)
            message = f"Breaks under pydantic 2: `{member}()` of {use.owner} takes no {told}"
            return REFUSED, message, _repair(member, call, refused)
    message = f"Deprecated in pydantic 2: `{member}()` of {use.owner}"
    return DEPRECATED, message, _repair(member, call, [])


def _refused_arguments(models: Models, member: str, call: Row) -> list[str]:
    accepted = models.names.method_arguments.get(member)
    if accepted is None:
        return []
    return [name for name, _ in call[3] if name != "**" and name not in accepted]


def _repair(member: str, call: Row | None, refused: list[str]) -> str:
    """Say what to write instead of a method."""
    if member == "json" and refused:
        if refused == ["indent"]:
            return "write `model_dump_json(indent=...)`"
        return "write `json.dumps(model.model_dump(mode='json'), ...)`, or serialisers for what `encoder` did"
    if member == "dict" and refused:
        return "write `model_dump(...)`; `skip_defaults` is `exclude_unset` there"
    if member == "copy":
        given = {name for name, _ in call[3]} if call is not None else set[str]()
        if given & {"include", "exclude"}:
            return "write `Model.model_construct(**model.model_dump(include=...))`: `model_copy` takes no such argument"
        return "write `model_copy(...)`"
    return _REPAIRS[member]


_REPAIRS = {
    "dict": "write `model_dump(...)`",
    "json": "write `model_dump_json(...)`: it has no spaces between keys and values",
    "parse_obj": "write `model_validate(...)`",
    "parse_raw": "write `model_validate_json(...)`",
    "parse_file": "read the file and write `model_validate_json(...)`",
    "from_orm": "write `model_validate(...)` and `from_attributes=True` in model_config",
    "construct": "write `model_construct(...)`",
    "schema": "write `model_json_schema(...)`",
    "schema_json": "write `json.dumps(Model.model_json_schema())`",
    "validate": "write `model_validate(...)`",
    "update_forward_refs": "write `model_rebuild()`; names go in `_types_namespace`",
}
