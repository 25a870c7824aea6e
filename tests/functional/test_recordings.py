"""Recorded answers of all providers: what they say, where each stands, and what becomes of files that are damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mergegate.contracts.contract import contract_of
from mergegate.contracts.recordings import read_all, read_recordings
from mergegate.contracts.verdict import judge

RECORDED = Path(__file__).resolve().parents[2] / "fixtures" / "recorded_outputs"
VALUE = {"id": 7, "total": 12.5, "note": "ok"}
PATTERNS = ["*.jsonl", "*.ndjson", "*.sse", "*.txt", "answers.json", "cassette.*"]


def test_every_provider_is_read_and_judged() -> None:
    contract = contract_of("order.schema.json", folder=RECORDED)
    read = [one for each in read_all(RECORDED, PATTERNS).values() for one in each]
    judged = [judge(contract, each) for each in read]
    assert [(each.outcome.id, each.outcome.status, each.outcome.provider, each.outcome.model) for each in judged] == [
        ("answers.json:2", "ok", "", "mine"),
        ("answers.json:6", "invalid_json", "", ""),
        ("answers.json:7", "ok", "", ""),
        ("anthropic.sse:1", "ok", "anthropic", "claude-sonnet-4"),
        ("cassette.json:3", "ok", "ollama", "llama3.1"),
        ("cassette.yaml:2", "ok", "openai", "gpt-4o"),
        ("cassette.yaml:17", "ok", "anthropic", "claude-sonnet-4"),
        ("chat.sse:1", "ok", "openai", "gpt-4o"),
        ("chat_cut.sse:1", "truncated", "openai", "gpt-4o"),
        ("ollama.ndjson:1", "ok", "ollama", "llama3.1"),
        ("plain.txt:1", "ok", "", ""),
        ("responses.jsonl:1", "ok", "openai", "gpt-4o-mini"),
        ("responses.jsonl:2", "ok", "openai", "gpt-4o-mini"),
        ("responses.jsonl:3", "refusal", "openai", "gpt-4o"),
        ("responses.jsonl:4", "truncated", "openai", "gpt-4o"),
        ("responses.jsonl:5", "ok", "openai", "gpt-5"),
        ("responses.jsonl:6", "truncated", "openai", "gpt-5"),
        ("responses.jsonl:7", "ok", "anthropic", "claude-sonnet-4"),
        ("responses.jsonl:8", "ok", "anthropic", "claude-sonnet-4"),
        ("responses.jsonl:9", "ok", "gemini", "gemini-2.5-flash"),
        ("responses.jsonl:10", "refusal", "gemini", "gemini-2.5-flash"),
        ("responses.jsonl:11", "ok", "ollama", "llama3.1"),
        ("responses.jsonl:12", "truncated", "ollama", "llama3.1"),
        ("responses.jsonl:13", "ok", "huggingface", ""),
        ("responses.jsonl:14", "ok", "local", "mine"),
        ("responses.jsonl:15", "ok", "", ""),
    ]
    assert all(each.extraction.value == VALUE for each in judged if each.outcome.passed)
    tools = {each.id: each.answer.tool for each in read if each.answer.tool}
    assert tools == {
        "anthropic.sse:1": "save_order",
        "responses.jsonl:2": "save_order",
        "responses.jsonl:8": "save_order",
    }
    # the same messages have the same hash, wherever they were recorded
    prompts = {each.id: each.prompt for each in read}
    assert prompts["cassette.yaml:2"] == prompts["responses.jsonl:2"] != ""
    assert prompts["responses.jsonl:14"] == "p1"


DAMAGED = {
    "a.jsonl": (
        '{"output": "{}"}\n{"output": \n[1, 2]\n',
        [(2, "the line is no JSON: expecting value"), (3, "no answer of a model")],
    ),
    "b.json": ('{"output": 1,\n "x": }', [(2, "the file is no JSON: expecting value")]),
    "c.yaml": ("interactions:\n- a: [\n", [(3, "the file is no YAML")]),
    "d.yml": ("just: text\n", [(1, "it is no cassette of vcrpy")]),
    "e.jsonl": ('{"error": {"message": "quota"}}\n', [(1, "the provider answered with an error")]),
    "f.jsonl": ("\n", [(1, "there is no answer of a model in it")]),
    "g.txt": (b"ab\n\xff", [(2, "it is no UTF-8")]),
    "h.jsonl.gz": (b"no gzip", [(1, "it cannot be read")]),
}


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_what_is_damaged_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    content, problems = DAMAGED[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = [(each.line, each.problem) for each in read_recordings(tmp_path / name, name) if each.problem]
    assert [line for line, _ in found] == [line for line, _ in problems]
    for (_, problem), (_, wanted) in zip(found, problems, strict=True):
        assert wanted in problem
        assert "\n" not in problem


def test_other_line_separators_within_strings_end_no_line(tmp_path: Path) -> None:
    rows = [{"output": json.dumps({"a": "x\u2028y\x0c"}, ensure_ascii=False)}] * 2
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8"
    )
    assert [each.id for each in read_recordings(tmp_path / "a.jsonl", "a.jsonl")] == ["a.jsonl:1", "a.jsonl:2"]
