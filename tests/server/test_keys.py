"""Keys in a running server: seen, used and taken back while it runs."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.access.key_text import read_key
from livecaption.access.roles import KeyLimits, Role
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.errors import OperatorError
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.doorkeeper import Doorkeeper
from livecaption.server.key_ring import KeyRing
from livecaption.settings import load_settings
from livecaption.storage.keys import KeyStore
from livecaption.storage.pepper import PEPPER_FILE
from livecaption.storage.store import FILE_NAME
from tests.keys import bearer, make_key
from tests.serving import Running, close_code, events_until, receive, running_server, speech, within

ENGINE = ScriptedTranscriber(script("good morning", start=0.2))
SECONDS = 8
"""What counts as "within seconds": keys are read every second."""


@asynccontextmanager
async def serving(data: Path, **given: Any) -> AsyncIterator[tuple[Running, httpx2.AsyncClient]]:
    async with running_server(ENGINE, data_dir=data, **given) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as client:
            yield running, client


def publisher(running: Running, **headers: str) -> connect:
    return connect(
        f"{running.ws}/ws/publish",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers=headers,
    )


async def start(socket: ClientConnection, **wishes: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"type": "start", **wishes}))
    return await receive(socket)


def id_of(key: str) -> str:
    text = read_key(key.encode())
    assert text is not None
    return text.id


async def revoke(data: Path, key: str) -> None:
    store = await KeyStore.open(data)
    await store.revoke(id_of(key), time.time())
    await store.aclose()


async def until_status(client: httpx2.AsyncClient, headers: dict[str, str], status: int) -> None:
    async with asyncio.timeout(SECONDS):
        while (await client.get("/v1/rooms", headers=headers)).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "form", ["Authorization: Bearer {}", "authorization: bearer  {}", "x-api-key: {}"]
)
async def test_a_key_is_taken_in_either_header(tmp_path: Path, form: str) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    name, _, value = form.format(key).partition(": ")
    async with serving(tmp_path) as (_, client):
        answer = await client.get("/v1/rooms", headers={name: value})
    assert answer.status_code == 200


NOT_KEYS = [
    b"lck_nonsense",
    "lck_Ключ".encode(),
    b"\xff\xfe\x80",
    b"lv_" + b"\xff" * 10,
    b"x" * 5000,
    b"Bearer",
]


@pytest.mark.parametrize("shown", NOT_KEYS)
@pytest.mark.parametrize("header", ["Authorization", "x-api-key"])
@pytest.mark.parametrize("single", [None, "correct horse battery staple"])
async def test_a_header_that_holds_anything_else_is_401_and_no_fault(
    tmp_path: Path, shown: bytes, header: str, single: str | None
) -> None:
    await make_key(tmp_path, Role.WATCH)
    value = b"Bearer " + shown if header == "Authorization" else shown
    async with serving(tmp_path, api_key=single) as (_, client):
        answer = await client.get("/v1/rooms", headers=[(header.encode(), value)])
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] in ("bad_key", "key_required", "link_revoked")


async def test_a_password_of_a_proxy_is_no_key(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    async with serving(tmp_path) as (_, client):
        basic = {"Authorization": "Basic dXNlcjpwYXNz"}
        answer = await client.get("/v1/rooms", headers=basic)
        assert answer.json()["error"]["code"] == "key_required"
        answer = await client.get("/v1/rooms", headers={**basic, "x-api-key": key})
        assert answer.status_code == 200


async def test_the_single_key_may_do_everything_and_nothing_else_does(tmp_path: Path) -> None:
    async with serving(tmp_path, api_key="schlüssel") as (running, client):
        assert (await client.get("/v1/rooms")).status_code == 401
        headers = [(b"x-api-key", "schlüssel".encode())]
        assert (await client.get("/v1/rooms", headers=headers)).status_code == 200
        assert (await client.delete("/v1/rooms/main", headers=headers)).status_code == 200
        with pytest.raises(InvalidStatus):
            async with publisher(running):
                pass


async def test_the_first_key_closes_the_door_and_its_revocation_does_not_open_it(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as (_, client):
        assert (await client.get("/v1/rooms")).status_code == 200
        key = await make_key(tmp_path, Role.WATCH)
        await until_status(client, {}, 401)
        assert (await client.get("/v1/rooms", headers=bearer(key))).status_code == 200
        await revoke(tmp_path, key)
        await until_status(client, bearer(key), 401)
        assert (await client.get("/v1/rooms")).status_code == 401


async def test_a_key_that_is_taken_back_closes_its_sockets_and_no_others(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    other = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (running, client):
        async with (
            publisher(running, **bearer(key)) as socket,
            publisher(running, **bearer(other)) as stays,
        ):
            assert (await start(socket))["type"] == "ready"
            assert (await start(stays))["type"] == "ready"
            viewer = connect(
                f"{running.ws}/ws/watch",
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers=bearer(key),
            )
            async with viewer as reading:
                assert (await receive(reading))["type"] == "snapshot"
                await socket.send(speech(1.2))
                await events_until(socket, "utterance_started")
                await revoke(tmp_path, key)
                async with asyncio.timeout(SECONDS):
                    seen = await events_until(socket, "closed")
                    assert [e["text"] for e in seen if e["type"] == "final"], "said words stay"
                    errors = [e["code"] for e in seen if e["type"] == "error"]
                    assert errors == ["key_revoked"]
                    assert await close_code(socket) == 4501
                    assert await close_code(reading) == 4501
            await stays.send('{"type":"finalize"}')
            await events_until(stays, "finalized")
        answer = await client.get("/v1/rooms", headers=bearer(key))
        assert answer.json()["error"]["code"] == "key_revoked"


async def test_an_event_stream_ends_with_its_key(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    async with serving(tmp_path) as (_, client):
        async with client.stream("GET", "/v1/rooms/main/events", headers=bearer(key)) as answer:
            assert answer.status_code == 200
            await revoke(tmp_path, key)
            async with asyncio.timeout(SECONDS):
                async for _line in answer.aiter_lines():
                    pass


async def test_a_key_expires_while_its_socket_is_open(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH, expires_at=time.time() + 2)
    async with serving(tmp_path) as (running, client):
        async with publisher(running, **bearer(key)) as socket:
            assert (await start(socket))["type"] == "ready"
            async with asyncio.timeout(SECONDS + 2):
                assert await close_code(socket) == 4501
        answer = await client.get("/v1/rooms", headers=bearer(key))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "key_expired")


async def test_a_key_is_good_for_its_rooms(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH, rooms=("lecture-*",))
    async with serving(tmp_path) as (running, client):
        async with publisher(running, **bearer(key)) as socket:
            assert (await start(socket, room="main"))["code"] == "not_allowed"
            assert await close_code(socket) == 4503
        async with publisher(running, **bearer(key)) as socket:
            assert (await start(socket, room="lecture-1"))["type"] == "ready"
            rooms = (await client.get("/v1/rooms", headers=bearer(key))).json()["rooms"]
            assert [room["room"] for room in rooms] == ["lecture-1"]
            other = await make_key(tmp_path, Role.WATCH, rooms=("main",))
            await until_status(client, bearer(other), 200)
            listed = await client.get("/v1/rooms", headers=bearer(other))
            assert listed.json()["rooms"] == []


async def test_a_key_may_have_fewer_speakers_at_once_than_the_server(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH, limits=KeyLimits(streams=1))
    async with serving(tmp_path) as (running, _):
        async with publisher(running, **bearer(key)) as first:
            ready = await start(first)
            async with publisher(running, **bearer(key)) as second:
                error = await start(second)
                assert (error["code"], error["fatal"]) == ("too_many_streams", True)
                assert error["retry_after_ms"] > 0
                assert await close_code(second) == 1013
            # Going on with the session it has is no second speaker.
            resume = {"session": ready["session"], "resume_token": ready["resume_token"]}
            async with publisher(running, **bearer(key)) as again:
                answer = await start(again, resume={**resume, "last_seq": 0})
                assert answer["resumed"] is True
                assert await close_code(first) == 4009


async def test_a_session_may_be_gone_on_with_by_a_token_of_the_same_server(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (running, client):
        async with publisher(running, **bearer(key)) as first:
            ready = await start(first)
        token = (await client.post("/v1/tokens", headers=bearer(key))).json()["token"]
        offered = [Subprotocol(SUBPROTOCOL), Subprotocol("lct." + token)]
        async with connect(f"{running.ws}/ws/publish", subprotocols=offered) as socket:
            assert socket.subprotocol == SUBPROTOCOL
            resume = {"session": ready["session"], "resume_token": ready["resume_token"]}
            assert (await start(socket, resume={**resume, "last_seq": 0}))["resumed"] is True


@pytest.mark.parametrize("name", ["key", "token", "api_key", "access_token"])
@pytest.mark.parametrize("path", ["/v1/rooms", "/v1/rooms/main/transcript"])
async def test_a_secret_in_the_address_is_refused_even_when_it_is_right(
    tmp_path: Path, name: str, path: str
) -> None:
    key = await make_key(tmp_path, Role.ADMIN)
    async with serving(tmp_path) as (_, client):
        answer = await client.get(path, params={name: key}, headers=bearer(key))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "secret_in_url")


async def test_when_a_key_was_used_is_known_to_the_minute(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    clock = [1000.0]
    ring = await KeyRing.open(load_settings(None, data_dir=tmp_path), lambda: clock[0])

    async def used_at() -> float | None:
        store = await KeyStore.open(tmp_path)
        (record,) = await store.all()
        await store.aclose()
        return record.used_at

    async def use_at(now: float) -> float | None:
        clock[0] = now
        ring.find(key.encode())
        await ring.note_use()
        return await used_at()

    assert await use_at(1000) == 1000
    assert await use_at(1059) == 1000, "one write a minute is enough"
    assert await use_at(1060) == 1060
    clock[0] = 1061
    ring.find(key.encode())
    await ring.aclose()
    assert await used_at() == 1061, "the last use is written down on the way out"


async def test_keys_hold_although_transcripts_are_not_kept(tmp_path: Path) -> None:
    await make_key(tmp_path, Role.WATCH)
    async with serving(tmp_path, store=False) as (_, client):
        assert (await client.get("/v1/rooms")).status_code == 401


async def test_a_disk_that_fails_keeps_the_known_keys_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    ring = await KeyRing.open(load_settings(None, data_dir=tmp_path))
    with sqlite3.connect(tmp_path / FILE_NAME) as damage:
        damage.execute("DROP TABLE api_key")
    damage.close()
    keeping = asyncio.create_task(ring.keep(every_s=0.0))
    with caplog.at_level(logging.ERROR):
        await within(lambda: "cannot be read again" in caplog.text)
    assert ring.find(key.encode()).may(Role.WATCH)
    ring.leave()
    await keeping
    await ring.aclose()
    assert caplog.text.count("cannot be read again") == 1, "once for each failure"


async def test_a_lost_pepper_is_said_in_the_log_and_opens_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    (tmp_path / PEPPER_FILE).unlink()
    with caplog.at_level(logging.ERROR):
        async with serving(tmp_path) as (_, client):
            assert (await client.get("/v1/rooms", headers=bearer(key))).status_code == 401
    assert "another secret" in caplog.text
    assert key not in caplog.text


async def test_keys_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "transcripts.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(OperatorError, match="data-dir"):
        await KeyRing.open(load_settings(None, data_dir=tmp_path))


async def test_no_key_reaches_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    with caplog.at_level(logging.DEBUG):
        async with serving(tmp_path, log_level="debug") as (running, client):
            token = (await client.post("/v1/tokens", headers=bearer(key))).json()["token"]
            await client.get("/v1/rooms", headers=bearer(key[:-1] + "x"))
            async with publisher(running, **bearer(key)) as socket:
                await start(socket)
            keeper: Doorkeeper = running.server._app.state.doorkeeper
            assert key not in repr(keeper.keys._records)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("livecaption")]
    assert not [text for text in ours if key[14:] in text or token in text]
