"""The keys as the server knows them: read again every second, so that changes need no restart.

``livecaption keys`` writes to the database while the server runs. Looking a key up must not wait
for a disk, and goes on while the disk fails: so all keys are held in memory.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import sqlite3
import time
from collections.abc import Callable

from livecaption.access.key_text import read_key
from livecaption.access.roles import Kind, Principal, Role
from livecaption.errors import BadCredentials, OperatorError
from livecaption.settings import Settings
from livecaption.storage.keys import KeyRecord, KeyStore
from livecaption.storage.pepper import Pepper, find_pepper, new_pepper

__all__ = ["SINGLE_KEY", "KeyRing"]

logger = logging.getLogger(__name__)

SINGLE_KEY = "single"
"""Id of the key that comes from the settings; keys from the database have ten characters."""

_LOOK_EVERY_S = 1.0
_NOTE_USE_EVERY_S = 60.0
_GUESSABLE_BYTES = 20


class KeyRing:
    """All keys. Use ``KeyRing.open``, run ``keep`` until ``leave``, close it with ``aclose``.

    Args:
        settings: where the keys lie, and the single key.
        clock: seconds since the epoch.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._directory = settings.data
        self._given_pepper = settings.pepper.get_secret_value() if settings.pepper else None
        self._clock = clock
        self._store: KeyStore | None = None
        self._pepper: Pepper | None = None
        self._passing = new_pepper()
        self._records: dict[str, KeyRecord] = {}
        self._good: frozenset[str] = frozenset()
        self._used: dict[str, float] = {}
        self._noted: dict[str, float] = {}
        self._single = settings.single_key
        self._leaving = asyncio.Event()
        self._failing = False
        self._lost: set[str] = set()
        """Keys made with another pepper, which was said once."""
        self.on_gone: Callable[[str], None] = _nothing
        """Called with the id of a key that was revoked or has expired."""

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], float] = time.time) -> KeyRing:
        """Read the keys.

        Raises:
            OperatorError: they cannot be read, so that it is not known whom to let in.
        """
        ring = cls(settings, clock)
        try:
            await ring.refresh()
        except sqlite3.Error as exc:
            raise OperatorError(f"The keys in {settings.data} cannot be read: {exc}.") from None
        return ring

    async def aclose(self) -> None:
        """Write down what was used last, and close the database."""
        if self._store is None:
            return
        try:
            await self.note_use(every_s=0.0)
        except sqlite3.Error as exc:
            logger.warning("when keys were last used cannot be stored: %s", exc)
        await self._store.aclose()

    @property
    def is_on(self) -> bool:
        """Whether keys are asked for: once there has been one, revoking it opens nothing."""
        return self._single is not None or bool(self._records)

    @property
    def is_guessable(self) -> bool:
        """Whether the single key is so short that trying all of them might find it."""
        return self._single is not None and len(self._single) < _GUESSABLE_BYTES

    @property
    def pepper(self) -> Pepper:
        """The server's secret; one for this process alone while no key needs it."""
        return self._pepper or self._passing

    def find(self, shown: bytes) -> Principal:
        """Return whom a key belongs to.

        Raises:
            BadCredentials: it is not one of ours, or not any more.
        """
        if self._single is not None and hmac.compare_digest(shown, self._single):
            return Principal(Kind.KEY, frozenset({Role.ADMIN}), key=SINGLE_KEY)
        text = read_key(shown)
        if text is None:
            raise BadCredentials(
                "This is no key of this server; copy it again, whole.", code="bad_key"
            )
        record = self._records.get(text.id)
        digest = self.pepper.digest(text.whole)
        if record is None or not hmac.compare_digest(digest, record.digest):
            raise BadCredentials("This key is not known here; ask for a new one.", code="bad_key")
        return self.holder(record.id)

    def holder(self, key: str) -> Principal:
        """Return who stands behind the id of a key, as if the key had been shown.

        Raises:
            BadCredentials: it is not good any more.
        """
        if key == SINGLE_KEY and self._single is not None:
            return Principal(Kind.KEY, frozenset({Role.ADMIN}), key=SINGLE_KEY)
        record, now = self._records.get(key), self._clock()
        if record is None or record.revoked_at is not None:
            raise BadCredentials("This key was taken back; ask for a new one.", code="key_revoked")
        if not record.is_good(now):
            raise BadCredentials("This key has expired; ask for a new one.", code="key_expired")
        self._used[key] = now
        return Principal(Kind.KEY, record.roles, record.rooms, key=record.id, limits=record.limits)

    async def keep(self, every_s: float = _LOOK_EVERY_S) -> None:
        """Read the keys again and again until ``leave``.

        It is told to end, not cancelled: a write that is given up half-way would keep the database
        from the transcripts, whose last words are being stored just then.
        """
        while not await self._is_over_within(every_s):
            try:
                await self.refresh()
                await self.note_use()
            except (sqlite3.Error, OperatorError) as exc:
                if not self._failing:
                    logger.error("the keys cannot be read again, the known ones stand: %s", exc)
                self._failing = True
            else:
                self._failing = False

    def leave(self) -> None:
        """Let ``keep`` return."""
        self._leaving.set()

    async def _is_over_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            return False
        return True

    async def refresh(self) -> None:
        """Read the keys, and tell of those that are good no more.

        Raises:
            OperatorError: the database or the pepper cannot be opened.
            sqlite3.Error: it cannot be read.
        """
        if self._pepper is None:
            self._pepper = find_pepper(self._directory, self._given_pepper, make=False)
        if self._store is None:
            if not KeyStore.exists(self._directory):
                return
            self._store = await KeyStore.open(self._directory)
        self._records = {record.id: record for record in await self._store.all()}
        self._complain_of_pepper()
        now = self._clock()
        good = frozenset(record.id for record in self._records.values() if record.is_good(now))
        gone, self._good = self._good - good, good
        for key in sorted(gone):
            logger.info("key %s is good no more", key)
            self.on_gone(key)

    def _complain_of_pepper(self) -> None:
        now, mark = self._clock(), self.pepper.mark
        lost = {r.id for r in self._records.values() if r.is_good(now) and r.pepper_mark != mark}
        lost, self._lost = lost - self._lost, lost
        if lost:
            logger.error(
                "%d keys were made with another secret and open nothing (%s): restore the file "
                "pepper in the data directory, or rotate them with livecaption keys",
                len(lost),
                ", ".join(sorted(lost)),
            )

    async def note_use(self, every_s: float = _NOTE_USE_EVERY_S) -> None:
        """Write down when keys were last used, each key once in ``every_s`` seconds.

        Raises:
            sqlite3.Error: it cannot be stored.
        """
        if self._store is None:
            return
        due = {
            key: at
            for key, at in self._used.items()
            if key in self._records and at - self._noted.get(key, 0.0) >= every_s
        }
        if due:
            await self._store.note_use(due)
            self._noted |= due
        for key in due:
            del self._used[key]


def _nothing(_: str) -> None:
    """Nobody is to be told."""
