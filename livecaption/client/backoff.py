"""When to try again after a connection was lost or refused. Pure: time and chance are arguments.

Two tempers. Usually delays double from 0.5 s to 15 s with full jitter (a uniform draw between
nothing and the bound), so that the clients of a restarted server do not all come back at once.
But while a session waits to be resumed, each second away is a second without captions, and an
outage of a minute costs nothing else: then an attempt follows every half second or so, for as
long as the client's own buffer lasts. A server that greets such a client again and again, and
never takes anything from it, is left alone in the usual way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livecaption.protocol.limits import CLIENT_BUFFER_S, RESUME_GRACE_S

__all__ = ["Backoff", "RetryPolicy"]

_MOST_FRUITLESS = 5
"""Greetings in a row without progress that a waiting session is eager after."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how eagerly a client tries to come back; all in seconds."""

    first: float = 0.5
    """Bound of the first delay."""
    longest: float = 15.0
    """Bound of every later one; also how long a connection must live to count as good."""
    patience: float = RESUME_GRACE_S
    """From the loss on; later than this the server has given the session up, too."""
    eager: float = 0.75
    """Bound of every delay while a session waits to be resumed."""
    eager_s: float = CLIENT_BUFFER_S
    """From the loss on, how long that lasts."""

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise ValueError(f"first {self.first} must be in (0, {self.longest}]")
        if not self.eager > 0:
            raise ValueError(f"eager {self.eager} must be above 0")


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
        self._eager_attempt = 0
        self._fruitless = 0
        self._lost_at: float | None = None
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """Learn that a session is up again."""
        self._lost_at = None
        self._ready_at = now
        self._eager_attempt = 0
        self._fruitless += 1

    def progressed(self) -> None:
        """Learn that the session came on since it was up."""
        self._fruitless = 0

    def next_delay(
        self, now: float, asked: float | None = None, *, waiting: bool = False
    ) -> float | None:
        """Return the seconds to wait before the next attempt; None when patience has run out.

        Args:
            now: time of the loss or refusal, seconds on any steady clock.
            asked: seconds the server asked us to stay away; waited in addition to the draw.
            waiting: whether a session waits to be resumed.
        """
        if self._ready_at is not None and now - self._ready_at >= self._policy.longest:
            self._attempt = 0
        self._ready_at = None
        if self._lost_at is None:
            self._lost_at = now
        away = now - self._lost_at
        eager = waiting and away < self._policy.eager_s and self._fruitless <= _MOST_FRUITLESS
        delay = (self._eager() if eager else self._patient()) + (asked or 0.0)
        return delay if away + delay <= self._policy.patience else None

    def pause(self) -> float:
        """Return how long an attempt to resume may be silent before another one joins it."""
        bound = self._eager_bound
        return bound / 2 + self._random() * bound / 2

    @property
    def _eager_bound(self) -> float:
        return min(self._policy.eager, self._policy.longest)

    def _eager(self) -> float:
        self._eager_attempt += 1
        if self._eager_attempt == 1:
            return self._random() * self._eager_bound / 3
        return self.pause()

    def _patient(self) -> float:
        policy = self._policy
        bound = min(policy.longest, policy.first * 2.0 ** min(self._attempt, 30))
        self._attempt += 1
        return self._random() * bound
