"""Durable first, shown second: events wait here until they are on the disk.

::

    session ─ submit(writes, show) ─▶ waiting ─▶ one transaction for all sessions ─▶ show, show, …

While one transaction is written, the next collects what all sessions say, so the cost of a commit
is shared (group commit). What has nothing to write is shown at once, unless something said earlier
is still being written: order is kept.

A disk that fails must not silence anybody: captions are then shown without being stored, the writes
are kept and tried again each second, and nothing is acknowledged as committed meanwhile. At most
``max_kept`` writes are kept; beyond that the oldest are given up, and counted.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from livecaption.core.tally import DURATION_BOUNDS, Tally
from livecaption.storage.records import Write
from livecaption.storage.store import TranscriptStore

__all__ = ["Recorder"]

logger = logging.getLogger(__name__)

_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Entry:
    writes: tuple[Write, ...]
    show: Callable[[bool], None] | None


@dataclass(slots=True)
class Recorder:
    """Writes for all sessions; ``run`` must be running.

    Attributes:
        writes: stored so far.
        failures: transactions that the disk refused.
        took: seconds that transactions took, those that failed included.
        given_up: writes that found no place while the disk failed.
        failing: why nothing can be stored at present; None while all is well.
    """

    store: TranscriptStore
    max_kept: int = 10_000
    writes: int = 0
    failures: int = 0
    took: Tally = field(default_factory=lambda: Tally(DURATION_BOUNDS))
    given_up: int = 0
    failing: str | None = None
    _waiting: list[_Entry] = field(default_factory=list)
    _unwritten: deque[Write] = field(default_factory=deque)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False

    def __post_init__(self) -> None:
        self._idle.set()

    @property
    def kept(self) -> int:
        """Writes that a failing disk refused, and that are tried again."""
        return len(self._unwritten)

    def submit(self, writes: Sequence[Write], show: Callable[[bool], None] | None = None) -> None:
        """Write, then show; never waits.

        Args:
            writes: stored in one transaction, behind everything submitted before.
            show: called once afterwards, in the order of submission; is told whether the writes are
                durable.
        """
        entry = _Entry(tuple(writes), show)
        if not writes and self._idle.is_set():
            _show(entry, durable=True)
            return
        self._idle.clear()
        self._waiting.append(entry)
        self._changed.set()

    async def flush(self) -> None:
        """Return once everything submitted so far has been shown."""
        await self._idle.wait()

    async def run(self) -> None:
        """Write until ``aclose``; what waits then is still written."""
        while not (self._closing and self._idle.is_set()):
            # A disk that fails is tried again also when nobody speaks.
            timeout = _RETRY_S if self._unwritten else None
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                await self._write(())
                continue
            self._changed.clear()
            entries, self._waiting = self._waiting, []
            durable = await self._write([write for entry in entries for write in entry.writes])
            for entry in entries:
                _show(entry, durable=durable)
            if not self._waiting:
                self._idle.set()

    async def aclose(self) -> None:
        """Let ``run`` return once nothing waits."""
        self._closing = True
        self._changed.set()

    async def _write(self, writes: Sequence[Write]) -> bool:
        batch = [*self._unwritten, *writes]
        if not batch:
            return True
        began = time.monotonic()
        try:
            await self.store.record(batch)
        except sqlite3.Error as exc:
            self.failures += 1
            self._keep(batch)
            if self.failing is None:
                logger.error("captions cannot be stored, and are shown all the same: %s", exc)
            self.failing = str(exc)
            return False
        finally:
            self.took.observe(time.monotonic() - began)
        self.writes += len(batch)
        if self.failing is not None:
            logger.warning("captions are stored again; %d writes were lost", self.given_up)
        self.failing = None
        self._unwritten.clear()
        return True

    def _keep(self, batch: Sequence[Write]) -> None:
        self.given_up += max(0, len(batch) - self.max_kept)
        self._unwritten = deque(batch, maxlen=self.max_kept)


def _show(entry: _Entry, *, durable: bool) -> None:
    if entry.show is None:
        return
    try:
        entry.show(durable)
    except Exception:
        # One session's fault must not keep the others' captions from being shown.
        logger.exception("showing an event failed")
