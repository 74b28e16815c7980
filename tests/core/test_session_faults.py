"""Sessions whose engine fails, is late, or is wrong; and speech that does not end."""

from __future__ import annotations

from dataclasses import replace

from livecaption.core.captions import Delta, Gap, GapReason, SessionClosed, UtteranceStarted
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.ledger import Column
from livecaption.core.screen import Rejection
from tests.core.answers import Answer, Left, at_once, heard, never, nothing, truthful
from tests.core.checks import of_type, shown
from tests.core.conversations import unique_words
from tests.core.playback import (
    HALF_SECOND,
    Playback,
    closing,
    final_texts,
    kinds,
    new_session,
    play,
    unanswered,
)
from tests.script import MS, noise, silence, speech

PARTIAL, FINAL = DecodeKind.PARTIAL, DecodeKind.FINAL

UTTERANCE = speech("well then", ms=800) + silence(ms=700)


# -- what goes wrong -----------------------------------------------------------------------------


def closing_with_an_open_partial() -> tuple[Playback, DecodeRequest]:
    """An utterance whose first window was still out when it closed."""
    take = speech("good morning everyone", ms=1500) + silence(ms=700)
    playback = unanswered(take)
    playback.play(take)
    assert kinds(playback) == [(PARTIAL, 1), (FINAL, 1)]
    return playback, playback.requests[0]


def test_a_partial_that_comes_after_the_closing_decode_was_asked_for_asks_for_no_other() -> None:
    playback, partial = closing_with_an_open_partial()
    playback.deliver(partial)
    assert kinds(playback) == [(PARTIAL, 1), (FINAL, 1)]
    playback.close()
    assert final_texts(playback) == ["good morning everyone"]


def test_a_partial_that_fails_after_the_closing_decode_was_asked_for_asks_for_no_other() -> None:
    playback, partial = closing_with_an_open_partial()
    playback.deliver(partial, GapReason.OVERLOAD)
    assert kinds(playback) == [(PARTIAL, 1), (FINAL, 1)]


def test_a_failed_partial_is_tried_again_with_the_next_window() -> None:
    playback = unanswered()
    playback.play(noise(ms=500))
    playback.deliver(playback.requests[0], GapReason.ENGINE_ERROR)
    playback.play(noise(ms=500))
    assert [(r.kind, r.start, r.stop) for r in playback.requests] == [
        (PARTIAL, 0, 6400),
        (PARTIAL, 0, 14_400),
    ]
    assert playback.session.stats.failures == 1


def test_a_window_that_is_left_out_is_a_gap_and_the_speech_goes_on_behind_it() -> None:
    take = speech("good morning to all of you", ms=3000) + silence(ms=700)
    playback = unanswered(take)
    playback.hear(take.samples[: 1000 * MS])
    first = playback.requests[0]
    assert (first.kind, first.start, first.stop) == (PARTIAL, 0, 400 * MS)
    playback.deliver(first, Left.OUT)
    assert of_type(playback.events, Gap) == [Gap(1, 0, first.stop, GapReason.ENGINE_ERROR)]
    following = playback.requests[1]
    assert (following.utterance, following.start) == (2, first.stop)
    playback.delay = at_once
    playback.hear(take.samples[1000 * MS :])
    playback.close()
    assert len(of_type(playback.events, Gap)) == 1
    assert final_texts(playback) == ["morning to all of you"]
    assert closing(playback).lost == first.stop


def test_what_was_heard_before_a_window_was_left_out_stays() -> None:
    def answer(request: DecodeRequest) -> Answer:
        return Left.OUT if request.number == 3 else told(request)

    take = speech("good morning to all of you my friends", ms=4000) + silence(ms=700)
    told = truthful(take.words)
    playback = play(take, answer=answer)
    (gap,) = of_type(playback.events, Gap)
    assert 400 * MS < gap.start < gap.stop
    said = " ".join(final_texts(playback)).split()
    assert said[0] == "good"
    assert said[-2:] == ["my", "friends"]


def test_a_partial_that_fails_after_the_pause_makes_way_for_the_closing_decode() -> None:
    take = speech("well", ms=400) + silence(ms=600)
    playback = unanswered(take)
    playback.play(take)
    assert kinds(playback) == [(PARTIAL, 1)], "it covers all that was said"
    playback.deliver(playback.requests[0], GapReason.OVERLOAD)
    assert kinds(playback) == [(PARTIAL, 1), (FINAL, 1)]
    playback.close()
    assert final_texts(playback) == ["well"]


def test_a_failed_closing_decode_loses_only_what_no_hypothesis_covers() -> None:
    take = speech("good morning everyone", ms=1500) + silence(ms=700)
    playback = unanswered(take)
    playback.play(take)
    playback.deliver(playback.requests[0])
    playback.deliver(playback.requests[1], GapReason.ENGINE_ERROR)
    playback.close()
    assert shown(playback.events)[-1] == ("Final", "g")
    assert of_type(playback.events, Gap) == [Gap(4, 6400, 32_000, GapReason.ENGINE_ERROR)]
    assert closing(playback).lost == 32_000 - 6400


def test_an_utterance_of_which_nothing_was_heard_is_lost_whole() -> None:
    playback = Playback(new_session(), lambda request: GapReason.OVERLOAD)
    playback.play(UTTERANCE)
    playback.close()
    assert [type(event) for event in playback.events] == [Gap, SessionClosed]
    assert playback.session.ledger_total(Column.LOST) == 800 * MS + 500 * MS


