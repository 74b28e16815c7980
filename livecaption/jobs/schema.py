"""The tables of ``jobs.sqlite3``, and the way from one version of them to the next."""

from __future__ import annotations

import aiosqlite

from livecaption.errors import OperatorError

__all__ = ["VERSION", "prepare"]

VERSION = 1
"""``PRAGMA user_version`` of the tables below. A change of them adds a step to ``_STEPS``."""

_STEPS = (
    """
    CREATE TABLE job (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        options TEXT NOT NULL,
        file_name TEXT NOT NULL,
        size INTEGER NOT NULL,
        created_at REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        started_at REAL,
        ended_at REAL,
        done_s REAL NOT NULL DEFAULT 0,
        duration_s REAL,
        problem_code TEXT,
        problem TEXT,
        claim TEXT,
        result BLOB
    ) WITHOUT ROWID;
    CREATE INDEX job_by_owner ON job (owner, number);
    CREATE INDEX job_by_state ON job (state, number);
    CREATE TABLE delivery (
        job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        target TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at REAL,
        problem TEXT,
        PRIMARY KEY (job, kind)
    ) WITHOUT ROWID;
    CREATE INDEX delivery_by_time ON delivery (due_at) WHERE due_at IS NOT NULL;
    """,
)


async def prepare(connection: aiosqlite.Connection) -> None:
    """Set a fresh connection up, and bring the tables to this version.

    Raises:
        OperatorError: they were written by a newer version.
        sqlite3.Error: the file is no database, damaged, not writable or in use.
    """
    # One process, one connection: a second server finds the file locked instead of the jobs of the
    # first, which it would take for those of a dead process.
    await connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    await connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    await connection.execute("PRAGMA journal_mode = WAL")
    # FULL: what was accepted or finished survives a power cut, not only a crash of this process.
    await connection.execute("PRAGMA synchronous = FULL")
    await connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten: a deleted transcript must not stay readable in the file.
    await connection.execute("PRAGMA secure_delete = ON")
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    if version > VERSION:
        raise OperatorError(
            f"The jobs were written by a newer livecaption (version {version} of the tables, this "
            f"one knows {VERSION}); update, or choose another --data-dir."
        )
    for number, step in enumerate(_STEPS[version:], start=version + 1):
        await connection.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
