"""Source lines in the HTML report."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from mergegate.finding import Finding, Step
from mergegate.gate.source import Source
from mergegate.reporters.html.tree import Node, element
from mergegate.reporters.plain import expanded

_WIDTH = 240
_BEFORE = 80


def excerpt(source: Source, finding: Finding, around: int) -> Element | None:
    """Return the reported line, marked, with the lines around it; None if the file has no such line.

    Parameters
    ----------
    source
        The file.
    finding
        What is reported.
    around
        How many lines to show before and after it.
    """
    if not source.line(finding.line).strip():
        return None
    first, last = max(1, finding.line - around), min(len(source.lines), finding.line + around)
    texts = {number: expanded(source.line(number).rstrip()) for number in range(first, last + 1)}
    while not texts[last]:
        del texts[last]
        last -= 1
    while not texts[first]:
        del texts[first]
        first += 1
    indent = min(_indent(text) for text in texts.values() if text)
    lines: list[Node] = []
    for number, text in texts.items():
        if number == finding.line:
            start, end = _marked(source, finding)
            content = _cut(text[indent:], start - indent, end - indent)
            lines.append(element("code", *content, data_line=str(number), class_="hit"))
        else:
            lines.append(element("code", _shortened(text[indent:]), data_line=str(number)))
    return element("pre", *lines)


def line_of(source: Source, step: Step) -> Element | None:
    """Return the line of a step; None if the file has no such line."""
    text = expanded(source.line(step.line).strip())
    return element("pre", element("code", _shortened(text), data_line=str(step.line))) if text else None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _marked(source: Source, finding: Finding) -> tuple[int, int]:
    """Return from where to where the reported line is marked, as it is shown."""
    text = source.line(finding.line).rstrip()
    start = source.characters(finding.line, finding.column)
    end = len(text) if finding.end_line > finding.line else source.characters(finding.line, finding.end_column)
    return len(expanded(text[:start])), len(expanded(text[: max(end, start + 1)]))


def _cut(text: str, start: int, end: int) -> list[Node]:
    """Return a line with a mark in it; of a very long one only what is around the mark."""
    head = tail = ""
    if len(text) > _WIDTH:
        offset = max(0, min(start - _BEFORE, len(text) - _WIDTH))
        head, tail = "\u2026" if offset else "", "\u2026" if offset + _WIDTH < len(text) else ""
        text, start, end = text[offset : offset + _WIDTH], start - offset, min(end - offset, _WIDTH)
    start = max(0, start)
    return [head + text[:start], element("mark", text[start:end]), text[end:] + tail]


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}\u2026"
