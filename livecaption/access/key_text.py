"""What an API key looks like: ``lck_`` and 48 letters and digits.

::

    lck_ 0a1B2c3D4e 32 random characters (190 bits) 6 of checksum
         └ id, which is no secret: it finds the key, and names it in lists and logs

The prefix lets scanners find keys that were published by mistake; the checksum tells a key that was
copied badly from one that is unknown. Everything here works on bytes: headers may hold any.
"""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Final

__all__ = ["KEY_PREFIX", "KeyText", "new_key", "read_key"]

KEY_PREFIX: Final = "lck_"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_CHARS = 10
_SECRET_CHARS = 32
_CHECK_CHARS = 6
_FORM = re.compile(rb"lck_([0-9A-Za-z]{10})[0-9A-Za-z]{32}([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as it is written."""

    id: str
    whole: bytes


def new_key(id_: str | None = None) -> KeyText:
    """Draw a key from the system's randomness."""
    id_ = id_ or _draw(_ID_CHARS)
    body = KEY_PREFIX + id_ + _draw(_SECRET_CHARS)
    return KeyText(id_, (body + _checksum(body.encode())).encode())


def read_key(text: bytes) -> KeyText | None:
    """Take a key apart; None when it is none, or was copied badly."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-_CHECK_CHARS]).encode() != found[2]:
        return None
    return KeyText(found[1].decode(), text)


def _draw(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _checksum(body: bytes) -> str:
    """CRC-32 in base 62, six characters: 62⁶ is just more than 2³²."""
    value, digits = zlib.crc32(body), ""
    for _ in range(_CHECK_CHARS):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
