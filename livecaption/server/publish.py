"""``/ws/publish``: the way from the handshake to a running session, or to a clear refusal."""

from __future__ import annotations

import logging
import sqlite3

from starlette.websockets import WebSocket, WebSocketDisconnect

from livecaption.access.roles import Role
from livecaption.errors import LiveCaptionError, ProtocolError
from livecaption.metrics.meters import Door
from livecaption.protocol.client_messages import Resume, Start
from livecaption.protocol.codec import decode_publisher, encode
from livecaption.server.closing import close_code_for, error_message
from livecaption.server.doorkeeper import require
from livecaption.server.doors import meters_of, note_refusal
from livecaption.server.farewell import Greeting, last_words, say_farewell
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
        if start.resume is not None and await _say_farewell(websocket, hub, start, start.resume):
            return
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


async def _say_farewell(websocket: WebSocket, hub: CaptionHub, start: Start, wish: Resume) -> bool:
    """Tell a client that wants to resume a session it has stopped how that ended.

    Returns:
        False when there is no such session.
    """
    stored = await hub.sessions.ended_as_asked(wish)
    words = last_words(stored, wish.last_seq) if stored is not None else None
    if stored is None or words is None:
        return False
    clock = stored.checkpoint.clock
    greeting = Greeting(stored.id, wish.resume_token, stored.started_at, clock)
    ready = greeting.message(start, hub.model.name, hub.settings)
    await say_farewell(websocket, ready, words, hub.settings.stall_s)
    return True


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
