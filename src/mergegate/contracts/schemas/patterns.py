"""Texts that match a regular expression of JSON Schema, made from its syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

Ranges = tuple[tuple[int, int], ...]

_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((97, 122), (65, 90), (48, 57), (95, 95))
_SPACE: Ranges = ((32, 32), (9, 9))
_ANY: Ranges = ((97, 122), (48, 57), (32, 126), (0xE9, 0xE9))
_LETTERS: Ranges = ((97, 122), (65, 90))
_ESCAPES = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "0": 0}
_PROPERTIES: dict[str, Ranges] = {
    "L": _LETTERS, "Letter": _LETTERS, "Lu": ((65, 90),), "Ll": ((97, 122),), "N": _DIGITS, "Nd": _DIGITS,
}  # fmt: skip
_ESCAPED_SIGN = re.compile(r"\\[^A-Za-z0-9]")
_UNANCHORED = re.compile(r"[\^$]")
_SPREAD = 3
_LONGEST = 2_000


class UnknownSyntax(Exception):  # noqa: N818  (such patterns are sampled in other ways)
    """A pattern uses what is not understood here, as a look-around."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of a pattern: characters, alternatives of sequences, or an anchor if it has neither."""

    ranges: Ranges = ()
    branches: tuple[tuple[_Node, ...], ...] = ()
    least: int = 1
    most: int | None = 1


class Window(NamedTuple):
    """How long texts are to be."""

    least: int = 0
    most: int | None = None


def samples(pattern: str, random: Random, count: int, window: Window = Window()) -> Iterator[str]:  # noqa: B008
    """Yield different texts that match a pattern, or most likely do; none if its syntax is not understood.

    Parameters
    ----------
    pattern
        A regular expression as in ECMA-262.
    random
        Decides between the alternatives; the first text is the shortest, the next the one of the last alternatives.
    count
        How many at most.
    window
        The lengths that are wanted.
    """
    try:
        root = _Parser(pattern).whole()
    except (UnknownSyntax, IndexError, ValueError):
        return
    found: set[str] = set()
    for text in _attempts(root, pattern, random, count * 4, window):
        if text not in found and len(text) >= window.least and (window.most is None or len(text) <= window.most):
            found.add(text)
            yield text
            if len(found) >= count:
                break


def matches_everything(pattern: str) -> bool:
    """Tell whether a pattern certainly matches every text, as `.*` does."""
    inner = pattern.removeprefix("^") if not pattern.endswith("$") else pattern.removesuffix("$")
    if any(sign in inner for sign in ("^", "$", "\\b", "\\B")):
        return False
    try:
        return _may_be_empty(_Parser(inner).whole())
    except (UnknownSyntax, IndexError, ValueError):
        return False


def words(pattern: str, most: int = 200) -> list[str] | None:
    """Return all texts that match a pattern such as `^(a|b)$`, None if they are not certain, or more than `most`."""
    plain = _ESCAPED_SIGN.sub("", pattern)
    if not (pattern.startswith("^") and plain.endswith("$")) or any(sign in plain for sign in ("\\", ".", "[^")):
        return None
    try:
        root = _Parser(pattern[1:-1]).whole()
        found = _all(root, most) if len(root.branches) == 1 and not _UNANCHORED.search(plain[1:-1]) else None
    except (UnknownSyntax, IndexError, ValueError):
        return None
    return None if found is None else list(dict.fromkeys(found))


def _all(node: _Node, most: int) -> list[str] | None:
    if node.most is None:
        return None
    ones: list[str] = []
    if node.ranges:
        ones = [chr(code) for low, high in node.ranges[:most] for code in range(low, min(high, low + most) + 1)]
    else:
        for branch in node.branches or ((),):
            texts = [""]
            for each in branch:
                inner = _all(each, most)
                if inner is None or len(inner) * len(texts) > most:
                    return None
                texts = [text + more for text in texts for more in inner]
            ones += texts
    found: list[str] = []
    texts = [""]
    for times in range(node.most + 1):
        if times >= node.least:
            found += texts
        if len(found) > most or (times < node.most and len(texts) * len(ones) > most):
            return None
        texts = [text + one for text in texts for one in ones]
    return found


def _may_be_empty(node: _Node) -> bool:
    return not node.least or any(all(map(_may_be_empty, branch)) for branch in node.branches)


