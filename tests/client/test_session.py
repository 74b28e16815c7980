from __future__ import annotations

import json
from typing import Any

import pytest

from livecaption.client.events import Reconnecting, Withdrawn
from livecaption.client.phase import Phase
from livecaption.client.refusals import SessionEnded
from livecaption.client.session import PublishSession
from livecaption.errors import NotAllowed, ProtocolError
from livecaption.protocol.client_messages import Configure, Start
from livecaption.protocol.server_messages import (
    Ack,
    Closed,
    DeltaMessage,
    FinalizedMessage,
    FinalMessage,
    Ready,
    UtteranceStartedMessage,
)
from tests.client import wire

SECOND = 16_000


def drain(session: PublishSession, now: float = 0.0) -> tuple[list[dict[str, Any]], bytes]:
    """Everything to be sent now: the JSON messages, and the audio."""
    texts: list[dict[str, Any]] = []
    audio = b""
    while messages := session.messages_to_send(now):
        for message in messages:
            if isinstance(message, str):
                texts.append(json.loads(message))
            else:
                audio += message
    return texts, audio


def order(session: PublishSession) -> list[str | int]:
    """What is to be sent now: the type of each message, or its count of samples."""
    sent: list[str | int] = []
    while messages := session.messages_to_send(0.0):
        sent += [len(m) // 2 if isinstance(m, bytes) else json.loads(m)["type"] for m in messages]
    return sent


def is_in(session: PublishSession, phase: Phase) -> bool:
    return session.phase is phase


def ready_session(**wishes: str) -> PublishSession:
    session = PublishSession(Start.model_validate(wishes))
    session.connected()
    drain(session)
    session.receive_text(wire.ready())
    session.events_to_show()
    return session


def test_start_goes_first_and_audio_waits_for_ready() -> None:
    session = PublishSession(Start(room="hall", language="de"))
    session.send_audio(wire.numbered_samples(1600))
    assert drain(session) == ([], b"")
    session.connected()
    (start,), audio = drain(session)
    assert (start["type"], start["room"], start["language"]) == ("start", "hall", "de")
    assert start["resume"] is None
    assert audio == b""
    session.receive_text(wire.ready())
    assert drain(session) == ([], wire.numbered_samples(1600).tobytes())


def test_events_are_shown_once_each_in_order() -> None:
    session = ready_session()
    for text in (wire.started(1), wire.delta(2, "Hi"), wire.delta(2, "Hi"), wire.final(3, "Hi")):
        session.receive_text(text)
    kinds = [type(event) for event in session.events_to_show()]
    assert kinds == [UtteranceStartedMessage, DeltaMessage, FinalMessage]
    assert session.events_to_show() == []


def test_a_lost_session_is_resumed_where_the_server_wants_it() -> None:
    session = ready_session()
    session.receive_text(wire.delta(1, "Hi"))
    session.send_audio(wire.numbered_samples(3 * SECOND))
    drain(session)
    session.lost(1006)
    session.send_audio(wire.numbered_samples(SECOND, start=3 * SECOND))
    session.connected()
    (start,), audio = drain(session)
    assert start["resume"] == {
        "session": "s_1",
        "resume_token": "token-of-s_1",
        "last_seq": 1,
        "held_from": 0,
    }
    assert audio == b""
    session.receive_text(wire.ready(resumed=True, resume_from=2 * SECOND))
    assert drain(session) == ([], wire.numbered_samples(2 * SECOND, start=2 * SECOND).tobytes())


def test_a_session_that_cannot_be_resumed_begins_again_after_the_last_acknowledgement() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(4 * SECOND))
    drain(session)
    session.receive_text(wire.ack(2 * SECOND))
    session.receive_text(wire.delta(1, "word", end=0.5))  # the room will see the rest as well
    session.lost(1012)
    session.connected()
    drain(session)
    session.events_to_show()
    session.receive_text(wire.ready("s_2"))
    assert drain(session)[1] == wire.numbered_samples(2 * SECOND, start=2 * SECOND).tobytes()
    session.receive_text(wire.delta(1, "more", end=0.2))  # numbered from 1 again
    session.receive_text(wire.ack(SECOND))  # on a new clock
    shown = session.events_to_show()
    assert [type(event) for event in shown] == [Ready, DeltaMessage, Ack]
    session.lost(1006)
    session.connected()
    (start,), _ = drain(session)
    assert start["resume"] == {
        "session": "s_2",
        "resume_token": "token-of-s_2",
        "last_seq": 1,
        "held_from": 0,
    }
    session.receive_text(wire.ready("s_3"))
    assert drain(session)[1] == wire.numbered_samples(SECOND, start=3 * SECOND).tobytes()


