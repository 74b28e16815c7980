"""Viewer links: a token for one room, which can be taken back.

Only a hash of a token is kept, so a link is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from livecaption.storage.store import TranscriptStore

__all__ = ["LINK_PREFIX", "Link", "Links"]

LINK_PREFIX = "lv_"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is listed; times in seconds since the epoch."""

    id: str
    room: str
    created_at: float
    revoked_at: float | None


class Links:
    """The links in a store."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store

    async def make(self, room: str) -> tuple[Link, str]:
        """Return a new link and its token, which is not kept.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        token = LINK_PREFIX + secrets.token_urlsafe(24)
        link = Link("l_" + secrets.token_urlsafe(8), room, time.time(), None)
        await self._store.execute(
            "INSERT INTO link (id, room, token_hash, created_at) VALUES (?, ?, ?, ?)",
            (link.id, room, _hash(token), link.created_at),
        )
        return link, token

    async def of(self, room: str) -> list[Link]:
        """Return the links of a room, the newest first, revoked ones too."""
        rows = await self._store.fetch(
            "SELECT id, room, created_at, revoked_at FROM link WHERE room = ? "
            "ORDER BY created_at DESC",
            (room,),
        )
        return [Link(*row) for row in rows]

    async def find(self, token: str) -> Link | None:
        """Return the link that a token belongs to, if it is not revoked."""
        rows = await self._store.fetch(
            "SELECT id, room, created_at, revoked_at FROM link "
            "WHERE token_hash = ? AND revoked_at IS NULL",
            (_hash(token),),
        )
        return Link(*rows[0]) if rows else None

    async def revoke(self, room: str, link: str) -> bool:
        """Take a link back; False when the room has no such link.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        if link not in {known.id for known in await self.of(room)}:
            return False
        await self._store.execute(
            "UPDATE link SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? AND room = ?",
            (time.time(), link, room),
        )
        return True


def _hash(token: str) -> bytes:
    """Hash a token of 192 random bits; a slow hash would add nothing but work."""
    return hashlib.sha256(token.encode()).digest()
