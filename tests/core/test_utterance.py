from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.captions import GapReason
from livecaption.core.endpoint import Closed
from livecaption.core.hypothesis import Word, text_of
from livecaption.core.policy import REALTIME
from livecaption.core.utterance import Utterance
from tests.core.utterances import closed_utterance, open_utterance, said
from tests.script import MS

SECOND = 1000 * MS


def texts(words: tuple[Word, ...]) -> str:
    return text_of(words).strip()


def test_what_two_windows_agree_on_is_committed() -> None:
    utterance = open_utterance()
    utterance.hear(tuple(said("good morning")), SECOND)
    utterance.hear(tuple(said("good morning everyone")), 2 * SECOND)
    assert utterance.text == "good morning"
    assert texts(utterance.agreement.tentative) == "everyone"
    assert utterance.covered == 2 * SECOND


def test_an_older_window_that_comes_late_covers_nothing_more() -> None:
    utterance = open_utterance()
    utterance.hear((), 2 * SECOND)
    utterance.hear((), SECOND)
    assert utterance.covered == 2 * SECOND


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=8),
    st.integers(0, 9000),
    st.integers(0, 500),
    st.booleans(),
)
def test_words_ending_in_the_last_of_what_was_decoded_are_not_shown_but_the_first_of_all(
    spans: list[tuple[int, int]], covered: int, half_heard: int, begun: bool
) -> None:
    utterance = open_utterance(committed=said("so") if begun else ())
    words, at = [], 300
    for i, (pause, length) in enumerate(spans):
        words.append(Word(f" {i}", at + pause, at + pause + length, 0.9))
        at += pause + length
    utterance.agreement.push(words, covered)
    utterance.covered = covered
    shown = utterance.visible_tail(half_heard)
    assert list(shown) == words[: len(shown)]
    first = not begun and len(shown) == 1
    assert first or all(word.stop <= covered - half_heard for word in shown)
    hidden = words[len(shown) :]
    assert not hidden or hidden[0].stop > covered - half_heard
    assert shown or begun or not words


def test_no_word_starts_before_the_onset() -> None:
    tail = open_utterance(onset=SECOND).tail_of(tuple(said("well then", at_ms=600)))
    assert [(word.start, word.stop) for word in tail] == [
        (SECOND, SECOND),
        (SECOND, 1200 * MS),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 2000)), max_size=12),
    st.integers(0, 3000),
)
def test_words_follow_each_other_in_time_whatever_the_decoder_says(
    spans: list[tuple[int, int]], onset: int
) -> None:
    words = tuple(
        Word(f" {i}", start, start + length, 0.9) for i, (start, length) in enumerate(spans)
    )
    tail = open_utterance(onset=onset).tail_of(words)
    edges = [onset, *(edge for word in tail for edge in (word.start, word.stop))]
    assert edges == sorted(edges)
    assert [word.text for word in tail] == [word.text for word in words]


def test_an_utterance_that_continues_another_does_not_repeat_its_words() -> None:
    before = said("on the new project")
    utterance = open_utterance(onset=before[-1].stop, context=tuple(before))
    tail = utterance.tail_of(tuple(said("new project and the", at_ms=600)))
    assert texts(tail) == "and the"


def test_an_open_utterance_has_no_end() -> None:
    with pytest.raises(ValueError, match="utterance 7 is still open"):
        _ = open_utterance(7).stop


def test_a_closed_utterance_takes_its_audio_with_it() -> None:
    utterance = open_utterance()
    audio = np.ones(SECOND, dtype=np.int16)
    utterance.close(Closed(speech_stop=500 * MS, stop=SECOND), audio)
    assert utterance.stop == SECOND
    assert utterance.audio is audio


# -- losing the rest ----------------------------------------------------------------------------


def test_the_rest_is_lost_from_where_the_last_hypothesis_ended() -> None:
    utterance = closed_utterance(resolved=False)
    utterance.hear(tuple(said("good morning")), SECOND)
    utterance.lose_rest(GapReason.OVERLOAD)
    assert utterance.text == "good morning"
    assert utterance.gap == (SECOND, GapReason.OVERLOAD)
    assert utterance.resolved


def test_nothing_is_lost_when_all_that_was_said_has_been_heard() -> None:
    utterance = closed_utterance(resolved=False)
    utterance.hear(tuple(said("good morning")), 2 * SECOND)
    utterance.lose_rest(GapReason.OVERLOAD)
    assert utterance.gap is None


# -- windows ------------------------------------------------------------------------------------


