"""One connection to the tables of jobs: transactions, and reads that never see half of one."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from livecaption.errors import OperatorError
from livecaption.jobs.schema import prepare

__all__ = ["FILE_NAME", "JobTables", "Transaction"]

FILE_NAME = "jobs.sqlite3"

# At DEBUG it logs every statement with its values, which hold names of files and addresses.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What may be done inside one."""

    _connection: aiosqlite.Connection

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Run a query; return its rows."""
        return list(await self._connection.execute_fetchall(query, values))

    async def execute(self, statement: str, *values: Any) -> int:
        """Run a statement; return how many rows it changed."""
        async with self._connection.execute(statement, values) as cursor:
            return cursor.rowcount


class JobTables:
    """Use ``JobTables.open``; close it with ``aclose``."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._using = asyncio.Lock()

    @classmethod
    async def open(cls, directory: Path | None) -> JobTables:
        """Open the tables in a directory, which is made if needed; None keeps all in memory.

        Raises:
            OperatorError: the directory cannot be used, or another server uses it.
        """
        if directory is None:
            return cls(await _connected(":memory:"))
        path = directory / FILE_NAME
        try:
            await asyncio.to_thread(directory.mkdir, 0o700, parents=True, exist_ok=True)
            connection = await _connected(path)
        except (OSError, sqlite3.Error) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else str(exc)
            raise OperatorError(
                f"The jobs in {path} cannot be opened ({reason}); stop the server that uses them, "
                "mend or move the file, or choose another --data-dir."
            ) from None
        path.chmod(0o600)
        return cls(connection)

    async def aclose(self) -> None:
        """Close the file; a transaction that is under way ends first."""
        async with self._using:
            await self._connection.close()

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Run a query between transactions; return its rows."""
        async with self._using:
            return await Transaction(self._connection).fetch(query, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Run one transaction, durable at its end; undone if the block raises.

        Raises:
            sqlite3.Error: the disk is full or broken; nothing was written.
        """
        async with self._using:
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield Transaction(self._connection)
                await self._connection.execute("COMMIT")
            except BaseException:
                # We may have been cancelled while a statement was on its way to the thread of the
                # connection: this goes there behind it, and does nothing if nothing is open.
                await self._connection.rollback()
                raise

    async def release_pages(self) -> None:
        """Give back the space of what was deleted, and forget it in the log beside the file."""
        async with self._using:
            await self._connection.execute_fetchall("PRAGMA incremental_vacuum")
            await self._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


async def _connected(path: Path | str) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=1.0)
    try:
        await prepare(connection)
    except BaseException:
        await connection.close()
        raise
    return connection
