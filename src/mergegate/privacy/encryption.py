"""Encryption of single sensitive fields: AES-256-GCM with keys from the environment, and their rotation."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mergegate.errors import MergegateError

DEFAULT_VARIABLE = "MERGEGATE_FIELD_KEYS"
_VERSION = "mg1"
_KEY_BITS = 256
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class EncryptionError(MergegateError):
    """A key is missing or malformed, or what was to be decrypted is not what was encrypted."""


class FieldCipher:
    """Encrypts and decrypts texts.

    What it returns is text: `mg1:KEY:DATA`, where KEY is the id of the key and DATA holds nonce, ciphertext and tag in
    base 64. Each text gets a nonce of its own, drawn at random: a key should encrypt no more than 2**32 texts (NIST
    SP 800-38D, 8.3).

    Parameters
    ----------
    keys
        Keys of 32 bytes by id. The first one encrypts; all decrypt.

    Raises
    ------
    EncryptionError
        If there is no key, or one is malformed.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise EncryptionError("no key to encrypt fields with is given", "make one with FieldCipher.generate_key()")
        for name, key in keys.items():
            if not _KEY_ID.fullmatch(name):
                raise EncryptionError(f"{name!r} is no id of a key", "ids are 1 to 32 letters, digits, - and _")
            if len(key) * 8 != _KEY_BITS:
                raise EncryptionError(f"the key {name!r} has {len(key)} bytes", "AES-256 needs 32")
        self._active = next(iter(keys))
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    @classmethod
    def from_environment(cls, variable: str = DEFAULT_VARIABLE) -> FieldCipher:
        """Return a cipher with the keys in an environment variable: `ID:KEY`, more behind commas, KEY in base 64.

        Raises
        ------
        EncryptionError
            If the variable is not set or malformed. The message never shows a key.
        """
        given = os.environ.get(variable, "")
        if not given.strip():
            raise EncryptionError(f"the environment variable {variable} is not set", f'set it to "{_EXAMPLE}"')
        keys: dict[str, bytes] = {}
        for number, part in enumerate(given.split(","), 1):
            name, colon, text = part.strip().partition(":")
            try:
                keys[name] = base64.b64decode(text, altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                colon = ""
            if not colon:
                raise EncryptionError(f"key {number} in the environment variable {variable} is malformed", _EXAMPLE)
        return cls(keys)

    @staticmethod
    def generate_key() -> str:
        """Return a new key in base 64, as `from_environment` reads it."""
        return base64.urlsafe_b64encode(AESGCM.generate_key(_KEY_BITS)).decode("ascii")

    def encrypt(self, text: str, *, context: str = "") -> str:
        """Return a text encrypted with the first key.

        Parameters
        ----------
        text
            What to encrypt.
        context
            Where it belongs, such as table, column and row: it is not stored, and decrypting asks for the same, so that
            nobody can move a value elsewhere.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(nonce, text.encode("utf-8", "surrogatepass"), context.encode())
        return f"{_VERSION}:{self._active}:{base64.urlsafe_b64encode(nonce + sealed).decode('ascii')}"

    def decrypt(self, token: str, *, context: str = "") -> str:
        """Return the text that was encrypted.

        Raises
        ------
        EncryptionError
            If it was encrypted with another key or for another context, was changed, or is no such token.
        """
        version, name, data = (*token.split(":", 2), "", "")[:3]
        if version != _VERSION:
            raise EncryptionError("this is no encrypted field", f"they begin with {_VERSION}:")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise EncryptionError(
                f"the key {name!r} is not at hand", "keep old keys behind the new one until all is rotated"
            )
        try:
            raw = base64.b64decode(data, altchars=b"-_", validate=True)
            opened = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode())
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise EncryptionError(
                "an encrypted field cannot be opened", "it was changed, or belongs to another key or context"
            ) from error
        return opened.decode("utf-8", "surrogatepass")

    def needs_rotation(self, token: str) -> bool:
        """Tell whether something was encrypted with a key that is no longer the first one."""
        return not token.startswith(f"{_VERSION}:{self._active}:")

    def rotate(self, token: str, *, context: str = "") -> str:
        """Return the same text encrypted with the first key; what already is stays as it is.

        Raises
        ------
        EncryptionError
            As of `decrypt`.
        """
        if not self.needs_rotation(token):
            return token
        return self.encrypt(self.decrypt(token, context=context), context=context)


_EXAMPLE = "expected: 2026a:<32 bytes in base 64>"
