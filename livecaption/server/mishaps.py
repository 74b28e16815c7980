"""A fault of ours in a WebSocket's handler: the peer is told, whatever it was.

A server closes such a connection without a word, and the peer cannot tell it from a network that
failed. HTTP has ``guard.failed``.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from livecaption.errors import LiveCaptionError
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import encode
from livecaption.server.answers import refusal
from livecaption.server.closing import error_message

__all__ = ["Mishaps"]

logger = logging.getLogger(__name__)

_LAST_WORDS_S = 1.0
_SENTENCE = "The server failed; the fault is ours, not yours."


class Mishaps:
    """ASGI middleware around everything that may fail."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; end its socket properly if it does not."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        stage = ""

        async def watched(message: Message) -> None:
            nonlocal stage
            try:
                await send(message)
            except OSError as exc:  # how ASGI servers say that the peer is gone
                raise WebSocketDisconnect(CloseCode.ABNORMAL) from exc
            stage = message["type"]

        try:
            await self._app(scope, receive, watched)
        except WebSocketDisconnect:
            return  # the peer left at a moment when nobody looked
        except Exception:
            logger.exception("a socket's handler failed")
            try:
                async with asyncio.timeout(_LAST_WORDS_S):
                    await _say_failed(stage, scope, receive, send)
            except (TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
                return  # it is gone, or does not listen


async def _say_failed(stage: str, scope: Scope, receive: Receive, send: Send) -> None:
    if not stage:
        await refusal(500, "internal", _SENTENCE)(scope, receive, send)
    elif stage in ("websocket.accept", "websocket.send"):
        error = error_message(LiveCaptionError(_SENTENCE), fatal=True)
        await send({"type": "websocket.send", "text": encode(error)})
        await send({"type": "websocket.close", "code": CloseCode.INTERNAL_ERROR})
