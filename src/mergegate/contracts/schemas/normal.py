"""A schema as the rest works with it: checked, with its draft, its validator and its canonical form."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mergegate.contracts.schemas.json_data import Document, Json, as_list, as_object, is_object, spelled
from mergegate.contracts.schemas.keywords import DRAFTS, silent, upgraded, walk
from mergegate.contracts.schemas.resolution import resolved
from mergegate.contracts.schemas.source import SchemaError, line_of, read_json, read_text

if TYPE_CHECKING:
    from jsonschema_rs import CanonicalSchema, Validator

_LATEST = DRAFTS[-1]
_HINT = "pip install 'mergegate[contracts]'"


def engine() -> Any:
    """Return the library that validates and compares.

    Raises
    ------
    SchemaError
        If it is not installed.
    """
    try:
        import jsonschema_rs  # noqa: PLC0415
    except ImportError:
        raise SchemaError("Contracts need the package jsonschema-rs", _HINT) from None
    return jsonschema_rs


class Schema:
    """A schema that is one, in a draft that is known.

    Attributes
    ----------
    document
        The schema as it was written.
    draft
        Its draft: `4`, `6`, `7`, `2019-09` or `2020-12`.
    formats
        Whether `format` is a condition and not only a remark.
    shown
        How messages call it.
    file
        Where it stands, None if it is no file.
    """

    def __init__(self, document: Document, draft: str, *, formats: bool, shown: str, file: Path | None = None) -> None:
        self.document = document
        self.draft = draft
        self.formats = formats
        self.shown = shown
        self.file = file

    @cached_property
    def validator(self) -> Validator:
        """What tells whether a value fits the schema."""
        return _validator(self.document, self.draft, self.formats)

    def admits(self, value: Json) -> bool:
        """Tell whether a value fits; what is no JSON does not."""
        try:
            return self.validator.is_valid(value)
        except (ValueError, RecursionError):
            return False

    @cached_property
    def plain(self) -> Document:
        """The schema with its local references resolved, remarks and all; as it was written where that cannot be."""
        return self.document if self._resolved is None else self._resolved

    @cached_property
    def bare(self) -> Document:
        """What of `plain` counts for validation."""
        if self._resolved is not None:
            return silent(self._resolved)
        return {key: value for key, value in as_object(self.document).items() if key != "$schema"}

    @cached_property
    def modern(self) -> tuple[Document, bool] | None:
        """`bare` in the words of draft 2020-12, and whether it admits the same values; it never admits fewer.

        None where that cannot be told.
        """
        if self.draft == _LATEST:
            return self.bare, True
        return upgraded(self.bare, self.draft) if self._resolved is not None else None

    @cached_property
    def _resolved(self) -> Document | None:
        return resolved(self.document, self.draft)

    @cached_property
    def canonical(self) -> CanonicalSchema | None:
        """The canonical form of `bare` in its own draft, None if there is none."""
        return canonical(self.bare, self.draft, formats=self.formats)

    def line(self, pointer: tuple[str | int, ...]) -> int:
        """Return the line of the schema's file on which something stands, 1 if it is no file."""
        return line_of(read_text(self.file), pointer) if self.file is not None else 1


def load(
    source: Path | Document | type[Any], *, draft: str | None = None, formats: bool = False, shown: str = ""
) -> Schema:
    """Load a schema.

    Parameters
    ----------
    source
        A JSON file, a schema as data, or a pydantic model, which must have been imported by who owns it.
    draft
        The draft, as in `Schema.draft` or with `draft` before it; None: what `$schema` says, else the latest of which
        it is a schema.
    formats
        Whether `format` is a condition.
    shown
        How messages call it; empty: the file's or model's name.

    Raises
    ------
    SchemaError
        If it cannot be read or is no schema, or refers to what is not in it.
    """
    file = source if isinstance(source, Path) else None
    if isinstance(source, Path):
        document = read_json(source)
        shown = shown or str(source)
    elif isinstance(source, type):
        document, shown = _of_model(source), shown or source.__qualname__
    else:
        document, shown = source, shown or "the schema"
    if not isinstance(document, dict | bool):
        raise SchemaError(f"{shown}: a schema is an object or a boolean, not {_kind(document)}")
    document = cast("Document", document)
    chosen = named_draft(draft, shown) if draft else draft_of(document, shown)
    schema = Schema(document, chosen, formats=formats, shown=shown, file=file)
    _check(schema)
    return schema


