"""Finds where a broadcast that was opened again goes on: nothing is heard twice, no hole is hidden.

A radio server sends its newest seconds at once to whoever connects, and a live playlist begins
some segments back. Over a short break that is audio we have already had, in the very same packets::

    before the break   … 7 8 9 │
    after it                 8 9 │ 10 11 …
                           known │ new

Packets are compared by their digests. A packet cut short by the break may stand at the end of what
was before, and one cut short by the connection at the beginning of what comes after; so a few
are left out of the comparison there. Digital silence repeats its packets, so an overlap must hold
one that does not, and of several the longest is taken: what is dropped too much is silence.

Where a broadcast dates its packets over all connections (playlists do), the dates say how much is
missing, also when a reader was so slow that segments expired. Pure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

__all__ = ["Overlap"]

_KEPT = 6_000
"""Packets remembered: more than two minutes of AAC or MP3, so more than a playlist goes back."""

_RAGGED = 2
"""Packets at either side of a break that may be damaged by it."""

_LEAST_LONG = 5
"""Packets of an overlap that does not begin with the connection's first one: silence that came only
once looks like no other, too."""

_LEAST_HOLE_S = 0.5
_LONGEST_HOLE_S = 24 * 3600.0
"""Beyond this, and backwards, dates have begun anew and say nothing."""


@dataclass(frozen=True, slots=True)
class _Packet:
    digest: bytes
    dated: tuple[float, float] | None


@dataclass(slots=True)
class _Fit:
    """A place in the history from which on it equals the new packets."""

    first: int
    """Of the new packets."""
    place: int
    """In the history, of the next one to compare."""
    length: int = 0
    sure: bool = False
    """Whether one of the packets is like no other."""


class Overlap:
    """The packets of one broadcast, over any number of connections.

    Args:
        kept: packets remembered.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._history: list[bytes] = []
        self._end: float | None = None
        self._hole: float | None = None
        self._pending: list[_Packet] = []
        self._fits: list[_Fit] = []
        self._counts: Counter[bytes] = Counter()
        self._known = 0
        self._comparing = False
        self._seeking = False

    @property
    def begun(self) -> bool:
        """Whether anything was heard before."""
        return bool(self._history)

    def reopened(self, *, recording: bool = False) -> None:
        """A new connection begins; its packets are compared with those before.

        Args:
            recording: whether the broadcast is over and has become a recording, which may begin
                long before; then only what follows after the place it was left at is new.
        """
        self.settle()
        self._comparing = self.begun
        self._counts = Counter(self._history)
        self._seeking = recording
        self._hole = None

    def push(self, packet: bytes, dated: tuple[float, float] | None = None) -> int | None:
        """Take a packet.

        Args:
            packet: its bytes.
            dated: its start and end on the broadcast's own clock, seconds, if it has one.

        Returns:
            Of the packets since the last answer, how many were had before, counted from the
            first; None while that is open, in which case they are to be held.
        """
        taken = _Packet(hashlib.blake2b(packet, digest_size=8).digest(), dated)
        if not self._comparing:
            self._remember(taken)
            return 0
        self._pending.append(taken)
        self._compare(taken.digest)
        if self._fits:
            return None
        if self._seeking and not self._known:
            return self._skip()
        return None if len(self._pending) <= _RAGGED else self.settle()

    def settle(self) -> int:
        """No more packets: answer now for those that are held."""
        if not self._comparing:
            return 0
        for fit in self._fits:  # all that came was had before
            self._accept(fit)
        if self._seeking and not self._known:
            return self._skip()
        known, new = self._known, self._pending[self._known :]
        self._comparing, self._pending, self._fits, self._known = False, [], [], 0
        if known:
            self._hole, self._end = 0.0, None
        elif new and new[0].dated and self._end is not None:
            soon = abs(new[0].dated[0] - self._end) < _LEAST_HOLE_S
            self._hole = 0.0 if soon else None
        for packet in new:
            self._remember(packet)
        return known

    def take_hole(self) -> float | None:
        """Return, once, the seconds missing before what came last; None when nobody knows."""
        hole, self._hole = self._hole, None
        return hole

    def _compare(self, digest: bytes) -> None:
        at = len(self._pending) - 1
        going_on = []
        for fit in self._fits:
            if fit.place < len(self._history) and self._history[fit.place] == digest:
                going_on.append(fit)
            elif len(self._history) - fit.place <= _RAGGED:
                self._accept(fit)
        if at <= _RAGGED or self._seeking:
            going_on += [
                _Fit(at, place) for place, known in enumerate(self._history) if known == digest
            ]
        for fit in going_on:
            fit.place += 1
            fit.length += 1
            fit.sure = fit.sure or self._counts[digest] == 1
        self._fits = going_on

    def _accept(self, fit: _Fit) -> None:
        least = _LEAST_LONG if fit.first or self._seeking else 1
        if fit.sure and fit.length >= min(least, len(self._history)):
            self._known = max(self._known, fit.first + fit.length)

    def _skip(self) -> int:
        skipped = len(self._pending)
        self._pending, self._fits = [], []
        return skipped

    def _remember(self, packet: _Packet) -> None:
        self._history.append(packet.digest)
        if len(self._history) > self._kept + self._kept // 4:
            del self._history[: -self._kept]
        self._hole = self._missing_before(packet) or self._hole
        self._end = packet.dated[1] if packet.dated else None

    def _missing_before(self, packet: _Packet) -> float | None:
        """Return the seconds by which a packet is dated later than the end of the one before."""
        if packet.dated is None or self._end is None:
            return None
        hole = packet.dated[0] - self._end
        return hole if _LEAST_HOLE_S <= hole < _LONGEST_HOLE_S else None
