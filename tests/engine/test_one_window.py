from __future__ import annotations

import numpy as np
import pytest
from faster_whisper import WhisperModel

from livecaption.bundled import model_path, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.engine.one_window import end_of, transcribe_window
from livecaption.media.sources import open_source

pytestmark = pytest.mark.model

SETTINGS = {"language": "en", "beam_size": 1, "temperature": 0.0, "word_timestamps": True}


@pytest.fixture(scope="module")
def model() -> WhisperModel:
    return WhisperModel(str(model_path()), device="cpu", compute_type="int8")


@pytest.fixture(scope="module")
def speech() -> Samples:
    with open_source(str(speech_clips()[0].audio)) as source:
        return np.concatenate(list(source))[20 * SAMPLE_RATE : 32 * SAMPLE_RATE]


def test_a_window_that_ends_inside_a_sentence_is_not_covered(
    model: WhisperModel, speech: Samples
) -> None:
    segments, covered = transcribe_window(model, speech, SETTINGS)
    assert segments
    assert not covered
    assert 0 < end_of(segments[-1]) <= len(speech)


def test_a_window_that_ends_in_silence_is_covered(model: WhisperModel, speech: Samples) -> None:
    silence = np.zeros(3 * SAMPLE_RATE, dtype=np.int16)
    short = np.concatenate([speech[: int(2.8 * SAMPLE_RATE)], silence])
    _, covered = transcribe_window(model, short, SETTINGS)
    assert covered


def test_the_shared_model_is_left_as_it_was(model: WhisperModel, speech: Samples) -> None:
    before = dict(vars(model))
    extractor = dict(vars(model.feature_extractor))
    transcribe_window(model, speech[: 4 * SAMPLE_RATE], SETTINGS)
    assert vars(model) == before
    after = vars(model.feature_extractor)
    assert all(np.array_equal(after[name], extractor[name]) for name in extractor)
