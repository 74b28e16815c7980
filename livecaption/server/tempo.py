"""How fast audio may arrive: speaking speed and a bit, after a credit for what was buffered.

A client that comes back may send its last minute at once; one that uploads a file at full speed
would take the engine from everybody else.
"""

from __future__ import annotations

from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.limits import CLIENT_BUFFER_S

__all__ = ["Tempo"]


class Tempo:
    """A bucket that fills at ``max_speed`` times speaking speed and starts with a minute.

    Args:
        max_speed: sustained speed, 1.0 is speaking speed.
        credit_s: seconds of audio that may come at once.
    """

    def __init__(self, max_speed: float, credit_s: float = CLIENT_BUFFER_S) -> None:
        self._rate = max_speed * SAMPLE_RATE
        self._full = credit_s * SAMPLE_RATE
        self._credit = self._full
        self._last: float | None = None

    def allows(self, samples: int, now: float) -> bool:
        """Take audio that arrived at ``now`` (seconds); False when it came too fast."""
        if self._last is not None:
            self._credit = min(self._full, self._credit + (now - self._last) * self._rate)
        self._last = now
        self._credit -= samples
        return self._credit >= 0
