"""Real speech and what is not speech, int16 at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import av
import numpy as np

from livecaption.bundled import Clip, speech_clips
from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from livecaption.core.gate import IsSpeech

__all__ = ["NOT_SPEECH", "decisions", "frames", "meeting", "meeting_audio", "tone", "white_noise"]


@cache
def meeting() -> Clip:
    """A meeting of three voices, with the time of every word."""
    return next(clip for clip in speech_clips() if clip.name == "meeting")


@cache
def meeting_audio() -> Samples:
    with av.open(str(meeting().audio)) as container:
        decoded = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples: Samples = np.concatenate(decoded)
    assert samples.dtype == np.int16
    return samples


def frames(samples: Samples) -> Iterator[bytes]:
    """Whole frames; a remainder is left out."""
    for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[at : at + FRAME_SAMPLES].tobytes()


def decisions(detector: IsSpeech, samples: Samples) -> list[bool]:
    """What a detector says of each frame."""
    return [detector(frame) for frame in frames(samples)]


def tone(hertz: float, amplitude: float = 8000, seconds: float = 2.0) -> Samples:
    at = np.arange(int(seconds * SAMPLE_RATE))
    return (amplitude * np.sin(2 * np.pi * hertz * at / SAMPLE_RATE)).astype(np.int16)


def white_noise(amplitude: float = 3000, seconds: float = 2.0) -> Samples:
    noise = np.random.default_rng(1).normal(0, amplitude, int(seconds * SAMPLE_RATE))
    return noise.clip(-32768, 32767).astype(np.int16)


def _clicks() -> Samples:
    samples = np.zeros(2 * SAMPLE_RATE, dtype=np.int16)
    samples[::8000] = 30_000
    return samples


def _hum() -> Samples:
    return sum((tone(50 * n, 4000 / n) for n in range(1, 6)), np.zeros(1, dtype=np.int16))


NOT_SPEECH: dict[str, Callable[[], Samples]] = {
    "silence": lambda: np.zeros(2 * SAMPLE_RATE, dtype=np.int16),
    "white noise": white_noise,
    "a tone": lambda: tone(440),
    "mains hum": _hum,
    "clicks": _clicks,
    "an offset": lambda: np.full(2 * SAMPLE_RATE, 8000, dtype=np.int16),
}
