"""The last minute of audio given to a session, so that it can be sent again after a loss.

Two clocks meet here. The client counts every sample it was given; the server counts from 0 in
every session it opens. ``_origin`` is where the server's 0 lies on ours::

    given to us   0 ────────┬───────────────────┬──────────┬───────▶ stop
                          origin            received     cursor
    new session   sends again from ─────────────┤ (the last acknowledgement)
    resumed       sends again from ─────────────┘ (the server says where)

A session that is lost is captioned up to what its server had received, so a new one goes on from
there. What lies between the last acknowledgement and the loss may have arrived: about a second,
which is sent again, because twice is better than never.

This module must not know messages or sockets.
"""

from __future__ import annotations

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.ringbuffer import AudioRingBuffer
from livecaption.protocol.limits import CLIENT_BUFFER_S

__all__ = ["SentAudio"]


class SentAudio:
    """Audio by its place on the client's clock, int16, 16 kHz, mono.

    Args:
        capacity: samples kept.
    """

    def __init__(self, capacity: int = int(CLIENT_BUFFER_S * SAMPLE_RATE)) -> None:
        self._ring = AudioRingBuffer(capacity)
        self._origin = 0
        self._cursor = 0
        self._received: int | None = None
        self.lost = 0
        """Samples that could not be sent (again), because they were no longer held."""

    @property
    def stop(self) -> int:
        """Samples given so far."""
        return self._ring.stop

    @property
    def cursor(self) -> int:
        """Everything before this place has been sent in this session, or earlier."""
        return self._cursor

    @property
    def held_from(self) -> int:
        """Where, on the server's clock, the audio begins that can still be sent."""
        return max(0, self._ring.start - self._origin)

    @property
    def room(self) -> int:
        """Samples that can be added without losing any that the server may not have."""
        confirmed = self._cursor if self._received is None else self._received
        return self._ring.capacity - (self._ring.stop - confirmed)

    def append(self, samples: Samples) -> None:
        """Add audio to be sent, shape (n,); beyond ``room`` the oldest is lost, and counted."""
        self._ring.append(samples)
        self._skip_lost(self._cursor)

    def take(self, most: int, until: int | None = None) -> Samples:
        """Return the next audio to send, at most ``most`` samples and not beyond ``until``."""
        stop = min(self._cursor + most, self.stop if until is None else until)
        samples = self._ring.read(self._cursor, max(stop, self._cursor))
        self._cursor += len(samples)
        return samples

    def resume(self, sample: int) -> None:
        """Send again from ``sample`` on the server's clock, which goes on."""
        self._cursor = min(self._origin + sample, self.stop)
        self._origin = self._cursor - sample
        self._skip_lost(self._cursor)
        self._received = self._cursor

    def restart(self) -> None:
        """Send again, to a session that starts at 0, what the one before has not acknowledged."""
        self._origin = self._origin if self._received is None else self._received
        self._received = None
        self._cursor = self._origin
        self._skip_lost(self._cursor)

    def acknowledge(self, received: int) -> None:
        """Learn how many samples the server has received, on its clock."""
        self._received = min(self._origin + received, self.stop)

    def _skip_lost(self, wanted: int) -> None:
        """Move past what is no longer held; the server's clock does not count it."""
        missing = max(0, self._ring.start - wanted)
        self.lost += missing
        self._origin += missing
        if self._received is not None:
            self._received += missing
        self._cursor = wanted + missing
