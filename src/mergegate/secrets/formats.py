"""Formats: tokens that show by themselves whose they are, found anywhere in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from mergegate.secrets.checksums import CHECKSUMS, jwt_header, jwt_payload
from mergegate.secrets.templates import Template, compile_template

# a body may stand in several string literals or lines of a list; what no body holds ends it, as after `...`
_PEM = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]{0,30})PRIVATE KEY(?: BLOCK)?-----(?P<body>[^-.(){}<>\[\];*$%@&]{0,12000})"
    r"(?P<end>-----END)?"
)
_PEM_WORD = b"PRIVATE KEY"
_PEM_LEAST = 50
_BASE64 = re.compile(r"[0-9A-Za-z+/=]{16,}")
_JWT = re.compile(r"(?<![\w.-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,8000}\.(?:[\w-]{16,2000})?")
_JWT_WORD = b"eyJ"
# everything else ends a run of characters in which a token may stand
_IN_RUNS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+/=.:$~!%@?&-"
_RUNS = bytes(each if each in _IN_RUNS else 32 for each in range(256))
_DIGITS = b"0123456789"
_SHORTEST = 20
_START = 3
_NUMBER = itemgetter(0)
_SHORT_PREFIX = 4
_LEAST_DISTINCT = 8


@dataclass(frozen=True, slots=True)
class Format:
    """The tokens of one kind.

    Attributes
    ----------
    id
        Its name in the table of formats.
    provider, kind
        Whose it is and what it is.
    templates
        How such tokens look.
    context
        Words of which one must be near a token whose form alone says little.
    context_for
        Beginnings of the templates for which that holds; empty: for all.
    beside
        Texts of which each must stand near the token.
    checksum
        The test that real ones pass; empty if there is none.
    samples
        Public ones that open nothing.
    """

    id: str
    provider: str
    kind: str
    templates: tuple[Template, ...]
    context: tuple[str, ...] = ()
    context_for: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    checksum: str = ""
    samples: frozenset[str] = frozenset()

    def needs_context(self, template: Template) -> bool:
        """Tell whether a match of a template proves nothing by itself."""
        return bool(self.context) and (not self.context_for or template.prefix in self.context_for)


class Match(NamedTuple):
    """A token in a text.

    Attributes
    ----------
    start, end
        Offsets in bytes.
    value
        The text itself, which must not leave this process.
    provider, kind
        Whose it is and what it is.
    proof
        What shows it: `checksum`, `form`, `context`, or `likeness`: its length or its checksum is not quite right.
    """

    start: int
    end: int
    value: str
    provider: str
    kind: str
    proof: str


class Formats:
    """All formats, to be looked for together.

    Parameters
    ----------
    formats
        The formats.
    """

    def __init__(self, formats: Sequence[Format]) -> None:
        self.formats = formats
        # a template is tried only on a text that holds its most telling word; that is looked for only where the first
        # characters of the word are, as all words together would cost more than the rest of the search
        free = [(t.words[0], f, t) for f in formats for t in f.templates if _is_free(f, t)]
        self._by_start: dict[str, list[tuple[int, str, Format, Template]]] = {}
        for number, (word, format_, template) in enumerate(free):
            self._by_start.setdefault(word[:_START], []).append((number, word, format_, template))
        self._short = [row for start, rows in self._by_start.items() if len(start) < _START for row in rows]
        self._starts = frozenset(start for start in self._by_start if len(start) == _START)
        self._lettered = [t.prefix.encode() for f in formats for t in f.templates if t.letters_only]
        self._bound = [(f, t) for f in formats for t in f.templates if not _is_free(f, t)]

    def find(self, data: bytes) -> list[Match]:
        """Return the tokens in a text whose form tells what they are, in order; of overlapping ones the surest.

        Parameters
        ----------
        data
            The text in an encoding that holds ASCII; the offsets of the matches are in its bytes.
        """
        found: list[Match] = []
        position = 0
        lettered = [prefix for prefix in self._lettered if prefix in data]
        for run in data.translate(_RUNS).split():
            if len(run) < _SHORTEST:
                continue
            # long runs without any digit are names and paths: they outnumber the others by forty to one
            if len(run.translate(None, _DIGITS)) == len(run) and not any(prefix in run for prefix in lettered):
                continue
            position = data.index(run, position)
            text = run.decode("ascii")
            for _, word, format_, template in self._candidates(text):
                if word in text:
                    found.extend(_matches(text, position, format_, template))
            position += len(run)
        # one character a byte, so that offsets stay
        if _PEM_WORD in data or _JWT_WORD in data:
            text = data.decode("latin-1")
            found.extend(_private_keys(text))
            found.extend(_web_tokens(text))
        return _without_overlaps(found)

    def _candidates(self, run: str) -> list[tuple[int, str, Format, Template]]:
        """Return what may be in a run, in the order of the table."""
        parts = [run[at : at + _START] for at in range(len(run) - _START + 1)]
        if self._starts.isdisjoint(parts):
            return self._short
        starts = self._starts.intersection(parts)
        return sorted([*self._short, *(row for start in starts for row in self._by_start[start])], key=_NUMBER)

    def named(self, value: str, context: str) -> tuple[str, str] | None:
        """Return provider and kind of a value whose form says something only together with the words around it.

        Parameters
        ----------
        value
            The whole value.
        context
            The names and words around it, in lower case and without separators.
        """
        for format_, template in self._bound:
            if any(word in context for word in format_.context) and template.exact.fullmatch(value):
                return format_.provider, format_.kind
        return None


def parse_format(row: dict[str, object]) -> Format:
    """Return a format as a table gives it.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the row is malformed.
    """
    known = {"id", "provider", "kind", "tokens", "context", "context_for", "beside", "checksum", "samples"}
    if not known.issuperset(row):
        raise ValueError(sorted(set(row) - known)[0])

    def texts(key: str) -> tuple[str, ...]:
        value = row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):  # pyright: ignore[reportUnknownVariableType]
            raise TypeError(key)
        return tuple(map(str, value))  # pyright: ignore[reportUnknownArgumentType]

    checksum = str(row.get("checksum", ""))
    if checksum and checksum not in CHECKSUMS:
        raise ValueError(checksum)
    return Format(
        str(row["id"]), str(row["provider"]), str(row["kind"]), tuple(map(compile_template, texts("tokens"))),
        texts("context"), texts("context_for"), texts("beside"), checksum, frozenset(texts("samples")),
    )  # fmt: skip


def _is_free(format_: Format, template: Template) -> bool:
    return bool(template.words) and not format_.needs_context(template)


def _matches(text: str, offset: int, format_: Format, template: Template) -> Iterator[Match]:
    """Yield the tokens of a format in a run of characters that begins at an offset."""
    passes = CHECKSUMS.get(format_.checksum)
    if not all(each in text for each in format_.beside):
        return
    exact: list[tuple[int, int]] = []
    for found in template.exact.finditer(text):
        value = found[0]
        exact.append(found.span())
        if value in format_.samples or not _is_plausible(value, template):
            continue
        proof = "form" if passes is None else "checksum" if passes(value) else "likeness"
        if passes is not None and proof == "likeness" and len(template.words[0]) < _SHORT_PREFIX:
            # without a beginning of its own the checksum is all that tells it from other text
            continue
        start, end = found.span()
        yield Match(offset + start, offset + end, value, format_.provider, format_.kind, proof)
    if template.loose is None or format_.beside:
        return
    for found in template.loose.finditer(text):
        start, end = found.span()
        inside = any(first < end and start < last for first, last in exact)
        if not inside and _is_plausible(found[0], template):
            yield Match(offset + start, offset + end, found[0], format_.provider, format_.kind, "likeness")


def _is_plausible(value: str, template: Template) -> bool:
    """Tell whether the body has some variety: `sk_live_xxxx...` shows where a key goes, and is none."""
    body = value.removeprefix(template.prefix)
    if len(set(body.lower())) < min(_LEAST_DISTINCT, len(body) // 2):
        return False
    # a short beginning may belong to any word; a token of a machine has digits among its letters
    short = len(template.prefix) < _SHORT_PREFIX
    return not short or any(map(str.isdigit, body)) or body.isdigit() or template.letters_only


def _private_keys(text: str) -> Iterator[Match]:
    for found in _PEM.finditer(text):
        body = found["body"].replace("\\n", "").replace("\\r", "")
        characters = sum(len(run[0]) for run in _BASE64.finditer(body))
        if characters >= _PEM_LEAST and len(set(body)) > _LEAST_DISTINCT:
            kind = f"{found['kind'].strip()} private key".strip()
            # a key that is cut off ends with its last line: what is written below is no part of it, and may change
            runs = [] if found["end"] else [run.end() for run in _BASE64.finditer(text, *found.span("body"))]
            last = max(runs, default=found.end("body"))
            yield Match(found.start(), found.start("body"), text[found.start() : last], "PEM", kind, "form")


def _web_tokens(text: str) -> Iterator[Match]:
    for found in _JWT.finditer(text):
        header = jwt_header(found[0])
        if header is None:
            continue
        claims = jwt_payload(found[0])
        if claims.get("role") == "anon":
            # such keys are made for browsers
            continue
        yield Match(*found.span(), found[0], "JWT", "JSON Web Token", "form")


def _without_overlaps(found: list[Match]) -> list[Match]:
    order = ("checksum", "form", "context", "likeness")
    kept: list[Match] = []
    for each in sorted(found, key=lambda m: (order.index(m.proof), -(m.end - m.start), m.start)):
        if not any(each.start < other.end and other.start < each.end for other in kept):
            kept.append(each)
    return sorted(kept)
