"""Rooms over HTTP, and the same feed as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import SUBPROTOCOL
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

SENTENCE = "good morning everyone"
ENGINE = ScriptedTranscriber(script(SENTENCE, start=0.2))


@asynccontextmanager
async def serving(**given: Any) -> AsyncIterator[tuple[Running, httpx2.AsyncClient]]:
    async with running_server(ENGINE, **given) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as client:
            yield running, client


async def say(socket: ClientConnection) -> None:
    await socket.send(speech(1.2))
    await socket.send('{"type":"finalize"}')
    await events_until(socket, "finalized")


async def test_rooms_are_listed_while_live_and_after() -> None:
    async with serving() as (running, client):
        assert (await client.get("/v1/rooms")).json() == {"rooms": []}
        async with open_publisher(running, room="lecture") as socket:
            await say(socket)
            (room,) = (await client.get("/v1/rooms")).json()["rooms"]
            assert (room["room"], room["publishers"], room["finals"]) == ("lecture", 1, 1)
            await socket.send('{"type":"stop"}')
            await events_until(socket, "closed")
        await within(lambda: not len(running.hub.rooms))
        (room,) = (await client.get("/v1/rooms")).json()["rooms"]
        assert (room["publishers"], room["finals"]) == (0, 1)
        assert room["first_at"] <= room["last_at"]


async def test_a_room_shows_its_last_captions_while_live_and_after() -> None:
    async with serving() as (running, client):
        async with open_publisher(running, room="lecture", speaker="Ada") as socket:
            await say(socket)
            live = (await client.get("/v1/rooms/lecture")).json()
            assert live["publishers"] == 1
            await socket.send('{"type":"stop"}')
            await events_until(socket, "closed")
        await within(lambda: not len(running.hub.rooms))
        after = (await client.get("/v1/rooms/lecture")).json()
    assert [(f["text"], f["speaker"]) for f in after["finals"]] == [(SENTENCE, "Ada")]
    assert live["finals"] == after["finals"]


@pytest.mark.parametrize("path", ["/v1/rooms/a%20b", "/v1/rooms/a%20b/links"])
async def test_an_impossible_room_name_is_refused(path: str) -> None:
    async with serving() as (_, client):
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_room")


async def test_a_room_that_never_was_is_not_found() -> None:
    async with serving() as (running, client):
        answer = await client.get("/v1/rooms/nobody")
        assert answer.status_code == 404
        assert not len(running.hub.rooms)


async def test_a_deleted_room_is_forgotten_for_readers_and_for_good() -> None:
    async with serving() as (running, client), open_publisher(running) as socket:
        await say(socket)
        assert (await client.delete("/v1/rooms/main")).json()["deleted_events"] > 0
        async with watch(running) as viewer:
            assert (await receive(viewer))["finals"] == []
        assert (await running.hub.store.transcript("main")).entries == ()


async def test_another_site_cannot_delete_a_room() -> None:
    async with serving() as (running, client), open_publisher(running) as socket:
        await say(socket)
        answer = await client.delete("/v1/rooms/main", headers={"Origin": "https://evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_origin")
        own = {"Origin": running.http}
        assert (await client.delete("/v1/rooms/main", headers=own)).status_code == 200


# -- Server-Sent Events ---------------------------------------------------------------------------


async def read_events(answer: httpx2.Response, last: str) -> list[dict[str, str]]:
    """Events up to and including the first of kind ``last``."""
    found: list[dict[str, str]] = []
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
            continue
        found.append(event)
        if event.get("event") == last:
            return found
        event = {}
    raise AssertionError(f"the feed ended before {last}")


async def test_the_feed_is_the_same_over_both_ways() -> None:
    async with serving() as (running, client), watch(running) as viewer:
        async with client.stream("GET", "/v1/rooms/main/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async with open_publisher(running) as socket:
                await receive(viewer)
                await within(lambda: subscribers(running) == 2)
                await say(socket)
                mine = await read_events(answer, "final")
                theirs = await events_until(viewer, "final")
    told = [json.loads(event["data"]) for event in mine]
    assert [e for e in told if e["type"] not in ("snapshot", "presence")] == theirs
    assert mine[-1]["id"] == str(theirs[-1]["offset"])
    assert "id" not in mine[0], "a snapshot is no place to come back to"


async def test_a_reader_that_comes_back_gets_what_it_missed() -> None:
    async with serving() as (running, client), open_publisher(running) as socket:
        async with client.stream("GET", "/v1/rooms/main/events") as answer:
            await within(lambda: subscribers(running) == 1)
            await say(socket)
            first = await read_events(answer, "utterance_started")
        headers = {"Last-Event-ID": first[-1]["id"]}
        async with client.stream("GET", "/v1/rooms/main/events", headers=headers) as answer:
            rest = await read_events(answer, "final")
    offsets = [int(event["id"]) for event in rest if "id" in event]
    assert offsets == list(range(int(first[-1]["id"]) + 1, offsets[-1] + 1))


async def test_a_reader_that_leaves_is_forgotten_and_one_that_stays_is_told_of_a_restart() -> None:
    async with serving() as (running, client):
        async with client.stream("GET", "/v1/rooms/main/events"):
            await within(lambda: subscribers(running) == 1)
        await within(lambda: not running.hub.connections and not len(running.hub.rooms))
        async with client.stream("GET", "/v1/rooms/main/events") as answer:
            await within(lambda: subscribers(running) == 1)
            running.server.handle_exit(15, None)
            async with asyncio.timeout(5):
                async for _ in answer.aiter_lines():
                    pass


@pytest.mark.parametrize("after", ["-1", "x", "1" * 30, "\u0663"])
async def test_a_place_that_is_none_is_refused(after: str) -> None:
    async with serving() as (_, client):
        answer = await client.get("/v1/rooms/main/events", params={"after": after})
    assert answer.status_code == 400


async def test_readers_are_counted_over_both_ways() -> None:
    async with serving(max_watchers=1) as (running, client), watch(running) as viewer:
        await receive(viewer)
        answer = await client.get("/v1/rooms/main/events")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


# -- links ----------------------------------------------------------------------------------------


async def test_a_link_lets_its_reader_in_until_it_is_taken_back() -> None:
    async with serving() as (running, client):
        made = await client.post("/v1/rooms/main/links")
        assert made.status_code == 201
        link = made.json()
        assert link["url"] == f"{running.http}/watch/main#t={link['token']}"
        async with watch(running) as viewer:
            await viewer.send(json.dumps({"type": "hello", "token": link["token"]}))
            assert (await receive(viewer))["type"] == "snapshot"
            answer = await client.delete(f"/v1/rooms/main/links/{link['id']}")
            assert answer.status_code == 204
            error = (await events_until(viewer, "error"))[-1]
            assert (error["code"], error["fatal"]) == ("link_revoked", True)
            assert await close_code(viewer) == 4501
        assert await refused(running, link["token"]) == 4501
        (listed,) = (await client.get("/v1/rooms/main/links")).json()["links"]
        assert listed["id"] == link["id"]
        assert listed["revoked_at"] is not None
        assert "token" not in listed


async def test_a_link_is_good_for_its_own_room_only() -> None:
    async with serving() as (running, client):
        token = (await client.post("/v1/rooms/other/links")).json()["token"]
        assert await refused(running, token) == 4501
        assert await refused(running, "lv_guessed") == 4501


async def test_an_unknown_link_cannot_be_taken_back() -> None:
    async with serving() as (_, client):
        made = (await client.post("/v1/rooms/main/links")).json()
        answer = await client.delete(f"/v1/rooms/other/links/{made['id']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_link")


def watch(running: Running) -> connect:
    return connect(f"{running.ws}/ws/watch", subprotocols=[Subprotocol(SUBPROTOCOL)])


async def refused(running: Running, token: str) -> int | None:
    async with watch(running) as viewer:
        await viewer.send(json.dumps({"type": "hello", "token": token}))
        return await close_code(viewer)


def subscribers(running: Running) -> int:
    room = running.hub.rooms.find("main")
    return len(room.subscribers) if room else 0
