"""Personal data in texts, structures and logs: what is found, what is not, and what is left of it."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
import re
from collections import namedtuple
from datetime import date
from typing import Any

import pydantic
import pytest
import structlog
from loguru import logger as loguru_logger

from fronts import SOURCE, Cli
from mergegate.privacy import RedactingFilter, detect, protect, redact, redact_event, redact_record, redact_text
from mergegate.privacy.encryption import EncryptionError, FieldCipher
from mergegate.privacy.entities import Entity, load_entities

ENTITIES = load_entities().entities
MAIL, CARD, PHONE = "anna.larsen@example.org", "4111 1111 1111 1111", "+1 415-555-2671"


def _marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its brackets, and where those were."""
    plain, places = "", []
    for piece in re.split(r"(\[[^\]]*\])", text):
        if piece.startswith("["):
            places.append((len(plain), len(plain) + len(piece) - 2))
        plain += piece.strip("[]")
    return plain, places


@pytest.mark.parametrize(
    ("entity", "text"),
    [(entity, text) for entity in ENTITIES for text in entity.good],
    ids=lambda v: getattr(v, "name", v),
)
def test_good_examples_are_found_where_they_stand(entity: Entity, text: str) -> None:
    plain, places = _marked(text)
    assert places
    assert [(span.entity, span.start, span.end) for span in detect(plain)] == [
        (entity.name, *place) for place in places
    ]


@pytest.mark.parametrize(
    ("entity", "text"),
    [(entity, text) for entity in ENTITIES for text in entity.bad],
    ids=lambda v: getattr(v, "name", v),
)
def test_bad_examples_are_left_alone(entity: Entity, text: str) -> None:
    assert entity.name not in [span.entity for span in detect(text)]


def _token() -> str:
    return "ghp_" + "".join(map(chr, range(ord("b"), ord("z")))) + "Q7w2E9r4T1y8"


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("got {} from the vault", "AUTH_TOKEN"),
        ("Authorization: Bearer {}", "AUTH_TOKEN"),
        ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "ENCRYPTION_KEY"),
        ('{{"password": "{}"}}', "PASSWORD"),
        ("postgresql://app:{}@db/shop", "PASSWORD"),
    ],
)
def test_credentials_are_found_by_form_and_by_name(text: str, entity: str) -> None:
    value = {"ENCRYPTION_KEY": "MIIEvQIBADANBgkqhkiG9w0BAQ" * 4, "PASSWORD": "correct7Horse!"}.get(entity, _token())
    whole = text.format(value)
    assert entity in [span.entity for span in detect(whole)]
    assert value not in redact_text(whole)


@pytest.mark.parametrize(
    "text",
    [
        "password: required", "password = None", "token=invalid", "token_count=512", "max_tokens: 4096", "api_key: ${API_KEY}",
        "password reset for user 17", "Bearer authentication failed", "basic understanding of token usage",
    ],
)  # fmt: skip
def test_talk_about_credentials_is_none(text: str) -> None:
    assert detect(text) == []


def test_structures_are_masked_by_value_and_by_field() -> None:
    given = {
        "user": {"email": MAIL, "first_name": "Anna", "age": 41, "password": "hunter2"}, "phone": 4155552671, "dob": date(1984, 2, 29),
        "orders": [{"id": 4155552671, "note": f"paid with {CARD}"}], "tags": ("a", MAIL), "token_count": 512, MAIL: None,
    }  # fmt: skip
    assert redact(given) == {
        "user": {"email": "[EMAIL_ADDRESS]", "first_name": "[FIRST_NAME]", "age": 41, "password": "[PASSWORD]"},
        "phone": "[PHONE_NUMBER]", "dob": "[DATE_OF_BIRTH]",
        "orders": [{"id": 4155552671, "note": "paid with [CREDIT_CARD_NUMBER]"}], "tags": ("a", "[EMAIL_ADDRESS]"),
        "token_count": 512, "[EMAIL_ADDRESS]": None,
    }  # fmt: skip
    assert given["user"]["email"] == MAIL, "what is given stays as it is"  # type: ignore[index]


@dataclasses.dataclass(frozen=True)
class Contact:
    email: str
    notes: list[str]


class Customer(pydantic.BaseModel):
    name: str
    contact: Contact
    iban: str


def test_dataclasses_models_and_named_tuples_keep_their_type() -> None:
    contact = Contact(MAIL, [f"call {PHONE}"])
    masked = redact(Customer(name="A", contact=contact, iban="DE89370400440532013000"))
    assert type(masked) is Customer
    assert (masked.iban, masked.contact) == ("[IBAN_CODE]", Contact("[EMAIL_ADDRESS]", ["call [PHONE_NUMBER]"]))
    point = namedtuple("point", "x password")
    assert redact(point(1, "s3cret")) == point(1, "[PASSWORD]")


def test_a_structure_that_holds_itself_ends() -> None:
    loop: dict[str, Any] = {"email": MAIL}
    loop["self"] = loop
    assert redact(loop)["email"] == "[EMAIL_ADDRESS]"


def _log(stream: io.StringIO) -> logging.Logger:
    logger = logging.Logger("shop")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(customer)s", defaults={"customer": ""}))
    logger.addHandler(handler)
    protect(logger)
    return logger


