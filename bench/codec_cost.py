"""What a message costs between core and wire."""

from __future__ import annotations

from bench.timing import median_us
from livecaption.core.captions import Delta, Partial
from livecaption.core.hypothesis import Word
from livecaption.protocol.codec import (
    RoomOrigin,
    decode_publisher,
    encode,
    event_message,
    room_message,
)

_WORDS = tuple(Word(f" word{i}", i * 4800, (i + 1) * 4800, 0.9) for i in range(6))
_TEXT = "".join(word.text for word in _WORDS)


def run() -> dict[str, float]:
    delta = Delta(1, 1, _TEXT, _WORDS)
    partial = Partial(1, 2, _TEXT, _WORDS)

    def to_room() -> str:
        message = room_message(delta, RoomOrigin("main", "s_1", None, 0.0), 1)
        return encode(message)

    return {
        "delta_us": median_us(lambda: encode(event_message(delta)), inner=20),
        "partial_us": median_us(lambda: encode(event_message(partial)), inner=20),
        "room_delta_us": median_us(to_room, inner=20),
        "decode_keepalive_us": median_us(
            lambda: decode_publisher('{"type":"keepalive"}'), inner=20
        ),
    }
