"""API keys in the database of the transcripts; of each only a keyed hash is kept.

A key store has a connection of its own, so that ``livecaption keys`` can change keys while a server
runs, and a server that keeps no transcripts still knows its keys. The rows of revoked keys stay:
that a server has keys must not end with the last of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import aiosqlite

from livecaption.access.roles import EVERY_ROOM, KeyLimits, Role
from livecaption.errors import OperatorError
from livecaption.storage.schema import prepare
from livecaption.storage.store import FILE_NAME

__all__ = ["KeyRecord", "KeyStore"]

_COLUMNS = (
    "id, digest, pepper_mark, label, roles, rooms, limits, created_at, expires_at, revoked_at, "
    "used_at"
)
_INSERT = f"INSERT INTO api_key ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is stored; times in seconds since the epoch."""

    id: str
    digest: bytes = field(repr=False)
    pepper_mark: bytes
    """Of the pepper that the digest was made with."""
    label: str
    roles: frozenset[Role]
    rooms: tuple[str, ...] = EVERY_ROOM
    limits: KeyLimits = field(default_factory=KeyLimits)
    created_at: float = 0.0
    expires_at: float | None = None
    revoked_at: float | None = None
    used_at: float | None = None
    """To the minute."""

    def is_good(self, now: float) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class KeyStore:
    """Use ``KeyStore.open``; close it with ``aclose``."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @staticmethod
    def exists(directory: Path) -> bool:
        """Whether there is a database in a data directory."""
        return (directory / FILE_NAME).exists()

    @classmethod
    async def open(cls, directory: Path) -> KeyStore:
        """Open the keys of a data directory, which is made if needed.

        Raises:
            OperatorError: the directory or the database cannot be used.
        """
        path = directory / FILE_NAME
        connection = None
        try:
            _make(directory)
            connection = await aiosqlite.connect(path, isolation_level=None)
            await prepare(connection)
            _hide(path)
        except (sqlite3.Error, OSError, OperatorError) as exc:
            if connection is not None:
                await connection.close()
            if isinstance(exc, OperatorError):
                raise
            raise OperatorError(
                f"The keys in {path} cannot be opened ({exc}); mend the file or its permissions, "
                "or choose another --data-dir."
            ) from None
        return cls(connection)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def all(self) -> list[KeyRecord]:
        """Return all keys there have been, the oldest first.

        Raises:
            sqlite3.Error: the database is damaged or busy.
        """
        rows = await self._connection.execute_fetchall(
            f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, id"  # noqa: S608 - a constant
        )
        return [_record(tuple(row)) for row in rows]

    async def add(self, record: KeyRecord) -> None:
        """Keep a new key.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        await self._transaction([(_INSERT, _row(record))])

    async def revoke(self, key: str, at: float) -> None:
        """Take a key back; one that was taken back before keeps its time.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        statement = "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?"
        await self._transaction([(statement, (at, key))])

    async def replace(self, old: str, new: KeyRecord, until: float) -> None:
        """Add a key, and let an old one end at ``until`` if it would go on for longer.

        Raises:
            sqlite3.Error: it cannot be stored; neither has happened.
        """
        shorten = "UPDATE api_key SET expires_at = min(coalesce(expires_at, ?), ?) WHERE id = ?"
        await self._transaction([(_INSERT, _row(new)), (shorten, (until, until, old))])

    async def note_use(self, used: Mapping[str, float]) -> None:
        """Write down when keys were last used.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        statement = "UPDATE api_key SET used_at = max(coalesce(used_at, 0), ?) WHERE id = ?"
        await self._transaction([(statement, (at, key)) for key, at in used.items()])

    async def _transaction(self, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                await self._connection.execute(statement, values)
            await self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                await self._connection.execute("ROLLBACK")
            raise


def _make(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _hide(file: Path) -> None:
    file.chmod(0o600)


def _row(record: KeyRecord) -> tuple[Any, ...]:
    return (
        record.id,
        record.digest,
        record.pepper_mark,
        record.label,
        " ".join(sorted(record.roles)),
        " ".join(record.rooms),
        json.dumps(asdict(record.limits)),
        record.created_at,
        record.expires_at,
        record.revoked_at,
        record.used_at,
    )


def _record(row: tuple[Any, ...]) -> KeyRecord:
    id_, digest, mark, label, roles, rooms, limits, *times = row
    known = {role.value for role in Role}
    names = {each.name for each in fields(KeyLimits)}
    stored = {name: value for name, value in json.loads(limits).items() if name in names}
    return KeyRecord(
        id_,
        digest,
        mark,
        label,
        # A role of a newer version opens nothing here, and a limit of one limits nothing.
        frozenset(Role(role) for role in roles.split() if role in known),
        tuple(rooms.split()),
        KeyLimits(**stored),
        *times,
    )
