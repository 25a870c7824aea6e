"""Validation by a JSON Schema of any draft or a pydantic model: which places are wrong, and what was expected there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from mergegate.config_shapes import guess
from mergegate.contracts.schemas.normal import engine
from mergegate.contracts.schemas.source import SchemaError, read_json

DRAFTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")
"""The drafts that a schema may be read by, the oldest first."""

_CLASSES = ("Draft4Validator", "Draft6Validator", "Draft7Validator", "Draft201909Validator", "Draft202012Validator")
_MASK = "the value"
_SHOWN_CHOICES = 8


class Violation(NamedTuple):
    """A place at which a value is not what a contract says.

    Attributes
    ----------
    pointer
        JSON pointer of the place in the value; empty for the whole.
    keyword
        The keyword of the schema, or pydantic's name of the error.
    message
        What was expected, without the value itself.
    schema_pointer
        JSON pointer of the keyword in the schema; empty for models.
    strict_only
        Whether pydantic's lax mode would let it pass.
    """

    pointer: str
    keyword: str
    message: str
    schema_pointer: str = ""
    strict_only: bool = False

    def __str__(self) -> str:
        lax = " (pydantic's lax mode would let it pass)" if self.strict_only else ""
        return f"{self.pointer or '(root)'}: {self.message}{lax}"


def validate(
    schema: Any, data: Any, *,
    draft: str | None = None,
    resources: Mapping[str, object] | None = None,
    formats: bool = False,
    strict: bool = True,
) -> list[Violation]:  # fmt: skip
    """Return where a value violates a schema, in the order of the value.

    Parameters
    ----------
    schema
        A JSON Schema (a dict or bool), a pydantic model, or a `Validator`.
    data
        The value, as JSON data.
    draft
        One of `DRAFTS`; None: what `$schema` says, else the newest. Only for JSON Schemas.
    resources
        Schemas that references may lead to, by URI; nothing is ever fetched.
    formats
        Whether `format` is asserted. Models assert theirs always.
    strict
        Whether a model is applied in pydantic's strict mode.

    Raises
    ------
    SchemaError
        If the schema is malformed, or a reference leads to nothing.
    """
    if isinstance(schema, Validator):
        return schema.violations(data)
    return Validator(schema, draft=draft, resources=resources, formats=formats, strict=strict).violations(data)


class Validator:
    """A schema or model, made ready once for many values.

    Parameters
    ----------
    schema, draft, resources, formats, strict
        As for `validate`.
    folder
        The folder of the schema's file: references to other files are read below it.

    Raises
    ------
    SchemaError
        If the schema is malformed, or a reference leads to nothing.
    """

    def __init__(
        self, schema: Any, *, draft: str | None = None, resources: Mapping[str, object] | None = None,
        formats: bool = False, strict: bool = True, folder: Path | None = None,
    ) -> None:  # fmt: skip
        self._model: Any = schema if is_model(schema) else None
        self._strict = strict
        if self._model is None:
            self._compiled = _compiled(schema, draft, dict(resources or {}), formats=formats, folder=folder)

    def is_valid(self, data: Any) -> bool:
        """Tell whether a value is valid."""
        return not self.violations(data) if self._model is not None else self._compiled.is_valid(data)

    def violations(self, data: Any) -> list[Violation]:
        """Return where a value is wrong, in the order of the value."""
        if self._model is not None:
            return _of_model(self._model, data, strict=self._strict)
        try:
            if self._compiled.is_valid(data):
                return []
            found = [_violation(error) for error in self._compiled.iter_errors(data)]
        except ValueError as error:
            raise SchemaError(f"The value cannot be validated: {_first_line(error)}") from None
        return sorted(dict.fromkeys(found), key=lambda each: (each.pointer, each.schema_pointer))


def is_model(schema: Any) -> bool:
    """Tell whether this is a pydantic model, or a type that pydantic can validate, and no JSON Schema."""
    return hasattr(schema, "__pydantic_validator__") or hasattr(schema, "validate_json")


def json_pointer(path: Iterable[str | int]) -> str:
    """Return a path of keys and indices as a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


# -- JSON Schema -------------------------------------------------------------------------------------------------------