def _attempts(root: _Node, pattern: str, random: Random, tries: int, window: Window) -> Iterator[str]:
    yield _written(root, random, 0, 0)
    yield _written(root, random, 1, -1)
    spread = _SPREAD
    for _ in range(tries):
        text = _written(root, random, spread, None)
        short = window.least - len(text)
        if short > 0:
            # what is not anchored may go on, what is may have a part that repeats
            if not pattern.endswith("$"):
                yield text + "a" * short
            elif not pattern.startswith("^"):
                yield "a" * short + text
            spread = min(max(spread * 2, short), _LONGEST)
        elif window.most is not None and len(text) > window.most:
            spread = max(spread // 2, 0)
        yield text
        if not pattern.endswith("$"):
            yield text + random.choice("ab0 _-")
        if not pattern.startswith("^"):
            yield random.choice("ab0 _-") + text


def _written(node: _Node, random: Random, spread: int, branch: int | None) -> str:
    """Return a text of a piece; `branch` fixes which alternative and character, `spread` how often it repeats."""
    most = node.least + spread if node.most is None else min(node.most, node.least + spread)
    times = node.least if branch == 0 else most if branch == -1 else random.randint(node.least, most)
    parts: list[str] = []
    for _ in range(min(times, _LONGEST)):
        if node.ranges:
            low, high = random.choice(node.ranges) if branch is None else node.ranges[branch]
            parts.append(chr(random.randint(low, high) if branch is None else low if branch == 0 else high))
        elif node.branches:
            chosen = random.choice(node.branches) if branch is None else node.branches[branch]
            parts.extend(_written(each, random, spread, branch) for each in chosen)
    return "".join(parts)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def whole(self) -> _Node:
        node = _Node(branches=self._branches())
        if self.at < len(self.text):
            raise UnknownSyntax(self.text)
        return node

    def _branches(self) -> tuple[tuple[_Node, ...], ...]:
        branches: list[tuple[_Node, ...]] = []
        sequence: list[_Node] = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                branches.append(tuple(sequence))
                sequence = []
                continue
            sequence.append(self._repeated(self._atom()))
        return (*branches, tuple(sequence))

    def _atom(self) -> _Node:
        char = self.text[self.at]
        self.at += 1
        if char in "^$":
            return _Node()
        if char == "(":
            return self._group()
        if char == "[":
            return _Node(self._class())
        if char == "\\":
            return self._escaped()
        return _Node(_ANY if char == "." else ((ord(char), ord(char)),))

    def _group(self) -> _Node:
        if self.text[self.at] == "?":
            self.at += 1
            if self.text[self.at] == "<" and self.text[self.at + 1] not in "=!":
                self.at = self.text.index(">", self.at) + 1
            elif self.text[self.at] == ":":
                self.at += 1
            else:
                raise UnknownSyntax(self.text)
        branches = self._branches()
        self.at += 1
        if self.text[self.at - 1] != ")":
            raise UnknownSyntax(self.text)
        return _Node(branches=branches)

    def _repeated(self, node: _Node) -> _Node:
        char = self.text[self.at : self.at + 1]
        if char and char in "*+?":
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        elif char == "{" and "}" in self.text[self.at :]:
            end = self.text.index("}", self.at)
            low, comma, high = self.text[self.at + 1 : end].partition(",")
            least, most = int(low), int(high) if high else None if comma else int(low)
            self.at = end + 1
        else:
            return node
        if self.text[self.at : self.at + 1] == "?":
            self.at += 1
        return _Node(branches=((node,),), least=least, most=most)

    def _escaped(self) -> _Node:
        ranges = self._escape()
        return _Node(ranges) if ranges else _Node()

    def _escape(self) -> Ranges:
        char = self.text[self.at]
        self.at += 1
        known = {"d": _DIGITS, "w": _WORD, "s": _SPACE, "D": _LETTERS, "W": ((32, 47),), "S": _WORD, "b": (), "B": ()}
        if char in known:
            return known[char]
        if char in "pP":
            end = self.text.index("}", self.at)
            name = self.text[self.at + 1 : end].rpartition("=")[2]
            self.at = end + 1
            if char == "P" or name not in _PROPERTIES:
                raise UnknownSyntax(self.text)
            return _PROPERTIES[name]
        if char in "xu":
            return self._code(char)
        if char in "123456789k":
            raise UnknownSyntax(self.text)
        code = _ESCAPES.get(char, ord(char))
        return ((code, code),)

    def _code(self, char: str) -> Ranges:
        if self.text[self.at : self.at + 1] == "{":
            end = self.text.index("}", self.at)
            code = int(self.text[self.at + 1 : end], 16)
            self.at = end + 1
        else:
            length = 2 if char == "x" else 4
            code = int(self.text[self.at : self.at + length], 16)
            self.at += length
        return ((code, code),)

    def _class(self) -> Ranges:
        negated = self.text[self.at] == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        while self.text[self.at] != "]":
            found = self._member()
            if self.text[self.at] == "-" and self.text[self.at + 1] != "]" and len(found) == 1:
                self.at += 1
                high = self._member()
                found = ((found[0][0], high[-1][1]),)
            ranges.extend(found)
        self.at += 1
        return _complement(ranges) if negated else tuple(ranges)

    def _member(self) -> Ranges:
        char = self.text[self.at]
        self.at += 1
        if char == "\\":
            return ((8, 8),) if self.text[self.at] == "b" and self._skip() else self._escape()
        return ((ord(char), ord(char)),)

    def _skip(self) -> bool:
        self.at += 1
        return True


def _complement(ranges: list[tuple[int, int]]) -> Ranges:
    """Return printable characters outside of ranges, letters first."""
    wanted = [*range(97, 123), *range(65, 91), *range(48, 58), *range(32, 48), *range(58, 65), 95, 0xE9, 0x20AC]
    left = [code for code in wanted if not any(low <= code <= high for low, high in ranges)]
    if not left:
        raise UnknownSyntax("nothing is left")
    return tuple((code, code) for code in left)
