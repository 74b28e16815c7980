"""Finds where a broadcast that was opened again goes on, so that nothing of it is heard twice.

A radio server sends its newest seconds at once to whoever connects, and a live playlist begins
some segments back. Over a short break that is audio we have already had, in the very same packets::

    before the break   … 7 8 9 │
    after it                 8 9 │ 10 11 …
                           known │ new

Packets are compared by their digests. A packet cut short by the break may stand at the end of what
was before, and one cut short by the connection at the beginning of what comes after; so a few
are left out of the comparison there. Digital silence repeats its packets, so of several places
that fit the longest overlap is taken: what is dropped too much is silence. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Overlap"]

_KEPT = 2_000
"""Packets remembered: 46 s of AAC or MP3, more than the depth of usual playlists."""

_RAGGED = 2
"""Packets at either side of a break that may be damaged by it."""


@dataclass(slots=True)
class _Fit:
    """A place in the history from which on it equals the new packets."""

    first: int
    """Of the new packets."""
    place: int
    """In the history, of the next one to compare."""
    length: int = 0


class Overlap:
    """The packets of one broadcast, over any number of connections.

    Args:
        kept: packets remembered.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._history: list[bytes] = []
        self._pending: list[bytes] = []
        self._fits: list[_Fit] = []
        self._known = 0
        self._comparing = False

    def reopened(self) -> None:
        """A new connection begins; its packets are compared with those before."""
        self.settle()
        self._comparing = bool(self._history)

    def push(self, packet: bytes) -> int | None:
        """Take a packet.

        Returns:
            Of the packets since the last answer, how many were had before, counted from the
            first; None while that is open, in which case they are to be held.
        """
        digest = hashlib.blake2b(packet, digest_size=8).digest()
        if not self._comparing:
            self._remember([digest])
            return 0
        self._pending.append(digest)
        self._compare(digest)
        may_begin = len(self._pending) <= _RAGGED
        return None if self._fits or may_begin else self.settle()

    def settle(self) -> int:
        """No more packets: answer now for those that are held."""
        if not self._comparing:
            return 0
        for fit in self._fits:  # all that came was had before
            self._known = max(self._known, fit.first + fit.length)
        known, new = self._known, self._pending[self._known :]
        self._comparing, self._pending, self._fits, self._known = False, [], [], 0
        self._remember(new)
        return known

    def _compare(self, digest: bytes) -> None:
        going_on = []
        for fit in self._fits:
            if fit.place < len(self._history) and self._history[fit.place] == digest:
                fit.place += 1
                fit.length += 1
                going_on.append(fit)
            elif len(self._history) - fit.place <= _RAGGED:
                self._known = max(self._known, fit.first + fit.length)
        at = len(self._pending) - 1
        if at <= _RAGGED:
            going_on += [
                _Fit(at, place + 1, 1)
                for place, known in enumerate(self._history)
                if known == digest
            ]
        self._fits = going_on

    def _remember(self, digests: list[bytes]) -> None:
        self._history += digests
        if len(self._history) > self._kept + self._kept // 4:
            del self._history[: -self._kept]
