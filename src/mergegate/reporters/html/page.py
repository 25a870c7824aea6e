"""The frame of an HTML page: one file, in ASCII, that loads nothing and runs its own script alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files

from mergegate.reporters.html.tree import element, html


def shipped(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8").strip()


def head(title: str, css: str, script: str = "") -> Iterator[str]:
    """Yield the beginning of a page up to its body.

    Parameters
    ----------
    title
        The page's title.
    css, script
        Style and script; no others work.
    """
    yield '<!doctype html>\n<html lang="en">\n<head>\n'
    for meta in (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(css, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", css),
    ):
        yield f"{html(meta)}\n"
    yield "</head>\n<body>\n"


def _policy(css: str, script: str) -> str:
    """Return a policy that lets the page run its own script and style and load nothing."""
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (css, script)
    )
    scripts = f"script-src 'sha256-{script_hash}'; " if script else ""
    return f"default-src 'none'; style-src 'sha256-{style_hash}'; {scripts}base-uri 'none'; form-action 'none'"
