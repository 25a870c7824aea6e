"""The judgement: which tokens and candidates of a file are hardcoded credentials, how sure that is, and why."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from mergegate.finding import Confidence, Severity
from mergegate.secrets.candidates import Candidate
from mergegate.secrets.formats import Match
from mergegate.secrets.names import NameClass, words_of
from mergegate.secrets.tables import Tables

TOKEN, KEY, NAMED, URL, DEFAULT = (
    "hardcoded-token", "hardcoded-private-key", "hardcoded-credential", "credential-in-url", "default-password"
)  # fmt: skip
# comments by which people told other scanners that they had looked
_ALLOWED = re.compile(
    rb"pragma: ?(?:allow|white)list[ -]secret|gitleaks:allow|betterleaks:allow|kingfisher:ignore|trufflehog:ignore"
    rb"|\bnosec\b|\bNOSONAR\b|\bnosemgrep\b|noqa:[^#\n]{0,80}\bS10[5-7]\b|ggignore|ggshield:ignore|secretlint-disable-line"
)
_ALLOWED_NEXT = re.compile(rb"pragma: ?(?:allow|white)list[ -]nextline[ -]secret|secretlint-disable-next-line")
_SIGN = b"://"
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{1,30}\Z")
_LONGEST_SCHEME = 31
_AUTHORITY = re.compile(
    rb"(?P<user>[^\s:/@'\"<>{}$%]{0,80}):(?P<password>[^\s/@'\"<>]{1,200})@(?P<host>[^\s/:'\"?#,)]{1,200})"
)
_LOCAL = re.compile(
    rb"^(?:localhost|127\.|0\.0\.0\.0|\[?::1|.*\.(?:local|test|example|invalid|localhost)$|example\.|[a-z0-9_-]+$)"
)
_AUTH = re.compile(r"^(?:Bearer|Basic|Token)\s+(?P<token>\S+)$", re.IGNORECASE)


class Secret(NamedTuple):
    """A credential in a file, without the credential.

    Attributes
    ----------
    rule
        The rule that it breaks.
    line, end_line
        1-based lines.
    column, end_column
        0-based offsets in bytes.
    severity, confidence
        How bad and how sure; where the file lies may lower both.
    what
        What it is, in words, with a mask of the value.
    why
        What shows it.
    name
        The name that holds it, empty if it stands alone.
    key
        The place of the value itself, as `line:column:end_line:end_column`.
    where
        Where that is for whoever does not see lines of the file, such as the cell of a notebook.
    allowed
        The comment for another scanner that lets it through, empty if there is none.
    """

    rule: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: str
    confidence: str
    what: str
    why: str
    name: str
    key: str
    where: str = ""
    allowed: str = ""


def judge(data: bytes, candidates: Sequence[Candidate], tables: Tables) -> list[Secret]:
    """Return the credentials in a file, in order; of what stands on one line, the surest.

    Parameters
    ----------
    data
        The file.
    candidates
        The literals that names hold in it.
    tables
        What to judge by.
    """
    lines = _Lines(data)
    named = {(each.line, each.column): each for each in candidates}
    samples = tables.values.words.samples
    tokens = [_of_token(match, lines, candidates) for match in tables.formats.find(data) if match.value not in samples]
    found = [*tokens, *_in_urls(data, lines, tables)]
    for candidate in named.values():
        found.extend(_of_name(candidate, tables))
    # what one text is by its form, by its name and as part of an address is one credential
    found.sort(key=lambda each: (_ORDER.index(each.rule), -_RANK[each.confidence]))
    kept: list[Secret] = []
    for each in found:
        if not any(_overlap(each, other) for other in kept):
            kept.append(each._replace(allowed=lines.allowed(each.line, each.end_line)))
    return sorted(kept, key=lambda each: (each.line, each.column))


_ORDER = (KEY, TOKEN, URL, NAMED, DEFAULT)


def _overlap(one: Secret, other: Secret) -> bool:
    before = (one.end_line, one.end_column) <= (other.line, other.column)
    return not before and (other.end_line, other.end_column) > (one.line, one.column)


_RANK = {each.value: each.rank for each in Confidence}


class _Lines:
    """The lines of a file by offset, and the comments in them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _starts(self) -> list[int]:
        # hardly any file holds something to be placed
        return [0, *(found.end() for found in re.finditer(rb"\n", self._data))]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def text(self, line: int) -> bytes:
        if not 0 < line <= len(self._starts):
            return b""
        end = self._starts[line] if line < len(self._starts) else len(self._data)
        return self._data[self._starts[line - 1] : end]

    def span(self, start: int, end: int) -> str:
        (line, column), (end_line, end_column) = self.place(start), self.place(end)
        return f"{line}:{column}:{end_line}:{end_column}"

    def allowed(self, first: int, last: int) -> str:
        """Return the comment for another scanner that lets something through on one of its lines, empty if none."""
        found = next(filter(None, (_ALLOWED.search(self.text(line)) for line in sorted({first, last}))), None)
        found = found or _ALLOWED_NEXT.search(self.text(first - 1))
        return found[0].decode("ascii", "replace") if found is not None else ""


