"""Hostile control messages, made from good ones: seeded, so that a case can be made again.

Half of the work of a message's reader is JSON, half is its fields. So a case is a good message
whose fields were changed, or the text of one that was damaged, or both.
"""

from __future__ import annotations

import json
import random
from typing import Any

from tests.protocol.examples import FIXTURES, REFUSED_FIELDS, refused_message

__all__ = ["SEEDS", "Mutator"]

_CLIENTS = ("publisher_to_server", "watcher_to_server")

SEEDS: tuple[str, ...] = tuple(
    json.dumps(message, ensure_ascii=False)
    for message in (
        *(each["message"] for each in FIXTURES.values() if each["direction"] in _CLIENTS),
        *(refused_message(*each) for each in REFUSED_FIELDS),
    )
)
"""The clients' messages of the fixtures, and every message that is known to be refused."""

_GOOD: tuple[dict[str, Any], ...] = tuple(
    each["message"] for each in FIXTURES.values() if each["direction"] in _CLIENTS
)
_KEYS = sorted({key for message in _GOOD for key in message})
_NAMES = sorted({message["type"] for message in _GOOD})
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 10**14, -(10**14), 0.5, -0.0, 1e308, 5e-324),
    *("", " ", "main", "en", "x" * 65, "x" * 129, "x" * 1025, "\x00", "\u202e", "\u2028", "\ufeff"),
    *(
        "é",
        "κόσμε",
        "🎤",
        "e\u0301",
        "\ud800",
        "a\ud83d",
        "../..",
        "%00",
        "{}",
        "<img src=x>",
        "ß" * 64,
    ),
    *([], {}, [[]], [None], ["a"] * 101, {"a": 1}, {"type": "start"}, {"encoding": "opus"}),
    {"encoding": "pcm_f32le", "sample_rate": 8000, "channels": 2},
    {"session": "s_1", "resume_token": "t", "last_seq": 0},
    {"session": "s_1", "resume_token": "t", "last_seq": 10**14, "held_from": 10**14},
)
_LITERALS = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 16, "1" * 5000, "0x10", "01", "+1"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\x"', '"', "'a'", "//", "/**/", "tru", ","),
    *(
        "[" * 500,
        "[" * 4000,
        '{"a":' * 1000,
        "[" * 100 + "]" * 100,
        "\x00",
        "\x7f",
        "\u2028",
        "\xa0",
    ),
)
_MOST_CHARS = 9000
"""A little more than a client may send."""


class Mutator:
    """Draws cases.

    Args:
        seed: of all that is drawn.
    """

    def __init__(self, seed: int | str) -> None:
        self._dice = random.Random(seed)

    def text(self) -> str:
        """Return a text frame: sometimes good, mostly not."""
        dice = self._dice
        if dice.random() < 0.1:
            text = dice.choice(SEEDS)
        else:
            text = json.dumps(self._fields(), ensure_ascii=dice.random() < 0.5)
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 5))):
            text = self._damaged(text)
        # What cannot be UTF-8 is refused by the WebSocket, before anybody reads it.
        return text[:_MOST_CHARS].encode("utf-8", "replace").decode()

    def frame(self, most: int = 1500) -> bytes:
        """Return a binary frame: noise, silence, full scale, or the text of a message."""
        dice = self._dice
        size = dice.choice((0, 1, 2, 3, 4, 8, 320, 640, 641, dice.randrange(most), most))
        match dice.randrange(6):
            case 0:
                return bytes(size)
            case 1:
                return b"\xff\x7f" * (size // 2)
            case 2:
                return b"\x00\x80" * (size // 2)
            case 3:  # NaN and infinity, as floats of 32 bits
                return dice.choice((b"\x00\x00\xc0\x7f", b"\x00\x00\x80\xff")) * (size // 4)
            case 4:
                return self.text().encode()[:size]
            case _:
                return dice.randbytes(size)

    def query(self) -> bytes:
        """Return the query of an address."""
        dice = self._dice
        room = dice.choice(
            (b"main", b"", b"a%20b", b"%00", b"%ff%fe", b"%", b"x" * 65, self.frame(40))
        )
        key = dice.choice((b"room", b"room", b"room", b"token", b"after", b"", self.frame(9)))
        return b"&".join(
            [key + dice.choice((b"=", b"", b"==")) + room] * dice.choice((1, 1, 2, 50))
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return headers of a handshake, in lower case as a server hands them on."""
        dice = self._dice
        odd = (
            b"",
            b"null",
            b"http://[",
            b"\xff\xfe",
            b"a" * 5000,
            b"http://127.0.0.1",
            self.frame(60),
        )
        names = (b"host", b"origin", b"authorization", b"x-api-key", b"x-forwarded-for", b"accept")
        drawn = [(dice.choice(names), dice.choice(odd)) for _ in range(dice.randrange(5))]
        return [(b"host", b"127.0.0.1"), *drawn] if dice.random() < 0.7 else drawn

    def _fields(self) -> dict[str, Any]:
        dice = self._dice
        fields = dict(dice.choice(_GOOD))
        for _ in range(dice.choice((0, 1, 1, 2, 4))):
            self._change(fields)
        return fields

    def _change(self, fields: dict[str, Any]) -> None:
        dice = self._dice
        key = dice.choice((*_KEYS, *_KEYS, "", "x" * 300, "é"))
        inner = fields.get(key)
        match dice.randrange(6):
            case 0:
                fields.pop(key, None)
            case 1:
                fields["type"] = dice.choice((*_NAMES, "", "closed", "x" * 200, None, 7))
            case 2 if isinstance(inner, dict) and inner:
                field = dice.choice(sorted(inner))
                fields[key] = {**inner, field: dice.choice(_VALUES)}
            case 3 if isinstance(inner, list) and inner:
                fields[key] = [*inner, dice.choice(_VALUES)]
            case _:
                fields[key] = dice.choice(_VALUES)

    def _damaged(self, text: str) -> str:
        dice = self._dice
        at = dice.randrange(len(text) + 1)
        until = min(len(text), at + dice.choice((1, 1, 2, 8, 60)))
        match dice.randrange(7):
            case 0:
                return text[:at]
            case 1:
                return text[:at] + text[until:]
            case 2:
                return text[:until] + text[at:]
            case 3:
                return text[:at] + dice.choice(_LITERALS) + text[until:]
            case 4:
                return text[:at] + chr(dice.randrange(0xD800)) + text[until:]
            case 5:
                return text[:at] + dice.choice(SEEDS) + text[until:]
            case _:  # the same key twice
                return text[:-1] + "," + text[1:]
