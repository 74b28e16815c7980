from __future__ import annotations

import json

from livecaption.client.outgoing import Outgoing
from livecaption.client.sent_audio import SentAudio
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
    assert Outgoing().finalized()


def test_a_finalize_the_server_must_have_heard_is_not_said_again_but_its_answer_is_owed() -> None:
    outgoing = Outgoing()
    outgoing.audio.append(numbered_samples(40_000))
    outgoing.insert(Finalize())
    outgoing.audio.append(numbered_samples(20_000, start=40_000))
    everything(outgoing)
    outgoing.resume(50_000)
    assert "finalize" not in everything(outgoing)
    assert outgoing.settled(20_000) == 0
    assert outgoing.settled(39_000) == 1
    assert outgoing.settled(60_000) == 0


def test_a_finalize_answered_before_a_server_was_killed_is_said_again_and_answered_silently() -> (
    None
):
    outgoing = Outgoing()
    outgoing.audio.append(numbered_samples(40_000))
    outgoing.insert(Finalize())
    everything(outgoing)
    assert outgoing.finalized()
    outgoing.resume(30_000)
    assert everything(outgoing)[-1] == "finalize"
    assert not outgoing.finalized()


def test_settings_are_repeated_as_they_were_where_the_server_goes_on() -> None:
    outgoing = Outgoing()
    for number, speaker in enumerate(("Ann", "Ben", "Cem")):
        outgoing.insert(Configure(speaker=speaker))
        outgoing.audio.append(numbered_samples(1000, start=1000 * number))
    everything(outgoing)
    outgoing.resume(1500)
    said = []
    while message := outgoing.next(1000, stopping=False):
        said.append(json.loads(message)["speaker"] if isinstance(message, str) else len(message))
    assert said == ["Ben", 1000, "Cem", 2000]


def test_messages_whose_audio_is_gone_are_folded_together() -> None:
    outgoing = Outgoing(SentAudio(1000, 1000, 0))
    outgoing.audio.resume(0)
    for number in range(500):
        outgoing.insert(Configure(speaker=f"Ann {number}"))
        outgoing.audio.append(numbered_samples(100, start=100 * number))
        everything(outgoing)
    assert outgoing.remembered <= 12
    outgoing.resume(49_950)
    said = outgoing.next(1000, stopping=False)
    assert isinstance(said, str)
    assert json.loads(said)["speaker"] == "Ann 499"
