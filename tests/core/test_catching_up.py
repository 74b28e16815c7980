"""Audio that was held back by an outage and arrives all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.captions import Finalized, GapReason, SessionClosed, UtteranceStarted
from livecaption.core.decode import DecodeKind
from livecaption.core.hypothesis import text_of
from livecaption.core.policy import REALTIME, StreamingPolicy
from livecaption.core.utterance import Speaking
from tests.core.answers import nothing, truthful
from tests.core.checks import of_type
from tests.core.conversations import long_takes, monologues, unique_words
from tests.core.playback import (
    BRISK,
    CREDULOUS,
    Playback,
    closing,
    final_texts,
    new_session,
    unanswered,
)
from tests.script import MS, Take, noise, silence, speech

AHEAD = REALTIME.hear_ahead
SLACK = 320 + 4000
"""A frame, and a piece of a backlog."""


def answered_one_by_one(take: Take, policy: StreamingPolicy = REALTIME) -> Playback:
    """A take that arrives in one piece, and an engine that answers a request after the other."""
    playback = Playback(new_session(policy, screen=CREDULOUS), truthful(take.words))
    playback.session.receive_audio(take.samples)
    playback.session.receive_eof("stop")
    playback.answer_due()
    playback.close()
    return playback


def test_no_more_than_a_step_is_heard_while_a_decode_is_under_way() -> None:
    playback = unanswered()
    playback.hear(noise(ms=20_000).samples)
    assert playback.session.received == 20_000 * MS
    assert playback.session.lag == 20_000 * MS
    playback.deliver(playback.requests[0], nothing(playback.requests[0]))
    stop = playback.requests[1].stop
    assert AHEAD <= stop <= AHEAD + SLACK
    playback.deliver(playback.requests[1], nothing(playback.requests[1]))
    assert playback.requests[2].stop - stop < SLACK + playback.requests[0].stop, "to be agreed on"
    playback.deliver(playback.requests[2], nothing(playback.requests[2]))
    assert AHEAD <= playback.requests[3].stop - stop <= AHEAD + SLACK


def test_a_failed_decode_is_waited_for_no_longer() -> None:
    playback = unanswered()
    playback.hear(noise(ms=20_000).samples)
    playback.deliver(playback.requests[0], GapReason.ENGINE_ERROR)
    assert playback.requests[1].stop >= AHEAD


def test_a_slow_engine_is_given_longer_steps() -> None:
    playback = unanswered()
    playback.session.set_load(2.0, workers=1)
    playback.hear(noise(ms=20_000).samples)
    playback.deliver(playback.requests[0], nothing(playback.requests[0]))
    assert 8000 * MS <= playback.requests[1].stop <= 8000 * MS + SLACK


def test_what_a_client_cannot_have_held_back_is_heard_without_waiting() -> None:
    """An engine that hangs must not let audio pile up for ever: its queue says what is lost."""
    playback = unanswered()
    for _ in range(10):
        playback.hear(noise(ms=20_000).samples)
    heard = max(request.stop for request in playback.requests)
    assert heard >= 80_000 * MS
    assert playback.session.received == 200_000 * MS


def test_utterances_that_wait_for_their_last_words_hold_up_the_next_ones() -> None:
    take = speech("well then", ms=800) + silence(ms=700)
    playback = unanswered()
    for _ in range(20):
        playback.hear(take.samples)
    closings = [r for r in playback.requests if r.kind is DecodeKind.FINAL]
    assert 0 < closings[-1].stop <= AHEAD + SLACK


def test_an_end_and_a_question_wait_for_the_audio_before_them() -> None:
    take = speech(" ".join(unique_words(40)), ms=16_000)
    playback = unanswered(take)
    session = playback.session
    session.receive_audio(take.samples)
    session.receive_finalize()
    session.receive_audio(take.samples[: 500 * MS])
    session.receive_eof("stop")
    playback.answer_due()
    assert not of_type(playback.events, Finalized)
    answered = 0
    while answered < len(playback.requests):
        playback.deliver(playback.requests[answered])
        answered += 1
    kinds = [type(e) for e in playback.events if isinstance(e, Finalized | SessionClosed)]
    assert kinds == [Finalized, SessionClosed]
    assert closing(playback).received == len(take.samples) + 500 * MS


def test_a_pause_and_a_loss_wait_for_the_audio_before_them() -> None:
    playback = unanswered()
    session = playback.session
    session.receive_audio(noise(ms=12_000).samples)
    session.receive_gap(2000 * MS)
    session.receive_lost(16_000 * MS)
    assert session.received == 16_000 * MS
    playback.answer = nothing
    playback.close()
    assert closing(playback).lost == 4000 * MS
    assert closing(playback).received == 16_000 * MS


def test_who_speaks_next_is_named_where_the_audio_says_so() -> None:
    first = speech("we close the first part of it now", ms=8000) + silence(ms=1000)
    second = speech("thank you", ms=1000) + silence(ms=1000)
    take = first + second
    playback = unanswered(take)
    session = playback.session
    session.configure(Speaking(speaker="Ann"))
    session.receive_audio(first.samples)
    session.configure(Speaking(speaker="Ben"))
    session.receive_audio(second.samples)
    playback.close()
    started = of_type(playback.events, UtteranceStarted)
    assert [each.speaker for each in started] == ["Ann", "Ben"]


@pytest.mark.parametrize("policy", [REALTIME, BRISK], ids=["realtime", "brisk"])
@long_takes
@given(take=monologues())
def test_no_word_is_lost_and_no_window_grows_long(policy: StreamingPolicy, take: Take) -> None:
    policy = replace(policy, hear_ahead=max(policy.hop, policy.max_window // 6))
    playback = answered_one_by_one(take, policy)
    spoken = text_of(take.words).lstrip()
    assert " ".join(final_texts(playback)).split() == spoken.split()
    longest = max(len(request.audio) for request in playback.requests)
    assert longest <= policy.max_window


@long_takes
@given(take=monologues(), step=st.integers(1, 40))
def test_steps_of_any_length_settle_every_sample(take: Take, step: int) -> None:
    policy = replace(REALTIME, hear_ahead=REALTIME.hop + step * 8000)
    playback = answered_one_by_one(take, policy)
    account = closing(playback)
    assert account.captioned + account.silent + account.lost == account.received
    assert account.lost == 0
