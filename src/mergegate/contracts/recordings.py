"""Recorded answers of models: files of lines, JSON, text, streams and cassettes, each answer with its file and line."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64decode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from mergegate.contracts.responses import Answer, answers, as_text, first, prompt_hash, text_of
from mergegate.contracts.streams import assembled, events, is_stream

_LINES = (".jsonl", ".ndjson")
_YAML = (".yaml", ".yml")
_TEXTS = ("output", "text", "completion", "answer", "content", "response", "raw", "generated_text")
_WRAPPERS = ("response", "body", "result", "message", "output", "raw")
_HOSTS = {
    "openai": "openai", "anthropic": "anthropic", "googleapis": "gemini", "huggingface": "huggingface",
    ":11434": "ollama",
    "mistral": "mistral", "groq": "groq", "openrouter": "openrouter", "deepseek": "deepseek", "azure": "openai",
}  # fmt: skip
_BAD_STATUS = 400


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer of a model as it was recorded.

    Attributes
    ----------
    file
        Its file, relative to the project.
    line
        Where it begins there, 1-based.
    number
        Which of several answers on that line it is, from 0.
    answer
        What the model said.
    prompt
        A hash of what it was asked, empty if that is not recorded.
    problem
        Why it cannot be read, empty if it can.
    """

    file: str
    line: int
    number: int
    answer: Answer
    prompt: str = ""
    problem: str = ""

    @property
    def id(self) -> str:
        """Where it stands, as people write it."""
        return f"{self.file}:{self.line}{f'.{self.number}' if self.number else ''}"


