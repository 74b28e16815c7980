"""The last minutes of audio given to a session, so that it can be sent again after a loss.

Two clocks meet here. The client counts every sample it was given; the server counts from 0 in
every session it opens. ``_origin`` is where the server's 0 lies on ours::

    given to us   0 ────────┬───────────────────┬──────────┬───────▶ stop
                          origin            received     cursor
    new session   sends again from ─────────────┤ (the last acknowledgement)
    resumed       sends again from ─────┤ or ───┘ (the server says where)

While a session may still be resumed, ``_origin`` stands: what falls out of the buffer meanwhile is
the server's to declare, and its clock counts it. A session that is lost is captioned up to what
its server had received, so a new one goes on from there. What lies between the last
acknowledgement and the loss may have arrived: about a second, which is sent again, because twice
is better than never.

This module must not know messages or sockets.
"""

from __future__ import annotations

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.ringbuffer import AudioRingBuffer
from livecaption.protocol.limits import CLIENT_BUFFER_S

__all__ = ["KEPT_S", "WAITING_S", "SentAudio"]

WAITING_S = CLIENT_BUFFER_S + 15.0
"""Seconds of audio that may wait for the server: an outage of a minute, what was under way when it
began, and the time until it is noticed and over."""

SPARE_S = 10.0
"""Seconds of audio that may come between the offer to resume and its answer, without a word of the
offer being broken."""

KEPT_S = WAITING_S + 30.0 + SPARE_S
"""Seconds of audio kept in all. A server that was killed goes on from what it had stored, which is
up to an utterance (30 s) before what it had acknowledged."""


class SentAudio:
    """Audio by its place on the client's clock, int16, 16 kHz, mono.

    Args:
        kept: samples kept.
        waiting: samples of them that may be unknown to the server.
        spare: samples of them that an offer to resume does not count on.
    """

    def __init__(
        self,
        kept: int = int(KEPT_S * SAMPLE_RATE),
        waiting: int = int(WAITING_S * SAMPLE_RATE),
        spare: int = int(SPARE_S * SAMPLE_RATE),
    ) -> None:
        self._ring = AudioRingBuffer(kept)
        self._waiting = waiting
        self._spare = spare
        self._promised: int | None = None
        self._origin = 0
        self._cursor = 0
        self._received: int | None = None
        self._attached = False
        self._lost = 0

    @property
    def start(self) -> int:
        """The first place that is still held."""
        return self._ring.start

    @property
    def stop(self) -> int:
        """Samples given so far."""
        return self._ring.stop

    @property
    def cursor(self) -> int:
        """Everything before this place has been sent in this session, or earlier."""
        return self._cursor

    @property
    def origin(self) -> int:
        """Where the server's sample 0 lies."""
        return self._origin

    @property
    def received(self) -> int | None:
        """Everything before this place has arrived, as the server says; None: it said nothing."""
        return self._received

    @property
    def room(self) -> int:
        """Samples that can be added without losing any that the server may not have."""
        confirmed = self._cursor if self._received is None else self._received
        room = self._waiting - (self._ring.stop - confirmed)
        if self._promised is not None:
            room = min(room, self._ring.capacity - (self._ring.stop - self._promised))
        return max(0, room)

    @property
    def lost(self) -> int:
        """Samples that were never sent and no longer can be, or that no session counts."""
        return self._lost + max(0, self._ring.start - self._cursor)

    def append(self, samples: Samples) -> None:
        """Add audio to be sent, shape (n,); what is no longer held then is lost, and counted."""
        self._ring.append(samples)
        if self._attached:
            self._skip_to_held()

    def take(self, most: int, until: int | None = None) -> Samples:
        """Return the next audio to send, at most ``most`` samples and not beyond ``until``."""
        stop = min(self._cursor + most, self.stop if until is None else until)
        samples = self._ring.read(self._cursor, max(stop, self._cursor))
        self._cursor += len(samples)
        return samples

    def detach(self) -> None:
        """The socket is gone; the session may be resumed."""
        self._attached = False
        self._promised = None

    def offer(self) -> int:
        """Say from where, on the server's clock, audio can be sent, and see that it stays so."""
        newest = self._ring.stop - (self._ring.capacity - self._spare)
        self._promised = max(self._ring.start, newest, self._origin)
        return self._promised - self._origin

    def resume(self, sample: int) -> None:
        """Send again from ``sample`` on the server's clock, which goes on."""
        self._cursor = min(self._origin + sample, self.stop)
        self._origin = self._cursor - sample
        self._received = self._cursor
        self._attached, self._promised = True, None
        self._skip_to_held()

    def restart(self) -> None:
        """Send again, to a session that starts at 0, what the one before has not acknowledged."""
        self._origin = self._origin if self._received is None else self._received
        self._received = None
        self._cursor = self._origin
        self._attached, self._promised = True, None
        self._skip_to_held()

    def acknowledge(self, received: int) -> None:
        """Learn how many samples the server has received, on its clock."""
        self._received = min(self._origin + received, self.stop)

    def _skip_to_held(self) -> None:
        """Move past what is no longer held; this server's clock does not count it."""
        missing = max(0, self._ring.start - self._cursor)
        self._lost += missing
        self._origin += missing
        if self._received is not None:
            self._received += missing
        self._cursor += missing
