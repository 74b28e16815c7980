"""One reader stalls, the others must not notice."""

from __future__ import annotations

import asyncio
import socket

from starlette.testclient import TestClient
from websockets.asyncio.client import ClientConnection

from livecaption.core.captions import Final, Partial, UtteranceStarted
from livecaption.core.hypothesis import Word
from livecaption.detect.webrtc import new_detector
from livecaption.engine.batcher import Batcher
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.app import build_app
from livecaption.server.room import Room, Speaker
from livecaption.settings import load_settings
from tests.server.publishing import publish
from tests.server.test_watch import watch
from tests.serving import Running, receive, running_server, within

READERS = 60
ANN = Speaker("s_ann", "Ann", 0.0)
HANDSHAKE = (
    "GET /ws/watch?room=main HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
)


def room_of(running: Running) -> Room:
    room = running.hub.rooms.find("main")
    assert room is not None
    return room


async def open_stalled(running: Running) -> socket.socket:
    """A reader that has room for 4 KiB and reads nothing, not even the handshake's answer."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(stalled, ("127.0.0.1", running.port))
    await loop.sock_sendall(stalled, HANDSHAKE.encode())
    await within(lambda: bool(running.hub.rooms.find("main")) and room_of(running).users == 1)
    await within(lambda: len(room_of(running).subscribers) == 1)
    return stalled


def fill(room: Room) -> None:
    """Say more than all buffers on the way to one reader hold, and leave nothing for others."""
    publish(room, UtteranceStarted(1, 1, 0), ANN)
    for revision in range(1, 41):
        publish(room, Partial(1, revision, f"{revision} " + "word " * 4000, ()), ANN)
    publish(room, Final(2, 1, "", 0, 1, "en", "Ann", ()), ANN)


def say(room: Room, number: int, text: str) -> None:
    words = (Word(text, 0, 1, 0.9),)
    publish(room, UtteranceStarted(2 * number - 1, number, 0), ANN)
    publish(room, Final(2 * number, number, text, 0, 1, "en", "Ann", words), ANN)


async def read(viewer: ClientConnection, count: int) -> list[str]:
    return [message["text"] for _ in range(count) if (message := await numbered(viewer))]


async def numbered(viewer: ClientConnection) -> dict[str, str]:
    await receive(viewer)
    return await receive(viewer)


async def test_a_stalled_reader_delays_none_of_sixty_others_and_is_cut_off() -> None:
    async with running_server(ScriptedTranscriber(), stall_s=6.0) as running:
        stalled = await open_stalled(running)
        room = room_of(running)
        fill(room)
        async with asyncio.TaskGroup() as joining:
            opened = [joining.create_task(open_viewer(running)) for _ in range(READERS)]
        viewers = [each.result() for each in opened]
        await within(lambda: len(room.subscribers) == READERS + 1)
        said = [f" line {number}" for number in range(2, 22)]
        for number, text in enumerate(said, 2):
            say(room, number, text)
            async with asyncio.TaskGroup() as reading:
                read_now = [reading.create_task(read(viewer, 1)) for viewer in viewers]
            assert {tuple(each.result()) for each in read_now} == {(text,)}
        # If anybody had waited for the stalled reader, it would have been put out by now.
        assert len(room.subscribers) == READERS + 1
        sockets = running.server.server_state.connections
        await within(lambda: len(room.subscribers) == READERS, 30)
        await within(lambda: len(sockets) == READERS, 30)
        assert await is_reset(stalled)
        for viewer in viewers:
            await viewer.close()


async def open_viewer(running: Running) -> ClientConnection:
    viewer = await watch(running)
    assert (await receive(viewer))["type"] == "snapshot"
    return viewer


async def is_reset(stalled: socket.socket) -> bool:
    """Read what had come; whether the connection then turns out to be broken."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(10):
            while await loop.sock_recv(stalled, 65_536):
                pass
    except ConnectionResetError:
        return True
    finally:
        stalled.close()
    return False


async def test_a_reader_that_reads_in_bursts_gets_everything_in_order() -> None:
    async with running_server(ScriptedTranscriber()) as running, watch(running) as viewer:
        await receive(viewer)
        room = room_of(running)
        said: list[str] = []
        got: list[str] = []
        for burst in range(6):
            viewer.transport.pause_reading()
            for number in range(burst * 30 + 1, burst * 30 + 31):
                said.append(f" line {number} " + "word " * 1600)
                say(room, number, said[-1])
            viewer.transport.resume_reading()
            # What is said now stands behind what still waits.
            said.append(f" after {burst}")
            say(room, 1000 + burst, said[-1])
            got += await read(viewer, 31)
        assert got == said


def test_under_another_asgi_server_events_go_the_long_way() -> None:
    settings = load_settings(None, store=False, allowed_hosts=("testserver",))
    app = build_app(settings, lambda: Batcher(ScriptedTranscriber()), new_detector)
    with (
        TestClient(app) as client,
        client.websocket_connect("/ws/watch", subprotocols=[SUBPROTOCOL]) as viewer,
    ):
        assert viewer.receive_json()["type"] == "snapshot"
        assert viewer.receive_json()["type"] == "presence"
        assert client.portal is not None
        room = app.state.hub.rooms.find("main")
        client.portal.call(say, room, 1, " hello")
        assert viewer.receive_json()["type"] == "utterance_started"
        assert viewer.receive_json()["text"] == " hello"
