from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.captions import Delta, Final, Gap, GapReason, UtteranceStarted
from livecaption.core.checkpoint import Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.endpoint import Closed
from livecaption.core.session import CaptionSession
from tests.core.answers import truthful
from tests.core.checks import of_type
from tests.core.playback import Playback, closing, final_texts, new_session, play
from tests.core.utterances import open_utterance, said
from tests.script import MS, Take, is_loud, silence, speech

TALK = (
    silence(ms=400)
    + speech("good morning everyone", ms=1500)
    + silence(ms=900)
    + speech("welcome to the meeting", ms=1800)
    + silence(ms=900)
)


def resumed(checkpoint: Checkpoint) -> CaptionSession:
    return CaptionSession(SessionConfig(session="s"), is_loud, checkpoint)


def rest_of(take: Take, sample: int) -> Take:
    """What comes at or after a sample; the words keep their places on the session's clock."""
    return Take(take.samples[sample:], tuple(w for w in take.words if w.start >= sample))


def play_in_two_lives(
    take: Take, cut: int, stop: Callable[[Playback], None] = Playback.finalize
) -> tuple[Playback, Playback, Checkpoint]:
    """Stop after ``cut`` samples with everything captioned, go on in another session."""
    first = Playback(new_session(), truthful(take.words))
    first.play(Take(take.samples[:cut]))
    stop(first)
    checkpoint = first.session.checkpoint
    finals = of_type(first.events, Final)
    context = finals[-1].words if finals else ()
    second = Playback(resumed(replace(checkpoint, context=context)), truthful(take.words))
    second.play(rest_of(take, checkpoint.clock))
    second._ended = True
    second.session.receive_eof("stop")
    second.answer_due()
    return first, second, checkpoint


def test_a_new_session_stands_at_the_beginning() -> None:
    assert new_session().checkpoint == Checkpoint()


@given(st.integers(0, len(TALK)))
def test_another_session_goes_on_where_one_was_finalized(cut: int) -> None:
    first, second, checkpoint = play_in_two_lives(TALK, cut)
    assert checkpoint.clock % FRAME_SAMPLES == 0
    assert checkpoint.captioned + checkpoint.silent + checkpoint.lost == checkpoint.clock
    events = first.events + second.events
    numbers = [e.seq for e in events if isinstance(e, UtteranceStarted | Delta | Final | Gap)]
    assert numbers == list(range(1, len(numbers) + 1))
    account = closing(second)
    assert account.received == len(TALK)
    assert account.captioned + account.silent == len(TALK)
    finals = of_type(events, Final)
    assert [f.utterance for f in finals] == sorted({f.utterance for f in finals})
    heard = [word for final in finals for word in final.words]
    assert [w.start for w in heard] == sorted(w.start for w in heard)


def test_a_cut_in_a_pause_changes_no_word() -> None:
    first, second, _ = play_in_two_lives(TALK, 2700 * MS)
    assert final_texts(first) + final_texts(second) == [
        "good morning everyone",
        "welcome to the meeting",
    ]


@given(st.integers(0, len(TALK)))
def test_no_word_is_lost_changed_or_doubled_wherever_a_session_is_suspended(cut: int) -> None:
    first, second, checkpoint = play_in_two_lives(TALK, cut, Playback.suspend)
    assert checkpoint.clock % FRAME_SAMPLES == 0
    assert checkpoint.clock == first.session.committed <= cut
    assert checkpoint.captioned + checkpoint.silent + checkpoint.lost == checkpoint.clock
    text = " ".join(filter(None, final_texts(first) + final_texts(second)))
    assert text == "good morning everyone welcome to the meeting"
    account = closing(second)
    assert account.captioned + account.silent == account.received == len(TALK)


