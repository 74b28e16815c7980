"""The publisher's socket against a real server on a real port, with a scripted engine."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.outbox import Outgoing
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import MAX_BAD_MESSAGES, SUBPROTOCOL
from livecaption.server.publisher_connection import PublisherConnection
from tests.serving import (
    Running,
    close_code,
    events_until,
    open_publisher,
    receive,
    running_server,
    speech,
    talking,
    within,
)

SENTENCE = "good morning everyone and welcome to the meeting"
QUIET = bytes(32_000)


async def send(socket: ClientConnection, pcm: bytes, chunk: int = 3200) -> None:
    for at in range(0, len(pcm), chunk):
        await socket.send(pcm[at : at + chunk])


def transcriber(**given: Any) -> ScriptedTranscriber:
    return ScriptedTranscriber(script(SENTENCE, start=0.2), **given)


async def test_a_publisher_gets_its_captions_and_a_clean_close() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, speech(2.8) + QUIET)
        await socket.send('{"type":"stop"}')
        events = await events_until(socket, "closed")
        assert await close_code(socket) == 1000
    finals = [event["text"] for event in events if event["type"] == "final"]
    assert finals == [SENTENCE]
    deltas = "".join(event["text"] for event in events if event["type"] == "delta")
    assert deltas == SENTENCE
    numbered = [event["seq"] for event in events if "seq" in event]
    assert numbered == list(range(1, len(numbered) + 1))
    closed = events[-1]
    assert closed["reason"] == "stop"
    assert closed["audio_s"] == pytest.approx(3.8)
    assert closed["captioned_s"] + closed["silent_s"] == pytest.approx(closed["audio_s"])


@pytest.mark.parametrize("chunk", [2, 318, 3200, 32_000, 65_536])
async def test_any_chunk_size_gives_the_same_final(chunk: int) -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, speech(1.2) + QUIET[:640], chunk)
        await socket.send('{"type":"stop"}')
        events = await events_until(socket, "closed")
    assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


async def test_finalize_closes_the_utterance_and_is_always_answered() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, speech(1.2))
        await socket.send('{"type":"finalize"}')
        events = await events_until(socket, "finalized")
        assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]
        await socket.send('{"type":"finalize"}')
        assert [e["type"] for e in await events_until(socket, "finalized")] == ["finalized"]


async def test_configure_changes_the_speaker_from_the_next_utterance_on() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, speech(1.2))
        await socket.send('{"type":"configure","speaker":"Lecturer"}')
        await socket.send('{"type":"finalize"}')
        first = await events_until(socket, "finalized")
        await send(socket, speech(1.5))
        await socket.send('{"type":"stop"}')
        second = await events_until(socket, "closed")
    speakers = [e["speaker"] for e in first + second if e["type"] == "final"]
    assert speakers == [None, "Lecturer"]


async def test_partials_can_be_switched_off() -> None:
    async with (
        running_server(transcriber()) as running,
        open_publisher(running, partials=False) as socket,
    ):
        await send(socket, speech(2.8) + QUIET)
        await socket.send('{"type":"stop"}')
        events = await events_until(socket, "closed")
    assert "partial" not in {event["type"] for event in events}
    assert [e["text"] for e in events if e["type"] == "final"] == [SENTENCE]


async def test_a_resume_that_cannot_be_granted_is_declared_as_a_gap() -> None:
    wish = {"session": "s_gone", "resume_token": "t", "last_seq": 7}
    async with running_server(transcriber()) as running, connect_to(running) as socket:
        await socket.send(json.dumps({"type": "start", "resume": wish}))
        ready = await receive(socket)
        assert ready["resumed"] is False
        gap = (await events_until(socket, "gap"))[-1]
        assert gap == {"type": "gap", "seq": 1, "from": 0.0, "to": 0.0, "reason": "not_resumed"}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00" * 3201, "bad_frame"),
        (b"", "bad_frame"),
        ("{", "bad_message"),
        ("{" * 8000, "bad_message"),
        ('{"type":"nonsense"}', "bad_message"),
        ('{"type":7}', "bad_message"),
        ("[]", "bad_message"),
        ('{"type":"configure","speaker":7}', "bad_message"),
        ('{"type":"configure","language":NaN}', "bad_message"),
        ('{"type":"start"}', "bad_message"),
    ],
)
async def test_a_bad_message_is_answered_in_band_and_the_session_lives(
    frame: str | bytes, code: str
) -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await socket.send(frame)
        error = (await events_until(socket, "error"))[-1]
        assert (error["code"], error["fatal"]) == (code, False)
        await send(socket, speech(1.2))
        await socket.send('{"type":"stop"}')
        events = await events_until(socket, "closed")
        assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


async def test_many_bad_messages_end_the_session_with_4000_after_its_captions() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, speech(1.2))
        for _ in range(MAX_BAD_MESSAGES):
            await socket.send(b"\x00")
        events = await events_until(socket, "closed")
        assert await close_code(socket) == 4000
    assert [e["fatal"] for e in events if e["type"] == "error"][-1] is True
    assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


@pytest.mark.parametrize("size", [65_537, 100_000])
async def test_an_oversized_message_is_closed_with_1009(size: int) -> None:
    async with running_server(transcriber()) as running:
        for message in ("{" * size, bytes(size)):
            async with open_publisher(running) as socket:
                with pytest.raises(ConnectionClosed):
                    await socket.send(message)
                    await events_until(socket, "closed")
                assert await close_code(socket) == 1009
        await within(lambda: not running.hub.connections)


async def test_text_that_is_not_utf8_is_closed_with_1007() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        async with socket.send_context():
            socket.protocol.send_frame(Frame(Opcode.TEXT, b"\xff\xfe"))
        assert await close_code(socket) == 1007


@pytest.mark.parametrize(
    "first",
    [
        '{"type":"keepalive"}',
        '{"type":"start","audio":{"encoding":"pcm_s16le","sample_rate":96000}}',
        '{"type":"start","audio":{"encoding":"midi"}}',
        '{"type":"start","room":"no spaces here"}',
        '{"type":"start","language":"klingon"}',
        "not json",
        b"\x00\x00",
    ],
)
async def test_a_wrong_first_message_is_refused_with_an_error_and_4000(first: str | bytes) -> None:
    async with running_server(transcriber()) as running, connect_to(running) as socket:
        await socket.send(first)
        error = await receive(socket)
        assert (error["type"], error["fatal"]) == ("error", True)
        assert await close_code(socket) == 4000


async def test_a_socket_that_says_nothing_is_closed_after_its_time() -> None:
    async with running_server(transcriber(), start_timeout_s=0.1) as running:
        async with connect_to(running) as socket:
            assert (await receive(socket))["code"] == "no_start"
            assert await close_code(socket) == 4000


@pytest.mark.parametrize("offered", [None, "livecaption.v9"])
async def test_another_subprotocol_is_refused_with_4507(offered: str | None) -> None:
    subprotocols = None if offered is None else [Subprotocol(offered)]
    async with running_server(transcriber()) as running:
        async with connect(f"{running.ws}/ws/publish", subprotocols=subprotocols) as socket:
            assert (await receive(socket))["code"] == "unsupported_version"
            assert await close_code(socket) == 4507


async def test_audio_after_stop_is_refused_but_harms_nothing() -> None:
    release = threading.Event()

    def slow(requests: Sequence[DecodeRequest]) -> None:
        if requests[0].kind is DecodeKind.FINAL:
            release.wait(5)

    async with (
        running_server(transcriber(before_batch=slow)) as running,
        open_publisher(running) as socket,
    ):
        await send(socket, speech(1.2))
        await socket.send('{"type":"stop"}')
        await socket.send(speech(0.1))
        error = (await events_until(socket, "error"))[-1]
        assert (error["code"], error["fatal"]) == ("bad_message", False)
        release.set()
        events = await events_until(socket, "closed")
        assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


async def test_words_before_an_abrupt_disconnect_still_reach_the_room() -> None:
    async with (
        running_server(transcriber(), resume_grace_s=0.2) as running,
        watch(running) as viewer,
    ):
        assert (await receive(viewer))["type"] == "snapshot"
        async with open_publisher(running) as socket:
            await send(socket, speech(1.7))
            socket.transport.abort()
        events = await events_until(viewer, "final")
        assert events[-1]["text"] == "good morning everyone and welcome"
        await within(lambda: not len(running.hub.sessions))


async def test_a_muted_client_still_gets_its_last_words() -> None:
    async with running_server(transcriber(), mute_after_s=0.3) as running:
        async with open_publisher(running) as socket:
            await send(socket, speech(1.2) + QUIET[:9600])
            async with asyncio.timeout(5):
                events = await events_until(socket, "final")
            assert events[-1]["text"] == "good morning everyone and"


async def test_audio_that_stops_in_the_middle_of_a_word_is_waited_for() -> None:
    async with running_server(transcriber(), mute_after_s=0.1, ping_s=0.2) as running:
        async with open_publisher(running) as socket:
            await send(socket, speech(1.2))
            before = asyncio.get_running_loop().time()
            await events_until(socket, "final")
            assert asyncio.get_running_loop().time() - before > 0.4


async def test_an_idle_publisher_is_warned_and_closed_with_4008() -> None:
    async with running_server(transcriber(), idle_s=0.8) as running:
        async with open_publisher(running) as socket:
            events = await events_until(socket, "closed")
            assert await close_code(socket) == 4008
    errors = [(e["code"], e["fatal"]) for e in events if e["type"] == "error"]
    assert errors == [("idle", False), ("idle", True)]


async def test_an_idle_publisher_is_told_once_however_long_its_last_words_take() -> None:
    release = threading.Event()

    def slow(requests: Sequence[DecodeRequest]) -> None:
        release.wait(5)

    async with running_server(transcriber(before_batch=slow), idle_s=0.6) as running:
        async with open_publisher(running) as socket:
            await send(socket, speech(1.2))
            await asyncio.sleep(1.8)
            release.set()
            events = await events_until(socket, "closed")
    assert [e["fatal"] for e in events if e["type"] == "error"].count(True) == 1
    assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


async def test_keepalive_keeps_a_muted_publisher_connected() -> None:
    async with running_server(transcriber(), idle_s=0.8) as running:
        async with open_publisher(running) as socket:
            for _ in range(6):
                await asyncio.sleep(0.25)
                await socket.send('{"type":"keepalive"}')
            await socket.send('{"type":"stop"}')
            assert (await events_until(socket, "closed"))[-1]["reason"] == "stop"


async def test_audio_far_faster_than_speech_is_refused_with_4029() -> None:
    async with running_server(transcriber(), max_speed=1.5) as running:
        async with open_publisher(running) as socket:
            await send(socket, bytes(32_000 * 65), 65_536)
            events = await events_until(socket, "closed")
            assert await close_code(socket) == 4029
    assert [e["code"] for e in events if e["type"] == "error"] == ["too_fast"]


async def test_a_session_of_the_greatest_length_goes_away_with_1001() -> None:
    async with running_server(transcriber(), max_session_s=0.5) as running:
        async with open_publisher(running) as socket:
            await send(socket, speech(1.2))
            events = await events_until(socket, "closed")
            assert await close_code(socket) == 1001
    assert events[-1]["reason"] == "max_session"
    assert [e["code"] for e in events if e["type"] == "error"] == ["max_session"]
    assert [e["text"] for e in events if e["type"] == "final"] == ["good morning everyone"]


async def test_acks_and_status_come_about_once_a_second() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await send(socket, QUIET)
        ack = await receive(socket)
        assert (ack["type"], ack["received"]) == ("ack", 16_000)
        assert (await receive(socket))["type"] == "status"
        # What is known silent is stored every few seconds, and then acknowledged.
        while not ack["committed"]:
            ack = await receive(socket)
            assert ack["type"] in ("ack", "status")
            ack = {"committed": 0} | ack
        assert ack["committed"] <= ack["received"] == 16_000


async def test_a_failing_engine_costs_a_gap_and_nobody_else_anything() -> None:
    def fail_for_bad_room(requests: Sequence[DecodeRequest]) -> None:
        if any(request.session == poisoned for request in requests):
            raise RuntimeError("CUDA out of memory")

    poisoned = ""
    engine = transcriber(before_batch=fail_for_bad_room)
    async with running_server(engine) as running:
        async with connect_to(running) as bad, open_publisher(running, room="other") as good:
            await bad.send('{"type":"start","room":"bad"}')
            poisoned = (await receive(bad))["session"]
            for socket in (bad, good):
                await send(socket, speech(1.2))
                await socket.send('{"type":"stop"}')
            lost = await events_until(bad, "closed")
            kept = await events_until(good, "closed")
    gaps = [e for e in lost if e["type"] == "gap"]
    assert [gap["reason"] for gap in gaps] == ["engine_error"]
    account = lost[-1]
    assert account["lost_s"] > 0.5
    total = account["captioned_s"] + account["silent_s"] + account["lost_s"]
    assert total == pytest.approx(account["audio_s"])
    assert [e["text"] for e in kept if e["type"] == "final"] == ["good morning everyone"]


async def test_a_publisher_that_does_not_read_is_closed_and_disturbs_nobody() -> None:
    async with running_server(transcriber(), stall_s=0.5) as running:
        async with connect_to(running) as deaf, open_publisher(running, room="b") as healthy:
            await deaf.send('{"type":"start","room":"a"}')
            await within(lambda: len(running.hub.connections) == 2)
            deaf.transport.pause_reading()
            for connection in running.hub.connections:
                if isinstance(connection, PublisherConnection) and connection.room == "a":
                    for _ in range(300):  # as many captions as no buffer of the system holds
                        connection.outgoing.put(Outgoing("x" * 40_000))
            await send(healthy, speech(1.2))
            await healthy.send('{"type":"stop"}')
            assert (await events_until(healthy, "closed"))[-1]["reason"] == "stop"
            await within(lambda: not running.hub.connections)
            deaf.transport.resume_reading()
            # Its buffers are full, so the close frame may not have reached the wire.
            assert await close_code(deaf) in (1006, 4008)


@pytest.mark.parametrize("encoding", ["webm", "ogg"])
@pytest.mark.parametrize("sound", [b"", b"this is no container " * 200])
async def test_a_stream_that_cannot_be_read_ends_in_an_error_and_leaves_nothing(
    encoding: str, sound: bytes
) -> None:
    audio = {"encoding": encoding, "sample_rate": 48_000, "channels": 1}
    async with running_server(transcriber()) as running:
        async with open_publisher(running, audio=audio) as socket:
            if sound:
                await socket.send(sound)
            await socket.send('{"type":"stop"}')
            events = await events_until(socket, "closed")
        assert any(event["type"] == "error" for event in events)
        await within(lambda: not running.hub.connections and not len(running.hub.rooms))


async def test_a_stream_that_cannot_be_read_does_not_keep_others_from_their_last_words() -> None:
    audio = {"encoding": "webm", "sample_rate": 48_000, "channels": 1}
    async with running_server(transcriber()) as running:
        async with (
            open_publisher(running, room="bad", audio=audio),
            open_publisher(running) as good,
        ):
            await send(good, speech(1.7))
            await events_until(good, "delta")
            running.server.handle_exit(15, None)
            events = await events_until(good, "error")
            assert await close_code(good) == 1012
    assert [e["text"] for e in events if e["type"] == "final"] == [
        "good morning everyone and welcome"
    ]
    assert [e["code"] for e in events if e["type"] == "error"] == ["going_away"]


async def test_a_publisher_that_starts_while_the_server_goes_down_is_sent_away() -> None:
    async with running_server(transcriber()) as running, connect_to(running) as socket:
        running.hub.draining = True
        await socket.send('{"type":"start"}')
        assert (await receive(socket))["code"] == "going_away"
        assert await close_code(socket) == 1012


async def test_a_full_server_answers_503_with_retry_after() -> None:
    async with running_server(transcriber(), max_streams=1) as running:
        async with open_publisher(running) as socket, talking(socket):
            status, headers, body = await refused(running)
    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert json.loads(body)["error"]["code"] == "full"


async def test_a_speaker_whom_the_engine_cannot_keep_up_with_is_refused() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        for rows in (1, 2, 4, 8):  # a second for each window: one speaker fits at most
            running.hub.batcher._costs.observe(1, 1000, rows, float(rows))
        async with talking(socket):
            status, headers, body = await refused(running)
        assert (status, json.loads(body)["error"]["code"]) == (503, "full")
        assert int(headers["Retry-After"]) > 0
        await send(socket, speech(1.2))
        await socket.send('{"type":"stop"}')
        assert (await events_until(socket, "closed"))[-1]["lost_s"] == 0


@pytest.mark.parametrize("name", ["token", "key", "api_key"])
async def test_secrets_in_the_url_are_refused(name: str) -> None:
    async with running_server(transcriber()) as running:
        status, _, body = await refused(running, f"?{name}=abc")
    assert status == 400
    assert json.loads(body)["error"]["code"] == "secret_in_url"


async def test_nothing_is_left_behind_and_no_log_line_holds_caption_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "livecaption")
    async with running_server(transcriber(), resume_grace_s=0.1) as running:
        before = len(asyncio.all_tasks())
        for _ in range(5):
            async with open_publisher(running) as socket:
                await send(socket, speech(1.2))
                await socket.send(b"\x00")
                socket.transport.abort()
        await within(lambda: not running.hub.connections and not len(running.hub.rooms))
        await within(lambda: len(asyncio.all_tasks()) <= before)
    assert not any(word in caplog.text for word in SENTENCE.split())
    assert sum(record.message == "a publisher left: disconnect" for record in caplog.records) == 5


def connect_to(running: Running) -> connect:
    return connect(f"{running.ws}/ws/publish", subprotocols=[Subprotocol(SUBPROTOCOL)])


def watch(running: Running, room: str = "main") -> connect:
    return connect(f"{running.ws}/ws/watch?room={room}", subprotocols=[Subprotocol(SUBPROTOCOL)])


async def refused(running: Running, query: str = "") -> tuple[int, Any, bytes]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(
            f"{running.ws}/ws/publish{query}", subprotocols=[Subprotocol(SUBPROTOCOL)]
        ):
            pass
    response = caught.value.response
    return response.status_code, response.headers, bytes(response.body or b"")
