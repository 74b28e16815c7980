"""One synthetic utterance at 16 kHz with the times of its words and phones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from training.espeak import Espeak, TimedPhone, TimedWord
from training.voices import Voice

__all__ = ["SAMPLE_RATE", "Utterance", "synthesise_utterance"]

SAMPLE_RATE = 16_000

_EDGE = 320
"""Zero samples on either side, so that utterances can be joined without a click."""

_ENCODER_FRAME = 320
"""Samples; the length is a whole number of these."""


class Utterance(NamedTuple):
    """Audio and its times in seconds from the first sample, edges included."""

    samples: npt.NDArray[np.float32]
    """Shape (samples,), at SAMPLE_RATE, full scale 1."""
    words: list[TimedWord]
    phones: list[TimedPhone]


def synthesise_utterance(espeak: Espeak, text: str, voice: Voice) -> Utterance:
    """Speak a text and bring it to 16 kHz.

    Raises:
        RuntimeError: this espeak-ng does not synthesise at 22,050 Hz.
    """
    if espeak.sample_rate != 22_050:
        raise RuntimeError(f"espeak-ng gives {espeak.sample_rate} Hz; 22050 Hz was expected.")
    pcm, words, phones = espeak.synthesise(text, voice)
    samples = resample_poly(pcm.astype(np.float32) / 32768.0, 320, 441)
    samples = np.pad(samples, (_EDGE, _EDGE + (-len(samples)) % _ENCODER_FRAME))
    shift = _EDGE / SAMPLE_RATE
    return Utterance(
        samples,
        [TimedWord(w.text, round(w.start + shift, 3), round(w.end + shift, 3)) for w in words],
        [TimedPhone(p.start + shift, p.end + shift, p.symbol) for p in phones],
    )
