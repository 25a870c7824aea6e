"""Shapes of configuration values: each checks a TOML value and describes itself as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, field, fields
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, cast

KeyPath = tuple[str | int, ...]


class WrongValue(Exception):  # noqa: N818  (it is turned into a `ConfigError`, which users meet)
    """A key or value without a meaning, at a path of keys and list positions."""

    def __init__(self, path: KeyPath, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


class Shape(Protocol):
    """What values a setting takes."""

    def read(self, value: object, at: KeyPath) -> Any:
        """Return the checked, immutable value; raise `WrongValue` if it has another shape."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        ...


class Flag:
    """True or false."""

    def read(self, value: object, at: KeyPath) -> bool:
        """Return the value if it is a bool."""
        if not isinstance(value, bool):
            raise WrongValue(at, f"must be true or false, not {describe(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "boolean"}


class Whole(NamedTuple):
    """A whole number of at least `minimum`."""

    minimum: int = 0

    def read(self, value: object, at: KeyPath) -> int:
        """Return the value if it is a number that is large enough."""
        if not isinstance(value, int) or isinstance(value, bool) or value < self.minimum:
            raise WrongValue(at, f"must be a whole number of at least {self.minimum}, not {describe(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "integer", "minimum": self.minimum}


class Percent(NamedTuple):
    """A number from 0 to 100."""

    def read(self, value: object, at: KeyPath) -> float:
        """Return the value if it is a number between the limits."""
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
            raise WrongValue(at, f"must be a number from 0 to 100, not {describe(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "number", "minimum": 0, "maximum": 100}


class Share(NamedTuple):
    """A number from 0 to 1."""

    def read(self, value: object, at: KeyPath) -> float:
        """Return the value if it is a number between the limits."""
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise WrongValue(at, f"must be a number from 0 to 1, not {describe(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "number", "minimum": 0, "maximum": 1}


class Text(NamedTuple):
    """A string that is not blank; `choices`, if there are any, are all that is allowed."""

    choices: tuple[str, ...] = ()

    def read(self, value: object, at: KeyPath) -> str:
        """Return the value if it is an allowed string."""
        if self.choices:
            if value not in self.choices:
                hint = f"allowed: {', '.join(self.choices)}"
                raise WrongValue(at, f"cannot be {describe(value)}", guess(value, self.choices) + hint)
        elif not isinstance(value, str):
            raise WrongValue(at, f"must be a string, not {describe(value)}")
        elif not value.strip():
            raise WrongValue(at, "must not be empty")
        return cast("str", value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "string", "minLength": 1}


class Day:
    """A date, as TOML has it or as a string `YYYY-MM-DD`."""

    def read(self, value: object, at: KeyPath) -> date:
        """Return the date if it is one, without a time."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise WrongValue(at, f"must be a date, not {describe(value)}", "write it as in 2030-12-31") from None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "string", "format": "date"}


class ListOf(NamedTuple):
    """A list of values of one shape, read as a tuple."""

    item: Shape

    def read(self, value: object, at: KeyPath) -> tuple[Any, ...]:
        """Return the checked items."""
        if not isinstance(value, list):
            hint = f"write [{describe(value)}]" if isinstance(value, str) else ""
            raise WrongValue(at, f"must be a list, not {describe(value)}", hint)
        items = cast("list[object]", value)
        return tuple(self.item.read(item, (*at, index)) for index, item in enumerate(items))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "array", "items": self.item.schema()}


class TableOf(NamedTuple):
    """A table from free keys to values of one shape."""

    item: Shape

    def read(self, value: object, at: KeyPath) -> dict[str, Any]:
        """Return the checked values by key."""
        table = _table(value, at)
        return {key: self.item.read(item, (*at, key)) for key, item in table.items()}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {"type": "object", "additionalProperties": self.item.schema()}


class Section(NamedTuple):
    """A table with the keys of a dataclass; `short`, if given, is a field that a mere string stands for."""

    type: type[Any]
    short: str = ""

    def read(self, value: object, at: KeyPath) -> Any:
        """Return an instance of the dataclass."""
        if self.short and isinstance(value, str):
            value = {self.short: value}
        return self.type(**self.arguments(value, at))

    def arguments(self, value: object, at: KeyPath) -> dict[str, Any]:
        """Return the checked values of the keys that are present, by field name."""
        table = _table(value, at)
        known = options(self.type)
        for key in table:
            if key not in known:
                hint = f"{guess(key, known)}allowed: {', '.join(sorted(known))}"
                raise WrongValue((*at, key), "is not a known key", hint)
        for key, (item, _) in known.items():
            if key not in table and item.default is MISSING and item.default_factory is MISSING:
                raise WrongValue(at, f'lacks the key "{key}"')
        return {known[key][0].name: known[key][1].shape.read(item, (*at, key)) for key, item in table.items()}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        known = options(self.type)
        properties: dict[str, Any] = {}
        required: list[str] = []
        for key, (item, option_) in known.items():
            properties[key] = {"description": option_.doc, **option_.shape.schema()}
            if item.default is not MISSING:
                if item.default not in (None, ""):
                    properties[key]["default"] = plain(item.default)
            elif item.default_factory is MISSING:
                required.append(key)
        table: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        if required:
            table["required"] = required
        return {"anyOf": [known[self.short][1].shape.schema(), table]} if self.short else table


class Option(NamedTuple):
    """What a dataclass field says as a setting.

    Attributes
    ----------
    analysis
        Whether it can change what the analysis itself finds, so that results for other values cannot be reused.
        Settings of which files are read, and of what is shown, do not.
    """

    shape: Shape
    doc: str
    analysis: bool = True


def option(shape: Shape, doc: str, default: Any = MISSING, *, analysis: bool = True) -> Any:
    """Declare a dataclass field that is a setting."""
    metadata = {"option": Option(shape, doc, analysis)}
    if isinstance(default, dict):
        return field(default_factory=dict[str, Any], metadata=metadata)
    return field(default=default, metadata=metadata)


def options(type_: type[Any]) -> dict[str, tuple[Field[Any], Option]]:
    """Return the settings of a dataclass by their key (kebab-case)."""
    return {key_of(item.name): (item, item.metadata["option"]) for item in fields(type_) if "option" in item.metadata}


def key_of(name: str) -> str:
    """Return the key of a field: `hand_overs` is `hand-overs`, `async_` is `async`."""
    return name.strip("_").replace("_", "-")


def plain(value: object) -> Any:
    """Return a setting's value as JSON data."""
    if isinstance(value, tuple | list):
        return [plain(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in sorted(cast("Mapping[str, object]", value).items())}
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(type(value), "__dataclass_fields__"):
        return {key: plain(getattr(value, item.name)) for key, (item, _) in options(type(value)).items()}
    return value


def guess(word: object, known: Iterable[str]) -> str:
    """Return `did you mean "…"? ` for a word that is close to a known one, else an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415  (only errors need it)

    close = get_close_matches(str(word), list(known), n=1)
    return f'did you mean "{close[0]}"? ' if close else ""


def describe(value: object) -> str:
    """Return a value as the user wrote it, shortened, or its kind."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}..."'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time"


def _table(value: object, at: KeyPath) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongValue(at, f"must be a table, not {describe(value)}")
    return cast("dict[str, Any]", value)
