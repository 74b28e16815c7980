"""What a peer may not do to the server over a WebSocket: frames without end, and reading nothing.

Every test has one limit small and the others large.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import struct
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode

from livecaption.core.captions import Partial, UtteranceStarted
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.metrics.meters import Door
from livecaption.server.outgoing import Slow
from livecaption.server.room import Room, Speaker
from livecaption.server.socket_protocol import CaptionSocketProtocol
from livecaption.server.wire_limits import WireLimits
from tests.faults.raw_socket import frame, upgrade
from tests.server.publishing import publish
from tests.server.raw_peer import RawPeer, raw_peer
from tests.serving import Running, running_server, within

FRAGMENTS = WireLimits().fragments
ANN = Speaker("s_ann", "Ann", 0.0)
NEVER = 600.0


def serving(**given: Any) -> Any:
    """A server whose pings come too late to end anything."""
    patient = {"ping_s": NEVER, "stall_s": NEVER, "start_timeout_s": NEVER}
    return running_server(ScriptedTranscriber(), **{**patient, **given})


@pytest.fixture
def kernel_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems whose kernel has no such limit: what gives up a peer is the server itself."""
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT", raising=False)


async def shake_hands(peer: RawPeer, path: str = "/ws/watch", *headers: str) -> bytes:
    await peer.say(upgrade(path, *headers))
    return await peer.hear(b"\r\n\r\n")


def protocol_of(running: Running) -> CaptionSocketProtocol:
    (found,) = running.server.server_state.connections
    assert isinstance(found, CaptionSocketProtocol)
    return found


def room_of(running: Running) -> Room:
    room = running.hub.rooms.find("main")
    assert room is not None
    return room


def close_in(heard: bytes) -> tuple[int, str]:
    """Code and reason of the Close frame at the end of what was heard."""
    at = heard.rindex(b"\x88")
    data = heard[at + 2 : at + 2 + heard[at + 1]]
    return struct.unpack("!H", data[:2])[0], data[2:].decode()


# -- frames ---------------------------------------------------------------------------------------


async def test_a_message_may_come_in_pieces_but_not_in_too_many() -> None:
    start = b'{"type":"start"}'.ljust(FRAGMENTS)
    pieces = [bytes([byte]) for byte in start]
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer, "/ws/publish")
        await peer.say(in_pieces(pieces))
        assert b'"ready"' in await peer.hear(b'"ready"')
        await peer.say(in_pieces([b"", *pieces]))
        assert close_in(await peer.hear_out()) == (1008, "too many fragments")
        await within(lambda: not running.hub.connections)


async def test_a_flood_in_one_read_is_taken_in_turns_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[int] = []
    take = WebSocketsSansIOProtocol.data_received

    def noted(self: WebSocketsSansIOProtocol, data: bytes) -> None:
        parsed.append(len(data))
        take(self, data)

    monkeypatch.setattr(WebSocketsSansIOProtocol, "data_received", noted)
    pings = b"".join(frame(Opcode.PING, b"%05d" % number) for number in range(8000))
    start = frame(Opcode.TEXT, b'{"type":"start"}')
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer, "/ws/publish")
        protocol = protocol_of(running)
        protocol.data_received(pings + start)
        await peer.say(frame(Opcode.PING, b"last"))
        heard = await peer.hear(b'"ready"')
        heard += await peer.hear(b"last") if b"last" not in heard else b""
    assert max(parsed) <= len(pings) // 8 + 64
    answers = re.findall(rb"\x8a\x05(\d{5})", heard)
    assert answers == [b"%05d" % number for number in range(8000)]
    assert heard.index(b"07999") < heard.index(b'"ready"'), "the message came behind the pings"
    assert heard.index(b"07999") < heard.index(b"last"), "and what was read later behind them"


def in_pieces(pieces: list[bytes]) -> bytes:
    last = len(pieces) - 1
    opcodes = [Opcode.TEXT] + [Opcode.CONT] * last
    return b"".join(
        frame(opcode, piece, fin=number == last)
        for number, (opcode, piece) in enumerate(zip(opcodes, pieces, strict=True))
    )


async def test_empty_fragments_without_end_cost_no_memory() -> None:
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer, "/ws/publish")
        await peer.say(frame(Opcode.BINARY, fin=False))
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                await peer.say(frame(Opcode.CONT, fin=False) * 1000)
        await within(lambda: not running.server.server_state.connections, 30)


async def test_nothing_is_compressed_since_that_would_hide_how_large_it_is() -> None:
    async with serving() as running, raw_peer(running) as peer:
        answer = await shake_hands(
            peer, "/ws/watch", "Sec-WebSocket-Extensions: permessage-deflate"
        )
        assert b" 101 " in answer
        assert b"extensions" not in answer.lower()


async def test_text_that_is_none_leaves_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer)
        with caplog.at_level(logging.ERROR):
            await peer.say(frame(Opcode.TEXT, b"\xff\xfe"))
            assert close_in(await peer.hear_out()) == (1007, "not UTF-8")
            await within(lambda: not running.hub.connections)
    assert not caplog.records


# -- handshakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handshake", "status", "code"),
    [
        (upgrade("/ws/watch", f"X-Long: {'x' * 9000}"), 431, "head_too_large"),
        (upgrade("/ws/watch", *(f"X-{n}: y" for n in range(130))), 431, "head_too_large"),
        (upgrade("/ws/watch?room=" + "x" * 9000), 414, "url_too_long"),
        (upgrade("/ws/watch", "Content-Length: 5"), 400, "bad_request"),
    ],
    ids=["header", "headers", "query", "body"],
)
async def test_a_handshake_that_websockets_refuses_is_answered(
    handshake: bytes, status: int, code: str
) -> None:
    async with serving() as running, raw_peer(running) as peer:
        await peer.say(handshake)
        head, _, body = (await peer.hear_out()).partition(b"\r\n\r\n")
        assert (int(head.split()[1]), json.loads(body)["error"]["code"]) == (status, code)
        await within(lambda: not running.server.server_state.connections)


