"""Notices that a connection is dead although its socket still looks open.

A cut network says nothing: what is written vanishes, and TCP keeps trying for a quarter of an hour.
But a server that is there reports about once a second, and its acknowledgements move on while audio
is sent. So a connection is dead when nothing at all was heard for some seconds (the way down is
gone), or when audio stays unacknowledged for as long (the way up is).

Pure: time is an argument, in seconds on any steady clock.
"""

from __future__ import annotations

__all__ = ["Liveness"]


class Liveness:
    """What was heard from one socket, and when.

    Args:
        quiet_s: longest silence of a server that has begun to report.
        now: when the socket was opened.
    """

    def __init__(self, quiet_s: float, now: float) -> None:
        self._quiet_s = quiet_s
        self._heard = now
        self._confirmed: int | None = None
        self._unconfirmed_since: float | None = None

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

    def is_dead(self, now: float) -> bool:
        """Say whether the other side must be gone; never of a server that does not report."""
        if self._confirmed is None:
            return False
        since = self._unconfirmed_since
        return now - self._heard > self._quiet_s or (
            since is not None and now - since > self._quiet_s
        )
