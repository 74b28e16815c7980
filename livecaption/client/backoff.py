"""When to try again after a connection was lost or refused. Pure: time and chance are arguments.

Delays double from 0.5 s to 15 s with full jitter (a uniform draw between nothing and the bound),
so that the clients of a restarted server do not all come back at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livecaption.protocol.limits import RESUME_GRACE_S

__all__ = ["Backoff", "RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how eagerly a client tries to come back; all in seconds."""

    first: float = 0.5
    """Bound of the first delay."""
    longest: float = 15.0
    """Bound of every later one; also how long a connection must live to count as good."""
    patience: float = RESUME_GRACE_S
    """From the loss on; later than this the server has given the session up, too."""

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise ValueError(f"first {self.first} must be in (0, {self.longest}]")


class Backoff:
    """Hands out the delay before each attempt.

    Args:
        policy: the bounds.
        random: returns a number in [0, 1).
    """

    def __init__(self, policy: RetryPolicy, random: Callable[[], float]) -> None:
        self._policy = policy
        self._random = random
        self._attempt = 0
        self._lost_at: float | None = None
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """Learn that a session is up again."""
        self._lost_at = None
        self._ready_at = now

    def next_delay(self, now: float, asked: float | None = None) -> float | None:
        """Return the seconds to wait before the next attempt; None when patience has run out.

        Args:
            now: time of the loss or refusal, seconds on any steady clock.
            asked: seconds the server asked us to stay away; waited in addition to the draw.
        """
        if self._ready_at is not None and now - self._ready_at >= self._policy.longest:
            self._attempt = 0
        self._ready_at = None
        if self._lost_at is None:
            self._lost_at = now
        bound = min(self._policy.longest, self._policy.first * 2.0 ** min(self._attempt, 30))
        delay = self._random() * bound + (asked or 0.0)
        if now + delay - self._lost_at > self._policy.patience:
            return None
        self._attempt += 1
        return delay
