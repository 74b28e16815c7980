"""Losses and refusals of a reader, over real sockets; what the server says is scripted."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from livecaption.client import ConnectionOptions, RetryPolicy, ServerUnreachable, watch
from livecaption.client.watch import WatchClient, WatchedMessage
from livecaption.errors import LiveCaptionError, NotAllowed, Overloaded, ProtocolError
from livecaption.protocol.server_messages import RoomFinal, Snapshot
from tests.client import wire
from tests.client.scripted_server import Peer, Refusal, Script, ScriptedServer

AT_ONCE = ConnectionOptions(
    retry=RetryPolicy(first=0.001, longest=0.002, patience=30.0), random=lambda: 0.5
)


def snapshot(offset: int, *finals: str) -> str:
    return wire.say("snapshot", room="main", offset=offset, finals=finals, open_utterances=[])


def final(offset: int, text: str = "Hello.") -> str:
    message: dict[str, Any] = json.loads(wire.final(offset, text))
    return json.dumps({**message, "room": "main", "session": "s_1", "offset": offset})


def in_snapshot(offset: int, text: str) -> Any:
    return json.loads(final(offset, text))


async def stay(peer: Peer) -> None:
    """Until the reader leaves."""
    await peer.socket.wait_closed()


async def read(room: WatchClient, count: int) -> list[WatchedMessage]:
    async with asyncio.timeout(10):
        return [await anext(room) for _ in range(count)]


def offsets(messages: list[WatchedMessage]) -> list[int | None]:
    return [getattr(message, "offset", None) for message in messages]


async def test_a_connection_that_breaks_in_the_middle_of_the_snapshot_shows_none_of_it() -> None:
    whole = snapshot(3, in_snapshot(3, "Three."))

    async def half(peer: Peer) -> None:
        await peer.read_until("hello")

        async def fragments() -> AsyncIterator[str]:
            yield whole[:40]
            peer.drop()

        await peer.socket.send(fragments())

    async def again(peer: Peer) -> None:
        assert (await peer.read_until("hello"))["after"] is None
        await peer.say(whole, final(4))
        await stay(peer)

    async with ScriptedServer(half, again) as server, watch(server.url, options=AT_ONCE) as room:
        first, second = await read(room, 2)
    assert isinstance(first, Snapshot)
    assert [each.text for each in first.finals] == ["Three."]
    assert isinstance(second, RoomFinal)
    assert room.offset == 4


async def test_a_reader_that_goes_on_behind_an_offset_gets_all_since_once() -> None:
    async def held(peer: Peer) -> None:
        assert (await peer.read_until("hello"))["after"] == 118
        await peer.say(snapshot(118), final(119), final(120))
        await read_all.wait()
        peer.drop()

    async def repeating(peer: Peer) -> None:
        assert (await peer.read_until("hello"))["after"] == 120
        await peer.say(snapshot(120), final(119), final(120), final(121))
        await stay(peer)

    read_all = asyncio.Event()
    async with ScriptedServer(held, repeating) as server:
        async with watch(server.url, after=118, options=AT_ONCE) as room:
            before = await read(room, 2)
            read_all.set()
            after = await read(room, 1)
    assert offsets(before + after) == [119, 120, 121]


async def test_a_server_that_no_longer_holds_what_was_missed_begins_from_a_snapshot() -> None:
    async def forgetful(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.say(snapshot(300, in_snapshot(299, "Before.")), final(301))
        await stay(peer)

    async with ScriptedServer(forgetful) as server:
        async with watch(server.url, after=118, options=AT_ONCE) as room:
            messages = await read(room, 2)
    assert isinstance(messages[0], Snapshot)
    assert offsets(messages) == [300, 301]


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4008])
async def test_a_server_that_goes_away_for_a_while_is_come_back_to(code: int) -> None:
    async def leaving(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.say(snapshot(7), final(8), wire.error("going_away", "Back in a moment."))
        if code == 1006:
            peer.drop()
        else:
            await peer.socket.close(code)

    async def back(peer: Peer) -> None:
        assert (await peer.read_until("hello"))["after"] == 8
        await peer.say(snapshot(8), final(9))
        await stay(peer)

    async with ScriptedServer(leaving, back) as server:
        async with watch(server.url, options=AT_ONCE) as room:
            messages = await read(room, 3)
    assert offsets(messages) == [7, 8, 9]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (4501, NotAllowed),
        (4503, NotAllowed),
        (4504, NotAllowed),
        (4507, ProtocolError),
        (4000, ProtocolError),
    ],
)
async def test_a_refusal_ends_it_in_the_servers_words(
    code: int, error: type[LiveCaptionError]
) -> None:
    async def refusing(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.say(snapshot(7), wire.error("not_allowed", "This link has been taken back."))
        await peer.socket.close(code)

    async with ScriptedServer(refusing) as server, watch(server.url, options=AT_ONCE) as room:
        assert offsets(await read(room, 1)) == [7]
        with pytest.raises(error, match="taken back"):
            await read(room, 1)
    assert len(server.requests) == 1


async def test_a_refusal_after_a_restart_ends_it_too() -> None:
    async def restarting(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.say(snapshot(7))
        await peer.socket.close(1012)

    async with ScriptedServer(restarting, Refusal(401, "No such link.")) as server:
        async with watch(server.url, options=AT_ONCE) as room:
            assert offsets(await read(room, 1)) == [7]
            with pytest.raises(NotAllowed, match="No such link"):
                await read(room, 1)


async def greeting(peer: Peer) -> None:
    await peer.read_until("hello")
    await peer.say(snapshot(1))
    await stay(peer)


async def test_a_full_server_is_asked_again_and_not_before_the_time_it_names() -> None:
    full = Refusal(503, '{"message": "All places are taken."}', {"Retry-After": "0"})
    async with ScriptedServer(full, greeting) as server:
        async with watch(server.url, options=AT_ONCE) as room:
            assert offsets(await read(room, 1)) == [1]
    impatient = ConnectionOptions(retry=RetryPolicy(patience=1.0))
    later = Refusal(503, '{"message": "All places are taken."}', {"Retry-After": "60"})
    async with ScriptedServer(later) as server:
        async with watch(server.url, options=impatient) as room:
            with pytest.raises(Overloaded, match="All places"):
                await read(room, 1)


async def test_patience_that_runs_out_says_what_is_wrong() -> None:
    async def once(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.say(snapshot(1))
        await read_all.wait()
        peer.drop()

    read_all = asyncio.Event()
    options = ConnectionOptions(retry=RetryPolicy(first=0.01, longest=0.02, patience=0.2))
    server = ScriptedServer(once)
    async with server:
        room = watch(server.url, options=options)
        assert offsets(await read(room, 1)) == [1]
        read_all.set()
    async with room:
        with pytest.raises(ServerUnreachable, match="does not answer"):
            await read(room, 1)


@asynccontextmanager
async def silence() -> AsyncIterator[tuple[str, threading.Event]]:
    """An address that takes connections and says nothing; and whether one has come."""
    came = threading.Event()
    open_: list[asyncio.StreamWriter] = []

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.append(writer)
        came.set()

    async with await asyncio.start_server(ignore, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", came
        for writer in open_:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_leaving_while_the_connection_is_being_opened_ends_at_once() -> None:
    async def reading(url: str) -> None:
        async with watch(url) as room:
            await anext(room)

    async with silence() as (url, came), asyncio.timeout(5):
        reader = asyncio.create_task(reading(url))
        assert await asyncio.to_thread(came.wait, 5)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader


async def test_what_the_protocol_does_not_allow_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ProtocolError, match="after"):
        watch("ws://127.0.0.1:9", after=-1)


@pytest.mark.parametrize("odd", [b"\x00\x01", "no json"])
async def test_what_is_no_message_ends_it(odd: str | bytes) -> None:
    async def babbling(peer: Peer) -> None:
        await peer.read_until("hello")
        await peer.socket.send(odd)
        await stay(peer)

    acts: list[Script | Refusal] = [babbling]
    async with ScriptedServer(*acts) as server, watch(server.url, options=AT_ONCE) as room:
        with pytest.raises(ProtocolError):
            await read(room, 1)
