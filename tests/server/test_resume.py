"""Sessions that outlive their sockets, against a real server on a real port."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.decode import DecodeRequest
from livecaption.core.hypothesis import Word, text_of
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import SUBPROTOCOL
from tests.serving import Running, close_code, events_until, receive, running_server, speech, within

SENTENCE = "good morning everyone and welcome to the meeting"
WORDS = script(SENTENCE, start=0.2)
PCM = speech(2.8) + bytes(32_000)
"""The sentence, and a pause behind it."""


def engine(words: tuple[Word, ...] = WORDS) -> ScriptedTranscriber:
    return ScriptedTranscriber(words)


@asynccontextmanager
async def publisher(
    running: Running, ready: dict[str, Any] | None = None, last_seq: int = 0, **resume: Any
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """A socket that has said start, resuming the session of ``ready`` if given, and its ready."""
    start: dict[str, Any] = {"type": "start"}
    if ready is not None:
        named = {"session": ready["session"], "resume_token": ready["resume_token"]}
        start["resume"] = {**named, "last_seq": last_seq, **resume}
    url = f"{running.ws}/ws/publish"
    async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
        await socket.send(json.dumps(start))
        yield socket, await receive(socket)


async def send(socket: ClientConnection, pcm: bytes) -> None:
    for at in range(0, len(pcm), 3200):
        await socket.send(pcm[at : at + 3200])


async def hear_a_delta(socket: ClientConnection) -> list[dict[str, Any]]:
    """Send 1.7 s, so that two hypotheses agree on words; return the events so far."""
    await send(socket, PCM[:32_000])
    events = await events_until(socket, "partial")
    await send(socket, PCM[32_000:54_400])
    return events + await events_until(socket, "delta")


async def finish(socket: ClientConnection, from_sample: int) -> list[dict[str, Any]]:
    await send(socket, PCM[2 * from_sample :])
    await socket.send('{"type":"stop"}')
    return await events_until(socket, "closed")


def texts(events: list[dict[str, Any]], kind: str = "final") -> list[str]:
    return [event["text"] for event in events if event["type"] == kind]


def seqs(events: list[dict[str, Any]]) -> list[int]:
    return [event["seq"] for event in events if "seq" in event]


@pytest.mark.parametrize("sent_bytes", [3200, 32_000, 51_200, 60_800])
async def test_a_session_goes_on_where_its_socket_broke(sent_bytes: int) -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (socket, ready):
            await send(socket, PCM[:sent_bytes])
            await within(lambda: received(running) == sent_bytes // 2)
            socket.transport.abort()
        await within(lambda: not running.hub.connections)
        async with publisher(running, ready) as (socket, again):
            assert (again["resumed"], again["session"]) == (True, ready["session"])
            assert again["resume_from"] == sent_bytes // 2
            events = await finish(socket, again["resume_from"])
    assert texts(events) == [SENTENCE]
    assert "".join(texts(events, "delta")) == SENTENCE
    assert seqs(events) == list(range(1, len(seqs(events)) + 1))
    assert events[-1]["lost_s"] == 0
    assert events[-1]["audio_s"] == len(PCM) / 32_000


async def test_only_what_the_client_has_not_seen_is_sent_again() -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (socket, ready):
            first = await hear_a_delta(socket)
        seen = seqs(first)[-1]
        async with publisher(running, ready, seen) as (socket, again):
            second = await finish(socket, again["resume_from"])
    assert seqs(second)[0] == seen + 1
    assert "".join(texts(first + second, "delta")) == SENTENCE


async def test_the_newest_socket_wins_and_the_old_one_is_told() -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (old, ready):
            await send(old, PCM[:32_000])
            await within(lambda: received(running) == 16_000)
            async with publisher(running, ready) as (new, again):
                assert again["resumed"] is True
                error = (await events_until(old, "error"))[-1]
                assert (error["code"], error["fatal"]) == ("taken_over", True)
                assert await close_code(old) == 4009
                events = await finish(new, again["resume_from"])
    assert texts(events) == [SENTENCE]


async def test_audio_of_the_old_socket_is_ignored_once_another_has_taken_over() -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (old, ready):
            old.transport.pause_reading()  # it does not notice anything
            await send(old, PCM[:32_000])
            await within(lambda: received(running) == 16_000)
            async with publisher(running, ready) as (new, again):
                await send(old, speech(1.0))
                events = await finish(new, again["resume_from"])
    assert events[-1]["audio_s"] == len(PCM) / 32_000


async def test_audio_that_the_client_does_not_hold_any_more_is_a_gap() -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (socket, ready):
            await send(socket, PCM[:25_600])
            await within(lambda: received(running) == 12_800)
        async with publisher(running, ready, held_from=24_001) as (socket, again):
            assert again["resume_from"] == 24_320, "the next frame"
            events = await finish(socket, again["resume_from"])
    gaps = [(e["from"], e["to"], e["reason"]) for e in events if e["type"] == "gap"]
    assert gaps == [(0.8, 1.52, "client")]
    assert events[-1]["lost_s"] == 0.72
    assert texts(events) == ["good morning", "welcome to the meeting"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"resume_token": "rt_guessed"},
        {"session": "s_unknown"},
        {"last_seq": 99},
    ],
)
async def test_a_session_is_given_only_to_its_own_client(wrong: dict[str, Any]) -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (socket, ready):
            await send(socket, PCM[:32_000])
            await within(lambda: received(running) == 16_000)
            async with publisher(running, {**ready, **wrong}, **wrong) as (_, other):
                assert other["resumed"] is False
                assert other["session"] != ready["session"]
            events = await finish(socket, 16_000)
    assert texts(events) == [SENTENCE]


async def test_a_session_whose_client_does_not_come_back_ends_with_its_last_words() -> None:
    async with running_server(engine(), resume_grace_s=0.2) as running:
        async with watching(running) as viewer:
            assert (await receive(viewer))["type"] == "snapshot"
            async with publisher(running) as (socket, ready):
                await send(socket, speech(1.7))
                await within(lambda: received(running) == 27_200)
                socket.transport.abort()
            final = (await events_until(viewer, "final"))[-1]
            assert final["text"] == "good morning everyone and welcome"
        await within(lambda: not len(running.hub.sessions))
        async with publisher(running, ready) as (_, other):
            assert other["resumed"] is False


async def test_sessions_without_a_socket_keep_their_places() -> None:
    async with running_server(engine(), max_streams=1) as running:
        async with publisher(running) as (_, ready):
            pass
        await within(lambda: not running.hub.connections)
        async with publisher(running) as (stranger, refusal):
            assert refusal["code"] == "full"
            assert await close_code(stranger) == 1013
        async with publisher(running, ready) as (_, again):
            assert again["resumed"] is True


async def test_the_last_words_of_a_session_that_was_stopped_are_told_again() -> None:
    async with running_server(engine()) as running:
        async with publisher(running) as (socket, ready):
            first = await hear_a_delta(socket)
            socket.transport.pause_reading()
            await send(socket, PCM[54_400:])
            await socket.send('{"type":"stop"}')
            await within(lambda: not len(running.hub.sessions), 90)
        async with publisher(running, ready, seqs(first)[-1]) as (socket, again):
            assert (again["resumed"], again["session"]) == (True, ready["session"])
            assert again["resume_from"] == len(PCM) // 2
            second = await events_until(socket, "closed")
            assert await close_code(socket) == 1000
        async with publisher(running, {**ready, "resume_token": "rt_other"}) as (_, other):
            assert other["resumed"] is False
    assert texts(first + second) == [SENTENCE]
    assert seqs(first + second) == list(range(1, len(seqs(first + second)) + 1))
    assert (second[-1]["reason"], second[-1]["lost_s"]) == ("stop", 0)
    assert second[-1]["audio_s"] == len(PCM) / 32_000


async def test_who_comes_back_while_a_stopped_session_is_ending_gets_its_last_words() -> None:
    release = threading.Event()

    def wait_at_the_end(requests: Sequence[DecodeRequest]) -> None:
        if requests[0].stop >= 3 * SAMPLE_RATE // 2:
            release.wait(10)

    slow = ScriptedTranscriber(WORDS, wait_at_the_end)
    async with running_server(slow) as running:
        async with publisher(running) as (socket, ready):
            await send(socket, PCM)
            await socket.send('{"type":"stop"}')
            await within(lambda: all(held.live.ended for held in running.hub.sessions))
            socket.transport.abort()
        url = f"{running.ws}/ws/publish"
        named = {"session": ready["session"], "resume_token": ready["resume_token"]}
        async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
            await socket.send(json.dumps({"type": "start", "resume": {**named, "last_seq": 0}}))
            release.set()
            events = await events_until(socket, "closed")
    assert events[0]["resumed"] is True
    assert texts(events) == [SENTENCE]


async def test_who_comes_back_while_the_dead_socket_looks_open_finds_a_full_server_open() -> None:
    async with running_server(engine(), max_streams=1) as running:
        async with publisher(running) as (dead, ready):
            dead.transport.pause_reading()  # neither end is told
            async with publisher(running, ready) as (socket, again):
                assert again["resumed"] is True
                assert texts(await finish(socket, again["resume_from"])) == [SENTENCE]


async def test_a_socket_that_is_only_silent_gives_its_place_to_nobody_else() -> None:
    async with running_server(engine(), max_streams=1) as running:
        async with publisher(running) as (muted, _):
            async with publisher(running) as (stranger, refusal):
                assert (refusal["code"], refusal["retry_after_ms"] > 0) == ("full", True)
                assert await close_code(stranger) == 1013
            await muted.send('{"type":"stop"}')
            assert (await events_until(muted, "closed"))[-1]["reason"] == "stop"


async def test_a_room_says_that_its_speaker_has_lost_the_connection() -> None:
    async with running_server(engine()) as running, watching(running) as viewer:
        assert await presence(viewer) == (0, 0)
        async with publisher(running):
            assert await presence(viewer) == (1, 0)
        assert await presence(viewer) == (0, 1)


# -- a restart ------------------------------------------------------------------------------------


async def test_a_restart_in_mid_sentence_loses_and_doubles_nothing(tmp_path: Path) -> None:
    given: dict[str, Any] = {"store": True, "data_dir": tmp_path}
    async with running_server(engine(), **given) as running:
        async with publisher(running) as (socket, ready):
            first = await hear_a_delta(socket)
            running.server.handle_exit(15, None)
            first += await events_until(socket, "error")
            assert await close_code(socket) == 1012
    async with running_server(engine(), **given) as running:
        async with publisher(running, ready, seqs(first)[-1]) as (socket, again):
            assert again["resumed"] is True
            second = await finish(socket, again["resume_from"])
        transcript = await running.hub.store.transcript("main")
    events = first + second
    assert " ".join(texts(events)) == SENTENCE
    assert seqs(events) == list(range(1, len(seqs(events)) + 1))
    assert second[-1]["audio_s"] == len(PCM) / 32_000
    assert second[-1]["lost_s"] == 0
    assert [line.text for line in transcript.lines] == texts(events)


async def test_what_a_crash_cut_off_is_closed_and_gone_on_with(tmp_path: Path) -> None:
    given: dict[str, Any] = {"store": True, "data_dir": tmp_path}
    async with running_server(engine(), **given) as running:
        async with publisher(running) as (socket, ready):
            first = await hear_a_delta(socket)
            await running.hub.recorder.flush()
            crash(tmp_path)
    (tmp_path / "after").rename(tmp_path / "again")
    async with running_server(engine(), store=True, data_dir=tmp_path / "again") as running:
        async with watching(running) as viewer:
            snapshot = await receive(viewer)
            shown = "".join(texts(first, "delta"))
            assert snapshot["finals"][-1]["text"].startswith(shown)
        async with publisher(running, ready, seqs(first)[-1]) as (socket, again):
            assert again["resumed"] is True
            second = await finish(socket, again["resume_from"])
    finals = [e for e in first + second if e["type"] == "final" and e["text"]]
    assert " ".join(final["text"] for final in finals) == SENTENCE
    assert text_of(WORDS).strip() == SENTENCE


async def test_a_session_that_was_cut_off_ends_when_nobody_comes_back(tmp_path: Path) -> None:
    given: dict[str, Any] = {"store": True, "data_dir": tmp_path}
    async with running_server(engine(), **given) as running:
        async with publisher(running) as (socket, ready):
            await hear_a_delta(socket)
            running.server.handle_exit(15, None)
            await close_code(socket)
    async with running_server(engine(), **given, resume_grace_s=0.1) as running:
        assert await running.hub.store.unended() == [ready["session"]]
        async with asyncio.timeout(5):
            while await running.hub.store.unended():  # noqa: ASYNC110 - the store has no event
                await asyncio.sleep(0.01)
        async with publisher(running, ready) as (_, other):
            assert other["resumed"] is False


def crash(directory: Path) -> None:
    """Keep the files as a process that was killed now would leave them."""
    after = directory / "after"
    after.mkdir()
    for file in directory.glob("transcripts.sqlite3*"):
        (after / file.name).write_bytes(file.read_bytes())


def received(running: Running) -> int:
    """Samples received by the only session."""
    (held,) = running.hub.sessions
    return held.live.session.received


def watching(running: Running) -> connect:
    return connect(f"{running.ws}/ws/watch", subprotocols=[Subprotocol(SUBPROTOCOL)])


async def presence(viewer: ClientConnection) -> tuple[int, int]:
    async with asyncio.timeout(5):
        while True:
            event = json.loads(await viewer.recv())
            if event["type"] == "presence":
                return event["publishers"], event["detached"]
