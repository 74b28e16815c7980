"""Sinks as readers of their rooms: from the first word of the server to the last.

A sink keeps its room open, so that nothing has to be subscribed again when speakers come and go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from livecaption.egress.sink import Sink
from livecaption.server.rooms import Rooms

__all__ = ["fed_sinks"]


@asynccontextmanager
async def fed_sinks(rooms: Rooms, sinks: Sequence[Sink]) -> AsyncIterator[None]:
    """Feed sinks until the block ends; then let them send what still waits."""
    async with AsyncExitStack() as joined, asyncio.TaskGroup() as tasks:
        for sink in sinks:
            await joined.enter_async_context(_joined(rooms, sink))
            tasks.create_task(sink.run())
        yield
        for sink in sinks:
            sink.end()


@asynccontextmanager
async def _joined(rooms: Rooms, sink: Sink) -> AsyncIterator[None]:
    room = await rooms.open(sink.room)
    room.join(sink.take, None)
    try:
        yield
    finally:
        room.part(sink.take)
        rooms.release(room)