async def test_a_refusal_before_the_handshake_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as running, raw_peer(running) as peer:
        with caplog.at_level(logging.ERROR):
            await peer.say(upgrade("/ws/watch?room=a%2Fb"))
            assert b" 400 " in await peer.hear_out()
            await within(lambda: not running.server.server_state.tasks)
    assert not caplog.records


async def test_who_leaves_before_the_answer_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(websocket: WebSocket) -> None:
        protocol_of(running).transport.close()  # in the same moment as its end is not yet known
        entered.set()
        await websocket.accept()
        go_on.set()

    async with serving() as running, raw_peer(running) as peer:
        add_socket(running, slow)
        with caplog.at_level(logging.ERROR):
            await peer.say(upgrade("/ws/test"))
            await peer.hear_out()
            await within(lambda: entered.is_set() and not running.server.server_state.tasks)
    assert not go_on.is_set(), "it went on with a socket that was never accepted"
    assert not caplog.records


# -- faults of ours -------------------------------------------------------------------------------


def add_socket(running: Running, endpoint: Any) -> None:
    app = running.server.config.app
    assert isinstance(app, Starlette)
    app.router.routes.append(WebSocketRoute("/ws/test", endpoint))


async def test_a_handler_that_fails_says_so_and_closes_with_1011() -> None:
    async def failing(websocket: WebSocket) -> None:
        await websocket.accept()
        raise LookupError("a secret detail")

    async with serving() as running, raw_peer(running) as peer:
        add_socket(running, failing)
        await peer.say(upgrade("/ws/test"))
        heard = await peer.hear(b"\x88\x02\x03\xf3")
        assert b'"code":"internal"' in heard.replace(b" ", b"")
        assert b"secret" not in heard


async def test_a_handler_that_fails_before_it_accepts_is_answered_with_500() -> None:
    async def failing(websocket: WebSocket) -> None:
        raise LookupError("a secret detail")

    async with serving() as running, raw_peer(running) as peer:
        add_socket(running, failing)
        await peer.say(upgrade("/ws/test"))
        head, _, body = (await peer.hear_out()).partition(b"\r\n\r\n")
        assert b" 500 " in head
        assert json.loads(body)["error"]["code"] == "internal"


# -- peers that read nothing ----------------------------------------------------------------------


async def test_who_pings_and_reads_nothing_is_cut_off() -> None:
    ping = frame(Opcode.PING, b"x" * 125)
    async with serving() as running, raw_peer(running, tiny=True) as peer:
        await peer.say(upgrade())
        await within(lambda: len(running.hub.connections) == 1)
        with pytest.raises(ConnectionError):
            for _ in range(200):
                await peer.say(ping * 1000)
        await within(lambda: not running.hub.connections)


@pytest.mark.usefixtures("kernel_waits")
async def test_a_dead_peer_is_let_go_of_even_if_something_waits_for_it() -> None:
    async with serving(ping_s=0.3) as running, raw_peer(running, tiny=True) as peer:
        await peer.say(upgrade())
        await within(lambda: bool(running.hub.rooms.find("main")) and room_of(running).users == 1)
        await within(lambda: len(room_of(running).subscribers) == 1)
        fill(running)
        await within(lambda: not running.hub.connections, 30)
        await within(lambda: not running.server.server_state.connections, 30)


def fill(running: Running) -> None:
    """Say as much as the kernel takes for a reader that reads nothing, and a little more."""
    publish(room_of(running), UtteranceStarted(1, 1, 0), ANN)
    buffered = protocol_of(running).transport.get_write_buffer_size
    for revision in range(1, 4000):
        if buffered():
            break
        publish(room_of(running), Partial(1, revision, "word " * 400, ()), ANN)
    assert buffered()
    publish(room_of(running), Partial(1, 4001, "the last", ()), ANN)


async def test_a_connection_that_is_gone_may_be_cut_off_again() -> None:
    """A reader may leave in the moment in which it is given up."""
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer)
        protocol = protocol_of(running)
        peer.close()
        await within(lambda: not running.server.server_state.connections, 30)
        await within(lambda: protocol.transport.get_extra_info("socket").fileno() < 0, 30)
        protocol.abort()


@pytest.mark.usefixtures("kernel_waits")
async def test_a_reader_has_stalled_as_soon_as_its_kernel_takes_no_more() -> None:
    async with serving(stall_s=0.3) as running, raw_peer(running, tiny=True) as peer:
        await peer.say(upgrade())
        await within(lambda: bool(running.hub.rooms.find("main")) and room_of(running).users == 1)
        await within(lambda: len(room_of(running).subscribers) == 1)
        fill(running)
        await within(lambda: not running.hub.connections, 30)
        assert running.hub.meters.slow_readers[Door.WATCH, Slow.STALLED] == 1


async def test_the_kernel_hides_little_of_what_a_reader_does_not_read() -> None:
    async with serving() as running, raw_peer(running) as peer:
        await shake_hands(peer)
        connection = protocol_of(running).transport.get_extra_info("socket")
        # Linux doubles what it is told; by itself it would go to megabytes.
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 131_072