def _of_token(match: Match, lines: _Lines, candidates: Sequence[Candidate]) -> Secret:
    (line, column), (end_line, end_column) = lines.place(match.start), lines.place(match.end)
    holder = next(
        (each for each in candidates if each.line <= line <= each.end_line and match.value in each.value), None
    )
    is_key = match.provider == "PEM"
    sure = match.proof in ("checksum", "form")
    why = {
        "checksum": "its checksum is right",
        "form": "its form is that of no other thing",
        "likeness": "it has the beginning of one, but another length or a wrong checksum",
    }[match.proof]
    if is_key:
        article = "an" if match.kind[:1] in "AEIO" else "a"
        what, end_line, end_column = f"{article} {match.kind}", line, column + len(match.value.splitlines()[0])
    else:
        what = f"a token of {match.provider} ({match.kind}) `{masked(match.value)}`"
    encrypted = "ENCRYPTED" in match.kind
    return Secret(
        KEY if is_key else TOKEN, line, column, end_line, end_column,
        Severity.WARNING if encrypted or "test" in match.value[:12].lower() else Severity.ERROR,
        Confidence.HIGH if sure else Confidence.MEDIUM,
        what, why, holder.name if holder else "", lines.span(match.start, match.start + len(match.value)),
    )  # fmt: skip


def _of_name(candidate: Candidate, tables: Tables) -> Iterator[Secret]:
    kind = tables.names.classify(candidate.name)
    value = candidate.value
    header = _AUTH.match(value)
    if header is not None:
        value, kind = header["token"], NameClass.WEAK if kind is NameClass.NONE else kind
    around = f"{candidate.name} {candidate.around}".lower().replace("_", "").replace("-", "")
    context = around if kind is not NameClass.NONE or _has_key_word(candidate.name) else ""
    known = tables.formats.named(value, context) if context else None
    if kind is NameClass.NONE and known is None:
        return
    if kind is NameClass.STRONG and tables.values.is_default(value):
        if candidate.place != "comparison":
            yield _made(
                candidate, DEFAULT, Severity.WARNING, Confidence.MEDIUM, "a password that products ship with", ""
            )
        return
    if tables.values.why_not(value, candidate.name, kind if known is None else NameClass.WEAK):
        return
    if known is not None:
        what = f"a token of {known[0]} ({known[1]}) `{masked(value, 0)}`"
        yield _made(candidate, TOKEN, Severity.ERROR, Confidence.HIGH, what, "its name and its form agree")
        return
    random = tables.values.pairs.is_random(value)
    why = "the value looks drawn at random" if random else "the name says that it is one"
    confidence = _confidence(candidate, kind, value, random=random)
    yield _made(candidate, NAMED, Severity.ERROR, confidence, f"a credential `{masked(value, 0)}`", why)


def _confidence(candidate: Candidate, kind: NameClass, value: str, *, random: bool) -> Confidence:
    if kind is NameClass.WEAK:
        return Confidence.MEDIUM
    mixed = any(map(str.isdigit, value)) or any(not each.isalnum() for each in value)
    if candidate.place == "comparison" and not random:
        return Confidence.LOW
    return Confidence.HIGH if (random and len(value) >= 8) or (mixed and len(value) >= 6) else Confidence.MEDIUM


def _has_key_word(name: str) -> bool:
    return not {"key", "token", "secret", "auth", "credential", "pat", "password"}.isdisjoint(words_of(name))


def _in_urls(data: bytes, lines: _Lines, tables: Tables) -> Iterator[Secret]:
    for start, found in _addresses(data):
        password = found["password"].decode("utf-8", "replace")
        user = found["user"].decode("utf-8", "replace")
        if tables.values.why_not(password, user, NameClass.STRONG) or password == user:
            continue
        if tables.values.is_default(password):
            continue
        (line, column), (end_line, end_column) = lines.place(start), lines.place(found.end("host"))
        local = _LOCAL.match(found["host"]) is not None
        scheme = data[start : found.start() - len(_SIGN)].decode("ascii")
        yield Secret(
            URL, line, column, end_line, end_column, Severity.ERROR,
            Confidence.LOW if local else Confidence.HIGH,
            f"a password `{masked(password, 0)}` in an address `{scheme}://`", "it stands between user and host", "",
            lines.span(found.start("password"), found.end("password")),
        )  # fmt: skip


def _addresses(data: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield the start of each address with user and password, and what stands behind its scheme.

    The sign is looked for first: an expression that begins with any word is slow.
    """
    position = data.find(_SIGN) if b"@" in data else -1
    last = 0
    while position >= 0:
        behind = position + len(_SIGN)
        found = _AUTHORITY.match(data, behind)
        if found is not None:
            scheme = _SCHEME.search(data[max(last, position - _LONGEST_SCHEME) : position])
            if scheme is not None:
                yield max(last, position - _LONGEST_SCHEME) + scheme.start(), found
                last = behind = found.end()
        position = data.find(_SIGN, behind)


def _made(  # noqa: PLR0917 - a secret has as many sides
    candidate: Candidate, rule: str, severity: Severity, confidence: Confidence, what: str, why: str
) -> Secret:
    return Secret(
        rule, candidate.line, candidate.column, candidate.end_line, candidate.end_column, severity, confidence,
        what, why, candidate.name,
        f"{candidate.line}:{candidate.column}:{candidate.end_line}:{candidate.end_column}",
    )  # fmt: skip


def masked(value: str, shown: int = 4) -> str:
    """Return a mask of a value: its beginning if that only tells whose it is, and asterisks for the rest."""
    head = re.match(r"[A-Za-z]{1,12}[-_.]|[A-Za-z]{4}", value) if shown else None
    return f"{head[0] if head else ''}***"
