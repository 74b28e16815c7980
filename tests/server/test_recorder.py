"""Durable first, shown second; and what happens when the disk fails."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from livecaption.server import recorder as module
from livecaption.server.recorder import Recorder
from livecaption.storage.records import SessionEnded, SessionOpened, Write
from livecaption.storage.store import TranscriptStore
from tests.serving import within


def opened(number: int) -> SessionOpened:
    return SessionOpened(f"s_{number}", "main", b"", 0.0, "{}")


class Disk(TranscriptStore):
    """The real store in memory, on a disk that can be slow or full."""

    full = False
    batches: list[int]
    free: asyncio.Event

    async def record(self, writes: Sequence[Write]) -> None:
        await self.free.wait()
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        await super().record(writes)
        self.batches.append(len(writes))


@asynccontextmanager
async def recording(max_kept: int = 100) -> AsyncIterator[tuple[Recorder, Disk]]:
    disk = await Disk.open(None)
    assert isinstance(disk, Disk)
    disk.batches, disk.free = [], asyncio.Event()
    disk.free.set()
    recorder = Recorder(disk, max_kept=max_kept)
    running = asyncio.create_task(recorder.run())
    yield recorder, disk
    disk.free.set()
    await recorder.aclose()
    await running
    await disk.aclose()


async def test_nothing_is_shown_before_it_is_stored() -> None:
    async with recording() as (recorder, disk):
        shown: list[bool] = []
        disk.free.clear()
        recorder.submit([opened(1)], shown.append)
        await asyncio.sleep(0)
        assert shown == []
        disk.free.set()
        await recorder.flush()
        assert shown == [True]
        assert await disk.unended() == ["s_1"]


async def test_what_has_nothing_to_store_is_shown_at_once_but_keeps_its_place() -> None:
    async with recording() as (recorder, disk):
        shown: list[str] = []
        recorder.submit([], lambda durable: shown.append("at once"))
        assert shown == ["at once"]
        disk.free.clear()
        recorder.submit([opened(1)], lambda durable: shown.append("stored"))
        recorder.submit([], lambda durable: shown.append("behind it"))
        assert shown == ["at once"]
        disk.free.set()
        await recorder.flush()
        assert shown == ["at once", "stored", "behind it"]


async def test_all_that_waits_is_written_in_one_transaction() -> None:
    async with recording() as (recorder, disk):
        disk.free.clear()
        recorder.submit([opened(0)])
        await asyncio.sleep(0)
        for number in range(1, 50):
            recorder.submit([opened(number)])
        disk.free.set()
        await recorder.flush()
        assert disk.batches in ([1, 49], [50])


async def test_a_full_disk_silences_nobody_and_everything_is_stored_when_it_has_room(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RETRY_S", 0.02)
    async with recording() as (recorder, disk):
        shown: list[bool] = []
        disk.full = True
        for number in range(3):
            recorder.submit([opened(number)], shown.append)
            await recorder.flush()
        assert shown == [False, False, False]
        assert recorder.failing == "database or disk is full"
        assert (recorder.writes, recorder.kept) == (0, 3)
        assert recorder.failures >= 3
        disk.full = False
        await within(lambda: recorder.failing is None)
        assert len(await disk.unended()) == 3
        recorder.submit([SessionEnded("s_1", 1.0, "stop")], shown.append)
        await recorder.flush()
        assert shown[-1] is True
        assert (recorder.writes, recorder.kept) == (4, 0)
        assert recorder.took.count >= recorder.failures + 2
    assert [r.levelname for r in caplog.records if r.name.startswith("livecaption")] == [
        "ERROR",
        "WARNING",
    ]


async def test_writes_beyond_the_bound_are_given_up_and_counted() -> None:
    async with recording(max_kept=2) as (recorder, disk):
        disk.full = True
        recorder.submit([opened(number) for number in range(5)])
        await recorder.flush()
        assert recorder.given_up == 3
        disk.full = False
        recorder.submit([opened(9)])
        await recorder.flush()
        assert sorted(await disk.unended()) == ["s_3", "s_4", "s_9"]


async def test_one_that_cannot_be_shown_does_not_keep_the_others_back() -> None:
    def broken(durable: bool) -> None:
        raise RuntimeError("a bug")

    async with recording() as (recorder, _):
        shown: list[bool] = []
        recorder.submit([opened(1)], broken)
        recorder.submit([opened(2)], shown.append)
        await recorder.flush()
        assert shown == [True]
