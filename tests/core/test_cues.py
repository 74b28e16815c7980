"""Cues: what is on the screen, for how long, and that not a letter is lost."""

from __future__ import annotations

import unicodedata
from itertools import pairwise, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.cue_breaks import READING, CueRules, best_spans
from livecaption.core.cues import Cue, cues_of, laid_out, milliseconds, track_pieces
from livecaption.core.lines import columns
from livecaption.core.timed_text import Segment, TimedWord

words = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["a", "the", "word,", "end.", "字幕です。", "-->", "<b>", "é", "👩‍👩‍👧", "שלום", "x" * 60]
)
texts = st.lists(words, max_size=40).map(" ".join)


@st.composite
def recordings(draw: st.DrawFn) -> list[Segment]:
    """Segments that follow one another, as a decoder gives them, at any speed of speech."""
    segments, now = [], 0.0
    for text in draw(st.lists(texts, max_size=5)):
        now += draw(st.sampled_from([0.0, 0.1, 0.5, 1.5]) | st.floats(0, 5000))
        start = now
        now += draw(st.floats(0, 30))
        segments.append(Segment(start, now, text))
    return segments


@st.composite
def conversations(draw: st.DrawFn) -> list[Segment]:
    """Words as people say them: 1 to 25 letters a second, with pauses now and then."""
    segments, now = [], draw(st.floats(0, 10))
    plain = st.text("abcdefghij,.", min_size=1, max_size=12)
    for tokens in draw(st.lists(st.lists(plain, min_size=1, max_size=30), max_size=4)):
        timed = []
        for token in tokens:
            end = now + len(token) / draw(st.sampled_from([1.0, 8.0, 12.0, 17.0, 25.0]))
            timed.append(TimedWord(f" {token}", now, end, 0.9))
            now = end + draw(st.sampled_from([0.0, 0.0, 0.0, 0.2, 0.5, 3.0]))
        text = "".join(word.text for word in timed)
        segments.append(Segment(timed[0].start, timed[-1].end, text, words=tuple(timed)))
        now += draw(st.sampled_from([0.0, 0.5, 2.0, 20.0]))
    return segments


def cues(segments: list[Segment], rules: CueRules = READING) -> list[Cue]:
    return cues_of(track_pieces(segments, rules), rules)


def said(text: str, *, start: float = 0.0, each: float = 0.3, pause: float = 0.0) -> Segment:
    """A sentence whose words last ``each`` seconds, ``pause`` seconds apart."""
    timed, now = [], start
    for token in text.split():
        timed.append(TimedWord(f" {token}", now, now + each, 0.9))
        now += each + pause
    return Segment(timed[0].start, timed[-1].end, f" {text}", words=tuple(timed))


