"""Templates of tokens: literal text and placeholders `{alphabet:length}`, turned into regular expressions.

The expressions are linear: a literal beginning, then repetitions of single characters, each bounded by what follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

ALPHABETS: Mapping[str, str] = {
    "alpha": "A-Za-z",
    "any": r"!-~",
    "azure": r"0-9A-Za-z~._-",
    "b32": "A-Z2-7",
    "b32lower": "a-z2-7",
    "b58": "1-9A-HJ-NP-Za-km-z",
    "b62": "0-9A-Za-z",
    "b62d": "0-9A-Za-z-",
    "b62u": "0-9A-Za-z_",
    "b64": "0-9A-Za-z+/",
    "b64url": "0-9A-Za-z_-",
    "digits": "0-9",
    "hex": "0-9a-fA-F",
    "lower36": "0-9a-z",
    "planet": "0-9A-Za-z=._-",
    "salesforce": "0-9A-Za-z._",
    "twitter": "0-9A-Za-z%",
    "upper36": "0-9A-Z",
    "upperhex": "0-9A-F",
    "urlb64": "0-9A-Za-z%",
}
"""Alphabets by name, as the inside of a character class. `uuid` is not among them: it has a form of its own."""

_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PLACEHOLDER = re.compile(r"\{(?P<alphabet>\w+)(?::(?P<least>\d+)(?P<more>\+|-(?P<most>\d+))?)?\}")
_LONGEST = 2000
# a body that is a third shorter or longer than it should be still shows whose token it was meant to be
_SLACK = 3


@dataclass(frozen=True)
class Template:
    """A template, whose expressions are compiled when they are first needed: most never are.

    Attributes
    ----------
    prefix
        The literal text that it begins with; empty if it begins with a placeholder.
    words
        Literal parts that have to be there, the longest first, to look for before the expression is tried.
    exact_text
        Source of the expression for tokens as they should be, with what must not stand around them.
    loose_text
        Source of that for those of another length, empty where the shape would say too little.
    letters_only
        Whether no digit can be in it.
    """

    prefix: str
    words: tuple[str, ...]
    exact_text: str
    loose_text: str
    letters_only: bool

    @cached_property
    def exact(self) -> re.Pattern[str]:
        """Matches tokens as they should be."""
        return re.compile(self.exact_text)

    @cached_property
    def loose(self) -> re.Pattern[str] | None:
        """Matches those of another length, None where the shape would say too little."""
        return re.compile(self.loose_text) if self.loose_text else None


def compile_template(template: str) -> Template:
    """Return the expressions of a template.

    Raises
    ------
    ValueError
        If it names an unknown alphabet or a length that is none.
    """
    parts: list[str] = []
    loose: list[str] = []
    words: list[str] = []
    position = 0
    last = ""
    for found in _PLACEHOLDER.finditer(template):
        literal = template[position : found.start()]
        words.append(literal)
        parts.append(re.escape(literal))
        loose.append(re.escape(literal))
        last = found["alphabet"]
        parts.append(_body(found, slack=False))
        loose.append(_body(found, slack=True))
        position = found.end()
    tail = template[position:]
    words.append(tail)
    parts.append(re.escape(tail))
    loose.append(re.escape(tail))
    rest = "".join(words)
    if "{" in rest or "}" in rest:
        raise ValueError(template)
    prefix = words[0]
    after = rf"(?![{ALPHABETS.get(last, '0-9a-fA-F-')}])" if not tail else ""
    before = r"(?<![0-9A-Za-z])" if not prefix or prefix[0].isalnum() else ""
    telling = len(prefix) >= 4 and any(not each.isalpha() for each in prefix)
    return Template(
        prefix,
        tuple(sorted(filter(None, words), key=len, reverse=True)),
        f"{before}{''.join(parts)}{after}",
        f"{before}{''.join(loose)}{after}" if telling else "",
        all(found["alphabet"] == "alpha" for found in _PLACEHOLDER.finditer(template)),
    )


def _body(found: re.Match[str], *, slack: bool) -> str:
    name = found["alphabet"]
    if name == "uuid":
        return _UUID
    alphabet = ALPHABETS.get(name)
    if alphabet is None or found["least"] is None:
        raise ValueError(found[0])
    least = int(found["least"])
    most = _LONGEST if found["more"] == "+" else int(found["most"] or least)
    if slack:
        least, most = max(least - least // _SLACK, 1), most + most // _SLACK
    return f"[{alphabet}]{{{least},{most}}}"
