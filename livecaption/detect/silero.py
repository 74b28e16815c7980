"""A second opinion on whole windows: the Silero model that ships inside faster-whisper.

webrtcvad hears speech in fans, hum, music and keyboards. Silero does not, but costs 1 ms for each
second of audio; so it is asked only about the windows of an utterance that is not confirmed yet.
"""

from __future__ import annotations

import numpy as np
from faster_whisper.vad import get_vad_model

from livecaption.core.audio import Samples, pcm16_to_float32

__all__ = ["SileroVerifier"]

_CHUNK = 512
"""Samples the model judges at a time (32 ms)."""


class SileroVerifier:
    """Says whether a window holds speech at all.

    Args:
        threshold: probability a chunk must reach to count as speech.
        chunks: how many must reach it. Measured on the clips and on synthetic melodies: 4 chunks
            at 0.8 pass no melody and every utterance; 3 at 0.5 passed a quarter of the melodies,
            6 at 0.5 would have vetoed a quarter of the single short words.
    """

    def __init__(self, *, threshold: float = 0.8, chunks: int = 4) -> None:
        self._threshold = threshold
        self._chunks = chunks
        self._model = get_vad_model()

    def __call__(self, audio: Samples) -> bool:
        """Decide on a window of int16 samples, shape (n,), 16 kHz."""
        return int((self.probabilities(audio) >= self._threshold).sum()) >= self._chunks

    def probabilities(self, audio: Samples) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Return the speech probability of each 512-sample chunk, float32, shape (chunks,)."""
        samples = pcm16_to_float32(audio)
        padded = np.pad(samples, (0, -len(samples) % _CHUNK))
        if not len(padded):
            return np.empty(0, dtype=np.float32)
        return np.asarray(self._model(padded), dtype=np.float32).reshape(-1)