def test_a_result_for_an_utterance_that_has_ended_is_dropped() -> None:
    playback, partial = closing_with_an_open_partial()
    playback.deliver(playback.requests[1])
    before = list(playback.events)
    playback.deliver(partial)
    playback.deliver(partial, GapReason.OVERLOAD)
    assert playback.events == before


def test_a_rejected_hypothesis_changes_nothing_that_is_shown() -> None:
    def answer(request: DecodeRequest) -> Answer:
        result = heard(request, "well then")
        return replace(result, avg_logprob=-9.0) if request.number == 2 else result

    take = speech("well then", ms=1300) + silence(ms=700)
    playback = play(take, answer=answer)
    assert playback.session.stats.rejections == {Rejection.LOW_PROBABILITY: 1}
    assert shown(playback.events)[:2] == [("Partial", "well"), ("Delta", "well")]


def test_a_rejected_closing_decode_leaves_the_tail_that_was_heard_before() -> None:
    def answer(request: DecodeRequest) -> Answer:
        unsure = heard(request, "well then", 0.4)
        return replace(unsure, avg_logprob=-9.0) if request.kind is FINAL else unsure

    assert final_texts(play(UTTERANCE, answer=answer)) == ["well then"]


def test_a_closing_decode_may_withdraw_the_tail_that_was_shown() -> None:
    def answer(request: DecodeRequest) -> Answer:
        return nothing(request) if request.kind is FINAL else heard(request, "mm", 0.4)

    playback = play(speech("mm", ms=500) + silence(ms=700), answer=answer)
    assert shown(playback.events) == [("Partial", "mm"), ("Final", "")]
    assert closing(playback).captioned == 0


def test_vetoed_audio_is_let_go_so_that_the_next_speaker_finds_an_empty_window() -> None:
    fan = noise(ms=4000)
    take = fan + speech("can you hear me", ms=2000) + silence(ms=700)

    def answer(request: DecodeRequest) -> Answer:
        if request.stop <= len(fan) + 300 * MS:
            return replace(nothing(request), is_speech=False)
        return truthful(take.words)(request)

    playback = play(take, answer=answer)
    assert max(len(request.audio) for request in playback.requests) < 3000 * MS
    assert final_texts(playback) == ["can you hear me"]
    assert closing(playback).silent >= 3700 * MS


def test_the_second_opinion_is_asked_until_an_utterance_is_known_to_be_speech() -> None:
    playback = play(speech("can you hear me", ms=2000) + silence(ms=700))
    assert [request.verify_speech for request in playback.requests] == [True] + [False] * 4


def test_a_vetoed_window_of_a_closed_utterance_goes_to_the_closing_decode() -> None:
    take = noise(ms=400) + silence(ms=600)
    playback = unanswered(take)
    playback.play(take)
    veto = replace(nothing(playback.requests[0]), is_speech=False)
    playback.deliver(playback.requests[0], veto)
    assert kinds(playback) == [(PARTIAL, 1), (FINAL, 1)]


# -- long speech --------------------------------------------------------------------------------


def test_a_window_without_agreement_is_forced_up_to_the_overlap() -> None:
    def answer(request: DecodeRequest) -> Answer:
        """Hears all words, but each time in other words."""
        result = truthful(take.words)(request)
        words = tuple(replace(w, text=f"{w.text}{request.number}") for w in result.words)
        return replace(result, words=words)

    take = speech(" ".join(unique_words(100)), ms=31_000)
    playback = Playback(new_session(), answer)
    playback.play(take)
    forced = [word for delta in of_type(playback.events, Delta) for word in delta.words]
    assert forced
    assert forced[-1].stop <= 30 * 16_000 - 5 * 16_000
    assert len(of_type(playback.events, UtteranceStarted)) == 1


def test_a_full_window_of_which_nothing_was_heard_is_closed_and_the_next_takes_over() -> None:
    take = noise(ms=31_000)
    playback = play(take, answer=nothing)
    finals = [(r.start, r.stop) for r in playback.requests if r.kind is FINAL]
    assert finals == [(0, 480_000), (480_000, len(take))]


def test_a_long_utterance_ends_at_a_sentence_end() -> None:
    words = unique_words(60)
    words[35] += "."
    playback = play(speech(" ".join(words), ms=30_000))
    assert final_texts(playback)[0].split() == words[:36]
    assert " ".join(final_texts(playback)).split() == words


def test_a_long_utterance_ends_at_a_phrase_pause() -> None:
    words = unique_words(100)
    take = speech(" ".join(words[:60]), ms=18_000) + silence(ms=300)
    playback = play(take + speech(" ".join(words[60:]), ms=12_000))
    assert final_texts(playback)[0].split() == words[:60]
    assert " ".join(final_texts(playback)).split() == words


def test_an_utterance_that_is_broken_for_its_length_is_not_decoded_twice_over_the_same_audio() -> (
    None
):
    words = unique_words(120)
    playback = play(speech(" ".join(words), ms=36_000))
    assert len(final_texts(playback)) > 1
    stops = [request.stop for request in playback.requests if request.kind is PARTIAL]
    assert stops == sorted(set(stops))


def test_a_stream_that_ends_where_a_full_window_slides_asks_for_no_empty_window() -> None:
    take = noise(ms=30_000)
    impatient = new_session(replace(HALF_SECOND, hear_ahead=len(take)))
    playback = play(take, impatient, answer=nothing, delay=never)
    assert [request.stop for request in playback.requests] == [6400, len(take)]
    assert closing(playback).silent == len(take)
