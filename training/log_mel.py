"""Log-mel features before normalisation, so that windows can be composed and mixed in their domain.

The frames are those of faster-whisper's feature extractor (25 ms window, 10 ms hop, 80 bands);
what is missing here is Whisper's clamp to 8 decades below the maximum and its scaling, which
depend on the whole window and are applied in `augmentation.normalise`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft

__all__ = ["BANDS", "ENCODER_FRAMES_PER_SECOND", "FRAMES_PER_SECOND", "SILENCE", "log_mel"]

FRAMES_PER_SECOND = 100
"""Mel frames; the encoder halves them."""

ENCODER_FRAMES_PER_SECOND = 50

BANDS = 80

SILENCE = -10.0
"""log10 power of digital silence."""

_SAMPLE_RATE, _WINDOW, _HOP = 16_000, 400, 160
_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filter_bank() -> npt.NDArray[np.float32]:
    """Whisper's triangular filters, shape (BANDS, 201)."""
    from faster_whisper.feature_extractor import FeatureExtractor

    filters = FeatureExtractor.get_mel_filters(_SAMPLE_RATE, _WINDOW, BANDS)
    return np.asarray(filters, np.float32)


def log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Compute un-normalised features.

    Args:
        samples: mono at 16 kHz, shape (samples,), at least 201 of them.

    Returns:
        log10 power per band, shape (samples // 160, BANDS), never below SILENCE.
    """
    padded = np.pad(samples.astype(np.float32), (_WINDOW // 2, _WINDOW // 2), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP] * _HANN
    power = np.abs(scipy.fft.rfft(frames, axis=1)) ** 2
    mel = power[:-1] @ _filter_bank().T
    return np.asarray(np.log10(np.maximum(mel, 10.0**SILENCE)), np.float32)
