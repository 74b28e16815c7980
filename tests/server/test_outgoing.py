"""The writing half: how a reader is told apart that left from one that we let go of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.websockets import WebSocketDisconnect

from livecaption.core.outbox import Outgoing
from livecaption.server.outgoing import OutgoingStream, Slow


class Reader(OutgoingStream):
    """A reader that does with each text what the test says."""

    def __init__(self, take: Callable[[str], object], *, limit: int = 4) -> None:
        super().__init__(limit=limit, stall_s=0.05)
        self._take = take

    async def _send(self, text: str) -> None:
        taken = self._take(text)
        if isinstance(taken, asyncio.Event):
            await taken.wait()


def left(text: str) -> None:
    raise WebSocketDisconnect(1005)


@pytest.mark.parametrize(
    ("take", "fate"),
    [(lambda text: asyncio.Event(), Slow.STALLED), (left, None)],
)
async def test_who_takes_nothing_has_stalled_and_who_is_gone_has_not(
    take: Callable[[str], object], fate: Slow | None
) -> None:
    reader = Reader(take)
    reader.put(Outgoing("hello"))
    async with asyncio.timeout(10):
        await reader.write()
    assert reader.failed
    assert reader.slow is fate


async def test_who_takes_too_little_has_overflowed() -> None:
    reader = Reader(lambda text: None, limit=2)
    for number in range(3):
        reader.put(Outgoing(str(number)))
    async with asyncio.timeout(10):
        await reader.write()
    assert (reader.failed, reader.slow) == (True, Slow.OVERFLOWED)


async def test_who_takes_everything_is_neither() -> None:
    taken: list[str] = []
    reader = Reader(taken.append)
    reader.put(Outgoing("hello"))
    reader.end()
    async with asyncio.timeout(10):
        await reader.write()
    assert (reader.failed, reader.slow, taken) == (False, None, ["hello"])
