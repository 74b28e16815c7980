from __future__ import annotations

import numpy as np
import pytest

from livecaption.bench.excerpts import LoadedClip, beginning, excerpts, load_audio, whole
from livecaption.bundled import speech_clips
from livecaption.errors import OperatorError


@pytest.fixture(scope="module")
def clips() -> list[LoadedClip]:
    return load_audio(speech_clips())


def test_publishers_take_the_clips_in_turn_and_begin_at_different_places(
    clips: list[LoadedClip],
) -> None:
    said = excerpts(clips, 6)
    assert len({excerpt.name for excerpt in said}) == 6
    assert [excerpt.sound is clips[i % 2].audio for i, excerpt in enumerate(said)] == [True] * 6


def test_a_clip_that_goes_round_says_all_its_words_and_plays_all_its_samples(
    clips: list[LoadedClip],
) -> None:
    turned = excerpts(clips, 4)[2]
    straight = whole(clips[0])
    assert turned.offset > 0
    assert sorted(w.word for w in turned.words) == sorted(w.word for w in straight.words)
    assert [w.start for w in turned.words] == sorted(w.start for w in turned.words)
    blocks = [turned.block(at, 1600) for at in range(0, turned.samples, 1600)]
    played = np.concatenate(blocks)
    assert np.array_equal(played, np.roll(straight.sound, -turned.offset))


def test_words_lie_where_they_are_heard_also_in_an_excerpt_longer_than_its_clip(
    clips: list[LoadedClip],
) -> None:
    long = excerpts(clips, 1, 100.0)[0]
    assert long.duration >= 100.0
    length = len(clips[0].audio) / 16_000
    first = next(w for w in long.words if w.start > length)
    assert first.start == pytest.approx(length + clips[0].clip.words[0].start)
    assert first.word == clips[0].clip.words[0].word
    at = round(clips[0].clip.words[0].start * 16_000)
    again = long.block(len(clips[0].audio) + at, 800)
    assert np.array_equal(again, clips[0].audio[at : at + 800])


def test_a_shorter_excerpt_ends_in_a_pause_or_between_words(clips: list[LoadedClip]) -> None:
    for said in excerpts(clips, 2, 10.0):
        assert 10.0 <= said.duration < 14.0
        assert all(word.stop <= said.duration for word in said.words)


def test_the_beginning_of_an_excerpt_leaves_out_the_word_that_is_cut(
    clips: list[LoadedClip],
) -> None:
    start = beginning(whole(clips[0]), 5.0)
    assert start.words
    assert start.words[-1].stop <= start.duration <= 5.1


def test_a_folder_without_clips_is_refused_in_a_sentence() -> None:
    with pytest.raises(OperatorError, match="no clip to play"):
        load_audio([])
