"""The last words of a session that ended as asked, for a client that did not get them.

``stop`` ends a session. If the connection is lost before the last captions and the account are
through, the client comes back to resume what is over. All of it is stored, so it is told again;
otherwise the client would have to begin a session only to send audio that has been captioned.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from livecaption.core.captions import SessionClosed
from livecaption.core.timeline import iso_time
from livecaption.protocol.client_messages import Start
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import encode, event_message
from livecaption.protocol.limits import MAX_FRAME_BYTES
from livecaption.protocol.server_messages import Ack, Limits, Ready
from livecaption.server.live_session import replayed
from livecaption.settings import Settings
from livecaption.storage.records import StoredSession

__all__ = ["AS_ASKED", "Greeting", "last_words", "say_farewell"]

AS_ASKED = "stop"
"""The reason of a session's end after which its client has nothing more to say."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What ``ready`` says about a session."""

    session: str
    token: str
    started_at: float
    """Wall-clock time of sample 0, seconds since the epoch."""
    resume_from: int | None
    """First sample wanted from a client that goes on; None for a new session."""

    def message(self, start: Start, model: str, settings: Settings) -> Ready:
        """Return the answer to ``start``."""
        return Ready(
            session=self.session,
            resume_token=self.token,
            room=start.room,
            model=model,
            language=start.language,
            started_at=iso_time(self.started_at),
            resumed=self.resume_from is not None,
            resume_from=self.resume_from or 0,
            limits=Limits(
                max_frame_bytes=MAX_FRAME_BYTES,
                idle_s=settings.idle_s,
                max_session_s=settings.max_session_s,
            ),
        )


def last_words(stored: StoredSession, last_seq: int) -> list[str] | None:
    """Return what a client that had the events up to ``last_seq`` lacks of a session that is over.

    Returns:
        Messages, the account of the audio last; None when some are not held any more.
    """
    at = stored.checkpoint
    events = [(seq, outgoing.text) for seq, outgoing in replayed(stored.events) if seq > last_seq]
    if [seq for seq, _ in events] != list(range(last_seq + 1, at.seq + 1)):
        return None
    account = SessionClosed(AS_ASKED, at.clock, at.captioned, at.silent, at.lost)
    return [
        *(text for _, text in events),
        encode(Ack(received=at.clock, committed=at.clock)),
        encode(event_message(account)),
    ]


async def say_farewell(
    websocket: WebSocket, ready: Ready, words: list[str], stall_s: float
) -> None:
    """Send it, and close; a client that is gone again may come back once more."""
    try:
        async with asyncio.timeout(stall_s):
            for text in (encode(ready), *words):
                await websocket.send_text(text)
            await websocket.close(CloseCode.NORMAL)
    except (TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
        return
