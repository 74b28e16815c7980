"""Log-mel features of a growing window: all of it each time, and only what is new."""

from __future__ import annotations

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

from bench.timing import median_us
from livecaption.core.audio import SAMPLE_RATE
from livecaption.engine.features import FeatureCache, LogMel, normalise_and_pad

_WINDOW_S = 6
_HOP = SAMPLE_RATE // 2


def run() -> dict[str, float]:
    rng = np.random.default_rng(1)
    audio = rng.integers(-3000, 3000, SAMPLE_RATE * _WINDOW_S, dtype=np.int16)
    filters = FeatureExtractor().mel_filters
    cache = FeatureCache(LogMel(filters))
    fresh = FeatureCache(LogMel(filters))

    def whole() -> None:
        fresh.forget("s")
        fresh.raw("s", 0, audio)

    def newest() -> None:
        cache.forget("s")
        cache.raw("s", 0, audio[:-_HOP])
        cache.raw("s", 0, audio)

    first = median_us(lambda: (cache.forget("s"), cache.raw("s", 0, audio[:-_HOP])))
    raw = cache.raw("s", 0, audio)
    return {
        "whole_6s_us": median_us(whole),
        "newest_half_second_us": max(0.0, round(median_us(newest) - first, 2)),
        "normalise_and_pad_us": median_us(lambda: normalise_and_pad(raw, 1000)),
    }
