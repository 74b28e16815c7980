"""Units of audio, and the cutting of any byte stream into 20 ms frames.

Everything inside the core is 16 kHz mono. A *chunk* is what one socket message carries, a
*frame* is the 20 ms the voice activity detector takes: webrtcvad accepts 10, 20 or 30 ms only,
and 100 ms (the usual chunk) is not a multiple of 30.

This module must not know where bytes come from.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from livecaption.errors import UnsupportedAudio

__all__ = [
    "FRAME_SAMPLES",
    "SAMPLE_RATE",
    "FrameSplitter",
    "Samples",
    "pcm16_to_float32",
    "samples_from_bytes",
    "seconds",
]

SAMPLE_RATE = 16_000
"""Samples per second of every signal in the core."""

FRAME_SAMPLES = 320
"""Samples in one 20 ms frame."""

Samples = npt.NDArray[np.int16]
"""Signed 16-bit mono PCM at SAMPLE_RATE, shape (samples,)."""

_FULL_SCALE = np.float32(1 / 32768)


def seconds(samples: int) -> float:
    """Convert a sample index or count to seconds, rounded to the millisecond the wire carries."""
    return round(samples / SAMPLE_RATE, 3)


def samples_from_bytes(pcm: bytes) -> Samples:
    """View little-endian 16-bit PCM as samples, without a copy.

    Args:
        pcm: whole samples, two bytes each.

    Returns:
        int16, shape (len(pcm) // 2,); read-only.

    Raises:
        UnsupportedAudio: the byte count is odd, so a sample is cut in half.
    """
    if len(pcm) % 2:
        raise UnsupportedAudio(
            f"An audio frame of {len(pcm)} bytes holds half a sample; send whole 16-bit samples."
        )
    return np.frombuffer(pcm, dtype="<i2")


def pcm16_to_float32(samples: Samples) -> npt.NDArray[np.float32]:
    """Scale int16 samples to float32 in [-1, 1), shape (samples,).

    The one place with this constant: 32768, so that -32768 maps to exactly -1.
    """
    return samples.astype(np.float32) * _FULL_SCALE


class FrameSplitter:
    """Cuts chunks of any size into frames of FRAME_SAMPLES, carrying the remainder over."""

    def __init__(self) -> None:
        self._remainder: Samples = np.empty(0, dtype=np.int16)

    @property
    def pending(self) -> int:
        """Samples held back because they do not fill a frame yet."""
        return len(self._remainder)

    def push(self, samples: Samples) -> Iterator[bytes]:
        """Yield each completed frame as FRAME_SAMPLES × 2 bytes, little-endian.

        The remainder is stored before the first frame is yielded, so an iterator that is not
        exhausted loses frames but never splits the stream in the wrong place.
        """
        if len(self._remainder):
            samples = np.concatenate([self._remainder, samples])
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        self._remainder = samples[whole:].copy()
        raw = samples[:whole].tobytes()
        return (raw[i : i + 2 * FRAME_SAMPLES] for i in range(0, len(raw), 2 * FRAME_SAMPLES))

    def flush(self) -> bytes | None:
        """Return the remainder as one frame padded with zeros, or None when there is none."""
        if not len(self._remainder):
            return None
        frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        frame[: len(self._remainder)] = self._remainder
        self._remainder = self._remainder[:0]
        return frame.tobytes()