def _compiled(
    schema: Any, draft: str | None, resources: dict[str, object], *, formats: bool, folder: Path | None
) -> Any:
    if not isinstance(schema, dict | bool):
        raise SchemaError(f"A schema is an object or a bool, not {type(schema).__name__}")
    rs = engine()
    make = rs.validator_for
    if draft is not None:
        if draft not in DRAFTS:
            raise SchemaError(f'There is no draft "{draft}"', f"{guess(draft, DRAFTS)}allowed: {', '.join(DRAFTS)}")
        make = getattr(rs, _CLASSES[DRAFTS.index(draft)])
    shared = {_bare(uri): value for uri, value in resources.items()}
    own = cast("Any", schema).get("$schema") if isinstance(schema, dict) else None
    named: dict[str, Any] = {}
    own_meta = isinstance(own, str) and _bare(own) in shared
    if folder is not None:
        named["base_uri"] = f"{folder.resolve().as_uri()}/schema"
    retriever = _Retriever(shared, folder)
    try:
        if own_meta:
            # a metaschema of one's own says which vocabularies count
            make, meta = rs.validator_for, [(_bare(str(own)), shared[_bare(str(own))])]
            named["registry"] = rs.Registry(meta, retriever=retriever)
        return make(
            cast("Any", schema), validate_formats=formats, mask=_MASK, retriever=retriever, **named
        )  # fmt: skip
    except ValueError as error:
        at = json_pointer(getattr(error, "instance_path", ()))
        raise SchemaError(f"The schema is malformed{f' at {at}' if at else ''}: {_first_line(error)}") from None
    except rs.ReferencingError as error:
        raise SchemaError(f"A reference of the schema leads to nothing: {_first_line(error)}") from None


class _Retriever:
    """Hands over what references lead to: what was given, and files beside the schema; never the network."""

    def __init__(self, resources: Mapping[str, object], folder: Path | None) -> None:
        self._resources = resources
        self._folder = folder.resolve() if folder is not None else None

    def __call__(self, uri: str) -> Any:
        if _bare(uri) in self._resources:
            return self._resources[_bare(uri)]
        parts = urlsplit(uri)
        if parts.scheme != "file" or self._folder is None:
            raise ValueError(f"{uri} was not given, and nothing is fetched")
        file = Path(unquote(parts.path)).resolve()
        if not file.is_relative_to(self._folder):
            raise ValueError(f"{file.name} does not stand below the folder of the schema")
        return read_json(file, file.name)


def _bare(uri: str) -> str:
    return uri.rstrip("#")


def _violation(error: Any) -> Violation:
    keyword = str(error.kind.name)
    message = _worded(error, keyword)
    return Violation(json_pointer(error.instance_path), keyword, message, json_pointer(error.schema_path))


def _worded(error: Any, keyword: str) -> str:
    if keyword in ("anyOf", "oneOf") and isinstance(error.kind.as_dict().get("context"), list):
        return _branches(error, keyword)
    if keyword == "enum":
        options = [json.dumps(each, ensure_ascii=False) for each in cast("list[Any]", error.kind.value)]
        more = f", {len(options) - _SHOWN_CHOICES} more" if len(options) > _SHOWN_CHOICES else ""
        return f"is none of {', '.join(options[:_SHOWN_CHOICES])}{more}"
    text = str(error.message)
    return text.removeprefix(f"{_MASK} ") if text.startswith(f"{_MASK} ") else text


def _branches(error: Any, keyword: str) -> str:
    """Word that no branch fits, with what the nearest one lacks."""
    branches = cast("list[list[Any]]", error.kind.as_dict()["context"])
    if keyword == "oneOf" and any(not branch for branch in branches):
        return "matches more than one branch of oneOf"
    fitting = [branch for branch in branches if branch]
    if not fitting:
        return f"matches no branch of {keyword}"
    # what fails deeper inside, and at fewer places, is nearer
    near = min(fitting, key=lambda branch: (-max(len(each.instance_path) for each in branch), len(branch)))
    nearest = _violation(near[0])
    place = json_pointer(near[0].instance_path[len(error.instance_path) :])
    return f"matches no branch of {keyword}; the nearest expects{f' at {place}' if place else ''}: {nearest.message}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


# -- pydantic ----------------------------------------------------------------------------------------------------------


def _of_model(model: Any, data: Any, *, strict: bool) -> list[Violation]:
    text = json.dumps(data)
    errors = _model_errors(model, text, strict=strict)
    if not errors or not strict:
        return [_of_pydantic(each, strict_only=False) for each in errors]
    lax = {(each["loc"], each["type"]) for each in _model_errors(model, text, strict=False)}
    wrong = {loc for loc, _ in lax}
    return [
        _of_pydantic(each, strict_only=(each["loc"], each["type"]) not in lax and each["loc"] not in wrong)
        for each in errors
    ]


def _model_errors(model: Any, text: str, *, strict: bool) -> Sequence[Any]:
    validator = getattr(model, "__pydantic_validator__", model)
    try:
        validator.validate_json(text, strict=strict)
    except ValueError as error:
        if not hasattr(error, "errors"):
            raise
        return cast("Any", error).errors(include_url=False, include_input=False, include_context=False)
    return ()


def _of_pydantic(error: Any, *, strict_only: bool) -> Violation:
    message = str(error["msg"])
    return Violation(json_pointer(error["loc"]), str(error["type"]), message[:1].lower() + message[1:], "", strict_only)
