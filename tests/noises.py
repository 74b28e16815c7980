"""Sounds that must not be captioned, made by the computer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples

__all__ = ["noises"]


def noises(seconds: int) -> Iterator[tuple[str, Samples]]:
    """Yield each sound with its name: int16, 16 kHz, ``seconds`` long."""
    rng = np.random.default_rng(7)
    count = seconds * SAMPLE_RATE
    time = np.arange(count) / SAMPLE_RATE
    spectrum = np.fft.rfft(rng.standard_normal(count))
    shape = np.arange(1, len(spectrum) + 1)
    clicks = np.zeros(count)
    for at in rng.integers(0, count - 400, seconds * 3):
        clicks[at : at + 300] += rng.standard_normal(300) * np.exp(-np.arange(300) / 40)
    yield "silence", np.zeros(count, np.int16)
    yield "quiet noise", level(rng.standard_normal(count), -60)
    yield "fan", level(np.fft.irfft(spectrum / shape, count), -25)
    yield "pink noise", level(np.fft.irfft(spectrum / np.sqrt(shape), count), -25)
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3))
    yield "hum", level(np.asarray(hum), -20)
    yield "clicks", level(clicks, -25)
    yield "music", level(melody(rng, seconds), -20)


def melody(rng: np.random.Generator, seconds: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Two plucked notes a second, with overtones."""
    notes = np.array([261.6, 293.7, 329.6, 392.0, 440.0, 523.3])
    out = np.zeros(seconds * SAMPLE_RATE)
    at = np.arange(7800)
    envelope = np.minimum(at / 400, 1) * np.exp(-at / 6000)
    for beat in range(seconds * 2):
        pitch = notes[rng.integers(len(notes))]
        tone = sum(np.sin(2 * np.pi * pitch * k * at / SAMPLE_RATE) / k**2 for k in (1, 2, 3, 4))
        out[beat * 8000 : beat * 8000 + 7800] += envelope * tone
    return out


def level(signal: np.ndarray[tuple[int], np.dtype[np.float64]], dbfs: float) -> Samples:
    scaled = signal / np.sqrt((signal**2).mean()) * 10 ** (dbfs / 20)
    samples: Samples = (np.clip(scaled, -1, 0.9999) * 32768).astype(np.int16)
    return samples