def test_the_filter_masks_messages_arguments_extra_and_tracebacks() -> None:
    stream = io.StringIO()
    logger = _log(stream)
    logger.warning("mail %s, card %s", MAIL, CARD, extra={"customer": {"phone": "4155552671"}})
    try:
        raise ValueError(f"no account for {MAIL}")
    except ValueError:
        logger.exception("failed for %(who)s", {"who": MAIL}, stack_info=True)
    text = stream.getvalue()
    assert "mail [EMAIL_ADDRESS], card [CREDIT_CARD_NUMBER] {'phone': '[PHONE_NUMBER]'}" in text
    assert "ValueError: no account for [EMAIL_ADDRESS]" in text
    assert MAIL not in text


def test_a_record_whose_arguments_do_not_fit_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    _log(stream).warning("%s and %s", MAIL)
    assert MAIL not in stream.getvalue() + capsys.readouterr().err.partition("Call stack:")[0]


def test_protecting_twice_adds_one_filter() -> None:
    logger = _log(io.StringIO())
    protect(logger)
    assert [type(each) for each in logger.handlers[0].filters] == [RedactingFilter]


def test_structlog_renders_masked_events() -> None:
    stream = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream), processors=[redact_event, structlog.processors.JSONRenderer(sort_keys=True)]
    )
    logger.bind(email=MAIL).info("signed up", phone="4155552671", card=CARD)
    assert json.loads(stream.getvalue()) == {
        "card": "[CREDIT_CARD_NUMBER]", "email": "[EMAIL_ADDRESS]", "event": "signed up", "phone": "[PHONE_NUMBER]"
    }  # fmt: skip


def test_loguru_writes_masked_records() -> None:
    stream = io.StringIO()
    loguru_logger.remove()
    loguru_logger.configure(patcher=redact_record)
    loguru_logger.add(stream, format="{message} {extra}", diagnose=False)
    loguru_logger.bind(password="s3cret").info("mail to {}", MAIL)
    assert stream.getvalue() == "mail to [EMAIL_ADDRESS] {'password': '[PASSWORD]'}\n"


def test_fields_are_encrypted_moved_to_a_new_key_and_bound_to_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = FieldCipher.generate_key(), FieldCipher.generate_key()
    monkeypatch.setenv("MERGEGATE_FIELD_KEYS", f"2025:{old}")
    sealed = FieldCipher.from_environment().encrypt("536-22-1234", context="users.ssn")
    assert "536" not in sealed
    monkeypatch.setenv("MERGEGATE_FIELD_KEYS", f"2026:{new},2025:{old}")
    cipher = FieldCipher.from_environment()
    assert cipher.needs_rotation(sealed)
    rotated = cipher.rotate(sealed, context="users.ssn")
    assert rotated.startswith("mg1:2026:")
    assert cipher.decrypt(rotated, context="users.ssn") == "536-22-1234"
    changed = rotated[:-4] + ("AAA=" if rotated[-4:] != "AAA=" else "BBB=")
    for token, context in ((rotated, "users.mail"), (changed, "users.ssn"), ("mg1:2024:AA", ""), ("plain", "")):
        with pytest.raises(EncryptionError):
            cipher.decrypt(token, context=context)


@pytest.mark.parametrize("keys", ["", "a", "a:zz", "a:AAAA", ":" + "A" * 43 + "="])
def test_keys_that_are_none_are_refused_without_being_shown(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERGEGATE_FIELD_KEYS", keys)
    with pytest.raises(EncryptionError) as refused:
        FieldCipher.from_environment()
    assert "A" * 40 not in str(refused.value)


def test_the_command_masks_files_and_says_where(cli: Cli) -> None:
    cli.write("log.txt", f"mail {MAIL}\nnothing\n")
    assert cli("redact", "log.txt").stdout == "mail [EMAIL_ADDRESS]\nnothing\n"
    cli.write(
        "rows.jsonl", json.dumps({"id": 7, "text": f"é {MAIL}"}) + "\n\n" + json.dumps({"id": "b", "text": "x"}) + "\n"
    )
    rows = [json.loads(line) for line in cli("redact", "--json", "rows.jsonl").stdout.splitlines()]
    assert rows == [{"id": 7, "spans": [["EMAIL_ADDRESS", 2, 2 + len(MAIL)]]}, {"id": "b", "spans": []}]
    assert cli("redact", "--entity", "PHONE_NUMBER", "log.txt").stdout == f"mail {MAIL}\nnothing\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "broken.jsonl"], "broken.jsonl, line 2: this is no JSON"),
        (["--json", "rows.json"], "rows.json, element 1: this is no row"),
        (["none.txt"], "none.txt cannot be read"),
        (["--entity", "EMAIL", "log.txt"], "There is no entity 'EMAIL'"),
    ],
)
def test_bad_input_to_the_command_gets_one_line(cli: Cli, arguments: list[str], said: str) -> None:
    cli.write("broken.jsonl", '{"id": 1, "text": "x"}\n{"id": \n')
    cli.write("rows.json", '[{"text": 5}]')
    cli.write("log.txt", "x")
    run = cli("redact", *arguments)
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    assert said in run.stderr


def test_without_the_extra_one_line_says_what_to_install(cli: Cli) -> None:
    cli.write("log.txt", f"mail {MAIL}\n")
    # as if it were not installed
    cli.write("absent/phonenumbers.py", "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n")
    run = cli("redact", "log.txt", env={"PYTHONPATH": f"{cli.folder / 'absent'}{os.pathsep}{SOURCE}"})
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "mergegate: mergegate.privacy needs more packages; pip install 'mergegate[privacy]'\n"
