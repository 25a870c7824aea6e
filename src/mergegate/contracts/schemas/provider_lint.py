"""What a provider makes of a schema: what it refuses, leaves unenforced or takes in another meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mergegate.config_shapes import guess
from mergegate.contracts.schemas.findings import located
from mergegate.contracts.schemas.json_data import Document, Pointer, as_list, as_object, parsed, spelled, token
from mergegate.contracts.schemas.keywords import walk
from mergegate.contracts.schemas.lint_checks import CHECKS, Trouble, measured
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.errors import MergegateError
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.folders import CONTRACTS
from mergegate.rules.tables import read_table

RULE = "schema-unsupported-by-provider"
_TABLE = "providers.toml"
_EFFECTS = {
    "refused": "refuses that",
    "ignored": "does not enforce that",
    "moved": "does not enforce that: its SDK moves it into the description",
    "changed": "takes that in another meaning",
}
_LIMITS = {
    "properties": "properties", "depth": "levels of nested objects", "enum-values": "values of enums in all",
    "text": "characters of names and values in all", "enum-text": "characters of values in one enum",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """What a provider makes of one place of a schema.

    Attributes
    ----------
    provider
        The provider's name.
    pointer
        The place, as a JSON pointer into the schema as it was written.
    effect
        `refused`, `ignored`, `moved` or `changed`; see the table of providers.
    certain
        False if it may be so for all that is known.
    message
        One line: what is there and what the provider makes of it.
    hint
        What to write instead; may be empty.
    source
        Where that was read.
    """

    provider: str
    pointer: str
    effect: str
    certain: bool
    message: str
    hint: str
    source: str


def providers() -> tuple[str, ...]:
    """Return the names of the providers that are known."""
    return tuple(read_table(CONTRACTS, _TABLE))


def lint(
    schema: Schema | Path | Document | type[Any], provider: str, *, model: str | None = None, asof: date | None = None
) -> list[Remark]:
    """Say what a provider makes of a schema, by place.

    Parameters
    ----------
    schema
        The schema as it is sent.
    provider
        One of `providers()`.
    model
        The model; None: what holds for some models only is left out.
    asof
        The day of whose limits is asked; None: today.

    Raises
    ------
    MergegateError
        If the provider is not known, or the schema is none.
    """
    table = read_table(CONTRACTS, _TABLE)
    if provider not in table:
        hint = f"{guess(provider, table)}known: {', '.join(table)}"
        raise MergegateError(f"There is no provider {provider!r}", hint)
    document = (schema if isinstance(schema, Schema) else load(schema)).document
    title = str(table[provider]["title"])
    found: dict[tuple[str, str], Remark] = {}
    for rule in _rules(table, provider):
        if not _holds(rule, model, asof or date.today()):
            continue
        for trouble in _troubles(document, rule):
            remark = _remark(provider, title, rule, trouble)
            found.setdefault((remark.pointer, trouble.text), remark)
    return sorted(found.values(), key=lambda each: (each.pointer, each.message))


def lint_findings(schema: Schema, source: str, remarks: list[Remark]) -> Iterator[Finding]:
    """Yield remarks as findings at the lines of a schema's file.

    Parameters
    ----------
    schema
        The schema, from a file.
    source
        The file's path, as findings call it.
    remarks
        What is to be reported.
    """
    for each in remarks:
        line = schema.line(parsed(each.pointer))
        severity = Severity.ERROR if each.effect == "refused" and each.certain else Severity.WARNING
        confidence = Confidence.HIGH if each.certain else Confidence.MEDIUM
        help_ = f"{each.hint[:1].upper()}{each.hint[1:]}. ({each.source})" if each.hint else each.source
        yield located(RULE, severity, source, line, each.message, confidence=confidence, help_=help_)


def _rules(table: Mapping[str, Any], provider: str) -> Iterator[Mapping[str, Any]]:
    entry = table[provider]
    if "extends" in entry:
        yield from _rules(table, entry["extends"])
    yield from entry.get("rule", ())


def _holds(rule: Mapping[str, Any], model: str | None, day: date) -> bool:
    if "since" in rule and day < rule["since"]:
        return False
    if "until" in rule and day > rule["until"]:
        return False
    return "models" not in rule or (model is not None and any(fnmatchcase(model, each) for each in rule["models"]))


def _troubles(document: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    if "check" in rule:
        yield from CHECKS[rule["check"]](document, rule)
    elif "limit" in rule:
        number = measured(document, rule["limit"])
        if number > rule["most"]:
            text = f"it has {number} {_LIMITS[rule['limit']]}, and {rule['most']} are the most"
            yield Trouble((), text)
    else:
        yield from _words(document, rule)


def _words(document: Document, rule: Mapping[str, Any]) -> Iterator[Trouble]:
    allowed = [token(value) for value in rule.get("allowed", ())]
    for pointer, each in walk(document):
        table = as_object(each)
        types = table.get("type")
        if "types" in rule and not {types, *as_list(types)} & set(rule["types"]):
            continue
        for key in rule["keywords"]:
            if key in table and token(table[key]) not in allowed:
                yield Trouble((*pointer, key), f"there is {key}")


def _remark(provider: str, title: str, rule: Mapping[str, Any], trouble: Trouble) -> Remark:
    certain = rule.get("certain", True)
    effect = _EFFECTS[rule["effect"]]
    verb = effect if certain else {"refused": "may refuse that"}.get(rule["effect"], f"possibly {effect}")
    place = _at(trouble.pointer)
    message = f"{trouble.text}{place}, and {title} {verb}"
    return Remark(
        provider, spelled(trouble.pointer), rule["effect"], certain, message, rule.get("hint", ""), rule["source"]
    )


def _at(pointer: Pointer) -> str:
    return f" at {spelled(pointer)}" if pointer else ""
