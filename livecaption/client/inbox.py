"""Events waiting for the program that publishes: bounded, with a policy for each kind.

Reading the socket must go on whatever the program does (pongs, acknowledgements), so a slow
program loses what is only advisory first, and is told when even captions would be lost.
"""

from __future__ import annotations

import asyncio
from collections import deque

from livecaption.client.events import SessionEvent
from livecaption.client.refusals import SessionEnded
from livecaption.errors import LiveCaptionError
from livecaption.protocol.server_messages import Ack, PartialMessage, Status

__all__ = ["MOST_ADVISORY", "MOST_EVENTS", "Inbox"]

MOST_ADVISORY = 256
"""Events waiting from which on partials, acks and status are dropped."""

MOST_EVENTS = 10_000
"""Events waiting beyond which the session is given up: two hours of captions."""


class Inbox:
    """A queue from the connection to one consumer."""

    def __init__(self) -> None:
        self._events: deque[SessionEvent] = deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self._discarding = False
        self._failure: LiveCaptionError | None = None

    def put(self, event: SessionEvent) -> None:
        """Add an event without waiting.

        Raises:
            SessionEnded: nobody has read for so long that captions would be lost.
        """
        advisory = isinstance(event, PartialMessage | Ack | Status)
        if self._discarding or (advisory and len(self._events) >= MOST_ADVISORY):
            return
        if len(self._events) >= MOST_EVENTS:
            raise SessionEnded("This program does not read its captions; iterate over the client.")
        self._events.append(event)
        self._arrived.set()

    def end(self, failure: LiveCaptionError | None) -> None:
        """No more events; ``failure`` is raised once those waiting have been read."""
        self._ended = True
        self._failure = failure
        self._arrived.set()

    def discard(self) -> None:
        """Nobody will read any more."""
        self._discarding = True
        self._events.clear()

    async def get(self) -> SessionEvent | None:
        """Wait for the next event; None after the last one.

        Raises:
            LiveCaptionError: the session failed. Raised once.
        """
        while not self._events:
            if self._ended:
                self.raise_failure()
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    def raise_failure(self) -> None:
        """Raise why the session failed, unless that has been raised before."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