def named_draft(name: str, shown: str = "the schema") -> str:
    """Return a draft by a name that people give it.

    Raises
    ------
    SchemaError
        If there is no such draft.
    """
    plain = name.lower().removeprefix("draft").strip(" -_0") or name
    plain = {"201909": "2019-09", "202012": "2020-12", "19": "2019-09", "20": "2020-12"}.get(plain, plain)
    if plain not in DRAFTS:
        raise SchemaError(f"{shown}: there is no draft {name!r}", f"known: {', '.join(DRAFTS)}")
    return plain


def draft_of(document: Document, shown: str = "the schema") -> str:
    """Return the draft that a schema names, else the latest of which it is a schema.

    Raises
    ------
    SchemaError
        If it names one that is not known.
    """
    named = as_object(document).get("$schema")
    if isinstance(named, str):
        for draft in DRAFTS:
            if f"draft-0{draft}/" in named or f"draft/{draft}/" in named:
                return draft
        raise SchemaError(f"{shown}: {named!r} is no known draft", f"known: {', '.join(DRAFTS)}")
    for draft in ("2020-12", "7", "4"):
        if _fault(document, draft) is None and (draft != "2020-12" or not _old_words(document)):
            return draft
    return _LATEST


def canonical(document: Document, draft: str, *, formats: bool) -> CanonicalSchema | None:
    """Return the canonical form of a valid schema, None if the library has none for it."""
    library = engine()
    try:
        return library.canonicalize(document, draft=_number(draft), validate_formats=formats, offline=True)
    except ValueError:
        return None


def _old_words(document: Document) -> bool:
    """Tell whether a schema uses words that only have a meaning in drafts up to 7."""
    return any({"dependencies", "additionalItems"} & as_object(each).keys() for _, each in walk(document))


def _validator(document: Document, draft: str, formats: bool) -> Validator:
    library = engine()
    made = getattr(library, f"Draft{draft.replace('-', '')}Validator")
    if is_object(document) and "$schema" in document:
        document = {key: value for key, value in document.items() if key != "$schema"}
    return made(document, validate_formats=formats, offline=True)


def _check(schema: Schema) -> None:
    try:
        fault = _fault(schema.document, schema.draft)
        if fault is None:
            assert schema.validator
            return
        pointer, problem = fault
    except engine().ValidationError as error:
        pointer, problem = tuple(error.instance_path), _first_line(error)
    except ValueError as error:
        pointer, problem = (), _first_line(error)
    where = f"{schema.shown}:{schema.line(pointer)}" if schema.file is not None else schema.shown
    place = f"{spelled(pointer)}: " if pointer else ""
    raise SchemaError(f"{where}: this is no schema of draft {schema.draft}: {place}{problem}")


def _fault(document: Document, draft: str) -> tuple[tuple[str | int, ...], str] | None:
    """Return where and why data is no schema of a draft."""
    library = engine()
    stated = {**document, "$schema": _URIS[draft]} if is_object(document) else document
    try:
        library.meta.validate(stated)
    except library.ValidationError as error:
        return tuple(error.instance_path), _first_line(error)
    except ValueError as error:
        return (), _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


def _number(draft: str) -> int:
    return int(draft[2:4]) if len(draft) > 1 else int(draft)


def _of_model(model: type[Any]) -> Json:
    made = getattr(model, "model_json_schema", None)
    if not callable(made):
        raise SchemaError(f"{model.__qualname__} is no pydantic model", "give a class that has model_json_schema()")
    return cast("Callable[[], Json]", made)()


def _kind(value: object) -> str:
    return "an array" if as_list(value) or value == [] else f"{value!r}"[:40]


_URIS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}
