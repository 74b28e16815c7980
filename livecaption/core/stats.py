"""Arithmetic on what a session did: counts, delays, stability.

Delays here are *ideal* delays on the audio clock (how much audio had to arrive before a word was
committed); the time computing takes is measured by the shells, which own a clock. SimulEval
(Ma et al., 2020) separates the two in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from livecaption.core.screen import Rejection

__all__ = ["FlickerMeter", "SessionStats", "percentile"]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by linear interpolation between ranks; nan for no values.

    Args:
        values: in any order.
        percent: 0 to 100.
    """
    if not values:
        return float("nan")
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


@dataclass(slots=True)
class FlickerMeter:
    """Counts tail words that changed after being shown.

    Divided by the words committed, ``changed`` is the unstable partial word ratio (Shangguan et
    al., "Analyzing the Quality and Stability of a Streaming End-to-End On-Device Speech
    Recognizer", 2020), here for text that is shown as committed words and a tail behind them.
    """

    shown: int = 0
    """Tail words shown, each counted once at the place it first appeared in."""
    changed: int = 0
    """Tail words that were replaced or withdrawn afterwards."""
    _tail: tuple[str, ...] = ()

    def show(self, committed: Sequence[str], tail: Sequence[str]) -> None:
        """Take newly committed words and the tail that follows them, as compared texts."""
        now = (*committed, *tail)
        kept = 0
        while kept < min(len(self._tail), len(now)) and self._tail[kept] == now[kept]:
            kept += 1
        self.changed += len(self._tail) - kept
        self.shown += max(0, len(now) - max(kept, len(committed)))
        self._tail = tuple(tail)


@dataclass(slots=True)
class SessionStats:
    """Counters of one session; plain numbers, bounded however long the session lasts."""

    requests: int = 0
    words: int = 0
    """Committed words."""
    utterances: int = 0
    """Utterances that had words."""
    commit_delay: int = 0
    """Sum over committed words of (audio received at commit - word end), samples."""
    rejections: Counter[Rejection] = field(default_factory=Counter)
    failures: int = 0
    """Decodes the engine could not do."""
    skipped_finals: int = 0
    """Utterances whose last partial stood, so that no closing decode was needed."""
