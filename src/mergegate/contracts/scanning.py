"""What could be meant as JSON in an answer: one pass, so that nothing within JSON is taken for its wrapping."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mergegate.contracts.json_text import Broken, balanced_end, read_value

_THOUGHTS = "think|thinking|thought|reasoning|reflection|scratchpad|analysis"
_TOKEN = re.compile(
    rf"(?P<thought><(?:{_THOUGHTS})>|\u25c1think\u25b7|\[THINK\]|<\|channel\|>\s*analysis\b)"
    rf"|(?P<end></(?:{_THOUGHTS})>|\u25c1/think\u25b7|\[/THINK\])"
    r"|(?P<fence>`{3,}|~{3,})"
    r"|(?P<open>[{\[])",
    re.IGNORECASE,
)
_CHANNEL_END = re.compile(r"<\|(?:end|start|return|call)\|>|<\|channel\|>\s*(?:final|commentary)\b", re.IGNORECASE)
_RESUME = re.compile(rf"^[ \t]*(?:`{{3,}}|~{{3,}})|</(?:{_THOUGHTS})>", re.MULTILINE | re.IGNORECASE)
_INFO = re.compile(r"[ \t]*([A-Za-z][\w+.#-]*)?")
# after these brackets stands JSON, or what somebody meant to be JSON, and no prose
_STRICT = re.compile(
    r'[{\[]\s*(?:\Z|")|\{\s*\}|\[\s*(?:[\[{\]\d-]|(?:true|false|null|NaN|Infinity)\b)|\[\s*[tfn][a-z]{0,4}\Z'
)
_MEANT = re.compile(
    r"[{\[]\s*(?:['\u2018\u2019\u201c\u201d\u00ab]|//|/\*|#|\\\"|,)|\{\s*[\w$-]+\s*:(?!//)"
    r"|\[\s*(?:True|False|None|undefined)\b"
)
_CLOSER = re.compile(r"\s*([}\]])")
# a key or an element goes on behind a bracket that was closed too early
_MORE = re.compile(r"\s*,\s*(?:\"[^\"\n]*\"\s*[:,}\]\"]|[\w$]+\s*:[^/]|\"[^\"\n]*\Z)")
_TAG = re.compile(r"<([A-Za-z][\w:-]*)>\s*\Z")
_CALL = re.compile(r"[A-Za-z_$][\w.$]*\(\s*\Z")
_JSON_NAMES = ("json", "json5", "jsonc", "jsonl", "ndjson", "geojson")
_NEAR = 80

RANKS = {"json-fence": 0, "fence": 1, "other-fence": 2, "tag": 3, "call": 3, "whole": 3, "prose": 4, "aside": 5}
"""What is more likely to be the answer, the most likely first."""


@dataclass(slots=True)
class Candidate:
    """A piece of the text that is JSON, or was meant to be.

    Attributes
    ----------
    start, end
        Where it stands.
    kind
        How it is wrapped; see `RANKS`.
    value
        What it says, if it is sound.
    reason
        Why it is refused, empty if it is sound.
    cut
        Whether it lacks its end.
    duplicates
        Keys that stand twice in one object.
    refused
        Whether it is JSON by its grammar, and refused all the same.
    """

    start: int
    end: int
    kind: str
    value: Any = None
    reason: str = ""
    cut: bool = False
    duplicates: tuple[str, ...] = ()
    refused: bool = False

    @property
    def sound(self) -> bool:
        """Whether it is strict JSON without doubt."""
        return not self.reason


@dataclass(slots=True)
class _Fence:
    mark: str
    kind: str
    start: int
    used: bool = False


@dataclass(slots=True)
class Scan:
    """What was found in a text.

    Attributes
    ----------
    candidates
        In order.
    steps
        What had to be left out or opened, in order.
    bare
        Fences without brackets, as spans of their contents.
    thinking
        Whether the text ends within a thought.
    """

    candidates: list[Candidate] = field(default_factory=list[Candidate])
    steps: list[str] = field(default_factory=list[str])
    bare: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    thinking: bool = False


def scan(text: str) -> Scan:
    """Return everything in a text that could be meant as JSON, in time that is linear in its length."""
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._found = Scan()
        self._fence: _Fence | None = None
        self._skipped: list[tuple[str, int]] = []
        self._unclosed: set[str] = set()
        # how far texts may be read again for the end of what is broken
        self._budget = 4 * len(text) + 100_000

    def run(self) -> Scan:
        position = 0
        while position >= 0 and (match := _TOKEN.search(self._text, position)) is not None:
            if match["open"]:
                position = self._bracket(match.start())
            elif match["fence"]:
                position = self._mark(match)
            elif match["thought"]:
                position = self._thought(match)
            else:
                # some templates give the beginning of the thought themselves: all before was thought
                self._step("reasoning")
                self._found.candidates.clear()
                self._fence = None
                position = match.end()
        if self._fence is not None:
            self._step("unclosed fence")
            if not self._fence.used:
                self._found.bare.append((self._fence.start, len(self._text)))
        return self._found

    def _step(self, name: str) -> None:
        if name not in self._found.steps:
            self._found.steps.append(name)

    def _thought(self, match: re.Match[str]) -> int:
        opener = match["thought"]
        if opener.startswith("<|"):
            end = None
            if opener[:3] not in self._unclosed:
                end = _CHANNEL_END.search(self._text, match.end())
                if end is None:
                    self._unclosed.add(opener[:3])
        else:
            closer = (opener[0] + "/" + opener[1:]).lower()
            end = None
            # where there is none, there is none further on
            if closer not in self._unclosed:
                end = re.compile(re.escape(closer), re.IGNORECASE).search(self._text, match.end())
                if end is None:
                    self._unclosed.add(closer)
        if end is not None:
            self._step("reasoning")
            return end.end()
        before = self._text[max(0, match.start() - _NEAR) : match.start()]
        if not before.rpartition("\n")[2].strip(" \t\ufeff\u200b"):
            self._step("reasoning")
            self._found.thinking = True
            return -1
        return match.end()

    def _mark(self, match: re.Match[str]) -> int:
        mark = match["fence"]
        fence = self._fence
        if fence is not None:
            if mark[0] == fence.mark[0] and len(mark) >= len(fence.mark):
                if not fence.used:
                    self._found.bare.append((fence.start, match.start()))
                self._fence = None
            return match.end()
        info = _INFO.match(self._text, match.end())
        name = (info[1] or "").lower() if info else ""
        end = info.end() if info else match.end()
        kind = "json-fence" if name in _JSON_NAMES else "other-fence" if name else "fence"
        self._fence = _Fence(mark, kind, end)
        return end

    def _bracket(self, start: int) -> int:
        """Read what begins at a bracket; return where to go on, -1 for nowhere."""
        if _STRICT.match(self._text, start) is None:
            if _MEANT.match(self._text, start) is None:
                self._skipped.append((self._text[start], start))
                return start + 1
            return self._broken(start, Broken(start + 1, "it is no JSON", False))
        read = read_value(self._text, start)
        if isinstance(read, Broken):
            if not self._text[start : read.position].strip("[{ \t\r\n") and not read.cut and _MEANT.match(
                self._text, read.position - 1
            ) is None:  # fmt: skip
                # brackets and then prose
                return max(read.position, start + 1)
            return self._broken(start, read)
        candidate = Candidate(start, read.end, self._kind(start, read.end), read.value, read.problem)
        candidate.duplicates = read.duplicates
        candidate.refused = bool(read.problem or read.duplicates)
        if read.duplicates and not read.problem:
            candidate.reason = f'the key "{read.duplicates[0]}" stands twice in one object'
        closer = _CLOSER.match(self._text, read.end)
        if closer is not None and not self._closes_prose(closer[1], start):
            candidate.reason = candidate.reason or f"a {closer[1]} too many follows"
            candidate.end = closer.end()
        more = self._with_more(candidate.end)
        if more != candidate.end:
            candidate.reason, candidate.end = candidate.reason or "more of it follows its closing bracket", more
        self._take(candidate)
        return candidate.end

    def _with_more(self, end: int) -> int:
        """Return where a value ends whose bracket was closed too early; where it stands now if it was not."""
        while self._budget > 0 and _MORE.match(self._text, end) is not None:
            further = balanced_end(self._text, end, "{")
            self._budget -= (further if further > 0 else len(self._text)) - end
            if further < 0:
                return len(self._text)
            end = further
        return end

    def _closes_prose(self, closer: str, start: int) -> bool:
        """Tell whether a closing bracket belongs to an opening one in the prose before, as in `[see {...}]`."""
        if not self._skipped:
            return False
        opener, at = self._skipped[-1]
        return closer == {"[": "]", "{": "}"}[opener] and bool(self._text[at + 1 : start].strip())

    def _broken(self, start: int, read: Broken) -> int:
        text = self._text
        if read.cut:
            self._take(
                Candidate(start, len(text), self._kind(start, len(text)), reason="the text ends in it", cut=True)
            )
            return -1
        end = -1
        if self._budget > 0:
            end = balanced_end(text, start)
            self._budget -= (end if end > 0 else len(text)) - start
        reason = f"{read.reason[:1].lower()}{read.reason[1:]} at character {read.position - start + 1} of it"
        if end > 0:
            end = self._with_more(end)
            self._take(Candidate(start, end, self._kind(start, end), reason=reason))
            return end
        # strict JSON has no lines that begin with a fence: what stands behind one is something else
        resume = _RESUME.search(text, read.position)
        end = resume.start() if resume is not None else len(text)
        self._take(Candidate(start, end, self._kind(start, end), reason=reason, cut=True))
        return end if resume is not None and self._budget > 0 else -1

    def _take(self, candidate: Candidate) -> None:
        if self._fence is not None:
            self._fence.used = True
        self._found.candidates.append(candidate)

    def _kind(self, start: int, end: int) -> str:
        if self._fence is not None:
            return self._fence.kind
        before = self._text[max(0, start - _NEAR) : start]
        if _TAG.search(before):
            return "tag"
        if _CALL.search(before) and self._text[end : end + _NEAR].lstrip().startswith(")"):
            return "call"
        return "prose"
