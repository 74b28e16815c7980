"""The energy floor under every other detector.

webrtcvad calls much quiet noise speech; below a certain level nobody is heard anyway.
"""

from __future__ import annotations

import numpy as np

from livecaption.core.gate import IsSpeech

__all__ = ["EnergyFloor", "dbfs"]


def dbfs(frame: bytes) -> float:
    """Return the level of 16-bit PCM in decibels relative to full scale; -120 for silence."""
    samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
    power = float(np.dot(samples, samples)) / max(1, len(samples))
    return max(-120.0, 10.0 * float(np.log10(power / 32768.0**2 + 1e-12)))


class EnergyFloor:
    """Passes to ``detector`` only frames louder than ``floor`` (dBFS); others are not speech."""

    def __init__(self, detector: IsSpeech, *, floor: float = -55.0) -> None:
        self._detector = detector
        self._power = 32768.0**2 * 10.0 ** (floor / 10.0)

    def __call__(self, frame: bytes) -> bool:
        """Decide on one 20 ms frame of little-endian int16."""
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        if float(np.dot(samples, samples)) < self._power * len(samples):
            return False
        return self._detector(frame)
