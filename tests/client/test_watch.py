"""The watching client against a real server with a scripted engine."""

from __future__ import annotations

import asyncio

import pytest

from livecaption.client import (
    ConnectionOptions,
    RetryPolicy,
    ServerUnreachable,
    WatchClient,
    watch,
)
from livecaption.errors import NotAllowed
from livecaption.protocol.server_messages import Presence, RoomFinal, RoomPartial, Snapshot
from tests.server.test_watch import say, transcriber
from tests.serving import events_until, open_publisher, running_server

AT_ONCE = ConnectionOptions(retry=RetryPolicy(first=0.001, longest=0.002, patience=30.0))


async def test_nothing_is_missed_or_repeated_over_a_cut_connection() -> None:
    offsets: list[int] = []
    snapshots = finals = 0
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        async with asyncio.timeout(20), watch(running.ws, "main", options=AT_ONCE) as room:
            assert isinstance(await anext(room), Snapshot)
            for seconds in (1.2, 1.6):
                await say(socket, seconds)
                await socket.send('{"type":"finalize"}')
                async for message in room:
                    snapshots += isinstance(message, Snapshot)
                    offset = getattr(message, "offset", None)
                    if offset is not None:
                        offsets.append(offset)
                    if isinstance(message, RoomFinal):
                        finals += 1
                        break
                await events_until(socket, "finalized")
                assert room._socket is not None
                room._socket.transport.abort()
    assert (snapshots, finals) == (0, 2)
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))


async def test_a_later_run_goes_on_behind_the_offset_of_the_one_before() -> None:
    async def finals(room: WatchClient, count: int) -> list[int]:
        offsets: list[int] = []
        async for message in room:
            assert not isinstance(message, Snapshot) or not message.finals
            if not isinstance(message, Snapshot | Presence | RoomPartial):
                offsets.append(message.offset)
                count -= isinstance(message, RoomFinal)
            if not count:
                return offsets
        raise AssertionError("a room has no end")

    async with running_server(transcriber()) as running, open_publisher(running) as socket:

        async def speak() -> None:
            await say(socket, 1.2)
            await socket.send('{"type":"finalize"}')
            await events_until(socket, "finalized")

        async with asyncio.timeout(30):
            async with watch(running.ws, "main") as first:
                assert isinstance(await anext(first), Snapshot)
                await speak()
                before = await finals(first, 1)
            await speak()  # while nobody reads
            async with watch(running.ws, "main", after=first.offset) as second:
                missed = await finals(second, 1)
                await speak()
                after = await finals(second, 1)
    offsets = before + missed + after
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))


async def test_a_link_that_is_not_good_is_a_typed_error() -> None:
    async with running_server(transcriber()) as running:
        async with watch(running.ws, "main", token="unknown") as room:
            with pytest.raises(NotAllowed, match="link"):
                async with asyncio.timeout(10):
                    async for _ in room:
                        pass


async def test_an_address_where_nothing_answers_fails_at_once() -> None:
    async with running_server(transcriber()) as running:
        url = running.ws
    async with watch(url) as room:
        with pytest.raises(ServerUnreachable):
            await anext(room)
