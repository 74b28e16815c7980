from __future__ import annotations

import logging

import pytest

from livecaption.client.events import NumberedEvent, Withdrawn
from livecaption.client.received import ReceivedEvents
from livecaption.protocol.codec import decode_server
from tests.client import wire

SECOND = 16_000


def event(text: str) -> NumberedEvent:
    message: NumberedEvent = decode_server(text)  # type: ignore[assignment]  # a numbered one
    return message


def test_each_event_is_new_once() -> None:
    received = ReceivedEvents()
    assert received.is_new(event(wire.started(1)))
    assert not received.is_new(event(wire.started(1)))
    assert received.is_new(event(wire.delta(2, "Hi")))
    assert received.last_seq == 2


def test_a_hole_in_the_numbers_is_passed_over_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    received = ReceivedEvents()
    with caplog.at_level(logging.WARNING):
        assert received.is_new(event(wire.started(3)))
    assert "1 to 2 never came" in caplog.text


def test_only_utterances_that_began_behind_what_a_server_has_are_withdrawn() -> None:
    received = ReceivedEvents()
    for text in (
        wire.started(1, 1, 1.0),
        wire.started(2, 2, 5.0),
        wire.started(3, 3, 6.25),
        wire.final(4, "Stored.", utterance=2),
    ):
        received.is_new(event(text))
    received.wanted_from(int(4.5 * SECOND))
    assert received.withdrawn() == []
    received.caught_up()
    assert received.withdrawn() == [Withdrawn(3)]
    received.caught_up()
    assert received.withdrawn() == []


def test_rounding_to_milliseconds_does_not_save_an_utterance_at_the_very_place() -> None:
    received = ReceivedEvents()
    start = 16_007  # 1.0004375 s, 1.000 on the wire
    received.is_new(event(wire.started(1, 1, 1.0)))
    received.wanted_from(start)
    received.caught_up()
    assert received.withdrawn() == [Withdrawn(1)]


def test_what_a_server_closes_after_all_is_not_withdrawn() -> None:
    received = ReceivedEvents()
    received.is_new(event(wire.started(1, 1, 1.0)))
    received.wanted_from(SECOND // 2)
    assert received.is_new(event(wire.final(2, "", utterance=1)))
    received.caught_up()
    assert received.withdrawn() == []


def test_what_a_server_begins_anew_is_withdrawn_first() -> None:
    received = ReceivedEvents()
    received.is_new(event(wire.started(1, 1, 1.0)))
    received.wanted_from(SECOND // 2)
    assert received.is_new(event(wire.started(2, 1, 0.9)))
    assert received.withdrawn() == [Withdrawn(1)]
    received.caught_up()
    assert received.withdrawn() == []


def test_a_new_session_numbers_from_one() -> None:
    received = ReceivedEvents()
    received.is_new(event(wire.started(1)))
    received.restarted()
    assert received.is_new(event(wire.started(1)))
