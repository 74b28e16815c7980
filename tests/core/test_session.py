from __future__ import annotations

from dataclasses import replace

from livecaption.core.captions import (
    Final,
    Finalized,
    Gap,
    GapReason,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.decode import DecodeKind, DecodeRequest, DecodeResult
from livecaption.core.utterance import Speaking
from tests.core.answers import Answer, heard, nothing, truthful
from tests.core.checks import of_type, shown
from tests.core.playback import Playback, closing, final_texts, kinds, new_session, play, unanswered
from tests.script import MS, noise, silence, speech

PARTIAL, FINAL = DecodeKind.PARTIAL, DecodeKind.FINAL

UTTERANCE = speech("well then", ms=800) + silence(ms=700)


# -- what is published ---------------------------------------------------------------------------


def test_words_become_committed_as_two_windows_agree_and_the_rest_at_the_pause() -> None:
    playback = play(speech("good morning everyone", ms=1500) + silence(ms=700))
    assert shown(playback.events) == [
        ("Partial", "g"),
        ("Partial", "good"),  # "mor" was cut by the window's end
        ("Delta", "good"),
        ("Partial", " morning"),
        ("Delta", " morning"),
        ("Partial", " everyone"),
        ("Delta", " everyone"),
        ("Final", "good morning everyone"),
    ]


def test_an_utterance_starts_where_it_was_heard_first_and_stops_with_its_last_word() -> None:
    playback = play(silence(ms=1000) + speech("good morning", ms=1000) + silence(ms=700))
    started, final = of_type(playback.events, UtteranceStarted)[0], of_type(playback.events, Final)
    assert (started.utterance, started.start) == (1, 16_000)
    assert [(f.utterance, f.start, f.stop) for f in final] == [(1, 16_000, 32_000)]
    assert closing(playback) == SessionClosed(
        reason="stop",
        received=43_200,
        captioned=16_000 + 4_800 + 8_000,  # with the pre-roll before and the hang-over behind
        silent=16_000 - 4_800 + 3_200,
        lost=0,
    )


def test_without_partials_only_committed_words_are_published() -> None:
    take = speech("good morning everyone", ms=1500) + silence(ms=700)
    playback = play(take, new_session(partials=False))
    assert shown(playback.events) == [
        ("Delta", "good"),
        ("Delta", " morning"),
        ("Delta", " everyone"),
        ("Final", "good morning everyone"),
    ]


def test_a_pause_that_was_never_sent_closes_the_utterance_and_takes_no_time() -> None:
    take = speech("good morning", ms=1000)
    playback = Playback(new_session(), truthful(take.words))
    playback.play(take)
    playback.pause(499 * MS)
    assert not of_type(playback.events, Final)
    playback.pause(20 * MS)
    assert final_texts(playback) == ["good morning"]
    assert playback.session.received == len(take)


def test_finalize_closes_the_open_utterance_and_is_answered_after_its_final() -> None:
    take = speech("good morning", ms=1000)
    playback = unanswered(take)
    playback.play(take)
    playback.finalize()
    assert not of_type(playback.events, Finalized)
    partial = playback.requests[-1]
    playback.deliver(partial)
    playback.deliver(playback.requests[-1])
    assert [type(event) for event in playback.events[-2:]] == [Final, Finalized]


def test_finalize_is_answered_when_nothing_is_pending() -> None:
    playback = unanswered()
    playback.finalize()
    assert playback.events == [Finalized()]


def test_finals_wait_for_the_finals_before_them() -> None:
    take = speech("one", ms=300) + silence(ms=600) + speech("two", ms=300) + silence(ms=600)
    playback = unanswered(take)
    playback.play(take)
    first, second = playback.requests
    playback.deliver(second)
    assert not of_type(playback.events, Final)
    playback.deliver(first)
    assert final_texts(playback) == ["one", "two"]


def test_what_was_sent_to_a_forgotten_session_is_declared_lost() -> None:
    playback = unanswered()
    playback.session.receive_unresumed()
    playback.answer_due()
    assert playback.events == [Gap(1, 0, 0, GapReason.NOT_RESUMED)]


def test_a_confident_last_partial_saves_the_closing_decode() -> None:
    playback = play(UTTERANCE)
    assert kinds(playback) == [(PARTIAL, 1), (PARTIAL, 1)]
    assert playback.session.stats.skipped_finals == 1
    assert final_texts(playback) == ["well then"]


def test_an_unsure_last_partial_is_decoded_again() -> None:
    def answer(request: DecodeRequest) -> Answer:
        sure = request.kind is FINAL
        return heard(request, "well then" if sure else "fell than", 0.9 if sure else 0.5)

    playback = play(UTTERANCE, answer=answer)
    assert kinds(playback) == [(PARTIAL, 1), (PARTIAL, 1), (FINAL, 1)]
    assert final_texts(playback) == ["fell then"]


# -- requests -----------------------------------------------------------------------------------


def test_a_window_that_is_out_delays_the_next_which_then_takes_all_there_is() -> None:
    playback = unanswered()
    playback.play(noise(ms=2000))
    assert [request.stop for request in playback.requests] == [6400]
    playback.deliver(playback.requests[0], nothing(playback.requests[0]))
    assert [request.stop for request in playback.requests] == [6400, 32_000]


def test_a_longer_hop_makes_fewer_windows() -> None:
    session = new_session()
    session.set_load(0.5, workers=2)
    assert session.hop == 16_000
    playback = play(noise(ms=3000), session, nothing)
    assert [r.stop for r in playback.requests if r.kind is PARTIAL] == [12_800, 28_800, 44_800]


def test_lag_is_the_speech_that_no_hypothesis_covers_yet() -> None:
    playback = unanswered()
    session = playback.session
    assert session.lag == 0
    playback.play(noise(ms=1000))
    assert session.lag == 16_000
    playback.deliver(playback.requests[0], nothing(playback.requests[0]))
    assert session.lag == 16_000 - 6400
    playback.play(silence(ms=600))
    assert session.lag == 25_600 - 6400, "the closing decode is still out"
    playback.close()
    assert session.lag == 0


# -- language -----------------------------------------------------------------------------------


def unsure(request: DecodeRequest) -> DecodeResult:
    """An engine that takes German for Dutch as long as it has heard little of it."""
    guess = "de" if request.duration >= 2.0 else "nl"
    return replace(heard(request, "mm"), language=request.language or guess)


def languages(playback: Playback) -> list[str | None]:
    return [final.language for final in of_type(playback.events, Final)]


def test_a_detected_language_is_pinned_when_it_rests_on_enough_audio() -> None:
    playback = Playback(new_session(), unsure)
    playback.play(speech("well then and so on", ms=2200) + silence(ms=700) + UTTERANCE)
    asked = [request.language for request in playback.requests]
    assert asked == [None] * 5 + ["de", "de"]
    assert playback.session.language == "de"
    assert languages(playback) == ["de", "de"]


def test_a_hypothesis_that_is_not_shown_pins_no_language() -> None:
    playback = Playback(new_session(), lambda r: replace(unsure(r), avg_logprob=-3.0))
    playback.play(UTTERANCE)
    assert kinds(playback)[-1] == (FINAL, 1)
    assert playback.session.language is None


def test_configure_changes_the_language_of_the_next_utterance_only() -> None:
    session = new_session(speaking=Speaking(language="en", speaker="Ada"))
    playback = Playback(session, lambda request: heard(request, "mm"))
    playback.play(speech("well", ms=500))
    session.configure(Speaking(language="fr", speaker="Bob", vocabulary=("Kyiv",)))
    assert session.language == "fr"
    playback.play(speech("then", ms=500) + silence(ms=700) + UTTERANCE)
    assert {(r.utterance, r.language, r.vocabulary) for r in playback.requests} == {
        (1, "en", ()),
        (2, "fr", ("Kyiv",)),
    }
    finals = of_type(playback.events, Final)
    assert [(f.language, f.speaker) for f in finals] == [("en", "Ada"), ("fr", "Bob")]


def test_configure_without_a_language_detects_it_anew() -> None:
    playback = Playback(session := new_session(), unsure)
    session.configure(Speaking(language="fr"))
    playback.play(UTTERANCE)
    session.configure(Speaking())
    assert session.language is None
    playback.play(UTTERANCE)
    assert languages(playback) == ["fr", "nl"]
