"""A rule's own text, from its file: as Markdown and as plain text."""

from __future__ import annotations

import re
import textwrap

from mergegate.rules.rule import Rule

_WIDTH = 100
_FIXES = {
    "safe": "`mergegate fix` repairs what of this can be repaired for certain, and says what is left.",
    "unsafe": "`mergegate fix --unsafe` repairs it; look at what it changes.",
}
_FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`([^`]+)`")


def rule_markdown(rule: Rule) -> str:
    """Return what a rule is about, why, how to repair it, and an example of both, as Markdown."""
    parts = [rule.summary, "## Why", rule.rationale, "## How to fix", rule.fix, _FIXES.get(rule.applicability, "")]
    for example in rule.pair:
        parts.append(f"## {'Reported' if example.kind == 'bad' else 'Not reported'}")
        for file in example.files:
            name = f"`{file.path}`\n\n" if len(example.files) > 1 else ""
            parts.append(f"{name}```python\n{file.code.strip()}\n```")
    if rule.references:
        parts.append("## References")
        parts.append("\n".join(f"- <{link}>" if "://" in link else f"- {link}" for link in rule.references))
    return "\n\n".join(part.strip() for part in parts if part.strip())


def rule_text(rule: Rule) -> str:
    """Return what a rule is about, why and how to repair it, as plain text in short lines."""
    return "\n\n".join([rule.summary, *_plain(rule.rationale), *_plain(f"How to fix: {rule.fix.strip()}")])


def _plain(markdown: str) -> list[str]:
    """Return the paragraphs of Markdown without its marks; code keeps its lines and is indented."""
    paragraphs: list[str] = []
    # the pieces of the split are prose and code in turn
    for index, piece in enumerate(_FENCED.split(markdown)):
        if index % 2:
            paragraphs.append(textwrap.indent(piece.rstrip(), "    "))
        else:
            flowing = (" ".join(part.split()) for part in piece.split("\n\n"))
            paragraphs.extend(textwrap.fill(_CODE_SPAN.sub(r"\1", part), _WIDTH) for part in flowing if part)
    return paragraphs
