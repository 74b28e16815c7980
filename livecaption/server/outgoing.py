"""The writing half of a connection: an outbox that others fill and one task that empties it.

Whoever publishes never waits for a reader. What a reader takes at once is written at once; what it
does not waits in the outbox, and the writer waits for its own reader, with a limit: TCP does not
reveal a stalled reader for minutes.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from enum import StrEnum

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from livecaption.core.captions import CaptionEvent, Delta, Final, Partial
from livecaption.core.outbox import Outbox, Outgoing
from livecaption.server.socket_protocol import shortcut_of, text_frame

__all__ = ["OutgoingSocket", "OutgoingStream", "Slow", "outgoing_event"]

_CLOSE_S = 1.0


class Slow(StrEnum):
    """Why we let go of a reader that was there."""

    STALLED = "stalled"
    """It took nothing of what was sent for too long."""
    OVERFLOWED = "overflowed"
    """More waited for it than may."""


class OutgoingStream(ABC):
    """Sends what is put, in order, to one reader."""

    def __init__(self, *, limit: int, stall_s: float) -> None:
        self._outbox = Outbox(limit=limit)
        self._stall_s = stall_s
        self._wake = asyncio.Event()
        self._ended = False
        self._sending = False
        self.failed = False
        """The reader is gone, stalled, or too far behind; nothing more can be sent."""
        self.slow: Slow | None = None

    def put(self, outgoing: Outgoing) -> None:
        """Send a text, now or when the reader takes it; never waits."""
        if not self._is_behind and self._send_now(outgoing.text):
            return
        self._outbox.put(outgoing)
        self._wake.set()

    @property
    def _is_behind(self) -> bool:
        """Whether something else must be sent, or has been said, first."""
        return self._sending or self._ended or self.failed or len(self._outbox) > 0

    def end(self) -> None:
        """Let ``write`` return once everything queued is sent."""
        self._ended = True
        self._wake.set()

    async def write(self) -> None:
        """Send until ``end``, or until the reader fails."""
        while not self.failed:
            await self._wake.wait()
            self._wake.clear()
            self._sending = True
            await self._send_waiting()
            self._sending = False
            if self._ended and not len(self._outbox):
                return

    async def _send_waiting(self) -> None:
        for text in self._outbox.drain():
            try:
                async with asyncio.timeout(self._stall_s):
                    await self._send(text)
            except (TimeoutError, WebSocketDisconnect, OSError, RuntimeError) as exc:
                # RuntimeError: Starlette's word for a socket that is closed already.
                self.failed = True
                self.slow = Slow.STALLED if isinstance(exc, TimeoutError) else None
                return
        if self._outbox.overflowed and not self.failed:
            self.failed, self.slow = True, Slow.OVERFLOWED

    def _send_now(self, text: str) -> bool:  # noqa: ARG002 - for those that can
        """Send one text if that needs no waiting; return whether it was sent."""
        return False

    @abstractmethod
    async def _send(self, text: str) -> None:
        """Send one text; may wait for the reader."""


class OutgoingSocket(OutgoingStream):
    """Sends to one WebSocket."""

    def __init__(self, websocket: WebSocket, *, limit: int, stall_s: float) -> None:
        super().__init__(limit=limit, stall_s=stall_s)
        self._websocket = websocket
        self._shortcut = shortcut_of(websocket.scope)

    def _send_now(self, text: str) -> bool:
        return self._shortcut is not None and self._shortcut.write_now(text_frame(text))

    async def _send(self, text: str) -> None:
        await self._websocket.send_text(text)

    async def send_last(self, text: str) -> None:
        """Send one text past everything that waits; nobody else may be writing any more."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._websocket.send_text(text)
        except (TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
            self.failed = True

    async def close(self, code: int) -> None:
        """Close the socket; a reader that does not read is not waited for, but cut off."""
        states = (self._websocket.client_state, self._websocket.application_state)
        if WebSocketState.DISCONNECTED in states:
            return
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._websocket.close(code)
        except (TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
            if self._shortcut is not None:
                self._shortcut.abort()


def outgoing_event(event: CaptionEvent, session: str, text: str) -> Outgoing:
    """Queue a partial so that a newer one replaces it, and a delta or final withdraws it."""
    match event:
        case Partial():
            return Outgoing(text, key=("partial", session, event.utterance))
        case Delta() | Final():
            return Outgoing(text, withdraws=(("partial", session, event.utterance),))
        case _:
            return Outgoing(text)