def test_finalize_keeps_its_place_between_the_samples() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(800))
    session.finalize()
    session.send_audio(wire.numbered_samples(500))
    session.stop()
    assert order(session) == [800, "finalize", 500, "stop"]


def test_a_finalize_that_was_not_answered_is_sent_again_after_a_loss() -> None:
    session = ready_session()
    for _ in range(2):
        session.send_audio(wire.numbered_samples(800))
        session.finalize()
    drain(session)
    session.receive_text(wire.say("finalized"))
    session.lost(1006)
    session.connected()
    assert order(session) == ["start"]
    session.receive_text(wire.ready(resumed=True, resume_from=1000))
    assert order(session) == [600, "finalize"]
    session.receive_text(wire.say("finalized"))
    answers = [e for e in session.events_to_show() if isinstance(e, FinalizedMessage)]
    assert len(answers) == 2


def test_changes_are_sent_at_their_places_and_again_after_a_loss() -> None:
    session = ready_session(language="en")
    session.send_audio(wire.numbered_samples(800))
    session.configure(Configure(language="de"))
    session.send_audio(wire.numbered_samples(800))
    session.configure(Configure(speaker="Ann"))
    session.configure(Configure(language="uk"))
    assert order(session) == [800, "configure", 800, "configure", "configure"]
    session.lost(1006)
    session.connected()
    (start,), _ = drain(session)
    assert start["language"] == "en"
    session.receive_text(wire.ready(resumed=True, resume_from=1000))
    texts, _ = drain(session)
    assert texts == [
        {"type": "configure", "language": "de"},  # as it was at sample 1000
        {"type": "configure", "speaker": "Ann"},
        {"type": "configure", "language": "uk"},
    ]
    session.lost(1006)
    session.connected()
    drain(session)
    session.receive_text(wire.ready("s_2", resumed=False))
    assert drain(session)[0][0] == {"type": "configure", "language": "de"}


def test_stop_is_sent_after_the_last_sample_and_again_after_a_loss() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(900))
    session.stop()
    assert is_in(session, Phase.STOPPING)
    assert order(session) == [900, "stop"]
    session.lost(1006)
    session.connected()
    drain(session)
    session.receive_text(wire.ready(resumed=True, resume_from=400))
    assert order(session) == [500, "stop"]
    session.receive_text(wire.closed())
    assert is_in(session, Phase.CLOSED)
    assert session.failure is None
    session.lost(1000)
    assert session.failure is None


def test_a_stop_before_ready_is_kept_until_then() -> None:
    session = PublishSession(Start())
    session.send_audio(wire.numbered_samples(100))
    session.stop()
    session.connected()
    assert order(session) == ["start"]
    session.receive_text(wire.ready())
    assert order(session) == [100, "stop"]


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4008])
def test_a_session_comes_back_after_codes_that_allow_it(code: int) -> None:
    session = ready_session()
    session.lost(code)
    assert is_in(session, Phase.CONNECTING)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (4000, ProtocolError),
        (4029, SessionEnded),
        (4501, NotAllowed),
        (4503, NotAllowed),
        (4507, ProtocolError),
        (1009, ProtocolError),
    ],
)
def test_a_session_ends_with_the_servers_sentence_after_codes_that_forbid_it(
    code: int, error: type[Exception]
) -> None:
    session = ready_session()
    session.receive_text(wire.error("no", "Your key has expired; make a new one."))
    session.receive_text(wire.error("late", "The end is odd.", fatal=False))
    session.lost(code)
    assert is_in(session, Phase.CLOSED)
    assert isinstance(session.failure, error)
    assert str(session.failure) == "Your key has expired; make a new one."