def letters_of(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cc")


@given(recordings() | conversations())
def test_cues_fit_the_screen_and_no_letter_is_lost_doubled_or_moved(
    segments: list[Segment],
) -> None:
    result = cues(segments)
    for cue in result:
        assert 1 <= len(cue.lines) <= 2
        assert all(line and line == line.strip() for line in cue.lines)
        assert all(columns(line) <= READING.columns for line in cue.lines)
        assert cue.letters == sum(len(letters_of(line)) for line in cue.lines)
    shown = "".join(letters_of(line) for cue in result for line in cue.lines)
    assert shown == letters_of("".join(segment.text for segment in segments))


@given(recordings() | conversations())
def test_every_cue_stands_at_least_a_second_at_most_seven_and_never_overlaps(
    segments: list[Segment],
) -> None:
    result = cues(segments)
    assert all(READING.least_ms <= cue.end - cue.start <= READING.most_ms for cue in result)
    for earlier, later in pairwise(result):
        assert earlier.end + READING.gap_ms <= later.start


@given(conversations())
def test_a_cue_can_be_read_whenever_the_next_one_leaves_room(segments: list[Segment]) -> None:
    result = cues(segments)
    for cue, later in zip_longest(result, result[1:]):
        needed = READING.reading_ms(cue.columns)
        if later is None or later.start - READING.gap_ms - cue.start >= needed:
            assert cue.end - cue.start >= needed


@given(conversations())
def test_a_short_empty_screen_between_two_cues_never_flickers(segments: list[Segment]) -> None:
    for earlier, later in pairwise(cues(segments)):
        is_long = earlier.end - earlier.start == READING.most_ms
        empty = later.start - earlier.end
        assert is_long or empty == READING.gap_ms or empty >= READING.chain_ms


@given(conversations())
def test_no_cue_goes_across_a_pause(segments: list[Segment]) -> None:
    spoken = [word for segment in segments for word in segment.words]
    at = 0
    for cue in cues(segments):
        mine: list[TimedWord] = []
        while sum(len(word.text.strip()) for word in mine) < cue.letters:
            mine.append(spoken[at])
            at += 1
        for earlier, later in pairwise(mine):
            assert milliseconds(later.start) - milliseconds(earlier.end) < READING.pause_ms


@given(conversations())
def test_a_cue_comes_with_its_first_word_or_right_behind_the_one_before(
    segments: list[Segment],
) -> None:
    result = cues(segments)
    clock = [word for segment in segments for word in segment.words for _ in word.text.strip()]
    at = 0
    for earlier, cue in zip([None, *result], result, strict=False):
        spoken = milliseconds(clock[at].start)
        at += cue.letters
        if cue.start != spoken:
            assert earlier is not None
            assert cue.start == earlier.start + READING.least_ms + READING.gap_ms > spoken


@given(conversations())
def test_a_cue_is_short_only_where_joining_a_neighbour_breaks_a_limit(
    segments: list[Segment],
) -> None:
    """What the dividing step decides, before any cue is moved to make room."""
    pieces = track_pieces(segments)
    spans = best_spans(pieces, READING.most_ms) if pieces else []

    def shown(begin: int, end: int) -> int:
        following = pieces[end].start if end < len(pieces) else pieces[end - 1].end + 7000
        return following - pieces[begin].start - READING.gap_ms

    for left, right in pairwise(spans):
        both = "".join(" " + piece.text for piece in pieces[left.begin : right.end])
        together = pieces[right.end - 1].end - pieces[left.begin].start
        if laid_out(both) is None or together > READING.most_ms:
            continue
        if shown(left.begin, right.end) >= READING.least_ms:
            assert shown(left.begin, left.end) >= READING.least_ms
            assert shown(right.begin, right.end) >= READING.least_ms


def test_a_short_word_stays_for_a_second_when_silence_follows() -> None:
    (cue,) = cues([said("Yes.", start=5, each=0.2)])
    assert (cue.start, cue.end) == (5000, 6000)


def test_a_quick_sentence_stays_until_it_can_have_been_read() -> None:
    text = "Thank you all for coming."
    (cue,) = cues([said(text, each=0.1)])
    assert cue.end == len(text) * 1000 // 17


def test_the_next_cue_of_the_speaker_ends_the_one_before() -> None:
    first, second = cues(
        [said("Thank you all for coming.", each=0.1), said("Now we begin.", start=1.55)]
    )
    assert (first.end, second.start) == (1470, 1550)


def test_short_answers_in_a_row_share_a_cue_on_a_line_each() -> None:
    (cue,) = cues([said("Yes.", each=0.2), said("Of course we can do that.", start=0.6, each=0.2)])
    assert cue.lines == ("Yes. Of course we can do that.",)
    (cue,) = cues(
        [
            said("Good morning everyone.", each=0.3),
            said("Thank you for coming today.", start=1.2, each=0.3),
        ]
    )
    assert cue.lines == ("Good morning everyone.", "Thank you for coming today.")


def test_two_sentences_that_each_have_time_get_a_cue_each() -> None:
    result = cues(
        [
            said("Let's get started with the planning review."),
            said("The first item is the new server.", start=2.8),
        ]
    )
    assert [len(cue.lines) for cue in result] == [2, 1]
    assert result[1].lines == ("The first item is the new server.",)


def test_what_is_said_after_a_long_pause_is_not_shown_before() -> None:
    result = cues([said("And the winner is"), said("Ada.", start=3.5)])
    assert [cue.lines for cue in result] == [("And the winner is",), ("Ada.",)]
    assert result[1].start == 3500


def test_slow_speech_is_divided_before_a_cue_stands_too_long() -> None:
    result = cues([said("One two three four five six seven eight", each=0.6, pause=0.9)])
    assert len(result) > 1
    assert all(cue.end - cue.start <= 7000 for cue in result)


def test_one_very_long_word_leaves_after_seven_seconds() -> None:
    (cue,) = cues([Segment(0, 30, " Goooal")])
    assert (cue.start, cue.end) == (0, 7000)


def test_a_long_segment_without_words_shares_its_time_by_letters() -> None:
    text = " ".join(["ten letter"] * 16)
    result = cues([Segment(10, 34, text)])
    shown = 0
    for cue in result:
        assert cue.start == pytest.approx(10_000 + shown * 24_000 / 144, abs=1)
        shown += cue.letters
    assert shown == 144


def test_words_that_are_not_the_text_are_not_believed() -> None:
    wrong = (TimedWord(" something", 50.0, 60.0, 0.9),)
    (cue,) = cues([Segment(1, 2, " Good morning", words=wrong)])
    assert cue.start == 1000


def test_two_lines_are_about_equally_long_and_rather_end_with_a_phrase() -> None:
    (cue,) = cues([said("The quick brown fox jumps over the lazy dog again.")])
    first, second = map(len, cue.lines)
    assert abs(first - second) <= 6
    (cue,) = cues([said("Thank you all for coming today, and welcome to the show.")])
    assert cue.lines == ("Thank you all for coming today,", "and welcome to the show.")


def test_a_pause_ends_a_phrase_where_no_comma_does() -> None:
    timed = [
        *said("we will begin at nine o'clock").words,
        *said("everybody please be there in time", start=2.2).words,
    ]
    text = "".join(word.text for word in timed)
    (cue,) = cues([Segment(0, timed[-1].end, text, words=tuple(timed))])
    assert cue.lines == ("we will begin at nine o'clock", "everybody please be there in time")


def test_chinese_is_read_at_half_as_many_characters_and_never_begins_with_a_comma() -> None:
    (cue,) = cues([Segment(0, 2, "今天我们来谈谈实时字幕的工作原理以及它为什么重要。")])
    assert len(cue.lines) == 2
    assert all(columns(line) <= 42 for line in cue.lines)
    assert not cue.lines[1].startswith("。")
    assert cue.end == cue.columns * 1000 // 17


def test_sentences_are_joined_as_their_script_is_written() -> None:
    (cue,) = cues([Segment(0, 0.5, "はい。"), Segment(0.6, 1.2, "そうです。")])
    assert cue.lines == ("はい。そうです。",)
    (cue,) = cues([Segment(0, 0.3, "Yes."), Segment(0.4, 0.9, "I see.")])
    assert cue.lines == ("Yes. I see.",)


def test_times_that_go_back_are_put_in_order() -> None:
    result = cues([Segment(5, 6, "Later."), Segment(1, 2, "Sooner.")])
    assert [cue.start for cue in result] == sorted(cue.start for cue in result)


def test_nothing_said_is_no_cue() -> None:
    assert cues([]) == []
    assert cues([Segment(0, 1, " \n ")]) == []


def test_no_cue_comes_before_it_may() -> None:
    result = cues_of(
        track_pieces([said("Good morning."), said("Hello.", start=9)]), not_before=4000
    )
    assert [cue.start for cue in result] == [4000, 9000]


def test_other_rules_are_other_limits() -> None:
    narrow = CueRules(columns=20, most_ms=3000)
    result = cues([said("We moved forty two users on Monday, and three had a problem.")], narrow)
    assert all(columns(line) <= 20 for cue in result for line in cue.lines)
    assert all(cue.end - cue.start <= 3000 for cue in result)


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf")])
def test_what_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="clock"):
        milliseconds(seconds)


def test_a_text_is_laid_out_in_two_lines_or_not_at_all() -> None:
    assert laid_out("") == ()
    assert laid_out("Short.") == ("Short.",)
    assert laid_out("word " * 30) is None
