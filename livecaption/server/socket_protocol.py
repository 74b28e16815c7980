"""uvicorn's WebSocket protocol, with a short way out for what many readers get at once.

A message through ASGI costs a task switch, a coroutine and a frame for each reader; a thousand
readers wait for the sum. A text frame of a server is the same bytes for everybody (it is not
masked, and nothing is compressed), so it is made once, and written wherever the socket takes it at
once. A socket that does not is left to the writer of its reader, which waits, and gives up in time.

uvicorn closes a connection when everything in it is sent: never, if the peer reads nothing. So what
it has let go of is cut off after a while.

ASGI servers that do not run this protocol lack the extension; then everything goes the long way.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

__all__ = ["CaptionSocketProtocol", "Shortcut", "shortcut_of", "text_frame"]

_EXTENSION = "livecaption.shortcut"
_FRAMES_KEPT = 16
"""Events that are being handed out in one go; a few for each room that speaks just now."""


_LAST_WORDS_S = 1.0
"""How long what was sent last may take to leave, once nobody waits for the peer any more."""


class Shortcut(Protocol):
    """The way past ASGI to one socket."""

    def write_now(self, frame: bytes) -> bool:
        """Write a whole frame if the socket takes it without waiting; say whether it did."""

    def abort(self) -> None:
        """End the connection at once, with a reset; what waits in it is thrown away."""


class CaptionSocketProtocol(WebSocketsSansIOProtocol):
    """See the module."""

    _cut_off: asyncio.TimerHandle | None = None

    async def run_asgi(self) -> None:
        """Offer the shortcut to the application, and let the connection end when it is done."""
        self.scope.setdefault("extensions", {})[_EXTENSION] = {"shortcut": self}
        await super().run_asgi()
        # The peer has some time to answer the close frame.
        self._cut_off_in(self.close_timeout + _LAST_WORDS_S)

    def keepalive_timeout(self) -> None:
        """Let go of a peer that answers no ping."""
        super().keepalive_timeout()
        self._cut_off_in(_LAST_WORDS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing left to cut off, and no way past ASGI."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        # The scope and its protocol would hold each other, and everything that hangs on them,
        # until the garbage collector comes by, which it seldom does (see serving.py).
        if hasattr(self, "scope"):
            self.scope.get("extensions", {}).pop(_EXTENSION, None)
        super().connection_lost(exc)

    def write_now(self, frame: bytes) -> bool:
        """See ``Shortcut``."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def abort(self) -> None:
        """See ``Shortcut``."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            # Without it the kernel would go on offering what waits to a peer that takes nothing.
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.transport.abort()

    def _cut_off_in(self, seconds: float) -> None:
        if not self.disconnected:
            if self._cut_off is not None:
                self._cut_off.cancel()
            self._cut_off = self.loop.call_later(seconds, self.abort)


def shortcut_of(scope: Mapping[str, Any]) -> Shortcut | None:
    """Return the way past ASGI to a socket; None when its server has none."""
    offered: dict[str, Shortcut] = scope.get("extensions", {}).get(_EXTENSION, {})
    return offered.get("shortcut")


@lru_cache(maxsize=_FRAMES_KEPT)
def text_frame(text: str) -> bytes:
    """Return a text as the frame a server sends; made once for all readers of an event."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
