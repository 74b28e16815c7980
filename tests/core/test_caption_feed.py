"""A live player fetches each segment once: what it has seen may not change, nothing be missing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.caption_feed import CaptionFeed, Said
from livecaption.core.cue_breaks import READING
from livecaption.core.cues import Cue
from livecaption.core.timed_text import Segment, TimedWord

START = 1_795_521_600
"""Seconds since the epoch; a whole number of segments."""
SEGMENT_MS = 6000
FOR_EVER = 10**12


def said(
    text: str,
    start: float,
    *,
    utterance: int = 1,
    speaker: str | None = "Ada",
    session: str = "s_1",
    each: float = 0.3,
) -> Said:
    words, now = [], START + start
    for number, token in enumerate(text.split()):
        words.append(TimedWord(f" {token}" if number else token, now, now + each, 0.9))
        now += each
    segment = Segment(START + start, now, text, words=tuple(words))
    return Said(session, utterance, (speaker or session, ""), speaker, segment)


def edge(segments: int) -> int:
    """The edge behind so many segments."""
    return START * 1000 + segments * SEGMENT_MS


def text_of(cues: list[Cue]) -> str:
    return " ".join(" ".join(cue.lines) for cue in cues)


@dataclass
class Player:
    """Fetches each segment once, when it is there, and shows what it gets."""

    feed: CaptionFeed
    at: int = 0

    def __post_init__(self) -> None:
        self.segments: dict[int, list[Cue]] = {}

    def follow(self, utterances: list[Said], segments: int) -> None:
        self.feed.advance(utterances, edge(segments))
        for number in range(self.at, segments):
            self.segments[number] = self.feed.between(edge(number), edge(number + 1))
        self.at = segments

    @property
    def shown(self) -> list[Cue]:
        """Cues that stand in several segments count once, as a player takes them."""
        distinct = {cue: None for cues in self.segments.values() for cue in cues}
        return sorted(distinct, key=lambda cue: cue.start)


@st.composite
def speeches(draw: st.DrawFn) -> list[tuple[float, Said]]:
    """Utterances in order, each with the time by which its words are known."""
    result = []
    now = draw(st.floats(0, 10))
    for utterance in range(1, draw(st.integers(1, 6)) + 1):
        tokens = draw(st.lists(st.text("abcdef.", min_size=1, max_size=9), min_size=1, max_size=40))
        one = said(
            " ".join(tokens), now, utterance=utterance, each=draw(st.sampled_from([0.1, 0.3, 0.8]))
        )
        late = draw(st.sampled_from([1.0, 2.0, 9.0, 40.0]))
        result.append((late, one))
        now = one.segment.end - START + draw(st.floats(0, 8))
    return result


def known(speech: list[tuple[float, Said]], now: float) -> list[Said]:
    """What is committed at a time, word by word."""
    result = []
    for late, one in speech:
        words = tuple(word for word in one.segment.words if word.end - START + late <= now)
        if words:
            text = "".join(word.text for word in words)
            segment = Segment(one.segment.start, words[-1].end, text, words=words)
            result.append(Said(one.session, one.utterance, one.voice, one.speaker, segment))
    return result


def played(speech: list[tuple[float, Said]]) -> Player:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    last = int(speech[-1][1].segment.end - START) // 6 + 30
    for segments in range(1, last):
        player.follow(known(speech, 6 * segments + 10), segments)
    return player


@given(speeches())
def test_every_word_is_shown_once_and_in_order_however_late_it_became_known(
    speech: list[tuple[float, Said]],
) -> None:
    shown = "".join(text_of(played(speech).shown).split())
    texts = [one.segment.text for _, one in speech]
    if all(late == speech[0][0] for late, _ in speech):
        assert shown == "".join("".join(texts).split())
    else:  # what is known later comes later
        assert sorted(shown) == sorted("".join("".join(texts).split()))


@given(speeches())
def test_what_a_player_has_fetched_never_changes(speech: list[tuple[float, Said]]) -> None:
    player = played(speech)
    for number, cues in player.segments.items():
        assert player.feed.between(edge(number), edge(number + 1)) == cues


@given(speeches())
def test_a_cue_begins_in_a_segment_that_had_not_been_fetched_when_it_came(
    speech: list[tuple[float, Said]],
) -> None:
    segments = played(speech).segments
    for number, cues in segments.items():
        for cue in cues:
            first = (cue.start - edge(0)) // SEGMENT_MS
            assert first <= number
            assert cue in segments[first]


@given(speeches())
def test_cues_of_a_voice_stand_long_enough_and_never_overlap(
    speech: list[tuple[float, Said]],
) -> None:
    shown = played(speech).shown
    assert all(READING.least_ms <= cue.end - cue.start <= READING.most_ms for cue in shown)
    assert all(one.end + READING.gap_ms <= two.start for one, two in pairwise(shown))


def test_a_cue_across_an_edge_stands_in_both_segments_with_the_same_times() -> None:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    player.follow([said("We moved forty two users on Monday.", 5.0)], 2)
    (first,), (second,) = player.segments[0], player.segments[1]
    assert first == second
    assert first.start < edge(1) < first.end


def test_words_that_were_on_time_keep_their_times() -> None:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    one, two = said("Good morning.", 1.0), said("Shall we begin?", 8.0, utterance=2)
    player.follow([one], 1)
    player.follow([one, two], 2)
    assert [cue.start - edge(0) for cue in player.shown] == [1000, 8000]


def test_words_known_too_late_come_at_the_edge_at_reading_pace() -> None:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    player.follow([], 2)
    late = said("This is what was said while the engine was busy with all the others.", 1.0)
    then = said("And on it goes.", 20.0, utterance=2)
    for segments in (3, 4):
        player.follow([late, then], segments)
    *delayed, last = player.shown
    assert delayed[0].start == edge(2)
    assert all(cue.end - cue.start >= cue.columns * 1000 // 17 for cue in delayed)
    assert (last.lines, last.start) == (("And on it goes.",), edge(0) + 20_000)


def test_an_utterance_that_grows_is_continued_where_it_was_cut() -> None:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    player.follow([said("Forty", 5.0)], 1)
    player.follow([said("Forty-two users moved.", 5.0)], 2)
    assert [" ".join(cue.lines) for cue in player.shown] == ["Forty", "-two users moved."]


def test_two_voices_may_stand_at_the_same_time() -> None:
    player = Player(CaptionFeed(keep_ms=FOR_EVER))
    one = said("Good morning.", 1.0)
    two = said("Hello.", 1.5, speaker=None, session="s_2")
    player.follow([one, two], 1)
    assert [(cue.speaker, cue.start - edge(0)) for cue in player.shown] == [
        ("Ada", 1000),
        (None, 1500),
    ]


def test_a_player_that_comes_in_the_middle_finds_what_was_said_before() -> None:
    feed = CaptionFeed(keep_ms=60_000)
    utterances = [said("Long ago.", 1.0), said("Just now.", 100.0, utterance=2)]
    feed.advance(utterances, edge(18))
    assert text_of(feed.between(0, FOR_EVER * 10)) == "Just now."


def test_what_is_older_than_kept_is_forgotten() -> None:
    feed = CaptionFeed(keep_ms=12_000)
    one = said("Good morning.", 1.0)
    feed.advance([one], edge(1))
    assert text_of(feed.between(edge(0), edge(1))) == "Good morning."
    feed.advance([one], edge(5))
    assert feed.between(edge(0), edge(1)) == []
    assert feed.between(edge(1), edge(5)) == []


def test_what_was_deleted_is_taken_back() -> None:
    feed = CaptionFeed(keep_ms=FOR_EVER)
    one, two = said("Secret.", 1.0), said("Public.", 9.0, utterance=2)
    feed.advance([one, two], edge(2))
    feed.advance([two], edge(3))
    assert text_of(feed.between(edge(0), edge(3))) == "Public."
    feed.advance([], edge(4))
    assert feed.between(edge(0), edge(4)) == []


def test_the_edge_cannot_go_back() -> None:
    feed = CaptionFeed(keep_ms=FOR_EVER)
    feed.advance([], edge(2))
    with pytest.raises(ValueError, match="edge"):
        feed.advance([], edge(1))
