"""The subscriber's socket against a real server, with a scripted engine."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.core.captions import Final, UtteranceStarted
from livecaption.core.hypothesis import Word
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import MAX_BAD_MESSAGES, MAX_WATCH_UNSENT_EVENTS, SUBPROTOCOL
from livecaption.server.room import Speaker
from tests.server.publishing import publish
from tests.serving import (
    Running,
    close_code,
    events_until,
    open_publisher,
    receive,
    running_server,
    speech,
    within,
)

SENTENCE = "good morning everyone and welcome to the meeting"


def watch(running: Running, room: str = "main") -> connect:
    return connect(f"{running.ws}/ws/watch?room={room}", subprotocols=[Subprotocol(SUBPROTOCOL)])


def transcriber() -> ScriptedTranscriber:
    return ScriptedTranscriber(script(SENTENCE, start=0.2))


async def say(socket: ClientConnection, seconds: float) -> None:
    pcm = speech(seconds)
    for at in range(0, len(pcm), 3200):
        await socket.send(pcm[at : at + 3200])


async def test_a_watcher_sees_what_the_publisher_sees_with_room_fields() -> None:
    async with running_server(transcriber()) as running, watch(running) as viewer:
        snapshot = await receive(viewer)
        assert (snapshot["finals"], snapshot["open_utterances"]) == ([], [])
        async with open_publisher(running, speaker="Lecturer") as socket:
            await say(socket, 2.8)
            await socket.send('{"type":"stop"}')
            mine = await events_until(socket, "closed")
        theirs = await events_until(viewer, "final")
    text = "".join(event["text"] for event in theirs if event["type"] == "delta")
    assert text == SENTENCE == next(e["text"] for e in mine if e["type"] == "final")
    assert {event["room"] for event in theirs} == {"main"}
    assert {event["speaker"] for event in theirs} == {"Lecturer"}
    assert len({event["session"] for event in theirs}) == 1
    offsets = [event["offset"] for event in theirs if event["type"] != "partial"]
    assert offsets == list(range(snapshot["offset"] + 1, snapshot["offset"] + 1 + len(offsets)))
    assert not any("offset" in event for event in theirs if event["type"] == "partial")


async def test_the_end_of_a_sentence_keeps_the_name_of_who_began_it() -> None:
    async with running_server(transcriber()) as running, watch(running) as viewer:
        await receive(viewer)
        async with open_publisher(running, speaker="Ann") as socket:
            await say(socket, 1.2)
            await events_until(viewer, "utterance_started")
            await socket.send('{"type":"configure","speaker":"Ben"}')
            await socket.send('{"type":"finalize"}')
            theirs = await events_until(viewer, "final")
    assert {event["speaker"] for event in theirs} == {"Ann"}


async def test_rooms_do_not_hear_each_other() -> None:
    async with running_server(transcriber()) as running:
        async with watch(running, "a") as a, watch(running, "b") as b:
            await receive(a)
            await receive(b)
            async with open_publisher(running, room="a") as socket:
                await say(socket, 1.2)
                await socket.send('{"type":"stop"}')
                await events_until(socket, "closed")
            assert (await events_until(a, "final"))[-1]["text"] == "good morning everyone"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await receive(b)


async def test_a_late_joiner_gets_the_last_finals_and_the_open_utterance() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await say(socket, 1.2)
        await socket.send('{"type":"finalize"}')
        await events_until(socket, "finalized")
        await say(socket, 1.4)
        await events_until(socket, "partial")
        async with watch(running) as viewer:
            snapshot = await receive(viewer)
    assert [final["text"] for final in snapshot["finals"]] == ["good morning everyone"]
    (utterance,) = snapshot["open_utterances"]
    assert (utterance["text"] + utterance["partial"]).strip()
    assert utterance["utterance"] == 2


async def test_a_returning_watcher_gets_exactly_what_it_missed() -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        async with watch(running) as viewer:
            await receive(viewer)
            await say(socket, 1.2)
            await socket.send('{"type":"finalize"}')
            seen = (await events_until(viewer, "final"))[-1]["offset"]
        await events_until(socket, "finalized")
        await say(socket, 1.6)
        await socket.send('{"type":"finalize"}')
        await events_until(socket, "finalized")
        async with watch(running) as viewer:
            await viewer.send(json.dumps({"type": "hello", "after": seen}))
            snapshot = await receive(viewer)
            missed = await events_until(viewer, "final")
    assert (snapshot["offset"], snapshot["finals"]) == (seen, [])
    numbered = [e["offset"] for e in missed]
    assert numbered == list(range(seen + 1, seen + 1 + len(numbered)))
    assert missed[-1]["text"].startswith("and welcome to the")


@pytest.mark.parametrize("after", [0, 10**14])
async def test_an_offset_that_is_not_held_gets_a_full_snapshot(after: int) -> None:
    async with running_server(transcriber()) as running, open_publisher(running) as socket:
        await say(socket, 1.2)
        await socket.send('{"type":"finalize"}')
        await events_until(socket, "finalized")
        async with watch(running) as viewer:
            await viewer.send(json.dumps({"type": "hello", "after": after}))
            snapshot = await receive(viewer)
    assert [final["text"] for final in snapshot["finals"]] == ["good morning everyone"]


async def test_bad_messages_of_a_watcher_are_answered_and_then_closed_with_4000() -> None:
    async with running_server(transcriber()) as running, watch(running) as viewer:
        await viewer.send('{"type":"shutdown"}')
        error = (await events_until(viewer, "error"))[-1]
        assert (error["code"], error["fatal"]) == ("bad_message", False)
        for _ in range(MAX_BAD_MESSAGES):
            await viewer.send(b"\x00")
        assert await close_code(viewer) == 4000


async def test_a_room_name_with_odd_characters_is_refused_before_the_upgrade() -> None:
    async with running_server(transcriber()) as running:
        with pytest.raises(InvalidStatus) as caught:
            async with watch(running, "a%2Fb"):
                pass
    assert caught.value.response.status_code == 400


async def test_a_full_house_of_watchers_is_refused_with_503() -> None:
    async with running_server(transcriber(), max_watchers=1) as running:
        async with watch(running) as viewer:
            await receive(viewer)
            with pytest.raises(InvalidStatus) as caught:
                async with watch(running):
                    pass
    assert caught.value.response.status_code == 503


async def test_a_stalled_watcher_is_closed_with_4008_and_the_others_lose_nothing() -> None:
    async with running_server(transcriber(), stall_s=0.5) as running:
        async with watch(running) as stalled, watch(running) as healthy:
            await receive(stalled)
            await receive(healthy)
            stalled.transport.pause_reading()
            room = running.hub.rooms.find("main")
            assert room is not None
            texts = await flood(running, healthy, MAX_WATCH_UNSENT_EVENTS * 4)
            assert len(texts) == MAX_WATCH_UNSENT_EVENTS * 4
            await within(lambda: len(room.subscribers) == 1)
            counts = running.hub.meters.slow_readers
            assert counts["watch", "stalled"] + counts["watch", "overflowed"] == 1
            stalled.transport.resume_reading()
            # Its buffers are full, so the close frame may not have reached the wire.
            assert await close_code(stalled) in (1006, 4008)


async def flood(running: Running, viewer: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Publish large finals into the room, as fast as the healthy viewer reads them."""
    room = running.hub.rooms.find("main")
    assert room is not None
    words = tuple(Word(" word", i, i + 1, 0.9) for i in range(500))
    received = []
    for number in range(1, count // 2 + 1):
        speaker = Speaker("s_flood", None, 0.0)
        publish(room, UtteranceStarted(2 * number - 1, number, 0), speaker)
        final = Final(2 * number, number, "word " * 500, 0, 500, "en", None, words)
        publish(room, final, speaker)
        received += [await receive(viewer), await receive(viewer)]
    return received


async def test_nothing_of_a_room_stays_after_the_last_one_left() -> None:
    async with running_server(transcriber()) as running:
        async with watch(running) as viewer:
            await receive(viewer)
            assert len(running.hub.rooms) == 1
        await within(lambda: not len(running.hub.rooms) and not running.hub.connections)
