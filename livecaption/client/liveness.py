"""Notices that a connection is dead although its socket still looks open.

A cut network says nothing: what is written vanishes, and TCP keeps trying for a quarter of an hour.
But a server that is there reports about once a second, and its acknowledgements move on while audio
is sent. A connection is silent as long as nothing at all was heard (the way down is gone) or audio
stays unacknowledged (the way up is). After little more than a second of it, it is doubtful: that is
the time to try another one beside it, which costs next to nothing. After some seconds it is dead.

Reports are too seldom to notice it within a second. So a socket that says nothing for a moment is
asked with a ping, and doubted when the pong does not come as it did before. A pong says only that
the network carries: a server that answers pings and reports nothing is as dead as any other.

A server that is merely slow must not get a connection more from each client every second: whoever
doubted in vain is slower to doubt again, for a while.

Pure: time is an argument, in seconds on any steady clock.
"""

from __future__ import annotations

__all__ = ["Liveness"]

_FORGIVEN_S = 5.0
"""After this long a doubt makes no difference to the next one."""
_ASK_AFTER_S = 0.3
"""Silence, or time since the last pong, after which the socket is asked."""
_USUAL_PONGS = 2.0
"""A pong may take this many times longer than the slowest of late."""
_SLOWEST_FADES = 0.8


class Liveness:
    """What was heard from the present socket, and when; call ``opened`` for each.

    Args:
        quiet_s: longest silence of a server that has begun to report.
        doubt_s: silence after which it is doubtful.
        pong_s: what a pong may take, besides what pongs took before, until it is doubtful.
    """

    def __init__(self, quiet_s: float, doubt_s: float, pong_s: float) -> None:
        self._quiet_s = quiet_s
        self._pong_s = pong_s
        self._least_doubt_s = self._doubt_s = min(doubt_s, quiet_s)
        self._doubted_at: float | None = None
        self.opened(0.0)

    def opened(self, now: float) -> None:
        """Begin with a new socket."""
        self._heard = now
        self._confirmed: int | None = None
        self._unconfirmed_since: float | None = None
        self._asked_at: float | None = None
        self._answered_at = now
        self._slowest_s = 0.0

    def heard(self, now: float, *, confirmed: int | None, sent: int) -> None:
        """A message came.

        Args:
            now: when.
            confirmed: samples the server has said it has; None before it has said anything.
            sent: samples it was sent, on the same clock.
        """
        self._heard = now
        if confirmed is not None and confirmed >= sent:
            self._unconfirmed_since = None
        elif confirmed != self._confirmed:
            self._unconfirmed_since = now
        self._confirmed = confirmed

    def sent(self, now: float) -> None:
        """Audio was sent."""
        if self._unconfirmed_since is None:
            self._unconfirmed_since = now

    def wants_to_ask(self, now: float) -> bool:
        """Say whether it is time for a ping."""
        quiet = min(self._silence(now), now - self._answered_at)
        return self._asked_at is None and quiet > _ASK_AFTER_S

    def asked(self, now: float) -> None:
        """A ping was sent."""
        self._asked_at = now

    def answered(self, now: float) -> None:
        """Its pong came."""
        if self._asked_at is not None:
            took = now - self._asked_at
            self._slowest_s = max(took, _SLOWEST_FADES * self._slowest_s)
        self._asked_at = None
        self._answered_at = now

    def is_silent(self, now: float) -> bool:
        """Say whether a report or a pong is overdue."""
        return self._is_overdue(now, self._least_doubt_s)

    def is_doubtful(self, now: float) -> bool:
        """Say whether it is time to try another connection."""
        if self._doubted_at is not None and now - self._doubted_at > _FORGIVEN_S:
            self._doubt_s = self._least_doubt_s
        return self._is_overdue(now, self._doubt_s)

    def doubted(self, now: float) -> None:
        """Another connection was tried; be slower to do so next time."""
        self._doubted_at = now
        self._doubt_s = min(2.0 * self._doubt_s, self._quiet_s)

    def is_dead(self, now: float) -> bool:
        """Say whether the other side must be gone."""
        return self._silence(now) > self._quiet_s

    def _is_overdue(self, now: float, doubt_s: float) -> bool:
        if self._silence(now) > doubt_s:
            return True
        patience = doubt_s / self._least_doubt_s * self._pong_s + _USUAL_PONGS * self._slowest_s
        return self._asked_at is not None and now - self._asked_at > patience

    def _silence(self, now: float) -> float:
        """Return for how long there was no life; 0 of a server that does not report."""
        if self._confirmed is None:
            return 0.0
        since = self._heard
        if self._unconfirmed_since is not None:
            since = min(since, self._unconfirmed_since)
        return now - since
