"""Incremental log-mel features against faster-whisper's own extractor."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor
from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import Samples, pcm16_to_float32
from livecaption.engine.features import HOP, FeatureCache, LogMel, normalise_and_pad

REFERENCE = FeatureExtractor(feature_size=80)
LOG_MEL = LogMel(REFERENCE.mel_filters)


def noise(samples: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, 3000, samples).astype(np.int16)


def test_features_equal_those_of_faster_whisper() -> None:
    audio = noise(6 * 16_000)
    raw = LOG_MEL.frames(pcm16_to_float32(audio), 0, len(audio) // HOP)
    ours = normalise_and_pad(raw, 600)
    theirs = REFERENCE(pcm16_to_float32(audio), padding=0)[:, :600]
    assert ours.shape == (80, 600)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 30))
def test_growing_windows_get_the_same_features_from_the_cache(steps: list[int], first: int) -> None:
    audio = noise(16_000 * 3)
    cache = FeatureCache(LOG_MEL)
    start = first * HOP
    stop = start
    for step in steps:
        stop = min(stop + step * HOP, len(audio))
        raw = cache.raw("s", start, audio[start:stop])
        whole = LOG_MEL.frames(pcm16_to_float32(audio[:stop]), first, (stop - start) // HOP)
        # The first two frames mirror the window's start; the last two its end.
        np.testing.assert_allclose(raw[2:-2], whole[2:-2], atol=1e-4)


def test_a_trimmed_window_uses_frames_that_saw_the_audio_before_it() -> None:
    audio = noise(16_000)
    cache = FeatureCache(LOG_MEL)
    before = cache.raw("s", 0, audio)
    after = cache.raw("s", 50 * HOP, audio[50 * HOP :])
    np.testing.assert_array_equal(after[:40], before[50:90])


def test_a_window_before_the_cached_ones_is_computed_anew() -> None:
    audio = noise(16_000)
    cache = FeatureCache(LOG_MEL)
    cache.raw("s", 50 * HOP, audio[50 * HOP :])
    raw = cache.raw("s", 0, audio)
    np.testing.assert_allclose(raw[:98], LOG_MEL.frames(pcm16_to_float32(audio), 0, 98), atol=1e-4)


def test_a_window_off_the_grid_is_computed_without_the_cache() -> None:
    audio = noise(16_000)
    cache = FeatureCache(LOG_MEL)
    raw = cache.raw("s", 7, audio[7:])
    assert raw.shape == ((16_000 - 7) // HOP, 80)


@pytest.mark.parametrize("samples", [0, 1, 159])
def test_audio_shorter_than_a_frame_has_no_features(samples: int) -> None:
    assert FeatureCache(LOG_MEL).raw("s", 0, noise(samples)).shape == (0, 80)


@pytest.mark.parametrize("samples", [160, 320, 400])
def test_very_short_audio_has_finite_features(samples: int) -> None:
    raw = FeatureCache(LOG_MEL).raw("s", 0, noise(samples))
    assert raw.shape == (samples // HOP, 80)
    assert np.isfinite(raw).all()


def test_the_cache_forgets_the_session_used_least_recently() -> None:
    audio = noise(3200)
    cache = FeatureCache(LOG_MEL, max_sessions=2)
    for session in ("a", "b", "a", "c"):
        cache.raw(session, 0, audio)
    assert set(cache._sessions) == {"a", "c"}
    cache.forget("a")
    cache.forget("never seen")
    assert set(cache._sessions) == {"c"}


def test_padding_is_the_silence_floor_of_the_window() -> None:
    raw = np.full((10, 80), -2.0, dtype=np.float32)
    raw[0, 0] = 1.0
    padded = normalise_and_pad(raw, 20)
    assert padded[:, 10:].max() == padded[:, 10:].min() == pytest.approx((1.0 - 8 + 4) / 4)
    assert normalise_and_pad(raw[:0], 20).shape == (80, 20)
