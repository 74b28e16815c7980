"""The energy floor under every other detector.

webrtcvad calls much quiet noise speech; below a certain level nobody is heard anyway.
"""

from __future__ import annotations

import numpy as np

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.gate import IsSpeech

__all__ = ["EnergyFloor", "dbfs"]

_INT16 = np.dtype("<i2")


def dbfs(frame: bytes) -> float:
    """Return the level of 16-bit PCM in decibels relative to full scale; -120 for silence."""
    samples = np.frombuffer(frame, _INT16).astype(np.float32)
    power = float(np.dot(samples, samples)) / max(1, len(samples))
    return max(-120.0, 10.0 * float(np.log10(power / 32768.0**2 + 1e-12)))


class EnergyFloor:
    """Passes to ``detector`` only frames louder than ``floor`` (dBFS); others are not speech."""

    def __init__(self, detector: IsSpeech, *, floor: float = -55.0) -> None:
        self._detector = detector
        self._power = 32768.0**2 * 10.0 ** (floor / 10.0)
        # Kept from frame to frame: converting into it is half the price of a new array.
        self._frame = np.empty(FRAME_SAMPLES, dtype=np.float32)

    def __call__(self, frame: bytes) -> bool:
        """Decide on one 20 ms frame of little-endian int16."""
        taken = np.frombuffer(frame, _INT16)
        count = len(taken)
        samples = self._frame if count == FRAME_SAMPLES else np.empty(count, dtype=np.float32)
        samples[:] = taken
        return bool(samples.dot(samples) >= self._power * count) and self._detector(frame)