def read_recordings(path: Path, shown: str) -> list[Recording]:
    """Return the answers that a file holds, in order; what cannot be read is one of them, with its problem.

    Parameters
    ----------
    path
        The file: `.jsonl` and `.ndjson` by line, `.json`, `.yaml` and `.yml` as vcrpy writes them, others as one text
        or one stream.
    shown
        How messages and node ids call it.
    """
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        return [_unreadable(shown, 1, f"it cannot be read: {getattr(error, 'strerror', None) or error}")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [_unreadable(shown, data.count(b"\n", 0, error.start) + 1, "it is no UTF-8")]
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix in _LINES:
        found = _lines(text)
    elif suffix == ".json":
        found = _json(text)
    elif suffix in _YAML:
        found = _cassette(text)
    else:
        found = [(1, _Text(text))]
    recordings = [each for line, record in found for each in _recorded(shown, line, record)]
    return recordings or [_unreadable(shown, 1, "there is no answer of a model in it")]


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Problem:
    text: str


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A request and its response over HTTP."""

    url: str
    request: Any
    body: str


_Record = _Text | _Problem | _Exchange | Mapping[str, Any] | list[Any]


def _unreadable(shown: str, line: int, problem: str) -> Recording:
    return Recording(shown, line, 0, Answer(""), problem=problem)


# -- files into records ------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[int, _Record]]:
    parts: list[Any] = []
    begun = 0
    # not splitlines: JSON strings may hold other line separators
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, _Problem(f"the line is no JSON: {_reason(error)}")
            continue
        if isinstance(record, dict) and cast("Any", record).get("done") is False:
            begun = begun or number
            parts.append(record)
        elif parts and isinstance(record, dict) and cast("Any", record).get("done") is True:
            yield begun, assembled([*parts, record])
            parts, begun = [], 0
        else:
            yield number, _Text(record) if isinstance(record, str) else _known(record)
    if parts:
        yield begun, assembled(parts)


def _known(record: Any) -> _Record:
    return (
        cast("_Record", record) if isinstance(record, dict | list) else _Problem("it is neither an object nor a text")
    )


def _json(text: str) -> Iterator[tuple[int, _Record]]:
    text = text.removeprefix("\ufeff")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        yield line, _Problem(f"the file is no JSON: {_reason(error)}")
        return
    interactions = cast("Any", data).get("interactions") if isinstance(data, dict) else None
    if isinstance(interactions, list):
        places = _places(text, text.index("[", text.index('"interactions"')))
        for line, each in zip(places, cast("list[Any]", interactions), strict=True):
            yield from ((line, made) for made in [_exchange(each)] if made is not None)
    elif isinstance(data, list) and answers(data) is None:
        for line, each in zip(_places(text, text.index("[")), cast("list[Any]", data), strict=True):
            yield line, _Text(each) if isinstance(each, str) else _known(each)
    else:
        yield 1, _Text(data) if isinstance(data, str) else _known(data)


def _places(text: str, start: int) -> Iterator[int]:
    """Yield the line of each element of a JSON array that begins at a position."""
    ends = [index for index, character in enumerate(text) if character == "\n"]
    decoder = json.JSONDecoder()
    position = start + 1
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        yield bisect_left(ends, position) + 1
        _, position = decoder.raw_decode(text, position)


def _cassette(text: str) -> Iterator[tuple[int, _Record]]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node: Any = loader.get_single_node()
        data: Any = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        yield line, _Problem(f"the file is no YAML: {getattr(error, 'problem', error)}")
        return
    except (ValueError, RecursionError) as error:
        yield 1, _Problem(f"the file is no YAML: {_reason(error)}")
        return
    finally:
        loader.dispose()
    listed: Any = None
    if isinstance(data, dict):
        listed = next((value for key, value in cast("Any", node).value if key.value == "interactions"), None)
        data = cast("dict[str, Any]", data).get("interactions")
    if not isinstance(data, list) or not isinstance(listed, yaml.SequenceNode):
        yield 1, _Problem("it is no cassette of vcrpy: there is no list of interactions")
        return
    for child, each in zip(cast("Any", listed).value, cast("list[Any]", data), strict=True):
        made = _exchange(each)
        if made is not None:
            yield child.start_mark.line + 1, made


def _exchange(interaction: Any) -> _Exchange | None:
    """Return what an interaction of a cassette says, None if it is none with a model or has failed."""
    request, response = (_part(interaction, name) for name in ("request", "response"))
    status = response.get("status") or response.get("status_code")
    code = cast("Any", status).get("code") if isinstance(status, dict) else status
    if not response or (isinstance(code, int) and code >= _BAD_STATUS):
        return None
    body = response.get("body", response.get("content"))
    return _Exchange(
        text_of(request, "uri") or text_of(request, "url"),
        _parsed(_plain(request.get("body"), {})),
        _plain(body, response),
    )


def _part(interaction: Any, name: str) -> dict[str, Any]:
    found = cast("Any", interaction).get(name) if isinstance(interaction, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _plain(body: Any, response: Mapping[str, Any]) -> str:
    """Return a body as text: vcrpy keeps texts, bytes, and compressed bytes."""
    if isinstance(body, dict):
        known = cast("dict[str, Any]", body)
        if isinstance(known.get("base64_string"), str):
            return _plain(b64decode(known["base64_string"]), response)
        if "string" not in known:
            return json.dumps(known)
        body = known["string"]
    if isinstance(body, str):
        return body
    if not isinstance(body, bytes):
        return ""
    try:
        return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# -- records into answers ----------------------------------------------------------------------------------------------


def _recorded(shown: str, line: int, record: _Record | None) -> Iterator[Recording]:
    if isinstance(record, _Problem):
        yield _unreadable(shown, line, record.text)
        return
    if isinstance(record, _Text):
        said, prompt = _said(record.text), ""
    elif isinstance(record, _Exchange):
        data = _parsed(record.body)
        found = assembled(events(record.body)) if is_stream(record.body) else data
        said = answers(found) or (_streamed(record.body) if isinstance(data, str) else None) or []
        host = next((name for part, name in _HOSTS.items() if part in record.url), "")
        said = [
            each._replace(provider=host or each.provider, model=each.model or text_of(record.request, "model"))
            for each in said
        ]
        prompt = prompt_hash(record.request)
    else:
        said, prompt = _of_row(record)
        if not said:
            yield _unreadable(shown, line, _why_not(record))
    yield from (Recording(shown, line, number, each, prompt) for number, each in enumerate(said))


def _streamed(text: str) -> list[Answer] | None:
    """Return what a stream of lines says."""
    parts = [_parsed(line) for line in text.split("\n") if line.startswith("{")]
    return answers(assembled(parts)) if parts else None


def _said(text: str) -> list[Answer]:
    found = answers(assembled(events(text))) if is_stream(text) else None
    return found or [Answer(text)]


def _of_row(row: Any) -> tuple[list[Answer], str]:
    """Return what a row says: a response itself, one within others, or fields of one's own."""
    prompt = _prompt(row)
    direct = answers(row)
    if direct is not None or not isinstance(row, dict):
        return direct or [], prompt
    fields = cast("dict[str, Any]", row)
    for key in _WRAPPERS:
        inner = fields.get(key)
        if isinstance(inner, dict | list):
            said, _ = _of_row(cast("Any", inner))
            if said:
                return [_completed(each, fields) for each in said], prompt
    key = next((each for each in _TEXTS if isinstance(fields.get(each), str | dict | list)), None)
    refusal = text_of(fields, "refusal")
    if key is None and not refusal:
        return [], prompt
    return [_completed(Answer(as_text(fields[key]) if key else "", refusal=refusal), fields)], prompt


def _completed(answer: Answer, row: Mapping[str, Any]) -> Answer:
    """Return an answer with what the row around it knows."""
    return answer._replace(
        finish_reason=answer.finish_reason
        or first([text_of(row, key) for key in ("finish_reason", "stop_reason", "done_reason")])
        or None,
        model=answer.model or text_of(row, "model") or text_of(row.get("request"), "model"),
        provider=text_of(row, "provider") or answer.provider,
        refusal=answer.refusal or text_of(row, "refusal"),
    )


def _prompt(row: Any) -> str:
    if not isinstance(row, dict):
        return ""
    fields = cast("dict[str, Any]", row)
    given = text_of(fields, "prompt_hash") or text_of(fields, "prompt_id")
    asked = {key: fields[key] for key in ("system", "messages", "prompt", "contents", "question") if key in fields}
    return (
        given
        or prompt_hash(fields.get("request"))
        or (prompt_hash(asked.get("prompt")) if [*asked] == ["prompt"] else prompt_hash(asked))
    )


def _why_not(record: Any) -> str:
    if isinstance(record, dict) and "error" in record:
        return "the provider answered with an error"
    return (
        f"no answer of a model is found in it; known are responses of providers, and the fields {', '.join(_TEXTS[:4])}"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]


def read_all(root: Path, patterns: Iterable[str]) -> dict[str, list[Recording]]:
    """Return the answers of all files that match patterns, by file, sorted.

    Parameters
    ----------
    root
        The folder that patterns start from.
    patterns
        Glob patterns, as in `fixtures/**/*.jsonl`.
    """
    files = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return {
        shown: read_recordings(root / shown, shown)
        for shown in sorted(path.relative_to(root).as_posix() for path in files)
    }
