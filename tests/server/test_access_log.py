"""The access log: request ids, routes instead of paths, and nothing said, secret or personal."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.logs import configure_logs, room_tag
from livecaption.protocol.limits import SUBPROTOCOL
from tests.serving import events_until, open_publisher, running_server, speech, within

WORD = "xyzzyplugh"
ROOM = "annas-talk"
SPEAKER = "Wilhelmine"
KEY = "lc_9f8e7d6c_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg"
TOKEN = "lct.eyJqdGkiOiJjYW5hcnkifQ.Q2FuYXJ5U2lnbmF0dXJl"
ODD = "canary-in-a-path"


@pytest.fixture
def log(logging_as_before: None) -> io.StringIO:
    """The log at its loudest, as JSON."""
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    return stream


def lines(log: io.StringIO, message: str | None = None) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if message in (None, line["message"])]


def engine() -> ScriptedTranscriber:
    return ScriptedTranscriber(script(f"{WORD} is what nobody may read", start=0.2))


async def converse(http_url: str, ws_url: str) -> None:
    """Ask for everything, with secrets wherever somebody might put them."""
    headers = {"Authorization": f"Bearer {KEY}", "x-api-key": KEY, "Cookie": f"t={TOKEN}"}
    async with httpx2.AsyncClient(base_url=http_url, timeout=10, headers=headers) as http:
        for path in (
            f"/watch/{ROOM}",
            f"/v1/rooms/{ROOM}",
            f"/v1/rooms/{ROOM}/transcript?format=txt",
            f"/v1/rooms/{ROOM}?token={TOKEN}&key={KEY}&{KEY}=1",
            f"/{ODD}/{KEY}",
            f"/v1/rooms/{KEY}{TOKEN}",
            "/v1/rooms",
            "/v1/admin/state",
            "/metrics",
        ):
            await http.get(path)
        await http.post(f"/v1/rooms/{ROOM}/links")
        await http.delete(f"/v1/rooms/{ROOM}", headers={"Origin": f"https://{ODD}.example"})
        await http.get("/healthz", headers={"Host": f"{ODD}.example"})
    for query in (f"room={ROOM}&token={TOKEN}", f"room={ROOM}%20{KEY}"):
        with pytest.raises(InvalidStatus):
            await connect(f"{ws_url}/ws/watch?{query}", subprotocols=[Subprotocol(SUBPROTOCOL)])


async def test_a_whole_conversation_at_debug_leaves_nothing_said_secret_or_personal(
    log: io.StringIO,
) -> None:
    start = {"room": ROOM, "speaker": SPEAKER, "vocabulary": [WORD]}
    async with running_server(engine()) as running:
        offered = [Subprotocol(SUBPROTOCOL), Subprotocol(TOKEN)]
        address = f"{running.ws}/ws/watch?room={ROOM}"
        async with connect(address, subprotocols=offered) as watcher:
            await watcher.send(json.dumps({"type": "hello", "after": 0}))
            async with open_publisher(running, **start) as publisher:
                await publisher.send(speech(2.0))
                await publisher.send(json.dumps({"type": WORD, TOKEN: KEY}))
                await publisher.send(f'{{"type": "{WORD} {KEY}')
                await publisher.send(b"\x00")
                await publisher.send(json.dumps({"type": "stop"}))
                events = await events_until(publisher, "closed")
            assert WORD in json.dumps(events), "nothing was captioned, so nothing was tried"
            await watcher.send(json.dumps({"type": "hello", "token": TOKEN}))
        await converse(running.http, running.ws)
        wish = {"session": "s_x", "resume_token": "rt_" + "c" * 32, "last_seq": 0}
        async with open_publisher(running, resume=wish, **start):
            pass
    text = log.getvalue()
    assert len(lines(log)) > 20
    for canary in (WORD, ROOM, SPEAKER, KEY, KEY[3:12], TOKEN, TOKEN[4:20], ODD, "rt_"):
        assert canary not in text, canary
    assert not re.search(r"\b(Traceback|traceback)\b", text)


async def test_each_line_names_route_status_and_a_tag_for_the_room(log: io.StringIO) -> None:
    async with running_server(engine()) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
            await http.get(f"/watch/{ROOM}")
            await http.get(f"/v1/rooms/{ROOM}/transcript?format=vtt&secret=1")
            await http.get("/nowhere")
    seen, transcript, nowhere = (lines(log, "served") + lines(log, "not served"))[-3:]
    (seen,) = [line for line in lines(log, "served") if line["route"] == "/watch/{room}"]
    assert (seen["method"], seen["status"], seen["client"]) == ("GET", 200, "127.0.0.1")
    assert seen["room"] == room_tag(ROOM)
    assert seen["bytes"] > 500
    assert 0 <= seen["took_s"] < 10
    (transcript,) = [line for line in lines(log) if "transcript" in line.get("route", "")]
    assert transcript["query"] == "format=vtt&…"
    (nowhere,) = [line for line in lines(log) if line.get("route") == "-"]
    assert nowhere["status"] == 404
    assert "nowhere" not in log.getvalue()


async def test_probes_and_files_are_for_those_who_look_closely(log: io.StringIO) -> None:
    async with running_server(engine()) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
            for path in ("/healthz", "/readyz", "/metrics", "/static/favicon.svg"):
                assert (await http.get(path)).status_code == 200
            assert (await http.get("/static/missing.js")).status_code == 404
    levels = {(line["route"], line["status"]): line["level"] for line in lines(log, "served")}
    assert set(levels.values()) == {"debug"}
    (missing,) = lines(log, "not served")
    assert (missing["route"], missing["level"]) == ("/static", "info")


async def test_a_request_id_is_taken_over_if_it_is_plain_and_made_otherwise(
    log: io.StringIO,
) -> None:
    async with running_server(engine()) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
            good = await http.get("/v1/rooms", headers={"X-Request-Id": "proxy-1.a_b"})
            long = await http.get("/v1/rooms", headers={"X-Request-Id": "x" * 65})
            odd = await http.get("/v1/rooms", headers={"X-Request-Id": 'a"}{b'})
            refused = await http.get("/v1/rooms", headers={"Host": "evil.example"})
        async with connect(
            f"{running.ws}/ws/watch",
            additional_headers={"X-Request-Id": "socket-1"},
            subprotocols=[Subprotocol(SUBPROTOCOL)],
        ) as watcher:
            assert watcher.response is not None
            assert watcher.response.headers["X-Request-Id"] == "socket-1"
    assert good.headers["X-Request-Id"] == "proxy-1.a_b"
    made = {answer.headers["X-Request-Id"] for answer in (long, odd, refused)}
    assert len(made) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in made)
    ids = [line["request"] for line in lines(log) if "request" in line]
    assert {"proxy-1.a_b", "socket-1", *made} <= set(ids)


async def test_all_lines_of_a_publisher_carry_its_request_and_session(log: io.StringIO) -> None:
    async with running_server(engine()) as running:
        async with open_publisher(running) as publisher:
            await publisher.send(b"\x00")
            await publisher.send(json.dumps({"type": "stop"}))
            await events_until(publisher, "closed")
        await within(lambda: not running.hub.connections)
    about = [
        line
        for message in ("a message was refused: bad_frame", "a publisher left: stop", "served")
        for line in lines(log, message)
    ]
    assert len(about) == 3
    assert len({line["session"] for line in about}) == 1
    assert len({line["request"] for line in about}) == 1
    assert about[-1]["close"] == 1000


async def test_a_request_that_fails_is_logged_with_500_and_its_traceback_once(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OSError("the disk is gone")

    async with running_server(engine()) as running:
        monkeypatch.setattr(running.hub.store, "rooms", broken)
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as http:
            assert (await http.get("/v1/rooms")).status_code == 500
        monkeypatch.undo()
    (line,) = lines(log, "not served")
    assert line["status"] == 500
    failed = [line for line in lines(log) if "traceback" in line]
    assert len(failed) == 1
    assert failed[0]["logger"] == "uvicorn.error"
    assert "the disk is gone" in failed[0]["traceback"]
    assert logging.getLogger("uvicorn.error").propagate
