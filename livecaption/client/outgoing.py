"""The order of what a publisher sends: audio, the messages between two samples, then ``stop``.

After a loss the same order is kept from the place where the server wants it again. This module
must not know why or when; ``session`` decides that.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from livecaption.client.sent_audio import SentAudio
from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.client_messages import Configure, Finalize, Stop
from livecaption.protocol.codec import encode

__all__ = ["Outgoing"]

_Between: TypeAlias = Finalize | Configure


class Outgoing:
    """Audio with messages at their places in it.

    Attributes:
        audio: what was given, and how much of it has been sent.
    """

    def __init__(self) -> None:
        self.audio = SentAudio()
        self._between: deque[tuple[int, _Between]] = deque()
        self._unanswered: deque[int] = deque()
        self._stop_sent = False

    def insert(self, message: _Between) -> None:
        """Put a message behind the audio given so far."""
        self._between.append((self.audio.stop, message))

    def finalized(self) -> None:
        """Learn that the oldest ``finalize`` has been answered."""
        if self._unanswered:
            self._unanswered.popleft()

    def resume(self, sample: int) -> None:
        """Begin again at a sample of the server's clock, on a new socket of the same session."""
        self.audio.resume(sample)
        self._repeat_messages()

    def restart(self) -> None:
        """Begin again in a new session, with what was not acknowledged."""
        self.audio.restart()
        self._repeat_messages()

    def next(self, most: int, *, stopping: bool) -> str | bytes | None:
        """Return the next message, with at most ``most`` samples; None when all has been sent.

        Args:
            most: samples in a binary message.
            stopping: whether ``stop`` follows the audio given so far.
        """
        place = self._between[0][0] if self._between else None
        if place is not None and place <= self.audio.cursor:
            _, message = self._between.popleft()
            if isinstance(message, Finalize):
                self._unanswered.append(place)
            return encode(message)
        samples = self.audio.take(min(most, SAMPLE_RATE), until=place)
        if len(samples):
            return samples.astype("<i2", copy=False).tobytes()
        if stopping and not self._stop_sent:
            self._stop_sent = True
            return encode(Stop())
        return None

    def _repeat_messages(self) -> None:
        """Nobody knows what a lost socket still delivered: ask again for what was not answered."""
        self._between.extendleft((place, Finalize()) for place in reversed(self._unanswered))
        self._unanswered.clear()
        self._stop_sent = False
