from __future__ import annotations

import numpy as np
import pytest

from livecaption.core.audio import SAMPLE_RATE
from livecaption.detect.silero import SileroVerifier
from tests.detect.signals import NOT_SPEECH, meeting, meeting_audio


@pytest.fixture(scope="module")
def verifier() -> SileroVerifier:
    return SileroVerifier()


def test_every_sentence_of_the_meeting_is_speech(verifier: SileroVerifier) -> None:
    audio = meeting_audio()
    words = meeting().words
    for first in range(0, len(words) - 6, 6):
        start, stop = words[first].start, words[first + 6].start
        assert verifier(audio[int(start * SAMPLE_RATE) : int(stop * SAMPLE_RATE)])


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_what_is_not_speech_is_vetoed(verifier: SileroVerifier, name: str) -> None:
    assert not verifier(NOT_SPEECH[name]())


def test_speech_is_found_behind_noise(verifier: SileroVerifier) -> None:
    noise = NOT_SPEECH["white noise"]()
    assert verifier(np.concatenate([noise, meeting_audio()[: 3 * SAMPLE_RATE]]))


@pytest.mark.parametrize(
    ("samples", "chunks"), [(0, 0), (1, 1), (511, 1), (512, 1), (513, 2), (16_000, 32)]
)
def test_a_window_of_any_length_is_judged_in_chunks(
    verifier: SileroVerifier, samples: int, chunks: int
) -> None:
    probabilities = verifier.probabilities(np.zeros(samples, dtype=np.int16))
    assert probabilities.shape == (chunks,)
    assert probabilities.dtype == np.float32
    assert not verifier(np.zeros(samples, dtype=np.int16))


def test_as_many_chunks_as_asked_for_must_reach_the_threshold(verifier: SileroVerifier) -> None:
    audio = meeting_audio()[: 4 * SAMPLE_RATE]
    likely = int((verifier.probabilities(audio) >= 0.9).sum())
    assert likely > 10
    assert SileroVerifier(threshold=0.9, chunks=likely)(audio)
    assert not SileroVerifier(threshold=0.9, chunks=likely + 1)(audio)
