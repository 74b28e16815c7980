"""The order of what a publisher sends: audio, the messages between two samples, then ``stop``.

After a loss the same order is kept from the place where the server wants it again::

    sent before the loss     ───f────────c──────f───────┐
                                              ▲ resume  ▼
    sent again               C ───────────────┴──f───────▶

``C`` are all settings as they were at that place. A ``finalize`` before it is not said again: a
server that has the audio behind a message has the message, too; only its answer may be lost. This
module must not know why or when; ``session`` decides that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

from livecaption.client.sent_audio import SentAudio
from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.client_messages import Configure, Finalize, Stop
from livecaption.protocol.codec import encode

__all__ = ["Outgoing"]

_Between: TypeAlias = Finalize | Configure

_UNDECIDED = SAMPLE_RATE // 2
"""Silence a server has not decided on yet when all before it is settled."""


@dataclass(slots=True, eq=False)
class _Placed:
    """A message and the count of samples given before it."""

    place: int
    message: _Between
    sent: bool = False
    """On this socket or an earlier one."""
    answered: bool = False
    """For a ``finalize``: the program has been told."""
    owed: bool = False
    """For a ``finalize``: acted on, but its answer was lost with a socket."""


class Outgoing:
    """Audio with messages at their places in it.

    Attributes:
        audio: what was given, and how much of it has been sent.
    """

    def __init__(self, audio: SentAudio | None = None) -> None:
        self.audio = audio or SentAudio()
        self._base: dict[str, Any] = {}
        self._history: deque[_Placed] = deque()
        self._next = 0
        self._first: deque[_Placed] = deque()
        self._asked: deque[_Placed] = deque()
        self._stop_sent = False

    @property
    def has_audio(self) -> bool:
        """Whether audio waits to be sent."""
        return self.audio.cursor < self.audio.stop

    @property
    def remembered(self) -> int:
        """Messages kept because they may have to be said again."""
        return len(self._history)

    def insert(self, message: _Between) -> None:
        """Put a message behind the audio given so far."""
        self._forget()
        self._history.append(_Placed(self.audio.stop, message))

    def finalized(self) -> bool:
        """Learn that the oldest ``finalize`` on this socket has been answered.

        Returns:
            Whether that is news: it may have been answered before a loss, too.
        """
        if not self._asked:
            return True
        asked = self._asked.popleft()
        news, asked.answered = not asked.answered, True
        return news

    def settled(self, committed: int) -> int:
        """Learn that all before ``committed``, on the server's clock, is captioned or silent.

        Returns:
            How many ``finalize`` this answers whose own answer was lost with a socket.
        """
        reached = self.audio.origin + committed + _UNDECIDED
        answered = [placed for placed in self._history if placed.owed and placed.place <= reached]
        for placed in answered:
            placed.owed, placed.answered = False, True
        return len(answered)

    def resume(self, sample: int) -> None:
        """Begin again at a sample of the server's clock, on a new socket of the same session."""
        self.audio.resume(sample)
        for placed in self._rewind():
            placed.owed = True

    def restart(self) -> None:
        """Begin again in a new session, with what was not acknowledged."""
        self.audio.restart()
        self._first.extend(self._rewind())  # nothing is open there, so it answers at once

    def next(self, most: int, *, stopping: bool) -> str | bytes | None:
        """Return the next message, with at most ``most`` samples; None when none can go now.

        Args:
            most: samples in a binary message; with 0 audio has to wait.
            stopping: whether ``stop`` follows the audio given so far.
        """
        if self._first:
            return self._say(self._first.popleft())
        following = self._history[self._next] if self._next < len(self._history) else None
        if following is not None and following.place <= self.audio.cursor:
            self._next += 1
            return self._say(following)
        until = following.place if following is not None else None
        samples = self.audio.take(min(most, SAMPLE_RATE), until=until)
        if len(samples):
            return samples.astype("<i2", copy=False).tobytes()
        if stopping and not self._stop_sent and not self.has_audio:
            self._stop_sent = True
            return encode(Stop())
        return None

    def _say(self, placed: _Placed) -> str:
        placed.sent = True
        if isinstance(placed.message, Finalize):
            self._asked.append(placed)
        return encode(placed.message)

    def _rewind(self) -> list[_Placed]:
        """Go back to the cursor; return each ``finalize`` before it that was never answered."""
        cursor = self.audio.cursor
        self._next = sum(placed.place < cursor for placed in self._history)
        before = [self._history[index] for index in range(self._next)]
        for placed in self._history:
            placed.owed = False
        changes = dict(self._base)
        for placed in before:
            changes |= _changes(placed)
        unanswered = [p for p in before if isinstance(p.message, Finalize) and not p.answered]
        self._first.clear()
        if changes:
            self._first.append(_Placed(cursor, Configure(**changes)))
        self._first.extend(placed for placed in unanswered if not placed.sent)
        self._asked.clear()
        self._stop_sent = False
        return [placed for placed in unanswered if placed.sent]

    def _forget(self) -> None:
        """Let go of messages that can never be said again, because their audio is gone."""
        while self._next and self._history[0].place < self.audio.start:
            if isinstance(self._history[0].message, Finalize) and not self._history[0].answered:
                return
            self._base |= _changes(self._history.popleft())
            self._next -= 1


def _changes(placed: _Placed) -> dict[str, Any]:
    message = placed.message
    if isinstance(message, Finalize):
        return {}
    return {name: getattr(message, name) for name in message.changed}
