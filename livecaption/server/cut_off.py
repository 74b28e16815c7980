"""Sessions that a crash or a restart cut off: only stored, until their client comes back.

What they had open is closed at once, so that the room reads on without a hole; their client may
still go on with them for the grace period. Then they have ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from functools import partial

from livecaption.core.captions import Final
from livecaption.server.live_session import REPLAY_EVENTS, stored_event
from livecaption.server.recorder import Recorder
from livecaption.server.room import Room, Speaker, Stamped
from livecaption.server.rooms import Rooms
from livecaption.storage.records import SessionEnded, SessionProgress, StoredSession
from livecaption.storage.restoring import restore
from livecaption.storage.store import TranscriptStore

__all__ = ["CutOffSessions", "token_hash"]


def token_hash(token: str) -> bytes:
    """Hash a token of 192 random bits; a slow hash would add nothing but work."""
    return hashlib.sha256(token.encode()).digest()


class CutOffSessions:
    """What an earlier process left behind."""

    def __init__(
        self, store: TranscriptStore, recorder: Recorder, rooms: Rooms, grace_s: float
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._rooms = rooms
        self._grace_s = grace_s
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._expiries)

    async def adopt(self) -> None:
        """Close what was open, and begin to wait for the clients.

        Raises:
            sqlite3.Error: what is stored cannot be read.
        """
        loop = asyncio.get_running_loop()
        for session in await self._store.unended():
            stored = await self._store.session(session, REPLAY_EVENTS)
            if stored is not None:
                await self._close_open_ends(stored)
                self._expiries[session] = loop.call_later(self._grace_s, self._give_up, session)

    async def claim(self, session: str, token: bytes) -> StoredSession | None:
        """Hand a session out to its client; None when there is no such session, or token.

        Args:
            session: its id.
            token: hash of the token that the client offers.
        """
        if session not in self._expiries:
            return None
        stored = await self._store.session(session, REPLAY_EVENTS)
        if stored is None or not hmac.compare_digest(stored.token_hash, token):
            return None
        self._expiries.pop(session).cancel()
        return stored

    def abandon(self) -> None:
        """Wait for nobody any more: the process ends."""
        for expiry in self._expiries.values():
            expiry.cancel()

    async def _close_open_ends(self, stored: StoredSession) -> None:
        restored = restore(stored)
        room = await self._rooms.open(stored.room)
        for event in restored.closing:
            speaker = event.speaker if isinstance(event, Final) else None
            stamped = room.stamp(event, Speaker(stored.id, speaker, stored.started_at))
            if stamped is not None:
                writes = [stored_event(stamped)]
                self._recorder.submit(writes, partial(_deliver, room, stamped))
        progress = SessionProgress(stored.id, restored.checkpoint)
        self._recorder.submit([progress])
        await self._recorder.flush()
        self._rooms.release(room)

    def _give_up(self, session: str) -> None:
        del self._expiries[session]
        ended = SessionEnded(session, time.time(), "disconnect")
        self._recorder.submit([ended])


def _deliver(room: Room, stamped: Stamped, durable: bool) -> None:  # noqa: FBT001, ARG001
    room.deliver(stamped)
