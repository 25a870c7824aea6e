"""Text in GitHub's and GitLab's Markdown: what comes from the code stays text."""

from __future__ import annotations

import re

from mergegate.reporters.plain import clipped, printable

# entities where a backslash is read in two ways (within tables) or not at all (within tags)
_ESCAPES = {
    "\\": "&#92;", "|": "&#124;", "`": "&#96;", "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;",
    "*": "\\*", "_": "\\_", "[": "\\[", "]": "\\]", "~": "\\~", "!": "\\!", "{": "\\{", "}": "\\}",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\|`<>&\"*_\[\]~!{}]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
# what a code host makes mentions, references and formulas of, wherever it stands outside of code
_REFERENCES = re.compile(r"([@#$])")
_CODE_SPAN = re.compile(r"`([^`]+)`")


def prose(text: str, limit: int) -> str:
    """Return text as it is to be read, on one line: no markup, link, mention or HTML comes of it.

    Parameters
    ----------
    text
        Any text.
    limit
        How many of its characters to show.
    """
    # the pieces of the split are prose and what stands between backticks in turn
    pieces = _CODE_SPAN.split(_line(text, limit))
    marked = (f"<code>{_escaped(piece)}</code>" if index % 2 else _prose(piece) for index, piece in enumerate(pieces))
    return "".join(marked)


def code(text: str, limit: int) -> str:
    """Return text in a fixed font, fit for tables too; the parameters are those of `prose`."""
    return f"<code>{_escaped(_line(text, limit))}</code>"


def code_in_html(text: str, limit: int) -> str:
    """Return what `code` returns, for a block of HTML: there no backslash is read."""
    plain = re.sub(r"[^\w\s./:(),-]|_", lambda match: f"&#{ord(match[0])};", _line(text, limit))
    return f"<code>{plain}</code>"


def code_block(text: str, language: str = "") -> str:
    """Return lines as a block of code, which nothing in them can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def link(shown: str, address: str) -> str:
    """Return Markdown as a link, or as it is if there is no address."""
    return f'<a href="{address}">{shown}</a>' if address else shown


def _prose(text: str) -> str:
    # what stands between the references is escaped, for the escapes have such characters themselves
    pieces = _REFERENCES.split(text)
    return "".join(f"<code>{piece}</code>" if index % 2 else _escaped(piece) for index, piece in enumerate(pieces))


def _line(text: str, limit: int) -> str:
    return clipped(" ".join(printable(text).split()), limit)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], f"&#{ord(match[0])};"), text)