def long_words(seconds: float, pause_at: int | None = None, pause_ms: int = 200) -> list[Word]:
    """Words of half a second; a pause stands before the one at place ``pause_at``."""
    words = said(" ".join(["word"] * int(seconds * 2)), word_ms=500)
    if pause_at is None:
        return words
    shifted = [word.shifted(pause_ms * MS) for word in words[pause_at:]]
    return words[:pause_at] + shifted


def trimmed(committed: list[Word], now: int) -> int:
    """Where the next window starts."""
    utterance = open_utterance(committed=committed)
    utterance.trim(now, REALTIME)
    return utterance.window_start


def test_a_short_window_is_left_alone() -> None:
    assert trimmed(long_words(6), REALTIME.trim_above) == 0


def test_a_window_without_committed_words_is_left_alone() -> None:
    assert trimmed([], 20 * SECOND) == 0


def test_a_window_is_cut_at_a_word_so_that_the_next_words_keep_context() -> None:
    start = trimmed(long_words(7), 8 * SECOND)
    assert start == 5500 * MS
    assert 7 * SECOND - start >= REALTIME.keep_overlap


def test_a_window_is_cut_in_the_middle_of_a_pause() -> None:
    assert trimmed(long_words(7, pause_at=8), 8 * SECOND) == 4 * SECOND + 100 * MS


def test_a_window_is_cut_close_to_the_word_behind_a_long_pause() -> None:
    start = trimmed(long_words(7, pause_at=8, pause_ms=1000), 9 * SECOND)
    assert 125 * MS <= 5 * SECOND - start < 135 * MS


def test_a_pause_further_back_than_an_overlap_may_be_is_no_place_to_cut() -> None:
    start = trimmed(long_words(7, pause_at=2), 8 * SECOND)
    assert start >= 7 * SECOND - REALTIME.max_overlap


def test_an_endless_word_is_cut_at_its_end() -> None:
    assert trimmed(said("aaah", word_ms=6000), 8 * SECOND) == 6 * SECOND


def test_few_words_are_all_kept_as_context() -> None:
    words = said("one two", at_ms=6000)
    assert trimmed(words, 8 * SECOND) == words[0].start


def test_windows_start_on_the_grid_of_mel_frames() -> None:
    words = [replace(word, start=word.start + 7, stop=word.stop + 7) for word in long_words(7)]
    assert trimmed(words, 8 * SECOND) == 5500 * MS


def test_a_window_never_moves_back() -> None:
    utterance = open_utterance(committed=said("one two"), window_start=3 * SECOND)
    utterance.trim(11 * SECOND, REALTIME)
    assert utterance.window_start == 3 * SECOND


# -- long utterances ----------------------------------------------------------------------------


def breaks(committed: list[Word], tail: list[Word] | None = None) -> bool:
    utterance = open_utterance(committed=committed)
    utterance.agreement.push(tail or [], 0)
    return utterance.breaks_here(REALTIME)


def ending(text: str, words: list[Word]) -> list[Word]:
    return [*words[:-1], replace(words[-1], text=text)]


def test_nothing_is_broken_before_there_are_words() -> None:
    assert not breaks([])


def test_a_sentence_end_breaks_a_long_utterance_but_not_a_short_one() -> None:
    assert breaks(ending(" done.", long_words(15)))
    assert not breaks(ending(" done.", long_words(14)))
    assert not breaks(ending(" done", long_words(15)))


@pytest.mark.parametrize("mark", "?!….。？！؟।")
def test_sentences_end_with_a_mark_in_many_scripts(mark: str) -> None:
    assert breaks(ending(f" done{mark} ", long_words(15)))


def test_a_phrase_pause_breaks_a_long_utterance() -> None:
    words = long_words(15)
    assert breaks(words, said("and", at_ms=15_250))
    assert not breaks(words, said("and", at_ms=15_200))


def test_an_utterance_too_long_to_read_is_broken_anywhere() -> None:
    assert breaks(long_words(25), said("and", at_ms=25_000))
    assert not breaks(long_words(24), said("and", at_ms=24_000))


def test_what_follows_a_break_goes_on_with_window_tail_and_trust() -> None:
    before = open_utterance(window_start=3 * SECOND)
    before.hear(tuple(said("and")), 20 * SECOND)
    before.is_speech, before.language = True, "en"
    following: Utterance = open_utterance(2)
    following.continue_from(before)
    assert following.window_start == 3 * SECOND
    assert texts(following.agreement.tentative) == "and"
    assert before.agreement.tentative == ()
    assert (following.is_speech, following.covered, following.language) == (True, 20 * SECOND, "en")
