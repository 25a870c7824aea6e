"""Configuration files: the candidates in them, each by the grammar of its kind.

The readers are made for files that people write: what a grammar would refuse is read as far as it makes sense, for a
template or a file with a mistake may hold a credential all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from mergegate.secrets.candidates import Candidate

_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+|set[ \t]+|ENV[ \t]+|ARG[ \t]+|-[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)"""
    r"""[ \t]*(?P<sign>=|:(?=[ \t])|[ \t](?=\S))[ \t]*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#][^\n]*)?""",
    re.MULTILINE,
)
_SECTION = re.compile(r"^\s*\[+(?P<name>[^\[\]]+)\]+")
_COMMENT = re.compile(r"\s[#;].*$")
_DEFAULT = re.compile(r"^\$\{[A-Za-z_]\w*:?[-=](?P<value>[^}]+)\}$")
_JSON_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]:,]')
_YAML_PAIR = re.compile(
    r"""^(?P<indent>[ ]*(?:-[ ]+)*)(?P<quote>["']?)(?P<name>[\w./ @-]{1,100}?)(?P=quote)[ ]*:"""
    r"""(?:[ ]+(?P<value>[^\n]*))?$""",
    re.MULTILINE,
)
_YAML_ITEM = re.compile(
    r"^[ ]*-[ ]+(?P<quote>[\"']?)(?P<name>[A-Za-z_]\w*)=(?P<value>[^\n\"']*)(?P=quote)[ ]*$", re.MULTILINE
)
_ENCODED = re.compile(r"^kind:[ ]*Secret[ ]*$", re.MULTILINE)
_TAGGED = re.compile(r"![\w!]+|[&*][\w-]+")

Reader = Callable[[str], Iterator[Candidate]]

LARGEST = 1_000_000


def config_candidates(data: bytes, kind: str) -> list[Candidate]:
    """Return the candidates in a configuration file, in the order of the text; none if it is not text.

    Parameters
    ----------
    data
        The file.
    kind
        What `kinds.kind_of` says of it.
    """
    if len(data) > LARGEST or b"\0" in data[:1024]:
        return []
    reader = _READERS.get(kind)
    return list(reader(data.decode("utf-8", "replace"))) if reader is not None else []


def _assignments(text: str) -> Iterator[Candidate]:
    """Read `name = value` and the like, a line each: environment files, TOML, ini files, shell scripts, Dockerfiles."""
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        heading = _SECTION.match(line)
        if heading is not None:
            section = heading["name"]
            continue
        found = _ASSIGNMENT.match(line)
        if found is None or found["value"] is None or line.lstrip().startswith(("#", ";", "//")):
            continue
        value, shift = _unquoted(found["value"])
        yield _candidate(found["name"], value, number, line, found.start("value") + shift, section)


def _yaml(text: str) -> Iterator[Candidate]:
    """Read the pairs of YAML by line, with the keys above; block texts are left to the formats of tokens."""
    above: list[tuple[int, str]] = []
    pending = ""
    encoded = _ENCODED.search(text) is not None
    for number, line in enumerate(text.split("\n"), 1):
        item = _YAML_ITEM.match(line)
        if item is not None:
            yield _candidate(item["name"], item["value"].strip(), number, line, item.start("value"), "environment")
            continue
        pair = _YAML_PAIR.match(line)
        if pair is None:
            continue
        indent, name = len(pair["indent"]), pair["name"].strip()
        while above and above[-1][0] >= indent:
            above.pop()
        around = " ".join(key for _, key in above)
        above.append((indent, name))
        raw = (
            _TAGGED.sub("", pair["value"] or "", count=1).strip()
            if (pair["value"] or "")[:1] in "&*!"
            else pair["value"] or ""
        )
        if (
            not raw
            or raw[:1] in "|>{[&*"
            or (pair["value"] or "").startswith(("!vault", "!secret", "!ENV", "!Ref", "!Sub"))
        ):
            pending = ""
            continue
        value, shift = _unquoted(raw)
        column = pair.start("value") + (pair["value"] or "").find(raw) + shift
        if name in ("name", "key") and not around.endswith("metadata"):
            pending = value
            continue
        if name in ("value", "default") and pending:
            name = pending
        made = _candidate(name, value, number, line, column, around)
        decoded = _decoded(value) if encoded and around.endswith("data") else ""
        yield made._replace(value=decoded) if decoded else made


def _json(text: str) -> Iterator[Candidate]:
    """Read the pairs of JSON from its tokens, with the keys above; comments and trailing commas do no harm."""
    keys: list[str] = []
    label = last = ""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    line = 1
    awaiting = False
    for part in _JSON_PARTS.finditer(text):
        while line < len(starts) and starts[line] <= part.start():
            line += 1
        sign = part[0]
        if sign in "{[":
            keys.append(last if awaiting else "")
            awaiting, label = False, ""
        elif sign in "}]":
            if keys:
                keys.pop()
            awaiting = False
        elif sign == ":":
            awaiting = True
        elif sign == ",":
            awaiting = False
        elif not awaiting:
            last = _unescaped(sign[1:-1])
        else:
            value = _unescaped(sign[1:-1])
            awaiting = False
            name = label if last == "value" and label else last
            if last in ("key", "name"):
                label = value
                continue
            source = text[starts[line - 1] : part.end()]
            made = _candidate(
                name, value, line, source, part.start() - starts[line - 1] + 1, " ".join(filter(None, keys))
            )
            # what is escaped is longer in the file
            yield made._replace(end_column=len(source.encode("utf-8", "surrogatepass")) - 1)


def _nothing(text: str) -> Iterator[Candidate]:
    del text
    return iter(())


_READERS: Mapping[str, Reader] = {
    "env": _assignments, "ini": _assignments, "yaml": _yaml, "json": _json, "text": _nothing,
}  # fmt: skip


def _candidate(  # noqa: PLR0917 - a literal has as many sides
    name: str, value: str, number: int, line: str, start: int, around: str
) -> Candidate:
    default = _DEFAULT.match(value)
    if default is not None:
        start += default.start("value")
        value = default["value"]
    column = len(line[:start].encode("utf-8", "surrogatepass"))
    end = column + len(value.encode("utf-8", "surrogatepass"))
    return Candidate(name, value, number, column, number, end, "setting", around)


def _unquoted(raw: str) -> tuple[str, int]:
    """Return a value without its quotes or a comment behind it, and how far it begins in the text."""
    text = raw.strip()
    if len(text) >= 2 and text[0] in "\"'":
        end = text.find(text[0], 1)
        return (text[1:end], 1) if end > 0 else (text[1:], 1)
    return _COMMENT.sub("", text).rstrip().rstrip(",;"), 0


def _unescaped(text: str) -> str:
    return text.replace("\\/", "/").replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def _decoded(value: str) -> str:
    import base64  # noqa: PLC0415 - only manifests of secrets need it
    import binascii  # noqa: PLC0415

    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
