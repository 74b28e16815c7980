"""How fast kept audio may be sent: at once what a short outage costs, then little above speech.

A server takes a minute at once and then 1.5 times speaking speed, and closes with 4029 what comes
faster. This bucket stays inside that even if a network delivers in a bunch what was sent over ten
seconds. It outlives sockets, because a server may count a session's audio over all of them.

Pure: time is an argument.
"""

from __future__ import annotations

from livecaption.core.audio import SAMPLE_RATE

__all__ = ["BURST_S", "SPEED", "Allowance"]

BURST_S = 45.0
SPEED = 1.3

_LEAST = SAMPLE_RATE // 10
"""Samples worth a message of their own while audio is held back."""


class Allowance:
    """A bucket of samples that fills at ``speed`` times speaking speed.

    Args:
        speed: 1.0 is speaking speed.
        burst_s: seconds of audio that may go at once.
    """

    def __init__(self, speed: float = SPEED, burst_s: float = BURST_S) -> None:
        if not speed >= 1.0:
            raise ValueError(f"speed must be 1 or more, or live audio would pile up; got {speed}")
        self._rate = speed * SAMPLE_RATE
        self._full = burst_s * SAMPLE_RATE
        self._credit = self._full
        self._last: float | None = None

    def samples(self, now: float) -> int:
        """Return how many samples may be sent at ``now`` (seconds); 0 or enough for a message."""
        if self._last is not None:
            self._credit = min(self._full, self._credit + (now - self._last) * self._rate)
        self._last = now
        return int(self._credit) if self._credit >= _LEAST else 0

    def spend(self, samples: int) -> None:
        """Learn that samples were sent."""
        self._credit -= samples

    @property
    def wait_s(self) -> float:
        """Seconds until the next message may go."""
        return max(0.0, (_LEAST - self._credit) / self._rate)
