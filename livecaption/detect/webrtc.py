"""The WebRTC voice activity detector: 2 µs a frame, adapts to steady noise.

The only module that imports webrtcvad (from the ``webrtcvad-wheels`` distribution).
"""

from __future__ import annotations

import webrtcvad

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.gate import IsSpeech
from livecaption.detect.energy import EnergyFloor

__all__ = ["WebRtcDetector", "new_detector"]


class WebRtcDetector:
    """One detector for one stream: it adapts, so streams must not share it.

    Args:
        aggressiveness: 0 to 3; higher lets less noise, and less quiet speech, through.
    """

    def __init__(self, aggressiveness: int = 2) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)

    def __call__(self, frame: bytes) -> bool:
        """Decide on one 20 ms frame of little-endian int16 at 16 kHz."""
        return bool(self._vad.is_speech(frame, SAMPLE_RATE))


def new_detector() -> IsSpeech:
    """Return the detector of a new session: WebRTC above an energy floor."""
    return EnergyFloor(WebRtcDetector())
