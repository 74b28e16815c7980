"""Starting, and going down without losing a word."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.errors import OperatorError
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.serving import bind
from livecaption.settings import load_settings
from tests.serving import (
    Running,
    events_until,
    open_publisher,
    receive,
    running_server,
    speech,
    within,
)

SENTENCE = "good morning everyone and welcome to the meeting"


async def test_a_signal_in_mid_sentence_loses_no_word_and_closes_with_1012() -> None:
    """The word that the signal cuts is said by the session's next life; see ``test_resume``."""
    release = threading.Event()

    def slow_final(requests: Sequence[DecodeRequest]) -> None:
        if requests[0].kind is DecodeKind.FINAL:
            release.wait(60)

    engine = ScriptedTranscriber(script(SENTENCE, start=0.2), slow_final)
    async with running_server(engine) as running:
        url = f"{running.ws}/ws/watch"
        async with (
            connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)]) as viewer,
            open_publisher(running) as publisher,
        ):
            await receive(viewer)
            await publisher.send(speech(1.7))
            await events_until(publisher, "partial")
            await publisher.send(speech(0.2))
            running.server.handle_exit(signal.SIGTERM, None)
            await within(lambda: running.hub.draining)
            await refuses_everything(running)
            release.set()
            mine = await events_until(publisher, "error")
            theirs = await events_until(viewer, "error")
            async with asyncio.timeout(5):
                await publisher.wait_closed()
                await viewer.wait_closed()
    assert mine[-1]["code"] == theirs[-1]["code"] == "going_away"
    finals = [[e["text"] for e in events if e["type"] == "final"] for events in (mine, theirs)]
    assert finals == [["good morning everyone and"]] * 2
    assert (publisher.close_code, viewer.close_code) == (1012, 1012)


async def refuses_everything(running: Running) -> None:
    """While the server drains nothing new begins, and whoever asks is told when to come back."""
    for door in ("publish", "watch"):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"{running.ws}/ws/{door}", subprotocols=[Subprotocol(SUBPROTOCOL)]):
                pass
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"] == "2"
    async with httpx2.AsyncClient(base_url=running.http, timeout=30) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        file = {"file": ("a.wav", b"RIFF", "audio/wav")}
        for answer in (
            ready,
            await client.get("/v1/rooms/main/events"),
            await client.post("/transcribe", files=file),
            await client.post("/v1/audio/transcriptions", files=file),
            await client.post("/v1/jobs", files=file),
        ):
            assert answer.status_code == 503, answer.url
            assert int(answer.headers["Retry-After"]) >= 1
        assert (await client.get("/healthz")).status_code == 200


async def test_a_hanging_engine_cannot_hold_up_the_way_down_for_longer_than_its_time() -> None:
    release = threading.Event()
    engine = ScriptedTranscriber(script(SENTENCE), hanging_until(release))
    began = time.monotonic()
    async with running_server(engine, drain_s=0.5) as running:
        async with open_publisher(running) as publisher:
            await publisher.send(speech(1.0))
            running.server.handle_exit(signal.SIGTERM, None)
            await within(lambda: running.server.should_exit, 5)
            release.set()
    assert time.monotonic() - began < 15


async def test_a_second_signal_does_not_wait() -> None:
    release = threading.Event()
    engine = ScriptedTranscriber(script(SENTENCE), hanging_until(release))
    async with running_server(engine) as running, open_publisher(running) as publisher:
        await publisher.send(speech(1.0))
        running.server.handle_exit(signal.SIGTERM, None)
        running.server.handle_exit(signal.SIGTERM, None)
        assert running.server.force_exit
        release.set()


async def test_a_publisher_is_refused_while_the_model_loads() -> None:
    async with running_server(ScriptedTranscriber()) as running:
        running.hub.ready.clear()
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)]):
                pass
        response = caught.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert json.loads(response.body or b"")["error"]["code"] == "not_ready"


def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"127.0.0.1:{port}.*--port"):
            bind(load_settings(None, port=port))


def hanging_until(release: threading.Event) -> Callable[[Sequence[DecodeRequest]], None]:
    def hang(requests: Sequence[DecodeRequest]) -> None:
        release.wait(20)

    return hang
