"""The tables, and the way from one version of them to the next."""

from __future__ import annotations

import aiosqlite

from livecaption.errors import OperatorError

__all__ = ["VERSION", "prepare"]

VERSION = 2
"""``PRAGMA user_version`` of the tables below. A change of them adds a step to ``_STEPS``."""

_STEPS = (
    """
    CREATE TABLE session (
        id TEXT PRIMARY KEY,
        room TEXT NOT NULL,
        token_hash BLOB NOT NULL,
        started_at REAL NOT NULL,
        start TEXT NOT NULL,
        clock INTEGER NOT NULL DEFAULT 0,
        captioned INTEGER NOT NULL DEFAULT 0,
        silent INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        seq INTEGER NOT NULL DEFAULT 0,
        utterances INTEGER NOT NULL DEFAULT 0,
        language TEXT,
        ended_at REAL,
        reason TEXT
    ) WITHOUT ROWID;
    CREATE INDEX session_by_room ON session (room);
    CREATE TABLE event (
        room TEXT NOT NULL,
        offset INTEGER NOT NULL,
        session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at REAL NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (room, offset)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX event_by_session ON event (session, seq);
    CREATE TABLE link (
        id TEXT PRIMARY KEY,
        room TEXT NOT NULL,
        token_hash BLOB NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        revoked_at REAL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE api_key (
        id TEXT PRIMARY KEY,
        digest BLOB NOT NULL,
        pepper_mark BLOB NOT NULL,
        label TEXT NOT NULL,
        roles TEXT NOT NULL,
        rooms TEXT NOT NULL,
        limits TEXT NOT NULL,
        created_at REAL NOT NULL,
        expires_at REAL,
        revoked_at REAL,
        used_at REAL
    ) WITHOUT ROWID;
    """,
)


async def prepare(connection: aiosqlite.Connection) -> None:
    """Set a fresh connection up, and bring the tables to this version.

    Raises:
        OperatorError: they were written by a newer version.
        sqlite3.Error: the file is no database, damaged or not writable.
    """
    # Before the first table: it decides the layout of the file.
    await connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    await connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit survives a power cut, not only a crash of this process.
    await connection.execute("PRAGMA synchronous = FULL")
    await connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten: a deleted transcript must not stay readable in the file.
    await connection.execute("PRAGMA secure_delete = ON")
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    if version > VERSION:
        raise OperatorError(
            f"The transcripts were written by a newer livecaption (version {version} of the "
            f"tables, this one knows {VERSION}); update, or choose another --data-dir."
        )
    if version < VERSION:
        await _bring_up(connection)


async def _bring_up(connection: aiosqlite.Connection) -> None:
    """Make the missing steps, all or none: ``livecaption keys`` and a server may start together."""
    await connection.execute("BEGIN IMMEDIATE")
    try:
        # Whoever waited for the other finds the work done.
        ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
        for step in _STEPS[version:]:
            for statement in filter(str.strip, step.split(";")):
                await connection.execute(statement)
        await connection.execute(f"PRAGMA user_version = {VERSION}")
        await connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            await connection.execute("ROLLBACK")
        raise
