"""Texts in the formats of JSON Schema, and texts that nearly are."""

from __future__ import annotations

from collections.abc import Mapping

GOOD: Mapping[str, tuple[str, ...]] = {
    "date": ("2024-02-29", "1999-12-31"),
    "date-time": ("2024-02-29T23:59:59Z", "1999-12-31T00:00:00.5+02:00"),
    "time": ("23:59:59Z", "00:00:00+01:00"),
    "duration": ("P1D", "PT1H30M"),
    "email": ("a@example.com", "first.last@example.org"),
    "idn-email": ("a@example.com", "ü@example.com"),
    "hostname": ("example.com", "a"),
    "idn-hostname": ("example.com", "münchen.example"),
    "ipv4": ("192.0.2.1", "0.0.0.0"),  # noqa: S104  (a text, not an address to listen on)
    "ipv6": ("2001:db8::1", "::"),
    "uri": ("https://example.com/a?b=c", "urn:a:b"),
    "uri-reference": ("https://example.com/a", "/a"),
    "iri": ("https://example.com/ä", "urn:a:b"),
    "iri-reference": ("/ä", "https://example.com/a"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"),
    "uri-template": ("/a/{b}", "/a"),
    "json-pointer": ("/a/b", ""),
    "relative-json-pointer": ("0", "1/a"),
    "regex": ("^a+$", "a"),
}
"""Texts that fit, by format."""

NEAR: Mapping[str, tuple[tuple[str, str], ...]] = {
    "date": (("impossible-day", "2024-02-30"), ("other-order", "29/02/2024"), ("with-time", "2024-02-29T00:00:00Z")),
    "date-time": (
        ("no-timezone", "2024-02-29T23:59:59"), ("impossible-time", "2024-02-29T24:00:60Z"),
        ("impossible-day", "2024-02-30T00:00:00Z"), ("no-time", "2024-02-29"), ("space-for-t", "2024/02/29 23:59:59"),
    ),
    "time": (("impossible-time", "24:00:60Z"), ("no-seconds", "23:59"), ("no-timezone", "23:59:59")),
    "duration": (("in-words", "1 day"), ("empty-duration", "P")),
    "email": (("no-at", "a.example.com"), ("two-ats", "a@@example.com"), ("no-host", "a@")),
    "hostname": (("underscore", "-a_b.example"), ("space", "a b")),
    "ipv4": (("octet-256", "256.0.0.1"), ("three-octets", "192.0.2"), ("leading-zero", "192.0.02.1")),
    "ipv6": (("two-gaps", "2001::db8::1"), ("not-hex", "2001:db8::g")),
    "uri": (("no-scheme", "example.com/a b"), ("space", "https://example.com/a b")),
    "uuid": (("too-short", "123e4567-e89b-12d3-a456-42661417400"), ("not-hex", "123e4567-e89b-12d3-a456-42661417400g")),
}  # fmt: skip
"""Texts that nearly fit, by format, each with what is wrong with it."""
