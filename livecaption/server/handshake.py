"""Before a socket is accepted, and its first message.

What can be decided before the upgrade is answered in HTTP: 503 with ``Retry-After``;
who may come at all is decided before (``gate.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from livecaption.errors import ClientError, Overloaded, ProtocolError
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import encode
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.answers import refusal
from livecaption.server.closing import error_message

__all__ = ["accept", "deny", "receive_text_within"]

logger = logging.getLogger(__name__)


async def accept(websocket: WebSocket, admit: Callable[[], None]) -> bool:
    """Accept a socket, or refuse it and say why; return whether it was accepted."""
    try:
        admit()
    except Overloaded as exc:
        await deny(websocket, 503, exc.code, str(exc), retry_after=exc.retry_after)
        return False
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        logger.info("a socket was refused: unsupported_version")
        await websocket.accept()
        error = ClientError(
            f"Offer the WebSocket subprotocol {SUBPROTOCOL}.", code="unsupported_version"
        )
        await websocket.send_text(encode(error_message(error, fatal=True)))
        await websocket.close(CloseCode.UNSUPPORTED_VERSION)
        return False
    await websocket.accept(subprotocol=SUBPROTOCOL)
    return True


async def receive_text_within(websocket: WebSocket, timeout_s: float) -> str:
    """Return the first message, which must be text and come within ``timeout_s`` seconds.

    Raises:
        ProtocolError: it came too late or was binary.
        WebSocketDisconnect: the peer left.
    """
    try:
        async with asyncio.timeout(timeout_s):
            message = await websocket.receive()
    except TimeoutError:
        raise ProtocolError(f'No "start" came within {timeout_s:g} s.', code="no_start") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise ProtocolError('The first message must be "start"; audio follows it.')
    return str(text)


async def deny(
    websocket: WebSocket,
    status: int,
    code: str,
    message: str,
    *,
    retry_after: float | None = None,
) -> None:
    """Refuse a socket before the upgrade, in HTTP."""
    logger.info("a socket was refused: %s", code)
    answer = refusal(status, code, message, retry_after=retry_after)
    await websocket.send_denial_response(answer)
