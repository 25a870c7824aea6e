"""Values: why a text that stands where a credential may stand is none. Each reason has a name that reports can give."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mergegate.secrets.names import NameClass, NameWords, words_of
from mergegate.secrets.randomness import LetterPairs

_SHORTEST = {NameClass.STRONG: 4, NameClass.WEAK: 12, NameClass.NONE: 16}
_REFERENCE = re.compile(
    r"""\$\{|\$\(|^\$[A-Za-z_]\w*$|\{\{|\}\}|<[^<>]{1,60}>|^%\w+%$|%\(\w+\)|%[sdr]\b|\{[A-Za-z_][\w.]{0,60}\}|\#\{
    |^@[\w.-]+@?$|^__\w+__$|\bos\.environ|\bos\.getenv|\bprocess\.env|\bgetenv\b|^![A-Za-z.:/]+(?:\s|$)|^\*[\w-]+$
    |^(?:env|vault|ssm|sops|op|file|secret|secrets|awssm|gcpsm|gcpkms|keyring|secretsmanager|kms|akv|doppler):
    |^arn:|^projects/[^/]+/secrets|^ENC\[|^\{cipher\}|^AQICAH|\bsecretKeyRef\b|^\[.*\]$|^/run/secrets/""",
    re.VERBOSE,
)
_MASK = re.compile(r"\*{3}|x{4}|X{4}|\.{3}|_{4}|-{4}|#{3}|\u2022{2}|\u2026|\u25cf")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+._-]{1,40}://")
_PATH = re.compile(
    r"(?:\.{0,2}/|[A-Za-z]:\\|~/)[\w./\\ -]*|[\w.-]+(?:/[\w.-]+)+/?"
    r"|[\w-]+\.(?:py|json|ya?ml|toml|pem|key|crt|txt|md|html?|js|ts|css|sql|env|cfg|ini|xml|csv|png|svg)"
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(\))?")
_MIME = re.compile(r"(?:application|text|image|audio|video|multipart)/[\w.+-]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VERSION = re.compile(r"[vV]?\d+(?:\.\d+)+(?:[-+.\w]*)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.+Z-]*)?")
_NUMBER = re.compile(r"[-+]?[\d_]+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_COLOUR = re.compile(r"\#[0-9A-Fa-f]{3,8}")
_HEX = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")
_HASH_WORDS = frozenset(
    {"sha", "md", "hash", "digest", "checksum", "integrity", "etag", "commit", "rev", "revision", "fingerprint"}
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z]*(?:[_.:/ -]+[A-Za-z]+)*[?!.:]?")
_CALL_OR_CODE = re.compile(r"\w+\([^)]*\)|=>|\breturn\b|[{};]\s|^\s*[\[({]")
_REGEX = re.compile(r"\\[swdb]|\[\^|\(\?[:=!<P]|\][*+?{]|\)[*+?]|[a-z0-9]-[a-z9]\]|\.\*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_CRYPT = re.compile(
    r"\$(?:2[abxy]|5|6|1|apr1|argon2\w*|pbkdf2[\w-]*|scrypt)\$|(?:pbkdf2|bcrypt|argon2|scrypt)(?:[:_]sha\d+)?[$:]"
)


@dataclass(frozen=True, slots=True)
class ValueWords:
    """The vocabulary by which values are judged.

    Attributes
    ----------
    placeholders
        Words that stand for a value which somebody is to put there.
    defaults
        Passwords that products ship with.
    samples
        Public examples that open nothing.
    public
        Beginnings of keys that are made to be seen by everybody.
    """

    placeholders: frozenset[str]
    defaults: frozenset[str]
    samples: frozenset[str]
    public: tuple[str, ...]


class Values:
    """Judges values.

    Parameters
    ----------
    words, names
        The vocabulary of values and of names.
    pairs
        Knows words by their letters.
    """

    def __init__(self, words: ValueWords, names: NameWords, pairs: LetterPairs) -> None:
        self.words = words
        self.names = names
        self.pairs = pairs

    def is_default(self, value: str) -> bool:
        """Tell whether a value is a password that products ship with."""
        return value.lower() in self.words.defaults

    def why_not(self, value: str, name: str, kind: NameClass) -> str:
        """Return the name of the filter by which a value is no credential, empty if it may be one.

        Parameters
        ----------
        value
            The text.
        name
            The name that holds it.
        kind
            What the name says.
        """
        text = value.strip()
        if len(text) < _SHORTEST[kind] or len(text) > _LONGEST:
            return "length"
        if text in self.words.samples:
            return "public sample"
        if "EXAMPLE" in text:
            return "public sample"
        if text.startswith(self.words.public):
            return "public by design"
        if _REFERENCE.search(text):
            return "reference"
        if _MASK.search(text) or len(set(text)) <= 2:
            return "mask"
        random = self.pairs.is_random(text)
        for reason, matches, certain in _FORMS:
            if (certain or not random) and matches(text):
                return reason
        return self._by_words(text, name, kind, random=random)

    def _by_words(self, text: str, name: str, kind: NameClass, *, random: bool) -> str:
        words = words_of(text)
        if _is_sequence(text):
            return "sequence"
        if self._is_placeholder(words, random=random):
            return "placeholder"
        if not random and _repeats(words, name, self.names):
            return "its own name"
        if _HEX.fullmatch(text) and not _HASH_WORDS.isdisjoint(words_of(name)):
            return "digest"
        if _NUMBER.fullmatch(text):
            return "number"
        if " " in text and (not random or len(words) > 3):
            return "prose"
        if kind is NameClass.STRONG:
            # a single word may be a password; several joined ones are a key, a message, a name
            return "words" if _IDENTIFIER.fullmatch(text) and (len(words) > 1 or len(text) > 20) and not random else ""
        return "" if self.pairs.is_random(text, 16) and any(map(str.isdigit, text)) else "not random"

    def _is_placeholder(self, words: tuple[str, ...], *, random: bool) -> bool:
        known = [word for word in words if word in self.words.placeholders]
        if random:
            return any(len(word) >= _CERTAIN for word in known)
        return bool(known) and 3 * sum(map(len, known)) >= sum(map(len, words))


_LONGEST = 4096
_CERTAIN = 7
_SEQUENCES = ("abcdefghijklmnopqrstuvwxyz", "0123456789" * 2, "qwertyuiopasdfghjklzxcvbnm", "9876543210" * 2)


def _is_sequence(text: str) -> bool:
    """Tell whether a text consists of pieces of alphabets and counting."""
    lower = text.lower()
    position = 0
    while position < len(lower):
        # a longer piece begins with this one, and hardly any text does
        piece = lower[position : position + 3]
        if len(piece) < 3 or not any(piece in sequence for sequence in _SEQUENCES):
            return False
        length = next(
            (size for size in range(len(lower) - position, 2, -1)
             if any(lower[position : position + size] in sequence for sequence in _SEQUENCES)),
            0,
        )  # fmt: skip
        if not length:
            return False
        position += length
    return True


def _repeats(words: tuple[str, ...], name: str, names: NameWords) -> bool:
    """Tell whether a value says no more than its name does, or only words about credentials."""
    if not words:
        return False
    own = set(words_of(name))
    return all(word in own or word in names.about for word in words)


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _is_url(text: str) -> bool:
    return _URL.match(text) is not None


# what a text is by its form, and whether even one that looks random is it
_FORMS: tuple[tuple[str, Callable[[str], bool], bool], ...] = (
    ("address", _is_url, True),
    ("media type", _whole(_MIME), True),
    ("path", _whole(_PATH), False),
    ("dotted name", _whole(_DOTTED), False),
    ("identifier of the UUID form", _whole(_UUID), True),
    ("version", _whole(_VERSION), True),
    ("date", _whole(_DATE), True),
    ("colour", _whole(_COLOUR), True),
    ("mail address", _whole(_EMAIL), True),
    ("password hash", lambda text: _CRYPT.match(text) is not None, True),
    ("regular expression", lambda text: _REGEX.search(text) is not None, True),
    ("code", lambda text: _CALL_OR_CODE.search(text) is not None, False),
)
