"""What the bodies of models and of custom types define that pydantic 2 refuses or never calls."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, place_of_function
from mergegate.finding import Finding
from mergegate.syntax.summary import ClassFact, Flag, FunctionFact, FunctionFlag, Row

ROOT, UNANNOTATED, HOOK = "pydantic-root-field", "pydantic-unannotated-field", "pydantic-hook-never-called"
TYPE_DEPRECATED, TYPE_REFUSED = "pydantic-type-hook-deprecated", "pydantic-type-hook-refused"

# methods that users override to shape what is serialised, each with the method that pydantic 2 has for it
_OVERRIDES = {
    "dict": ("model_dump", "a `@model_serializer`"),
    "json": ("model_dump_json", "a `@model_serializer`"),
    "_iter": ("model_dump", "a `@model_serializer`"),
    "_init_private_attributes": ("model_post_init", "`model_post_init`"),
}
_DATACLASSES = frozenset({"pydantic.dataclasses.dataclass"})


def member_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield findings about what classes define."""
    for key, module, fact in models.all():
        yield from _fields(models, reporter, key, module, fact)
    program = models.program
    for key, fact in enumerate(program.classes):
        if not fact.flags & Flag.ALTERNATIVE:
            yield from _hooks(models, reporter, program.class_module[key], fact)


def override_findings(models: Models, reporter: Reporter, traced: set[str]) -> Iterator[Finding]:
    """Yield findings about methods that shaped what pydantic 1 serialised.

    Parameters
    ----------
    traced
        The files with other traces of pydantic 1: elsewhere such a method may be called by hand, and on purpose.
    """
    for _, module, fact in models.all():
        for name, (twin, offer) in _OVERRIDES.items():
            method = _method(models, module, fact, name)
            if method is None or twin in fact.names or method.flags & FunctionFlag.STUB:
                continue
            message = (
                f"Never called by pydantic 2: `{fact.name}.{name}()`; where the model is part of another one, or is "
                "serialised by a framework, it has no effect"
            )
            where = Where(module, place_of_function(method), method.qualname)
            repair = f"write {offer}" if twin == "model_post_init" else f"write {offer}, or override `{twin}` too"
            untraced = models.program.paths[module] not in traced
            yield from reporter.at(where, HOOK, message, repair, lowered=untraced)


def _method(models: Models, module: int, fact: ClassFact, name: str) -> FunctionFact | None:
    """Return the function that a class defines under a name, if it is not one of several alternatives."""
    node = fact.names.get(name)
    row = models.row(module, node) if node is not None else ()
    if not row or row[0] != "l":
        return None
    function = models.program.modules[module].functions[int(row[1])]
    return None if function.flags & FunctionFlag.ALTERNATIVE else function


def _fields(models: Models, reporter: Reporter, key: int, module: int, fact: ClassFact) -> Iterator[Finding]:
    # a base outside the program may have said that a name is no field
    known = all(isinstance(each, int) or models.is_transparent(each) for each in models.program.mro(key))
    for name, flags, place in fact.places:
        where = Where(module, place, fact.qualname)
        if flags & Flag.ALTERNATIVE:
            continue
        if name == "__root__":
            message = f"Breaks under pydantic 2: the model `{fact.name}` has a field `__root__`"
            repair = "derive from `RootModel[T]`; read `.root`, and write `Model(value)` for `Model(__root__=value)`"
            yield from reporter.at(where, ROOT, message, repair, fix=("root-field",))
        elif not flags & Flag.ANNOTATED and not name.startswith("_") and name not in ("model_config", "Config"):
            row = models.row(module, fact.names.get(name, 0))
            if _is_unannotated_field(models, module, row) and not _is_class_variable(models, key, name):
                message = f"Breaks under pydantic 2: the field `{name}` of the model `{fact.name}` has no annotation"
                repair = f"write `{name}: {_type_of(row)} = ...`; `ClassVar[...]` if it is no field"
                yield from reporter.at(where, UNANNOTATED, message, repair, lowered=not known, fix=("unannotated",))


def _is_class_variable(models: Models, key: int, name: str) -> bool:
    """Tell whether a base declares a name as `ClassVar`: its subclasses need not repeat that."""
    program = models.program
    for ancestor in program.mro(key)[1:]:
        if isinstance(ancestor, int) and name in program.classes[ancestor].names:
            module = program.class_module[ancestor]
            row = models.row(module, program.classes[ancestor].names[name])
            if row[0] not in "@&":
                continue
            annotation = models.row(module, int(row[-1]))
            head = models.row(module, int(annotation[1])) if annotation[0] == "[" else annotation
            if head[-1] == "ClassVar":
                return True
    return False


def _is_unannotated_field(models: Models, module: int, row: Row) -> bool:
    """Tell a bare value, which pydantic 1 took for a field, from functions, properties and what may be one."""
    if row[0] == "k":
        return row[1] != "..."
    if row[0] in _LITERALS:
        return True
    return row[0] == "(" and bool(models.names_of(module, row[1]) & models.names.field_names)


def _type_of(row: Row) -> str:
    if row[0] == "#":
        return "int" if isinstance(row[1], int) else "float"
    if row[0] == "k":
        return "Any" if row[1] == "None" else "bool"
    return _LITERALS.get(row[0], "T")


_LITERALS = {"#": "int", "s": "str", "b": "bytes", "L": "list", "S": "set", "D": "dict", "T": "tuple"}


def _hooks(models: Models, reporter: Reporter, module: int, fact: ClassFact) -> Iterator[Finding]:
    """Yield findings about what pydantic 1 called on classes that need not be models."""
    names = fact.names
    if "__modify_schema__" in names and "__get_pydantic_json_schema__" not in names:
        method = _method(models, module, fact, "__modify_schema__")
        if method is not None:
            message = f"Breaks under pydantic 2: `{fact.name}.__modify_schema__()` raises when a schema is made"
            repair = "write `__get_pydantic_json_schema__(cls, core_schema, handler)`"
            yield from reporter.at(
                Where(module, place_of_function(method), method.qualname), TYPE_REFUSED, message, repair
            )
    if "__get_validators__" in names and "__get_pydantic_core_schema__" not in names:
        method = _method(models, module, fact, "__get_validators__")
        if method is not None:
            message = f"Deprecated in pydantic 2: `{fact.name}.__get_validators__()`"
            repair = "write `__get_pydantic_core_schema__(cls, source, handler)`"
            yield from reporter.at(
                Where(module, place_of_function(method), method.qualname), TYPE_DEPRECATED, message, repair
            )
    method = _method(models, module, fact, "__post_init_post_parse__")
    if method is not None and any(
        models.names_of(module, models.callee(module, d)) & _DATACLASSES for d in fact.decorators
    ):
        message = f"Never called by pydantic 2: `{fact.name}.__post_init_post_parse__()`"
        repair = "call it `__post_init__`, which runs after validation"
        where = Where(module, place_of_function(method), method.qualname)
        fix = () if "__post_init__" in fact.names else ("post-init",)
        yield from reporter.at(where, HOOK, message, repair, fix=fix)
