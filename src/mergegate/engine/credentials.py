"""The stage of hardcoded credentials: each file by itself, through the cache, which never holds a credential."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage, how_to_read
from mergegate.files.ignore import SUFFIX
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.folders import SECRETS, TABLES, rules_folder

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule
    from mergegate.secrets.judgement import Secret
    from mergegate.secrets.tables import Tables
    from mergegate.syntax.pragmas import Pragma
    from mergegate.trees import Parsed

CHECK = "secrets"
# in such files people put credentials that open nothing
_FOR_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|test_data|fixtures|examples?|samples?|docs?|tutorials?|benchmarks?|mocks?|e2e|stubs"
    r"|cookbook|notebooks|demos?)/|(?:^|/)(?:conftest|test_[^/]*|[^/]*_tests?)\.[^/.]*$|\.(?:example|sample|template|dist)$"
    r"|(?:^|/)\.env\.(?:example|sample|template|dist|test)"
)
_COMMENT = re.compile(r"#\s*mergegate:\s*ignore(?:\[(?P<rules>[\w, -]*)\])?\s*(?:--\s*(?P<reason>.*?))?\s*$")


class Credentials(FileStage):
    """The credentials in files.

    Parameters
    ----------
    rules_part
        Digest of the rules and of all tables behind them.
    """

    entry = "secrets"

    def __init__(self, store: Store | None, rules_part: bytes) -> None:
        super().__init__(store)
        self._part = key(self.entry, sources_part(("secrets", "trees.py")), rules_part)

    def keys(self, inputs: Iterable[Input]) -> list[bytes]:
        """Return the keys of what is known of files."""
        return [key(self.entry, self._part, how_to_read(each.path).encode(), each.digest) for each in inputs]

    def read(self, data: bytes) -> list[list[Any]]:
        """Read an entry."""
        return _rows(data)

    def findings(
        self, inputs: Sequence[Input], rules: Mapping[str, Rule]
    ) -> tuple[list[Finding], dict[str, tuple[Pragma, ...]]]:
        """Return the findings in the files, and the suppression comments beside those in files that are no Python."""
        findings: list[Finding] = []
        pragmas: dict[str, tuple[Pragma, ...]] = {}
        for input_, rows in zip(inputs, self.results(), strict=True):
            for *fields, allowed, comment in rows:
                rule = rules.get(str(fields[0]))
                if rule is not None:
                    findings.append(_finding(input_.path, rule, fields))
                said = [_foreign(fields, allowed)] if allowed else []
                if comment and not input_.path.endswith(SUFFIX):
                    said.append(_pragma(int(fields[1]), comment))
                if said:
                    pragmas[input_.path] = (*pragmas.get(input_.path, ()), *said)
        return findings, pragmas


def maker() -> Callable[[Parsed, str], bytes]:
    """Return what finds the credentials in a file that is to be read in some way."""
    # a run without changes needs none of these
    from mergegate.secrets.scan import scan  # noqa: PLC0415

    tables = _tables()

    def judged(parsed: Parsed, kind: str) -> bytes:
        found = scan(parsed, kind, tables)
        lines = parsed.data.split(b"\n") if found else []
        rows = [[*each, _comment(lines, each)] for each in found]
        return json.dumps(rows, separators=(",", ":")).encode("ascii")

    return judged


def places_in(path: str, data: bytes) -> list[str]:
    """Return the places of the credentials in one file, as the keys of their findings have them."""
    from mergegate.secrets.scan import scan  # noqa: PLC0415
    from mergegate.trees import Parsed  # noqa: PLC0415

    kind = how_to_read(path)
    return [each.key for each in scan(Parsed(data), kind, _tables())] if kind else []


def tokens_in(text: str) -> list[str]:
    """Return the tokens of known formats in a text."""
    return [each.value for each in _tables().formats.find(text.encode("utf-8", "surrogatepass"))]


def _tables() -> Tables:
    from mergegate.secrets.tables import load_tables  # noqa: PLC0415

    return load_tables(rules_folder() / TABLES / SECRETS)


def _comment(lines: Sequence[bytes], secret: Secret) -> list[str]:
    """Return the rules and the reason of our own comment behind a credential; nothing if there is none."""
    line = lines[secret.line - 1].decode("utf-8", "replace") if secret.line <= len(lines) else ""
    found = _COMMENT.search(line)
    return [found["rules"] or "", found["reason"] or ""] if found is not None else []


def _pragma(line: int, comment: Sequence[str]) -> Pragma:
    from mergegate.syntax.pragmas import Pragma  # noqa: PLC0415  (the package of the syntax is not loaded for nothing)

    rules = tuple(name for part in comment[0].split(",") if (name := part.strip()))
    return Pragma("mergegate", line, line, line, rules, comment[1])


def _foreign(fields: Sequence[Any], allowed: str) -> Pragma:
    """Return a comment for another scanner as one that suppresses what is on the lines of a credential."""
    from mergegate.syntax.pragmas import Pragma  # noqa: PLC0415

    rule, first, _, last, *_ = fields
    return Pragma("foreign", first, first, last, (rule,), f"as {allowed!r} says")


def _rows(data: bytes) -> list[list[Any]]:
    """Read what `maker` wrote.

    Raises
    ------
    ValueError
        If the bytes are something else: whoever writes the cache is not trusted.
    """
    rows = json.loads(data)
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):  # pyright: ignore[reportUnknownVariableType]
        raise ValueError("no credentials")
    return rows  # pyright: ignore[reportUnknownVariableType]


_KINDS = (str, *[int] * 4, *[str] * 8, list)


def _is_row(row: Any) -> bool:
    if not isinstance(row, list) or tuple(map(type, row)) != _KINDS:  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return False
    sane = row[5] in _SEVERITIES and row[6] in _CONFIDENCES and _PLACE.fullmatch(row[10])  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return bool(sane) and all(isinstance(each, str) for each in row[13])  # pyright: ignore[reportUnknownVariableType]


_PLACE = re.compile(r"\d{1,9}(?::\d{1,9}){3}")
_SEVERITIES = {each.value: each for each in Severity}
_CONFIDENCES = {each.value: each for each in Confidence}


def _finding(path: str, rule: Rule, fields: Sequence[Any]) -> Finding:
    _, line, column, end_line, end_column, severity, confidence, what, why, name, key_, where = fields
    given, sure = _SEVERITIES[severity], _CONFIDENCES[confidence]
    if _FOR_TESTS.search(path):
        given, sure = _lower(given), sure.lowered(1 if "token" in rule.id or "private-key" in rule.id else 2)
    holder = "".join((f", in `{name}`" if name else "", f", in {where}" if where else ""))
    return Finding(
        rule.id, rule.family, given, sure, path, line, column, end_line, end_column,
        f"{what} is written into the file{holder}: {why}", _help(path, rule.id, name), key=key_,
    )  # fmt: skip


def _lower(severity: Severity) -> Severity:
    return Severity.WARNING if severity is Severity.ERROR else Severity.INFO


def _help(path: str, rule: str, name: str) -> str:
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    variable = re.sub(r"[^A-Z0-9]+", "_", spelled).strip("_") or "SECRET"
    if rule == "hardcoded-private-key":
        where = "keep the key in a secret store or in a file outside of the repository"
    elif path.endswith((SUFFIX, ".ipynb")):
        where = f'read it from the environment, as in `os.environ["{variable}"]`'
    else:
        where = f"refer to it, as in `${{{variable}}}`, and keep it in a secret store"
    return f"{where}; replace this one, for it is known now"
