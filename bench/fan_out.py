"""One caption event into the outboxes of 1,000 readers of a room."""

from __future__ import annotations

from bench.timing import median_us
from livecaption.core.captions import CaptionEvent, Delta, UtteranceStarted
from livecaption.core.hypothesis import Word
from livecaption.core.outbox import Outbox
from livecaption.server.room import Room, Speaker

_READERS = 1000


def _publish(room: Room, event: CaptionEvent, speaker: Speaker) -> None:
    stamped = room.stamp(event, speaker)
    if stamped is not None:
        room.deliver(stamped)


def run() -> dict[str, float]:
    room = Room("main")
    boxes = [Outbox(limit=256) for _ in range(_READERS)]
    for box in boxes:
        room.join(box.put, None)
    speaker = Speaker("s_1", None, 0.0)
    _publish(room, UtteranceStarted(1, 1, 0), speaker)
    event = Delta(2, 1, " word", (Word(" word", 0, 4800, 0.9),))

    def publish() -> None:
        _publish(room, event, speaker)

    def deliver() -> None:
        _publish(room, event, speaker)
        for box in boxes:
            box.drain()

    for box in boxes:
        box.drain()
    one = median_us(publish, rounds=100)
    for box in boxes:
        box.drain()
    return {"publish_to_1000_us": one, "publish_and_drain_1000_us": median_us(deliver, rounds=100)}
