"""Transcripts in SQLite: durable before they are shown, and read back after a crash.

One connection writes, one reads, each with a thread of its own; with WAL a long read does not hold
up a write. Without a directory the same tables live in memory, and nothing touches the disk. What
calls this decides what to do when a write fails; nothing here retries.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import aiosqlite

from livecaption.core.checkpoint import Checkpoint
from livecaption.core.transcript import Transcript
from livecaption.errors import OperatorError
from livecaption.storage.reading import entry_of
from livecaption.storage.records import (
    RoomSummary,
    RoomTail,
    StoredEvent,
    StoredSession,
    Write,
)
from livecaption.storage.schema import prepare
from livecaption.storage.statements import statement_of

__all__ = ["FILE_NAME", "TranscriptStore"]

FILE_NAME = "transcripts.sqlite3"

# At DEBUG it logs every statement with its values, which are what people said.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

_AT_ONCE = 8
"""Sessions deleted before the size is looked at again."""


class TranscriptStore:
    """Use ``TranscriptStore.open``; close it with ``aclose``."""

    def __init__(
        self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, lock: IO[str] | None
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, directory: Path | None) -> TranscriptStore:
        """Open the transcripts of a directory, which is made if needed; None keeps all in memory.

        Raises:
            OperatorError: the directory cannot be used, or another server uses it.
        """
        if directory is None:
            writer = await aiosqlite.connect(":memory:", isolation_level=None)
            await prepare(writer)
            return cls(writer, writer, None)
        lock = _claim(directory)
        path = directory / FILE_NAME
        connections: list[aiosqlite.Connection] = []
        try:
            writer = await aiosqlite.connect(path, isolation_level=None)
            connections.append(writer)
            await prepare(writer)
            uri = f"{path.absolute().as_uri()}?mode=ro"
            reader = await aiosqlite.connect(uri, uri=True, isolation_level=None)
        except (sqlite3.Error, OperatorError) as exc:
            for connection in connections:
                await connection.close()
            lock.close()
            if isinstance(exc, OperatorError):
                raise
            raise OperatorError(
                f"The transcripts in {path} cannot be opened ({exc}); make room if the disk "
                "is full, else mend or move the file, choose another --data-dir, or keep nothing "
                "with --no-store."
            ) from None
        path.chmod(0o600)
        return cls(writer, reader, lock)

    async def aclose(self) -> None:
        """Close the connections and let another server use the directory."""
        if self._reader is not self._writer:
            await self._reader.close()
        await self._writer.close()
        if self._lock is not None:
            self._lock.close()

    # -- writing ----------------------------------------------------------------------------

    async def record(self, writes: Sequence[Write]) -> None:
        """Write all of it in one transaction: durable when this returns, or not at all.

        Raises:
            sqlite3.Error: the disk is full or broken; nothing was written.
        """
        await self._transaction([statement_of(write) for write in writes])

    async def delete_room(self, room: str) -> int:
        """Delete a room's transcript and its ended sessions; return how many events went.

        Sessions that still go on keep their place, without what they have said so far.
        """
        ((events,),) = await self.fetch("SELECT count(*) FROM event WHERE room = ?", (room,))
        await self._transaction(
            [
                ("DELETE FROM event WHERE room = ?", (room,)),
                ("DELETE FROM session WHERE room = ? AND ended_at IS NOT NULL", (room,)),
                ("DELETE FROM link WHERE room = ?", (room,)),
            ]
        )
        await self._release_pages()
        return int(events)

    async def sweep(self, *, ended_before: float, steps_before: float, max_bytes: int) -> int:
        """Forget what is too old or too much; return how many sessions went.

        Args:
            ended_before: sessions that ended before this time go, seconds since the epoch.
            steps_before: deltas of ended sessions older than this go: their finals say it all.
            max_bytes: while the tables are larger, the session that ended first goes.
        """
        await self._transaction(
            [
                (
                    "DELETE FROM event WHERE kind IN ('delta', 'utterance_started') AND at < ? "
                    "AND session IN (SELECT id FROM session WHERE ended_at IS NOT NULL)",
                    (steps_before,),
                )
            ]
        )
        gone = await self._delete(
            "SELECT id FROM session WHERE ended_at IS NOT NULL AND ended_at < ?", ended_before
        )
        while await self.size() > max_bytes:
            first = "SELECT id FROM session WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?"
            deleted = await self._delete(first, _AT_ONCE)
            if not deleted:
                break
            gone += deleted
        await self._release_pages()
        return gone

    # -- reading ----------------------------------------------------------------------------

    async def session(self, session: str, events: int) -> StoredSession | None:
        """Return a session that has not ended, with its last ``events`` events."""
        return await self._session("id = ? AND ended_at IS NULL", (session,), events)

    async def ended_session(
        self, session: str, events: int, *, reason: str, since: float
    ) -> StoredSession | None:
        """Return a session that has ended, with its last ``events`` events.

        Args:
            session: its id.
            events: how many.
            reason: why it ended.
            since: it ended at this time or later, seconds since the epoch.
        """
        which = "id = ? AND reason = ? AND ended_at >= ?"
        return await self._session(which, (session, reason, since), events)

    async def unended(self) -> list[str]:
        """Return the sessions that have not ended: going on, or cut off by a crash."""
        rows = await self.fetch("SELECT id FROM session WHERE ended_at IS NULL", ())
        return [str(row[0]) for row in rows]

    async def room_tail(self, room: str, *, finals: int, events: int) -> RoomTail:
        """Return what a room remembers: its last finals and its last events."""
        last = await self.fetch(
            "SELECT message FROM event WHERE room = ? AND kind = 'final' "
            "ORDER BY offset DESC LIMIT ?",
            (room, finals),
        )
        recent = await self.fetch(
            "SELECT offset, message FROM event WHERE room = ? ORDER BY offset DESC LIMIT ?",
            (room, events),
        )
        return RoomTail(
            offset=recent[0][0] if recent else 0,
            finals=tuple(row[0] for row in reversed(last)),
            events=tuple((row[0], row[1]) for row in reversed(recent)),
        )

    async def rooms(self) -> list[RoomSummary]:
        """Return the rooms that have a transcript, the latest first."""
        rows = await self.fetch(
            "SELECT room, min(at), max(at), sum(kind = 'final'), max(offset) FROM event "
            "GROUP BY room ORDER BY max(at) DESC",
            (),
        )
        return [RoomSummary(*row) for row in rows]

    async def transcript(self, room: str) -> Transcript:
        """Return all that was said in a room, in the order in which it was read."""
        rows = await self.fetch(
            "SELECT event.message, session.started_at FROM event "
            "JOIN session ON session.id = event.session "
            "WHERE event.room = ? AND kind IN ('final', 'gap') ORDER BY offset",
            (room,),
        )
        # A day's transcript takes a second to parse: not on the event loop.
        return await asyncio.to_thread(_transcript, room, rows)

    async def size(self) -> int:
        """Bytes in use by the tables."""
        ((pages, free, page_bytes),) = await self.fetch(
            "SELECT page_count, freelist_count, page_size "
            "FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            (),
        )
        return int((pages - free) * page_bytes)

    # -- for the other tables ----------------------------------------------------------------

    async def fetch(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """Run a query of this package; return its rows."""
        return list(await self._reader.execute_fetchall(query, values))

    async def execute(self, statement: str, values: tuple[Any, ...]) -> None:
        """Run one statement of this package, durable when it returns.

        Raises:
            sqlite3.Error: the disk is full or broken.
        """
        await self._transaction([(statement, values)])

    # -- inside -----------------------------------------------------------------------------

    async def _session(
        self, which: str, values: tuple[Any, ...], events: int
    ) -> StoredSession | None:
        rows = await self.fetch(  # `which` is from this module
            "SELECT id, room, token_hash, started_at, start, clock, seq, utterances, captioned, "  # noqa: S608
            f"silent, lost, language FROM session WHERE {which}",
            values,
        )
        if not rows:
            return None
        ((name, room, token_hash, started_at, start, *checkpoint),) = rows
        said = await self.fetch(
            "SELECT room, offset, session, seq, kind, at, message FROM event "
            "WHERE session = ? ORDER BY seq DESC LIMIT ?",
            (name, events),
        )
        tail = tuple(StoredEvent(*row) for row in reversed(said))
        return StoredSession(
            name, room, token_hash, started_at, start, Checkpoint(*checkpoint), tail
        )

    async def _transaction(self, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        async with self._writing:
            await self._writer.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    await self._writer.execute(statement, values)
                await self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    await self._writer.execute("ROLLBACK")
                raise

    async def _delete(self, which: str, value: float) -> int:
        """Delete the sessions that a query with one parameter names, with all they said."""
        ids = await self.fetch(which, (value,))
        if ids:
            await self._transaction([("DELETE FROM session WHERE id = ?", row) for row in ids])
        return len(ids)

    async def _release_pages(self) -> None:
        async with self._writing:
            await self._writer.execute_fetchall("PRAGMA incremental_vacuum")
            # Until then the old pages can be read in the log beside the file.
            await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def _claim(directory: Path) -> IO[str]:
    """Make the directory and take its lock, which ends with the process."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "lock").open("w", encoding="ascii")
    except OSError as exc:
        raise OperatorError(
            f"Transcripts cannot be kept in {directory} ({exc.strerror}); choose another "
            "--data-dir, or keep nothing with --no-store."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise OperatorError(
            f"Another livecaption server keeps its transcripts in {directory}; stop it, or give "
            "this one a --data-dir of its own."
        ) from None
    return lock


def _transcript(room: str, rows: Sequence[tuple[str, float]]) -> Transcript:
    entries = (entry_of(message, started_at) for message, started_at in rows)
    return Transcript(room, tuple(entry for entry in entries if entry is not None))
