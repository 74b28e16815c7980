"""The operator's view of the server, and emptying it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.logs import room_tag
from livecaption.protocol.limits import SUBPROTOCOL
from tests.serving import (
    Running,
    events_until,
    open_publisher,
    running_server,
    speech,
    talking,
    within,
)

OURS = [Subprotocol(SUBPROTOCOL)]


def engine() -> ScriptedTranscriber:
    return ScriptedTranscriber(script("good morning to all of you", start=0.2))


@asynccontextmanager
async def client(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
        yield http


async def test_the_state_tells_who_speaks_where_and_how_it_goes() -> None:
    async with running_server(engine(), max_streams=5) as running:
        async with open_publisher(running, room="hall", language="en") as publisher:
            await publisher.send(speech(2.0))
            await publisher.send(json.dumps({"type": "finalize"}))
            await events_until(publisher, "finalized")
            async with client(running) as http:
                state = (await http.get("/v1/admin/state")).json()
    assert state["status"] == "ready"
    assert state["model"] == {"name": "scripted", "device": "cpu", "compute_type": "none"}
    assert state["streams"]["active"] == 1
    assert state["streams"]["limit"] == 5
    assert state["streams"]["capacity"] > 1
    assert state["captions"]["words"] == state["captions"]["commit_delay"]["count"] == 6
    assert state["captions"]["commit_delay"]["late"] == 0
    assert state["engine"]["batches"] >= 1
    (session,) = state["sessions"]
    assert (session["room"], session["connected"], session["words"]) == ("hall", True, 6)
    assert session["audio_s"] == 2.0
    assert 0 <= session["delay_s"] < 10
    (room,) = state["rooms"]
    assert room == {
        "room": "hall",
        "tag": room_tag("hall"),
        "publishers": 1,
        "detached": 0,
        "watchers": 0,
    }
    assert "good morning" not in json.dumps(state)


async def test_draining_refuses_new_speakers_and_lets_the_others_finish() -> None:
    async with running_server(engine()) as running, client(running) as http:
        async with open_publisher(running) as publisher:
            begun = await http.post("/v1/admin/drain")
            assert begun.status_code == 202
            assert begun.json() == {"draining": True, "sessions_left": 1}
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "draining")
            async with talking(publisher):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(f"{running.ws}/ws/publish", subprotocols=OURS)
            response = refused.value.response
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) >= 1
            await publisher.send(speech(2.0))
            await publisher.send(json.dumps({"type": "stop"}))
            events = await events_until(publisher, "closed")
        said = "".join(event["text"] for event in events if event["type"] == "delta")
        assert said == "good morning to all of you"
        assert events[-1]["lost_s"] == 0.0
        await within(lambda: len(running.hub.sessions) == 0)
        left = (await http.get("/v1/admin/state")).json()["drain"]
        assert left == {"draining": True, "sessions_left": 0}


async def test_a_speaker_whose_connection_breaks_while_draining_comes_back() -> None:
    async with running_server(engine()) as running, client(running) as http:
        async with connect(f"{running.ws}/ws/publish", subprotocols=OURS) as publisher:
            await publisher.send(json.dumps({"type": "start"}))
            ready = json.loads(await publisher.recv())
            await http.post("/v1/admin/drain")
            publisher.transport.abort()
        await within(lambda: not running.hub.connections)
        wish = {
            "session": ready["session"],
            "resume_token": ready["resume_token"],
            "last_seq": 0,
        }
        async with connect(f"{running.ws}/ws/publish", subprotocols=OURS) as publisher:
            await publisher.send(json.dumps({"type": "start", "resume": wish}))
            assert json.loads(await publisher.recv())["resumed"] is True


async def test_who_is_let_in_to_resume_cannot_begin_something_new_while_draining() -> None:
    async with running_server(engine()) as running, client(running) as http:
        async with connect(f"{running.ws}/ws/publish", subprotocols=OURS) as publisher:
            await publisher.send(json.dumps({"type": "start"}))
            await publisher.recv()
            publisher.transport.abort()
        await within(lambda: not running.hub.connections)
        await http.post("/v1/admin/drain")
        async with connect(f"{running.ws}/ws/publish", subprotocols=OURS) as publisher:
            await publisher.send(json.dumps({"type": "start"}))
            error = json.loads(await publisher.recv())
    assert (error["type"], error["code"], error["fatal"]) == ("error", "going_away", True)
    assert error["retry_after_ms"] >= 1000


async def test_readers_are_welcome_while_speakers_finish() -> None:
    async with running_server(engine()) as running, client(running) as http:
        await http.post("/v1/admin/drain")
        async with connect(f"{running.ws}/ws/watch", subprotocols=OURS) as watcher:
            assert json.loads(await watcher.recv())["type"] == "snapshot"


async def test_a_drain_can_be_taken_back() -> None:
    async with running_server(engine()) as running, client(running) as http:
        await http.post("/v1/admin/drain")
        await http.post("/v1/admin/drain")
        ended = await http.delete("/v1/admin/drain")
        assert ended.json() == {"draining": False, "sessions_left": 0}
        assert (await http.get("/readyz")).json()["status"] == "ready"
        async with open_publisher(running):
            pass


async def test_a_page_of_another_site_cannot_drain_the_server() -> None:
    async with running_server(engine()) as running, client(running) as http:
        answer = await http.post("/v1/admin/drain", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        assert not running.hub.closing