def test_a_word_that_was_cut_is_left_to_the_other_session_and_one_behind_a_pause_is_not() -> None:
    take = silence(ms=400) + speech("good morning everyone", ms=1500) + silence(ms=900)
    in_mid_word, _, checkpoint = play_in_two_lives(take, 1750 * MS, Playback.suspend)
    assert final_texts(in_mid_word) == ["good morning"]
    assert checkpoint.clock < 1400 * MS
    behind, _, checkpoint = play_in_two_lives(take, 2300 * MS, Playback.suspend)
    assert final_texts(behind) == ["good morning everyone"]
    assert checkpoint.clock > 1900 * MS


def test_what_the_engine_fails_on_at_the_end_is_heard_again_and_not_lost() -> None:
    session = Playback(new_session(), lambda _: GapReason.ENGINE_ERROR)
    session.play(silence(ms=400) + speech("good morning", ms=1000))
    session.suspend()
    assert of_type(session.events, Gap) == []
    assert session.session.committed <= 400 * MS


def test_an_utterance_that_began_off_the_grid_is_heard_again_from_the_grid_on() -> None:
    utterance = open_utterance(start=FRAME_SAMPLES + 1, cut_off=4800)
    utterance.close(Closed(speech_stop=16_000, stop=16_000), None)
    utterance.end_with(tuple(said("half", at_ms=900, word_ms=100)))
    assert utterance.committed == []
    assert utterance.settled_until == 2 * FRAME_SAMPLES


def test_the_pinned_language_goes_on() -> None:
    checkpoint = Checkpoint(language="uk")
    assert resumed(checkpoint).language == "uk"
    assert resumed(checkpoint).checkpoint == checkpoint


# -- audio that never comes -----------------------------------------------------------------------


def test_lost_audio_closes_the_utterance_and_becomes_a_gap_behind_it() -> None:
    take = speech("good morning", ms=1000)
    playback = Playback(new_session(), truthful(take.words))
    playback.play(take)
    playback.session.receive_lost(32_000)
    playback.answer_due()
    assert final_texts(playback) == ["good morning"]
    assert isinstance(playback.events[-1], Gap)
    gap = playback.events[-1]
    assert (gap.start, gap.stop, gap.reason) == (16_000, 32_000, GapReason.CLIENT)
    assert playback.session.received == playback.session.committed == 32_000


@pytest.mark.parametrize("pending", [0, 1, 319])
def test_speech_after_lost_audio_is_captioned_at_its_place(pending: int) -> None:
    before = silence(ms=500)
    playback = Playback(new_session(), lambda request: truthful(later.words)(request))
    playback.play(before)
    playback.hear(before.samples[:pending])
    until = 24_000
    later = Take(speech("well then", ms=800).samples, ()) + silence(ms=700)
    later = Take(later.samples, tuple(w.shifted(until) for w in speech("well then", ms=800).words))
    playback.session.receive_lost(until)
    playback.play(later)
    playback.close()
    (final,) = of_type(playback.events, Final)
    assert (final.text, final.start) == ("well then", until)
    account = closing(playback)
    assert account.received == until + len(later)
    assert account.lost == until - len(before) - pending


@pytest.mark.parametrize("until", [0, 7_999, 8_000])
def test_audio_that_is_here_already_is_not_lost(until: int) -> None:
    playback = Playback(new_session(), truthful(()))
    playback.play(silence(ms=500))
    playback.session.receive_lost(until)
    playback.close()
    assert not of_type(playback.events, Gap)
    assert closing(playback).received == 8_000


def test_a_gap_waits_for_the_last_words_of_the_utterance_before_it() -> None:
    take = speech("good morning", ms=1000)
    playback = Playback(new_session(), truthful(take.words), delay=lambda request: None)
    playback.play(take)
    playback.session.receive_lost(32_000)
    playback.answer_due()
    assert not of_type(playback.events, Gap)
    playback.close()
    kinds = [type(event) for event in playback.events if isinstance(event, Final | Gap)]
    assert kinds == [Final, Gap]


def test_playing_whole_is_not_changed_by_a_checkpoint_at_the_beginning() -> None:
    assert final_texts(play(TALK)) == final_texts(play(TALK, resumed(Checkpoint())))
