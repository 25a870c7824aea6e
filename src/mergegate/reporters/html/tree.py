"""HTML as a tree of elements: what is put in as text cannot come out as markup.

The standard library's element tree escapes by construction and knows HTML's void elements. Templates would be shorter
for the frame of the page, but most of it are lists within lists, and a template engine is more than the base install
needs for one format.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, tostring

from mergegate.reporters.plain import printable

Node = Element | str
_CODE_SPAN = re.compile(r"`([^`]+)`")


def element(tag: str, *children: Node, **attributes: str) -> Element:
    """Return an element.

    Parameters
    ----------
    tag
        Its name.
    children
        Elements and texts, in their order; a text is escaped.
    attributes
        Their names as in HTML, `_` for `-` and after what is a word of Python (`class_`).
    """
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif last is None:
            made.text = (made.text or "") + child
        else:
            last.tail = (last.tail or "") + child
    return made


def prose(text: str) -> list[Node]:
    """Return text with what stands between backticks as code."""
    pieces = _CODE_SPAN.split(printable(text))
    return [element("code", piece) if index % 2 else piece for index, piece in enumerate(pieces) if piece]


def html(node: Element) -> str:
    """Return an element as HTML in ASCII."""
    return tostring(node, encoding="us-ascii", method="html").decode("ascii")
