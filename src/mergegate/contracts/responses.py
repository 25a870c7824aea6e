"""What providers' responses say: texts, arguments of tool calls, why they ended, refusals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

JsonObject = Mapping[str, Any]

_PROMPT_KEYS = ("system", "instructions", "messages", "prompt", "contents", "input", "inputs", "systemInstruction")
_HASH_LENGTH = 16
_INCOMPLETE = "incomplete"


class Answer(NamedTuple):
    """One thing that a model said.

    Attributes
    ----------
    text
        What it said: its text, or the arguments of a tool call as JSON.
    finish_reason
        Why it ended, in the provider's words; None if nobody says.
    model, provider
        Who said it, empty if unknown.
    refusal
        The text with which the provider marks a refusal, empty if there is none.
    tool
        The tool that it calls, empty if it calls none.
    """

    text: str
    finish_reason: str | None = None
    model: str = ""
    provider: str = ""
    refusal: str = ""
    tool: str = ""


def answers(data: Any) -> list[Answer] | None:
    """Return what a response of a known provider says; None if it is no such response."""
    if isinstance(data, list):
        items = [answers(each) for each in cast("list[Any]", data)]
        known = [each for each in items if each is not None]
        return [one for each in known for one in each] if known and len(known) == len(items) else None
    if not isinstance(data, dict):
        return None
    found = cast("dict[str, Any]", data)
    for read in (_chat, _responses, _anthropic, _gemini, _ollama, _hugging_face):
        said = read(found)
        if said is not None:
            return list(said)
    return None


def prompt_hash(request: Any) -> str:
    """Return a short hash of what a model was asked, empty if the request does not say."""
    if isinstance(request, str):
        return _hash(request) if request else ""
    if not isinstance(request, dict):
        return ""
    asked = {key: cast("JsonObject", request)[key] for key in _PROMPT_KEYS if key in request}
    return _hash(json.dumps(asked, sort_keys=True, ensure_ascii=True)) if asked else ""


def as_text(value: Any) -> str:
    """Return a value as the JSON text that stands for it; a text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def text_of(value: Any, key: str) -> str:
    """Return a text of a mapping, empty if there is none."""
    found = cast("JsonObject", value).get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _chat(data: JsonObject) -> Iterator[Answer] | None:
    if not isinstance(data.get("choices"), list):
        return None
    return _choices(data)


def _choices(data: JsonObject) -> Iterator[Answer]:
    model = text_of(data, "model")
    for choice in _objects(data["choices"]):
        message = _object(choice.get("message"))
        common = Answer("", text_of(choice, "finish_reason") or None, model, "openai", text_of(message, "refusal"))
        calls = [_object(each.get("function")) for each in _objects(message.get("tool_calls"))]
        calls += [_object(message["function_call"])] if message.get("function_call") else []
        content = _joined(message.get("content")) if message else text_of(choice, "text")
        if content or not calls:
            yield common._replace(text=content)
        for call in calls:
            yield common._replace(text=as_text(call.get("arguments", "")), tool=text_of(call, "name"))


def _joined(content: Any) -> str:
    if isinstance(content, list):
        return "".join(text_of(part, "text") for part in _objects(cast("Any", content)))
    return content if isinstance(content, str) else ""


def _responses(data: JsonObject) -> Iterator[Answer] | None:
    if data.get("object") != "response" and not (
        isinstance(data.get("output"), list)
        and any(each.get("type") in ("message", "function_call") for each in _objects(data["output"]))
    ):
        return None
    return _outputs(data)


def _outputs(data: JsonObject) -> Iterator[Answer]:
    ended = text_of(data, "status")
    if ended == _INCOMPLETE:
        ended = text_of(data.get("incomplete_details"), "reason") or ended
    common = Answer("", ended or None, text_of(data, "model"), "openai")
    said = False
    for item in _objects(data.get("output")):
        if item.get("type") == "function_call":
            said = True
            yield common._replace(text=text_of(item, "arguments"), tool=text_of(item, "name"))
        elif item.get("type") == "message":
            said = True
            parts = _objects(item.get("content"))
            refusal = "".join(text_of(each, "refusal") for each in parts)
            yield common._replace(text="".join(text_of(each, "text") for each in parts), refusal=refusal)
    if not said:
        yield common


def _anthropic(data: JsonObject) -> Iterator[Answer] | None:
    if not isinstance(data.get("content"), list) or "stop_reason" not in data:
        return None
    return _blocks(data)


def _blocks(data: JsonObject) -> Iterator[Answer]:
    ended = text_of(data, "stop_reason") or None
    common = Answer("", ended, text_of(data, "model"), "anthropic")
    if ended == "refusal":
        common = common._replace(refusal="stop_reason refusal")
    blocks = _objects(data["content"])
    calls = [each for each in blocks if each.get("type") == "tool_use"]
    content = "".join(text_of(each, "text") for each in blocks if each.get("type") == "text")
    # what is said beside a call is meant for people
    if not calls:
        yield common._replace(text=content)
    for call in calls:
        yield common._replace(text=as_text(call.get("input", {})), tool=text_of(call, "name"))


def _gemini(data: JsonObject) -> Iterator[Answer] | None:
    if not isinstance(data.get("candidates"), list) and "promptFeedback" not in data:
        return None
    return _candidates(data)


def _candidates(data: JsonObject) -> Iterator[Answer]:
    model = text_of(data, "modelVersion")
    blocked = text_of(data.get("promptFeedback"), "blockReason")
    found = _objects(data.get("candidates"))
    if not found:
        yield Answer("", blocked or None, model, "gemini", f"blockReason {blocked}" if blocked else "")
    for candidate in found:
        common = Answer("", text_of(candidate, "finishReason") or None, model, "gemini")
        parts = [each for each in _objects(_object(candidate.get("content")).get("parts")) if not each.get("thought")]
        calls = [_object(each["functionCall"]) for each in parts if "functionCall" in each]
        content = "".join(text_of(each, "text") for each in parts)
        if content or not calls:
            yield common._replace(text=content)
        for call in calls:
            yield common._replace(text=as_text(call.get("args", {})), tool=text_of(call, "name"))


def _ollama(data: JsonObject) -> Iterator[Answer] | None:
    if not isinstance(data.get("done"), bool):
        return None
    return _local(data)


def _local(data: JsonObject) -> Iterator[Answer]:
    ended = text_of(data, "done_reason") or None if data["done"] else _INCOMPLETE
    common = Answer("", ended, text_of(data, "model"), "ollama")
    message = _object(data.get("message"))
    calls = [_object(each.get("function")) for each in _objects(message.get("tool_calls"))]
    content = text_of(message, "content") if message else text_of(data, "response")
    if content or not calls:
        yield common._replace(text=content)
    for call in calls:
        yield common._replace(text=as_text(call.get("arguments", {})), tool=text_of(call, "name"))


def _hugging_face(data: JsonObject) -> Iterator[Answer] | None:
    if not isinstance(data.get("generated_text"), str):
        return None
    ended = text_of(data.get("details"), "finish_reason") or None
    return iter([Answer(data["generated_text"], ended, text_of(data, "model"), "huggingface")])


def first(items: Sequence[str | None]) -> str:
    """Return the first text that is not empty."""
    return next((each for each in items if each), "")
