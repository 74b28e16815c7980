from __future__ import annotations

import json

from livecaption.client.outgoing import Outgoing
from livecaption.protocol.client_messages import Configure, Finalize
from tests.client.wire import numbered_samples


def everything(outgoing: Outgoing, *, stopping: bool = False) -> list[str | int]:
    """The type of each message in order, or its count of samples."""
    sent: list[str | int] = []
    while message := outgoing.next(1000, stopping=stopping):
        sent.append(
            len(message) // 2 if isinstance(message, bytes) else json.loads(message)["type"]
        )
    return sent


def test_audio_is_cut_at_the_largest_frame() -> None:
    outgoing = Outgoing()
    outgoing.audio.append(numbered_samples(2500))
    assert everything(outgoing) == [1000, 1000, 500]


def test_messages_keep_their_places_in_the_audio() -> None:
    outgoing = Outgoing()
    outgoing.insert(Configure(language="de"))
    outgoing.audio.append(numbered_samples(300))
    outgoing.insert(Finalize())
    outgoing.insert(Configure(language="en"))
    outgoing.audio.append(numbered_samples(200))
    sent = everything(outgoing, stopping=True)
    assert sent == ["configure", 300, "finalize", "configure", 200, "stop"]


def test_stop_is_said_once_per_connection() -> None:
    outgoing = Outgoing()
    assert everything(outgoing, stopping=True) == ["stop"]
    assert everything(outgoing, stopping=True) == []
    outgoing.resume(0)
    assert everything(outgoing, stopping=True) == ["stop"]


def test_only_what_was_not_answered_is_asked_again() -> None:
    outgoing = Outgoing()
    for _ in range(3):
        outgoing.audio.append(numbered_samples(100))
        outgoing.insert(Finalize())
    everything(outgoing)
    outgoing.finalized()
    outgoing.resume(150)
    assert everything(outgoing) == [50, "finalize", 100, "finalize"]


def test_an_answer_nobody_asked_for_is_no_error() -> None:
    Outgoing().finalized()
