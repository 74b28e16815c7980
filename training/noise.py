"""Noise in the log-mel domain: white, pink, brown, mains hum, and babble of many voices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.log_mel import BANDS, SILENCE, log_mel
from training.utterance import SAMPLE_RATE
from training.utterance_pool import UtterancePool

__all__ = ["STEADY_KINDS", "NoiseBank"]

STEADY_KINDS = 4
"""White, pink, brown, hum; babble is the fifth kind and contains speech."""

_SECONDS = 60
_BABBLE_FRAMES = 6000
"""Mel frames; 60 s."""
_BABBLE_VOICES = 8
_NEW_BABBLE = 0.002
"""Probability per segment of mixing a new babble."""

Mel = npt.NDArray[np.floating]
"""Un-normalised log10-mel, shape (mel frames, 80)."""


def _steady_noises(random: np.random.Generator) -> list[Mel]:
    samples = _SECONDS * SAMPLE_RATE
    white = random.standard_normal(samples).astype(np.float32) * 0.05
    noises: list[Mel] = [log_mel(white)]
    spectrum = np.fft.rfft(white)
    frequencies = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 20.0)
    for exponent in (0.5, 1.0):  # pink, brown
        coloured = np.fft.irfft(spectrum / frequencies**exponent, samples)
        noises.append(log_mel(coloured.astype(np.float32) * (200**exponent)))
    time = np.arange(samples) / SAMPLE_RATE
    hum = np.zeros(samples)
    for rank, frequency in enumerate((50, 100, 150, 250, 350), 1):
        hum += np.sin(2 * np.pi * frequency * time + frequency) / rank
    noises.append(log_mel((0.02 * hum).astype(np.float32) + 0.1 * white))
    return noises


class NoiseBank:
    """A minute of each kind of noise, to cut segments from."""

    def __init__(self, pool: UtterancePool, random: np.random.Generator) -> None:
        """Make the steady noises; babble is mixed from `pool` when it is first needed."""
        self._pool, self._random = pool, random
        self._steady = _steady_noises(random)
        self._babble: Mel | None = None

    def segment(self, frames: int, *, babble: bool) -> Mel:
        """Cut a random stretch of a random kind.

        Args:
            frames: mel frames, less than 6000.
            babble: whether babble is among the kinds.

        Returns:
            Shape (frames, 80).
        """
        random = self._random
        if not babble:
            kind = random.integers(STEADY_KINDS)
        if self._babble is None or random.random() < _NEW_BABBLE:
            self._babble = self._mix_babble()
        if babble:
            kind = random.integers(STEADY_KINDS + 1)
        noise = self._babble if kind == STEADY_KINDS else self._steady[kind]
        first = random.integers(0, len(noise) - frames)
        return noise[first : first + frames]

    def _mix_babble(self) -> Mel:
        power = np.full((_BABBLE_FRAMES, BANDS), 10.0**SILENCE)
        for _ in range(_BABBLE_VOICES):
            position = 0
            while position < _BABBLE_FRAMES:
                mel = self._pool.any(self._random).mel[: _BABBLE_FRAMES - position]
                power[position : position + len(mel)] += 10.0 ** mel.astype(np.float32)
                position += len(mel)
        return np.asarray(np.log10(power))
