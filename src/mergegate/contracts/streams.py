"""Streams of providers put together again: server-sent events and lines of JSON, cut ones too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from mergegate.contracts.responses import text_of

_INCOMPLETE = "incomplete"


def is_stream(text: str) -> bool:
    """Tell whether a text is a stream of server-sent events."""
    start = text.lstrip("\ufeff \r\n")[:16]
    return start.startswith(("data:", "event:", ": ", "id:", "retry:"))


def events(text: str) -> Iterator[Any]:
    """Yield the JSON data of the events of a stream; an event that was cut is left out."""
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        if data and data.strip() != "[DONE]":
            try:
                yield json.loads(data)
            except ValueError:
                continue


def assembled(parts: Iterable[Any]) -> Any:
    """Return the response that parts of a stream amount to, None if they are of no known provider.

    Parameters
    ----------
    parts
        The JSON data of its events or lines, in order.
    """
    items = [cast("dict[str, Any]", each) for each in parts if isinstance(each, dict)]
    for each in reversed(items):
        # the last event of the responses API holds all of it
        if str(each.get("type", "")).startswith("response.") and isinstance(each.get("response"), dict):
            if each["type"] in ("response.completed", "response.incomplete", "response.failed"):
                return each["response"]
            return _responses(items, each["response"])
    if any(isinstance(each.get("choices"), list) for each in items):
        return _chat(items)
    if any(each.get("type") == "message_start" for each in items):
        return _anthropic(items)
    if any(isinstance(each.get("candidates"), list) for each in items):
        return _gemini(items)
    if any(isinstance(each.get("done"), bool) for each in items):
        return _ollama(items)
    if any(isinstance(each.get("token"), dict) for each in items):
        return _hugging_face(items)
    return None


def _chat(items: list[dict[str, Any]]) -> dict[str, Any]:
    choices: dict[int, dict[str, Any]] = {}
    for chunk in (one for each in items for one in _dicts(each.get("choices"))):
        choice = choices.setdefault(_index(chunk), {"text": "", "refusal": "", "calls": {}, "ended": None})
        delta = cast("dict[str, Any]", chunk.get("delta") or {})
        choice["text"] += text_of(delta, "content") or text_of(chunk, "text")
        choice["refusal"] += text_of(delta, "refusal")
        for call in _dicts(delta.get("tool_calls")):
            function = cast("dict[str, Any]", call.get("function") or {})
            made = choice["calls"].setdefault(_index(call), {"name": "", "arguments": ""})
            made["name"] += text_of(function, "name")
            made["arguments"] += text_of(function, "arguments")
        choice["ended"] = text_of(chunk, "finish_reason") or choice["ended"]
    model = next((text_of(each, "model") for each in items if text_of(each, "model")), "")
    return {
        "model": model,
        "choices": [
            {
                "finish_reason": each["ended"] or _INCOMPLETE,
                "message": {
                    "content": each["text"], "refusal": each["refusal"],
                    "tool_calls": [{"function": call} for _, call in sorted(each["calls"].items())],
                },
            }
            for _, each in sorted(choices.items())
        ],
    }  # fmt: skip


def _responses(items: list[dict[str, Any]], last: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response whose stream was cut: what came so far."""
    output: dict[int, dict[str, Any]] = {}
    for each in items:
        kind = each.get("type")
        index = _index(each, "output_index")
        if kind == "response.output_text.delta":
            made = output.setdefault(index, {"type": "message", "content": [{"type": "output_text", "text": ""}]})
            made["content"][0]["text"] += text_of(each, "delta")
        elif kind == "response.function_call_arguments.delta":
            made = output.setdefault(index, {"type": "function_call", "name": "", "arguments": ""})
            made["arguments"] += text_of(each, "delta")
    parts = [each for _, each in sorted(output.items())]
    return {"object": "response", "status": _INCOMPLETE, "model": text_of(last, "model"), "output": parts}


def _anthropic(items: list[dict[str, Any]]) -> dict[str, Any]:
    start = next(each for each in items if each.get("type") == "message_start")
    blocks: dict[int, dict[str, Any]] = {}
    ended: str | None = None
    for each in items:
        kind = each.get("type")
        if kind == "content_block_start":
            block = cast("dict[str, Any]", each.get("content_block") or {})
            blocks[_index(each)] = {
                "type": block.get("type"),
                "text": text_of(block, "text"),
                "json": "",
                "name": text_of(block, "name"),
            }
        elif kind == "content_block_delta":
            delta = cast("dict[str, Any]", each.get("delta") or {})
            block = blocks.setdefault(_index(each), {"type": "text", "text": "", "json": "", "name": ""})
            block["text"] += text_of(delta, "text")
            block["json"] += text_of(delta, "partial_json")
        elif kind == "message_delta":
            ended = text_of(each.get("delta"), "stop_reason") or ended
    content = [_block(each) for _, each in sorted(blocks.items())]
    return {"model": text_of(start.get("message"), "model"), "content": content, "stop_reason": ended or _INCOMPLETE}


def _block(block: Mapping[str, Any]) -> dict[str, Any]:
    if block["type"] == "tool_use":
        # a call without arguments sends none, or an empty text
        return {"type": "tool_use", "name": block["name"], "input": block["json"] or cast("dict[str, Any]", {})}
    return {"type": block["type"], "text": block["text"]}


def _gemini(items: list[dict[str, Any]]) -> dict[str, Any]:
    candidates: dict[int, dict[str, Any]] = {}
    for chunk in (one for each in items for one in _dicts(each.get("candidates"))):
        made = candidates.setdefault(_index(chunk), {"content": {"parts": []}, "finishReason": _INCOMPLETE})
        made["content"]["parts"] += _dicts(cast("dict[str, Any]", chunk.get("content") or {}).get("parts"))
        made["finishReason"] = text_of(chunk, "finishReason") or made["finishReason"]
    model = next((text_of(each, "modelVersion") for each in items if text_of(each, "modelVersion")), "")
    return {"modelVersion": model, "candidates": [each for _, each in sorted(candidates.items())]}


def _ollama(items: list[dict[str, Any]]) -> dict[str, Any]:
    last = items[-1]
    message = [cast("dict[str, Any]", each.get("message") or {}) for each in items]
    calls = [call for each in message for call in _dicts(each.get("tool_calls"))]
    made: dict[str, Any] = {
        "model": text_of(last, "model"),
        "done": last.get("done") is True,
        "done_reason": last.get("done_reason"),
    }
    if any(message):
        made["message"] = {"content": "".join(text_of(each, "content") for each in message), "tool_calls": calls}
    else:
        made["response"] = "".join(text_of(each, "response") for each in items)
    return made


def _hugging_face(items: list[dict[str, Any]]) -> dict[str, Any]:
    whole = next((each for each in reversed(items) if isinstance(each.get("generated_text"), str)), None)
    if whole is not None:
        return whole
    text = "".join(text_of(each.get("token"), "text") for each in items)
    return {"generated_text": text, "details": {"finish_reason": _INCOMPLETE}}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []


def _index(value: Mapping[str, Any], key: str = "index") -> int:
    found = value.get(key)
    return found if isinstance(found, int) else 0