def test_a_session_that_was_taken_over_is_left_to_the_other() -> None:
    session = ready_session()
    session.lost(4009)
    assert is_in(session, Phase.CLOSED)
    assert isinstance(session.failure, SessionEnded)
    assert "goes on there" in str(session.failure)


def test_the_pause_a_server_asks_for_is_read_from_its_error() -> None:
    session = ready_session()
    session.receive_text(wire.error("overloaded", "Full.", retry_after_ms=2500))
    assert session.retry_after == 2.5
    assert session.last_words == "Full."


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        wire.say("delta", seq=1),
        wire.ready("s_2"),
        wire.say("snapshot", room="main", offset=0, finals=[], open_utterances=[]),
    ],
)
def test_what_is_no_message_of_the_protocol_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        ready_session().receive_text(text)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("going_away", 1012), ("max_session", 1001), ("idle", 4008), ("not yet known", 1013)],
)
def test_an_end_nobody_asked_for_does_not_end_the_session(reason: str, code: int) -> None:
    session = ready_session()
    session.receive_text(wire.closed(reason))
    assert session.events_to_show() == []
    session.lost(code)
    assert session.phase is Phase.CONNECTING
    assert session.failure is None


@pytest.mark.parametrize("code", [1000, 4000, 4009, 4029])
def test_an_account_nobody_asked_for_does_not_hide_a_code_that_forbids_coming_back(
    code: int,
) -> None:
    session = ready_session()
    session.receive_text(wire.closed("failed"))
    session.lost(code)
    assert is_in(session, Phase.CLOSED)
    assert session.failure is not None


def test_a_stop_that_the_servers_restart_overtook_is_said_again() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(900))
    session.stop()
    drain(session)
    session.receive_text(wire.ack(400))
    session.receive_text(wire.closed("going_away"))
    session.lost(1012)
    session.connected()
    drain(session)
    session.receive_text(wire.ready("s_2"))
    assert order(session) == [500, "stop"]


def test_a_warning_is_not_the_reason_of_a_later_loss() -> None:
    session = ready_session()
    session.receive_text(wire.error("engine_error", "The model failed.", fatal=False))
    assert session.last_words is None


@pytest.mark.parametrize("text", [wire.delta(1, "Hi"), wire.ack(5), wire.closed()])
def test_nothing_may_come_before_ready(text: str) -> None:
    session = PublishSession(Start())
    session.connected()
    with pytest.raises(ProtocolError, match="before ready"):
        session.receive_text(text)


def test_messages_of_a_newer_server_are_skipped() -> None:
    session = ready_session()
    session.receive_text(wire.say("mood", value="good"))
    assert session.events_to_show() == []


def test_keepalive_is_sent_only_while_audio_could_be() -> None:
    session = PublishSession(Start())
    session.keepalive()
    session.connected()
    assert order(session) == ["start"]
    session.receive_text(wire.ready())
    session.keepalive()
    assert order(session) == ["keepalive"]


def test_what_is_kept_is_sent_at_the_pace_that_servers_take() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(60 * SECOND))
    at_once = drain(session)[1]
    assert at_once == wire.numbered_samples(45 * SECOND).tobytes()
    assert session.held_back_s == pytest.approx(0.1 / 1.3)
    later = drain(session, now=10.0)[1]
    assert later == wire.numbered_samples(13 * SECOND, start=45 * SECOND).tobytes()


