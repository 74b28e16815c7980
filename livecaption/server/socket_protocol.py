"""uvicorn's WebSocket protocol, with a short way out for what many readers get at once.

A message through ASGI costs a task switch, a coroutine and a frame for each reader; a thousand
readers wait for the sum. A text frame of a server is the same bytes for everybody (it is not
masked, and nothing is compressed), so it is made once, and written wherever the socket takes it at
once. A socket that does not is left to the writer of its reader, which waits, and gives up in time.

uvicorn closes a connection when everything in it is sent: never, if the peer reads nothing. So what
it has let go of is cut off after a while. What else a peer could do to a server that believes in
its good will (fragments without end, pings without reading, a head that websockets refuses) ends
here, too: decision 14.

ASGI servers that do not run this protocol lack the extension; then everything goes the long way.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.frames import CloseCode, Frame, Opcode

from livecaption.server.crowd import Crowd
from livecaption.server.wire_answers import last_answer
from livecaption.server.wire_limits import WireLimits

__all__ = ["CaptionSocketProtocol", "Shortcut", "shortcut_of", "text_frame"]

logger = logging.getLogger(__name__)

_EXTENSION = "livecaption.shortcut"
_FRAMES_KEPT = 16
"""Events that are being handed out in one go; a few for each room that speaks just now."""


_TURN_BYTES = 8 * 1024
"""That are parsed before others have their turn: one read can hold thousands of pings, and a second
of speech has four times as much."""

_LAST_WORDS_S = 1.0
"""How long what was sent last may take to leave, once nobody waits for the peer any more."""


class Shortcut(Protocol):
    """The way past ASGI to one socket."""

    def write_now(self, frame: bytes) -> bool:
        """Write a whole frame if the socket takes it without waiting; say whether it did."""

    def abort(self) -> None:
        """End the connection at once, with a reset; what waits in it is thrown away."""


class CaptionSocketProtocol(WebSocketsSansIOProtocol):
    """See the module.

    Args:
        wire: the limits.
        crowd: who is connected.
        given: what uvicorn gives.
    """

    def __init__(self, *, wire: WireLimits, crowd: Crowd, **given: Any) -> None:
        super().__init__(**given)
        self._wire = wire
        self._crowd = crowd
        self._cut_off: asyncio.TimerHandle | None = None
        self._unparsed = b""
        self._next_turn: asyncio.Handle | None = None

    # -- the connection -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection over from HTTP."""
        super().connection_made(transport)
        self._crowd.upgrade(transport)
        # What the kernel does not take waits with the reader's own writer, which has a limit in
        # time; in the transport another 64 KiB would hide that a reader has stalled.
        cast("asyncio.Transport", transport).set_write_buffer_limits(high=0)

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing left to cut off, and no way past ASGI."""
        for handle in (self._cut_off, self._next_turn):
            if handle is not None:
                handle.cancel()
        # The scope and its protocol would hold each other, and everything that hangs on them,
        # until the garbage collector comes by, which it seldom does (see serving.py).
        if hasattr(self, "scope"):
            self.scope.get("extensions", {}).pop(_EXTENSION, None)
        self._crowd.leave(self.transport)
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        """Offer the shortcut to the application, and let the connection end when it is done."""
        extensions = self.scope.setdefault("extensions", {})
        extensions[_EXTENSION] = {"shortcut": self}
        extensions.update(self._crowd.extension(self.transport))
        await super().run_asgi()
        # A peer that is still there has some time to answer the close frame.
        answer_s = 0.0 if self.transport.is_closing() else self.close_timeout
        self._cut_off_in(answer_s + _LAST_WORDS_S)

    async def send(self, message: Any) -> None:
        """Send for the application; both branches are about a handshake that will not be."""
        if self.transport.is_closing() and not self.handshake_complete:
            # uvicorn would do nothing, and then complain that nothing was done.
            self.handshake_complete = True
            raise ClientDisconnected
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # It has been answered in HTTP, which uvicorn forgets to note.
            self.handshake_complete = True

    def shutdown(self) -> None:
        """Close at the end of the server's way down."""
        super().shutdown()
        self._cut_off_in(_LAST_WORDS_S)

    # -- what comes ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what came, a piece at a time, so that nobody's flood holds up the others."""
        waiting = self._unparsed + data
        turn = max(_TURN_BYTES, len(waiting) // 8)  # nothing piles up, come what may
        piece, self._unparsed = waiting[:turn], waiting[turn:]
        self._parse(piece)
        if self._unparsed and not self.transport.is_closing():
            self.transport.pause_reading()
            if self._next_turn is None:
                self._next_turn = self.loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn = None
        if self.transport.is_closing():
            return
        self.data_received(b"")
        if not self._unparsed and not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Parse it; a handshake that websockets refuses is answered."""
        super().data_received(data)
        refused = self.conn.handshake_exc
        if refused is not None and not self.handshake_initiated:
            self._refuse_handshake(refused)

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment, unless the message has too many, or nobody waits for it."""
        if self.close_sent:
            return
        if len(self.frames) >= self._wire.fragments:
            self._fail(CloseCode.POLICY_VIOLATION, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on; one that is no text is refused without a traceback in the log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "not UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer; but not for ever to a peer that reads no answer."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > self._wire.unread_bytes:
            logger.info("a peer that pings and reads nothing was cut off")
            self.abort()

    def keepalive_timeout(self) -> None:
        """Let go of a peer that answers no ping."""
        super().keepalive_timeout()
        self._cut_off_in(_LAST_WORDS_S)

    def handle_parser_exception(self) -> None:
        """Let go of a peer that does not speak WebSocket."""
        super().handle_parser_exception()
        self._cut_off_in(_LAST_WORDS_S)

    def _fail(self, code: CloseCode, reason: str) -> None:
        """Close because of what the peer sent, and tell the application."""
        self.frames = []
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self._cut_off_in(_LAST_WORDS_S)

    def _refuse_handshake(self, refused: Exception) -> None:
        match refused:
            case HeaderLineTooLong() | TooManyHeaders():
                status, code = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large"
            case RequestLineTooLong():
                status, code = HTTPStatus.REQUEST_URI_TOO_LONG, "url_too_long"
            case _:
                status, code = HTTPStatus.BAD_REQUEST, "bad_request"
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(last_answer(status, code))
        self.transport.close()
        self._cut_off_in(_LAST_WORDS_S)

    # -- the shortcut -------------------------------------------------------------------------

    def write_now(self, frame: bytes) -> bool:
        """See ``Shortcut``."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def abort(self) -> None:
        """See ``Shortcut``."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:  # else it is gone already
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
