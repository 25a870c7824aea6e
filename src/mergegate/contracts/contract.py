"""A contract: what a model's answer must be, how many answers must be, and what else is looked for in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from mergegate.config_contracts import POLICIES
from mergegate.config_shapes import guess
from mergegate.contracts.extraction import OBJECT_OR_ARRAY
from mergegate.contracts.schemas.source import SchemaError, read_json
from mergegate.contracts.validation import Validator, is_model
from mergegate.errors import MergegateError

FILTERS = ("pii", "injection")
REPAIR = ("off", "report", "accept")
_TYPES = {"integer": "number"}


class ContractError(MergegateError):
    """A contract, or what it names, makes no sense."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a model's answers must be.

    Attributes
    ----------
    name
        Its name: in reports, in the lock and in node ids.
    schema
        A JSON Schema of any draft (a dict or bool), or a pydantic model.
    policy
        Which changes of the schema are allowed; see the lock.
    providers
        Whose models answer.
    min_rate
        The least part of the answers that must be valid, from 0 to 1; 1 lets every single one fail the run.
    samples
        The least number of answers.
    formats
        Whether `format` is asserted.
    strict
        Whether a model is applied in pydantic's strict mode.
    repair
        Whether a broken answer that can be repaired is told from one that cannot (`report`), counts as valid if what
        was repaired is (`accept`), or is broken like others (`off`).
    filters
        What valid answers are searched for: `pii`, `injection`.
    draft
        The draft of the schema; None: as it says itself.
    resources
        Schemas that its references may lead to, by URI.
    folder
        The folder of the schema's file, for references to files.
    source
        Where the contract was declared, for people.
    """

    name: str
    schema: Any
    policy: str = "backward"
    providers: tuple[str, ...] = ()
    min_rate: float = 1.0
    samples: int = 0
    formats: bool = False
    strict: bool = True
    repair: str = "report"
    filters: tuple[str, ...] = ()
    draft: str | None = None
    resources: Mapping[str, object] = field(default_factory=dict[str, object])
    folder: Path | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ContractError("A contract has no name", "give it one")
        if not 0 <= self.min_rate <= 1:
            raise ContractError(
                f'The min_rate of contract "{self.name}" is {self.min_rate}', "it is a part: from 0 to 1"
            )
        for kind, given, known in (
            ("filter", self.filters, FILTERS),
            ("repair", (self.repair,), REPAIR),
            ("policy", (self.policy,), POLICIES),
        ):
            for each in given:
                if each not in known:
                    hint = f"{guess(each, known)}allowed: {', '.join(known)}"
                    raise ContractError(f'Contract "{self.name}" names the {kind} "{each}"', hint)

    @cached_property
    def validator(self) -> Validator:
        """What its answers are validated by, made once.

        Raises
        ------
        SchemaError
            If the schema is malformed, or a reference leads to nothing.
        """
        try:
            return Validator(
                self.schema, draft=self.draft, resources=self.resources, formats=self.formats, strict=self.strict,
                folder=self.folder,
            )  # fmt: skip
        except SchemaError as error:
            raise SchemaError(f'Contract "{self.name}": {error.message}', error.hint) from None

    @cached_property
    def json_schema(self) -> Any:
        """Its schema as JSON data, that of a model as pydantic gives it."""
        if not is_model(self.schema):
            return self.schema
        make = getattr(self.schema, "model_json_schema", None) or self.schema.json_schema
        return make()

    @cached_property
    def allow(self) -> tuple[str, ...]:
        """The types that an answer may have: those that the schema names at its root."""
        schema: Any = self.json_schema
        root = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
        named = root.get("type")
        types = [named] if isinstance(named, str) else cast("list[Any]", named) if isinstance(named, list) else []
        found = dict.fromkeys(_TYPES.get(each, each) for each in types if isinstance(each, str))
        return tuple(found) or OBJECT_OR_ARRAY


def load_schema(file: Path, shown: str = "") -> Any:
    """Return the schema in a file.

    Parameters
    ----------
    file
        A JSON file.
    shown
        How messages call it.

    Raises
    ------
    SchemaError
        If it cannot be read, or is no JSON Schema.
    """
    schema = read_json(file, shown or file.name)
    if not isinstance(schema, dict | bool):
        raise SchemaError(
            f"The schema {shown or file.name} is neither an object nor a bool", "a JSON Schema is one of them"
        )
    return cast("Any", schema)


def contract_of(schema: Any, *, name: str = "", folder: Path, **given: Any) -> Contract:
    """Return a contract of a model, a schema or the file of one.

    Parameters
    ----------
    schema
        A pydantic model, a JSON Schema, or the path of one.
    name
        Its name; empty: that of the model, else the schema's title or that of the file.
    folder
        The folder that relative paths start from.
    given
        The other attributes of `Contract`.

    Raises
    ------
    ContractError
        If something has no meaning.
    SchemaError
        If the file of the schema cannot be read, or holds none.
    """
    if isinstance(schema, str | Path):
        file = folder / schema
        made = load_schema(file, str(schema))
        stem = file.name.removesuffix(".json").removesuffix(".schema")
        return Contract(name=name or stem, schema=made, folder=file.parent, **given)
    if is_model(schema):
        return Contract(name=name or getattr(schema, "__name__", "contract"), schema=schema, **given)
    if isinstance(schema, dict | bool):
        title = cast("dict[str, Any]", schema).get("title") if isinstance(schema, dict) else None
        return Contract(name=name or str(title or "contract"), schema=cast("Any", schema), folder=folder, **given)
    raise ContractError(
        f"{type(schema).__name__} is no schema", "give a pydantic model, a JSON Schema as a dict, or the path of one"
    )