def test_what_a_long_outage_overwrote_is_counted_whoever_declares_it() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(SECOND))
    drain(session)
    session.lost(1006)
    for start in range(SECOND, 121 * SECOND, SECOND):
        session.send_audio(wire.numbered_samples(SECOND, start=start))
    assert session.lost_samples == 5 * SECOND  # 1 s to 6 s of 121 s; 115 s are held
    session.connected()
    (start_message,), _ = drain(session)
    assert start_message["resume"]["held_from"] == 16 * SECOND  # 10 s may come meanwhile
    session.receive_text(wire.ready(resumed=True, resume_from=16 * SECOND))
    session.receive_text(wire.say("gap", seq=1, **{"from": 1.0, "to": 16.0}, reason="client"))
    assert session.lost_samples == 15 * SECOND
    first = drain(session)[1][: 2 * SECOND]
    assert first == wire.numbered_samples(SECOND, start=16 * SECOND).tobytes()


def test_a_session_that_was_never_taken_counts_what_it_could_not_keep() -> None:
    session = PublishSession(Start())
    assert session.room == 75 * SECOND
    for start in range(0, 116 * SECOND, SECOND):
        session.send_audio(wire.numbered_samples(SECOND, start=start))
    assert session.lost_samples == SECOND
    session.connected()
    drain(session)
    session.receive_text(wire.ready())
    assert session.lost_samples == SECOND
    assert drain(session)[1][:2] == wire.numbered_samples(1, start=SECOND).tobytes()


def test_acknowledged_audio_makes_room() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(40 * SECOND))
    drain(session)
    session.receive_text(wire.ack(10 * SECOND))
    assert session.room == 45 * SECOND
    session.receive_text(wire.ack(40 * SECOND))
    assert session.room == 75 * SECOND
    assert [type(event) for event in session.events_to_show()] == [Ack, Ack]


def test_an_utterance_that_a_killed_server_had_not_stored_is_withdrawn() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(9 * SECOND))
    drain(session)
    for text in (
        wire.started(1, 1, 0.5),
        wire.final(2, "Stored."),
        wire.started(3, 2, 4.0),
        wire.delta(4, "Half", utterance=2),
    ):
        session.receive_text(text)
    session.events_to_show()
    session.lost(1006)
    session.connected()
    session.receive_text(wire.ready(resumed=True, resume_from=int(3.8 * SECOND)))
    assert not [e for e in session.events_to_show() if isinstance(e, Withdrawn)]
    session.receive_text(wire.ack(int(3.8 * SECOND)))  # all that is known has been sent again
    assert [e for e in session.events_to_show() if isinstance(e, Withdrawn)] == [Withdrawn(2)]


def test_an_open_utterance_goes_on_over_a_loss_of_the_connection_alone() -> None:
    session = ready_session()
    session.send_audio(wire.numbered_samples(9 * SECOND))
    drain(session)
    session.receive_text(wire.started(1, 1, 4.0))
    session.lost(1006)
    session.connected()
    session.receive_text(wire.ready(resumed=True, resume_from=5 * SECOND))
    assert not [e for e in session.events_to_show() if isinstance(e, Withdrawn)]


def test_a_session_that_somebody_else_resumed_is_not_claimed_back() -> None:
    session = ready_session()
    session.lost(4009)
    assert is_in(session, Phase.CLOSED)
    assert isinstance(session.failure, SessionEnded)


def test_our_own_late_attempt_does_not_take_the_session_from_us() -> None:
    """An attempt is given up; it reaches the server after the next one, which is then closed."""
    session = ready_session()
    session.lost(1006)
    session.connected()
    session.lost(1006)  # no answer came in time
    session.connected()
    session.receive_text(wire.ready(resumed=True))
    session.lost(4009)
    assert is_in(session, Phase.CONNECTING)
    session.connected()
    session.receive_text(wire.ready(resumed=True))
    session.lost(4009)  # that one is not ours
    assert is_in(session, Phase.CLOSED)


def test_another_attempt_is_announced() -> None:
    session = ready_session()
    session.lost(1006)
    session.retrying("The server restarts.", 0.7)
    assert session.events_to_show() == [Reconnecting("The server restarts.", 0.7)]


def test_the_account_ends_the_session() -> None:
    session = ready_session()
    session.receive_text(wire.closed())
    (event,) = session.events_to_show()
    assert isinstance(event, Closed)
    assert is_in(session, Phase.CLOSED)
