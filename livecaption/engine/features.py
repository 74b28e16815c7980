"""Log-mel features, computed once for each 10 ms of audio.

Windows of a session overlap almost entirely, so the raw log-mel frames of a session are cached
by absolute position and only the new ones are computed. What depends on the window (Whisper
clips to 8 below the window's maximum, then scales) is applied at request time.

Frame ``i`` is centred on sample ``160 i`` and spans ``[160 i - 200, 160 i + 200)``; frames whose
span runs past the end of the window are provisional and not cached. This follows the log-mel
definition of the Whisper reference (Radford et al., 2022): n_fft 400, hop 160, Hann window.

The cache holds no state: a session that is forgotten is simply computed anew.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livecaption.core.audio import Samples, pcm16_to_float32

__all__ = ["HOP", "FeatureCache", "LogMel", "normalise_and_pad"]

HOP = 160
"""Samples between two mel frames."""
_N_FFT = 400
_HALF = _N_FFT // 2
_FLOOR = 1e-10

Float32 = npt.NDArray[np.float32]


class LogMel:
    """Raw log10-mel frames of a signal.

    Args:
        mel_filters: float32, shape (n_mels, 201): the filter bank of the model.
    """

    def __init__(self, mel_filters: Float32) -> None:
        self._filters = np.ascontiguousarray(mel_filters.T, dtype=np.float32)
        self._window = np.hanning(_N_FFT + 1)[:-1].astype(np.float32)

    @property
    def n_mels(self) -> int:
        """Mel bands per frame."""
        return int(self._filters.shape[1])

    def frames(self, samples: Float32, first: int, count: int) -> Float32:
        """Compute frames [first, first + count) of a signal that starts at frame 0.

        The signal is mirrored at its ends, as a centred short-time transform does.

        Args:
            samples: float32, shape (n,), in [-1, 1).
            first: index of the first frame.
            count: how many frames.

        Returns:
            float32, shape (count, n_mels).
        """
        begin = first * HOP - _HALF
        end = (first + count - 1) * HOP + _HALF
        inner = samples[max(begin, 0) : min(end, len(samples))]
        left, right = max(0, -begin), max(0, end - len(samples))
        if left or right:
            inner = np.pad(inner, (left, right), mode="reflect" if len(inner) > _HALF else "edge")
        spans = np.lib.stride_tricks.sliding_window_view(inner, _N_FFT)[::HOP]
        spectrum = np.fft.rfft(spans * self._window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        mel: Float32 = np.log10(np.maximum(power @ self._filters, _FLOOR))
        return mel


@dataclass(slots=True)
class _Cached:
    first: int
    """Absolute index of the first cached frame."""
    frames: Float32
    """Shape (n, n_mels)."""


class FeatureCache:
    """Raw log-mel frames of recent windows, least recently used sessions dropped first.

    Belongs to one thread: the engine's preparation thread.
    """

    def __init__(self, log_mel: LogMel, *, max_sessions: int = 1024) -> None:
        self._log_mel = log_mel
        self._max_sessions = max_sessions
        self._sessions: OrderedDict[str, _Cached] = OrderedDict()

    @property
    def n_mels(self) -> int:
        """Mel bands per frame."""
        return self._log_mel.n_mels

    def raw(self, session: str, start: int, audio: Samples) -> Float32:
        """Return the raw log-mel frames of a window, from the cache where it has them.

        Args:
            session: whose audio it is.
            start: absolute index of the first sample; a multiple of HOP uses the cache.
            audio: int16, shape (n,).

        Returns:
            float32, shape (n // HOP, n_mels).
        """
        count = len(audio) // HOP
        samples = pcm16_to_float32(audio)
        if count == 0:
            return np.empty((0, self._log_mel.n_mels), dtype=np.float32)
        if start % HOP:
            return self._log_mel.frames(samples, 0, count)
        first = start // HOP
        known = self._lookup(session, first, count)
        frames = known
        if len(known) < count:
            fresh = self._log_mel.frames(samples, len(known), count - len(known))
            frames = np.concatenate([known, fresh]) if len(known) else fresh
        stable = max(len(known), (len(audio) - _HALF) // HOP + 1)
        self._store(session, _Cached(first, frames[: min(stable, count)]))
        return frames

    def forget(self, session: str) -> None:
        """Drop a session's frames."""
        self._sessions.pop(session, None)

    def _lookup(self, session: str, first: int, count: int) -> Float32:
        cached = self._sessions.get(session)
        if cached is None or not cached.first <= first <= cached.first + len(cached.frames):
            return np.empty((0, self._log_mel.n_mels), dtype=np.float32)
        return cached.frames[first - cached.first :][:count]

    def _store(self, session: str, cached: _Cached) -> None:
        self._sessions[session] = cached
        self._sessions.move_to_end(session)
        while len(self._sessions) > self._max_sessions:
            self._sessions.popitem(last=False)


def normalise_and_pad(raw: Float32, frames: int) -> Float32:
    """Scale raw frames as Whisper does and pad them with silence.

    Args:
        raw: float32, shape (n, n_mels), n ≤ frames.
        frames: length to pad to.

    Returns:
        float32, shape (n_mels, frames), C-contiguous. Padding is the floor of this window (8
        below its maximum): what silence looks like, not the 0.0 that would be a loud hum.
    """
    peak = float(raw.max()) if len(raw) else 0.0
    floor = np.float32((peak - 8.0 + 4.0) / 4.0)
    out = np.full((raw.shape[1], frames), floor, dtype=np.float32)
    out[:, : len(raw)] = ((np.maximum(raw, peak - 8.0) + 4.0) / 4.0).T
    return out
