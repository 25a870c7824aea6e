"""Checks: whether what has the right form can be a value of its kind, by checksum, range and numbering plan."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import import_module

import phonenumbers
from stdnum import bitcoin, iban, imei, luhn
from stdnum.es import nie, nif

Check = Callable[[str], bool]

_SEPARATORS = str.maketrans("", "", " -.()/")
_NOT_DIGITS = re.compile(r"\D")
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?\d{1,5}$")
_DEFAULT_REGION = "US"
# where a word says that digits are a phone number, its country is tried from among the largest numbering plans
_REGIONS = ("US", "GB", "DE", "FR", "IN", "BR", "ES", "IT", "AU", "JP")
_NOT_TOP_LEVEL = frozenset(
    {"py", "js", "ts", "md", "txt", "json", "html", "css", "png", "svg", "jpg", "internal", "local"}
)
_NRIC_LETTERS = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}
_NRIC_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


def find_check(name: str) -> Check:
    """Return a check by name: one of this module's, or a number format of python-stdnum such as `us.ein`.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name in _OWN:
        return _OWN[name]
    try:
        is_valid = import_module(f"stdnum.{name}").is_valid
    except (ImportError, AttributeError) as error:
        raise ValueError(name) from error
    assert callable(is_valid)
    return lambda text: bool(is_valid(text))


def _email(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    top = domain.rpartition(".")[2].lower()
    return local != "git" and not local.endswith(".") and ".." not in local and top not in _NOT_TOP_LEVEL


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


@lru_cache(maxsize=4096)
def _is_phone(text: str, region: str, *, strict: bool) -> bool:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) if strict else phonenumbers.is_possible_number(number)


def _international_phone(text: str) -> bool:
    # numbers of documentation and tests are in no plan, and their form says enough
    return _is_phone(text.replace("(0)", ""), _DEFAULT_REGION, strict=False)


def _national_phone(text: str) -> bool:
    # of three groups joined by dots only real numbers are taken: versions and measures look the same
    return _is_phone(_EXTENSION.sub("", text), _DEFAULT_REGION, strict="." in text and "(" not in text)


def _any_phone(text: str) -> bool:
    text = _EXTENSION.sub("", text)
    digits = _digits(text)
    if not 7 <= len(digits) <= 15 or _is_date_like(text):
        return False
    if len(digits) == 7:
        return re.fullmatch(r"\d{3}[ .-]\d{4}", text) is not None
    if digits.startswith("00"):
        return _is_phone(f"+{digits[2:]}", _DEFAULT_REGION, strict=False)
    return any(_is_phone(text, region, strict=region != _DEFAULT_REGION) for region in _REGIONS)


def _is_date_like(text: str) -> bool:
    return re.match(r"(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?\b|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d\b", text) is not None


def _card(text: str) -> bool:
    digits = _digits(text)
    return luhn.is_valid(digits) and len(set(digits)) > 1


def _any_card(text: str) -> bool:
    digits = _digits(text)
    return 12 <= len(digits) <= 19 and _card(digits)


def _spanish_id(text: str) -> bool:
    compact = text.translate(_SEPARATORS)
    return nif.is_valid(compact) or nie.is_valid(compact)


def _nric(text: str) -> bool:
    letters = _NRIC_LETTERS.get(text[0])
    if letters is None:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_NRIC_WEIGHTS, text[1:8], strict=True))
    return text[8] == letters[(total + (4 if text[0] in "TG" else 0)) % 11]


def _ipv4(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    # nobody can be told by these: the machine itself, masks, groups
    unspecific = address.is_loopback or address.is_unspecified or address.is_multicast or text.startswith("255.")
    return not unspecific and not text.startswith("0.")


def _ipv6(text: str) -> bool:
    groups = [group for group in text.split(":") if group]
    # `a::b` is more often a name in some language than an address
    if len(groups) < 3 and not (len(groups) == 2 and len(groups[0]) >= 3 and any(map(str.isdigit, text))):
        return False
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


def _mac(text: str) -> bool:
    return len({each.lower() for each in text if each not in ":-"}) > 1


def _past_date(text: str) -> bool:
    year, month, day = map(int, re.split(r"[-/.]", text))
    try:
        return date(year, month, day) <= datetime.now(UTC).date()
    except ValueError:
        return False


_OWN: dict[str, Check] = {
    "any_card": _any_card,
    "any_phone": _any_phone,
    "bitcoin": lambda text: bool(bitcoin.is_valid(text)),
    "card": _card,
    "email": _email,
    "iban": lambda text: bool(iban.is_valid(text, check_country=False)),
    "imei": lambda text: bool(imei.is_valid(text)),
    "international_phone": _international_phone,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "mac": _mac,
    "national_phone": _national_phone,
    "nric": _nric,
    "past_date": _past_date,
    "spanish_id": _spanish_id,
}
