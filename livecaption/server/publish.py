"""``/ws/publish``: the way from the handshake to a running session, or to a clear refusal."""

from __future__ import annotations

import logging
import sqlite3

from starlette.websockets import WebSocket, WebSocketDisconnect

from livecaption.access.roles import Role
from livecaption.errors import LiveCaptionError, ProtocolError
from livecaption.metrics.meters import Door
from livecaption.protocol.client_messages import Start
from livecaption.protocol.codec import decode_publisher, encode
from livecaption.server.closing import close_code_for, error_message
from livecaption.server.doorkeeper import require
from livecaption.server.doors import meters_of, note_refusal
from livecaption.server.handshake import accept, receive_text_within
from livecaption.server.hub import CaptionHub
from livecaption.server.publisher_connection import PublisherConnection
from livecaption.settings import Settings

__all__ = ["publish"]

logger = logging.getLogger(__name__)


async def publish(websocket: WebSocket) -> None:
    """Serve one publisher from handshake to close."""
    hub: CaptionHub = websocket.app.state.hub
    await hub.look_for_the_dead()
    if not await accept(websocket, hub.admit_publisher):
        return
    meters_of(websocket.scope).admitted(Door.PUBLISH)
    with hub.publisher_place():
        await _converse(websocket, hub)


async def _converse(websocket: WebSocket, hub: CaptionHub) -> None:
    try:
        start = await _receive_start(websocket, hub.settings)
        require(websocket, Role.PUBLISH, start.room)
        hub.check_open()
        connection = PublisherConnection(websocket, hub, start)
        await connection.begin()
    except LiveCaptionError as exc:
        await _refuse(websocket, exc)
        return
    except sqlite3.Error:
        logger.exception("the transcripts cannot be read")
        await _refuse(websocket, LiveCaptionError("the transcripts cannot be read"))
        return
    except WebSocketDisconnect:
        return
    await connection.serve()


async def _receive_start(websocket: WebSocket, settings: Settings) -> Start:
    text = await receive_text_within(websocket, settings.start_timeout_s)
    message = decode_publisher(text)
    if not isinstance(message, Start):
        raise ProtocolError(f'The first message must be "start", not "{message.type}".')
    return message


async def _refuse(websocket: WebSocket, error: LiveCaptionError) -> None:
    note_refusal(websocket.scope, error.code)
    try:
        await websocket.send_text(encode(error_message(error, fatal=True)))
        await websocket.close(close_code_for(error))
    except (WebSocketDisconnect, RuntimeError):
        return
