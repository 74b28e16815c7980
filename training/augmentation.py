"""What microphones, rooms and gain do to speech, applied to un-normalised log-mel frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from training.log_mel import BANDS, SILENCE
from training.noise import NoiseBank

__all__ = ["augment", "normalise"]

Mel = npt.NDArray[np.float32]
"""Shape (mel frames, 80)."""

_DYNAMIC_RANGE = 8.0
"""Decades below the maximum that Whisper's features keep."""


def augment(mel: Mel, noise: NoiseBank, random: np.random.Generator, hardness: float) -> Mel:
    """Add reverberation, noise, equalisation, gain and a band drop-out, each by chance.

    Args:
        mel: un-normalised log10, shape (mel frames, 80).
        noise: where noise comes from.
        random: where all choices come from.
        hardness: 0 to 1; more noise towards 1.
    """
    if random.random() < 0.15:
        mel = _reverberate(mel, random)
    if random.random() < 0.10 + 0.35 * hardness:
        mel = _add_noise(mel, noise.segment(len(mel), babble=True), random)
    if random.random() < 0.4:
        knots = random.normal(0, 0.3, 5)
        curve = np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 5), knots)
        mel = np.maximum(mel + curve.astype(np.float32), SILENCE)
    mel = np.maximum(mel + random.uniform(-2.5, 0.7), SILENCE)
    if random.random() < 0.2:
        band = random.integers(0, BANDS - 6)
        mel[:, band : band + random.integers(1, 7)] = mel.min()
    return mel


def _reverberate(mel: Mel, random: np.random.Generator) -> Mel:
    """An exponential tail of power: crude, but costs nothing."""
    decay = np.exp(-1 / random.uniform(3, 15))
    power = 10.0**mel
    strength = random.uniform(0.05, 0.4) * (1 - decay) * 3
    power += strength * lfilter([0, 0, decay], [1, -decay], power, axis=0)
    return np.asarray(np.log10(np.maximum(power, 10.0**SILENCE)), np.float32)


def _add_noise(mel: Mel, noise: npt.NDArray[np.floating], random: np.random.Generator) -> Mel:
    level = np.log10(np.mean(10.0**mel) + 10.0**SILENCE) - np.log10(np.mean(10.0**noise))
    snr_db = random.uniform(5, 45)
    mixed = 10.0**mel + 10.0 ** (noise + (level - snr_db / 10))
    return np.asarray(np.log10(mixed), np.float32)


def normalise(mel: Mel, mel_frames: int, random: np.random.Generator) -> Mel:
    """Scale as Whisper does and pad to the window, in each of the ways met at inference.

    Args:
        mel: un-normalised log10, shape (at most mel_frames, 80).
        mel_frames: length of the window.
        random: where all choices come from.

    Returns:
        float32, shape (mel_frames, 80).
    """
    maximum = mel.max() + (random.uniform(0, 0.8) if random.random() < 0.2 else 0)
    scaled = (np.maximum(mel, maximum - _DYNAMIC_RANGE) + 4.0) / 4.0
    window = np.zeros((mel_frames, BANDS), np.float32)  # faster-whisper pads features with 0.0
    if random.random() < 0.25:  # ... or the audio itself was padded with silence
        window[:] = (maximum - 4.0) / 4.0
        if len(scaled) < mel_frames and random.random() < 0.5:  # ... or first that, then this
            window[int(random.integers(len(scaled), mel_frames)) :] = 0.0
    window[: len(scaled)] = scaled
    return window
