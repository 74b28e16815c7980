"""What uvicorn and websockets leave to an application, seen from outside."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.typing import Subprotocol

from livecaption.core.decode import DecodeRequest
from livecaption.detect.webrtc import new_detector
from livecaption.engine.batcher import Batcher
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.app import build_app
from livecaption.server.serving import LiveServer
from livecaption.settings import load_settings
from tests.faults.raw_socket import frame, upgrade
from tests.server.raw_peer import get, raw_peer
from tests.server.test_resume import publisher
from tests.serving import Running, events_until, open_publisher, running_server, speech, within

SENTENCE = "good morning everyone and welcome to the meeting"
WAYS = ["reset", "end of stream", "close without a code", "silence"]


def engine() -> ScriptedTranscriber:
    return ScriptedTranscriber(script(SENTENCE, start=0.2))


async def test_a_busy_engine_costs_a_speaker_no_connection() -> None:
    """Not reading would stop the pongs, too: whoever speaks is read, whatever the engine does."""
    release = threading.Event()

    def hang(requests: Sequence[DecodeRequest]) -> None:
        release.wait(60)

    hanging = ScriptedTranscriber(script(SENTENCE, start=0.2), hang)
    async with running_server(hanging, ping_s=0.5) as running:
        try:
            async with open_publisher(running) as speaker:
                # Longer than three pings and their answers may take.
                for _ in range(30):
                    await speaker.send(speech(0.1))
                    await asyncio.sleep(0.1)
                release.set()
                await speaker.send('{"type":"stop"}')
                events = await events_until(speaker, "closed")
        finally:
            release.set()
    assert events[-1]["lost_s"] == 0
    assert [event["text"] for event in events if event["type"] == "final"] == [SENTENCE]


@pytest.mark.parametrize("way", WAYS)
async def test_however_a_connection_is_lost_its_session_waits(way: str) -> None:
    """They all look alike to an application: code 1005."""
    async with running_server(engine(), ping_s=0.5) as running:
        async with publisher(running) as (speaker, ready):
            await speaker.send(speech(1.0))
            lose(speaker, way)
            await within(lambda: not running.hub.connections, 30)
            speaker.transport.abort()
        async with publisher(running, ready) as (_, again):
            assert (again["resumed"], again["session"]) == (True, ready["session"])


def lose(speaker: ClientConnection, way: str) -> None:
    match way:
        case "reset":
            connection: socket.socket = speaker.transport.get_extra_info("socket")
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            speaker.transport.abort()
        case "end of stream":
            speaker.transport.write_eof()
        case "close without a code":
            speaker.transport.write(frame(Opcode.CLOSE))
        case _:
            speaker.transport.pause_reading()


async def test_sockets_have_places_of_their_own_and_never_take_those_of_requests() -> None:
    async with running_server(engine(), max_watchers=2) as running:
        async with watching(running), watching(running):
            with pytest.raises(InvalidStatus) as caught:
                async with watching(running):
                    pass
            assert caught.value.response.status_code == 503
            assert "Retry-After" in caught.value.response.headers
            async with raw_peer(running) as peer:
                await peer.say(get())
                assert b" 200 " in await peer.hear(b'"ok"')


def watching(running: Running) -> connect:
    return connect(f"{running.ws}/ws/watch", subprotocols=[Subprotocol(SUBPROTOCOL)])


@pytest.mark.parametrize("path", ["/ws/watch", "/ws/publish"])
async def test_a_page_of_another_site_does_not_get_in(path: str) -> None:
    async with running_server(engine()) as running, raw_peer(running) as peer:
        await peer.say(upgrade(path, "Origin: https://evil.example"))
        head, _, body = (await peer.hear_out()).partition(b"\r\n\r\n")
        assert b" 403 " in head
        assert json.loads(body)["error"]["code"] == "bad_origin"


async def test_a_body_without_end_is_not_taken() -> None:
    async with running_server(engine()) as running, raw_peer(running) as peer:
        begun = get("/v1/tokens", "Content-Length: 50000000").replace(b"GET", b"POST", 1)
        await peer.say(begun + bytes(1_000_000))
        assert b"The body may have 4096 bytes." in await peer.hear(b"}}")


def test_a_room_lives_in_one_process_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    settings = load_settings(None, store=False)
    app = build_app(settings, lambda: Batcher(engine()), new_detector)
    assert LiveServer(app, settings).config.workers == 1


def test_what_an_address_is_comes_from_trusted_proxies_only() -> None:
    settings: Any = load_settings(None, store=False)
    app = build_app(settings, lambda: Batcher(engine()), new_detector)
    config = LiveServer(app, settings).config
    assert (config.proxy_headers, config.access_log, config.server_header) == (False, False, False)
