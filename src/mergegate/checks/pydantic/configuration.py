"""Settings of models: the inner class `Config`, its keys, settings as class arguments, and classes passed as config."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import (
    Reporter,
    Where,
    operations_of,
    place_of_function,
    place_of_head,
    place_of_operation,
)
from mergegate.finding import Finding
from mergegate.syntax.summary import ClassFact, Flag, Place

INNER, IGNORED, REFUSED = "pydantic-inner-config", "pydantic-setting-ignored", "pydantic-setting-refused"
_SHOWN_KEYS = 6


def configuration_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield findings about how models are configured."""
    for key, module, fact in models.all():
        settings = models.is_settings(key)
        yield from _class_arguments(models, reporter, module, fact)
        node = fact.names.get("Config")
        if node is None:
            continue
        row = models.row(module, node)
        if row[0] == "c":
            inner = models.program.class_base[module] + int(row[1])
            if not models.program.classes[inner].flags & Flag.ALTERNATIVE:
                yield from _inner(models, reporter, key, inner, settings=settings)
        elif any(name == "Config" and not flags & Flag.ALTERNATIVE for name, flags, _ in fact.places):
            yield from _assigned(reporter, module, fact)
    yield from _passed(models, reporter)


def _inner(models: Models, reporter: Reporter, model: int, key: int, *, settings: bool) -> Iterator[Finding]:
    owner = models.program.classes[model]
    inner, module = models.program.classes[key], models.program.class_module[key]
    keys = [name for name in inner.names if not name.startswith("__")]
    told = f" ({', '.join(keys[:_SHOWN_KEYS])}{', ...' if len(keys) > _SHOWN_KEYS else ''})" if keys else ""
    made = "SettingsConfigDict" if settings else "ConfigDict"
    message = f"Deprecated in pydantic 2: `class Config` of the model `{owner.name}`{told}"
    place = place_of_head(inner.line, inner.column, "class", inner.name)
    repair = f"write `model_config = {made}(...)` in the body of `{owner.name}`"
    owned = "present" if any(str(name).startswith("pydantic_settings.") for name in models.program.mro(model)) else ""
    fix = ("config", made, *filter(None, (owned,))) if models.config_is_free(key) else ()
    yield from reporter.at(Where(module, place, owner.qualname), INNER, message, repair, fix=fix)
    yield from _keys(models, reporter, key, owner.name, settings=settings)


def _keys(models: Models, reporter: Reporter, key: int, model: str, *, settings: bool) -> Iterator[Finding]:
    """Yield findings about the keys that a configuration class and its plain bases set."""
    program = models.program
    for ancestor in program.mro(key):
        if isinstance(ancestor, int):
            module, fact = program.class_module[ancestor], program.classes[ancestor]
            if not fact.flags & Flag.ALTERNATIVE:
                for name, place in _places(models, module, fact):
                    where = Where(module, place, fact.qualname)
                    yield from _key(models, reporter, where, name, model, settings=settings)


def _places(models: Models, module: int, fact: ClassFact) -> Iterator[tuple[str, Place]]:
    seen: set[str] = set()
    for name, flags, place in fact.places:
        if not flags & Flag.ALTERNATIVE and name not in seen:
            seen.add(name)
            yield name, place
    functions = models.program.modules[module].functions
    for name, node in fact.names.items():
        row = models.row(module, node)
        if row[0] == "l" and name not in seen:
            yield name, place_of_function(functions[int(row[1])])


def _key(
    models: Models, reporter: Reporter, where: Where, name: str, model: str, *, settings: bool
) -> Iterator[Finding]:
    table = models.names
    renamed = table.config_renamed.get(name)
    removed = table.config_settings.get(name) if settings else None
    removed = removed or table.config_removed.get(name)
    if renamed is not None:
        message = (
            f"Silently ignored by pydantic 2: the setting `{name}` of the model `{model}` is called `{renamed}` there"
        )
        repair = f"write `{renamed}` in model_config"
    elif removed is not None:
        message = f"Silently ignored by pydantic 2: it has no setting `{name}` (model `{model}`)"
        repair = removed
    else:
        return
    yield from reporter.at(where, IGNORED, message, repair, fix=("key", name))


def _assigned(reporter: Reporter, module: int, fact: ClassFact) -> Iterator[Finding]:
    """Report `Config = SomeClass`, which pydantic 2 takes for a field without a type."""
    for name, _, place in fact.places:
        if name == "Config":
            message = f"Breaks under pydantic 2: `Config = ...` in the model `{fact.name}` is taken for a field"
            repair = "write `model_config = ConfigDict(...)`"
            yield from reporter.at(Where(module, place, fact.qualname), REFUSED, message, repair)


def _class_arguments(models: Models, reporter: Reporter, module: int, fact: ClassFact) -> Iterator[Finding]:
    table = models.names
    for name, _ in fact.keywords:
        renamed = table.config_renamed.get(name)
        if renamed is None and name not in table.config_removed:
            continue
        message = f"Breaks under pydantic 2: the class argument `{name}` of the model `{fact.name}` raises a TypeError"
        repair = f"write `{renamed}=`" if renamed else table.config_removed[name]
        place = place_of_head(fact.line, fact.column, "class", fact.name)
        fix = ("class-argument", name)
        yield from reporter.at(Where(module, place, fact.qualname), REFUSED, message, repair, fix=fix)


def _passed(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield findings about classes passed as configuration: to dataclasses, validated functions and create_model."""
    program = models.program
    for module in range(len(program.modules)):
        wanted = {
            node: given
            for node, given in models.marked.of(module).configured
            if models.names_of(module, models.callee(module, node)) & _TAKING_CONFIG
        }
        for fact, operation in operations_of(program, module) if wanted else ():
            given = wanted.get(operation.node) if operation.kind == "call" else None
            classes = [v[1] for v in program.value(module, given) if v[0] == "cls"] if given is not None else []
            for key in classes:
                if not isinstance(key, int) or "builtins.dict" in program.mro(key):
                    continue
                name = program.classes[key].name
                made = models.names_of(module, models.callee(module, operation.node)) & _MAKING_MODELS
                rule, effect = (REFUSED, "Breaks under") if made else (INNER, "Deprecated in")
                message = f"{effect} pydantic 2: the class `{name}` is passed as configuration"
                repair = "pass `ConfigDict(...)`"
                place = place_of_operation(operation)
                yield from reporter.at(Where(module, place, fact.qualname), rule, message, repair)
                yield from _keys(models, reporter, key, name, settings=False)


_MAKING_MODELS = frozenset({"pydantic.create_model", "pydantic.main.create_model"})
_TAKING_CONFIG = _MAKING_MODELS | {
    "pydantic.dataclasses.dataclass",
    "pydantic.validate_arguments",
    "pydantic.decorator.validate_arguments",
}
