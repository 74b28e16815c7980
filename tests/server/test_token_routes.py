"""``POST /v1/tokens``, and what a token opens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from livecaption.access.roles import Role
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.protocol.limits import SUBPROTOCOL
from tests.keys import bearer, make_key
from tests.serving import Running, close_code, receive, running_server


@asynccontextmanager
async def serving(data: Path, **given: Any) -> AsyncIterator[tuple[Running, httpx2.AsyncClient]]:
    async with running_server(ScriptedTranscriber(), data_dir=data, **given) as running:
        async with httpx2.AsyncClient(base_url=running.http, timeout=10) as client:
            yield running, client


def offering(running: Running, path: str, token: str, origin: str | None = None) -> connect:
    return connect(
        running.ws + path,
        subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol("lct." + token)],
        origin=Origin(origin) if origin else None,
    )


async def status_of(opening: connect) -> int:
    try:
        async with opening:
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def token_for(client: httpx2.AsyncClient, key: str, **wish: Any) -> str:
    origin = wish.pop("from_page", None)
    headers = bearer(key) | ({"Origin": origin} if origin else {})
    answer = await client.post("/v1/tokens", json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    token: str = answer.json()["token"]
    return token


async def test_a_token_opens_one_socket_of_its_page(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (running, client):
        page = running.http
        token = await token_for(client, key, room="hall", from_page=page)
        assert await status_of(offering(running, "/ws/publish", token)) == 401
        async with offering(running, "/ws/publish", token, page) as socket:
            assert socket.subprotocol == SUBPROTOCOL, "the token is never selected"
            await socket.send('{"type":"start","room":"hall"}')
            assert (await receive(socket))["type"] == "ready"
        assert await status_of(offering(running, "/ws/publish", token, page)) == 401


async def test_a_token_opens_its_own_room_and_role_only(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (running, client):
        token = await token_for(client, key, room="hall")
        async with offering(running, "/ws/publish", token) as socket:
            await socket.send('{"type":"start","room":"other"}')
            assert (await receive(socket))["code"] == "not_allowed"
            assert await close_code(socket) == 4503
        watching = await token_for(client, key, room="hall", role="watch")
        assert await status_of(offering(running, "/ws/publish", watching)) == 403
        watching = await token_for(client, key, room="hall", role="watch")
        assert await status_of(offering(running, "/ws/watch?room=other", watching)) == 403
        watching = await token_for(client, key, room="hall", role="watch")
        assert await status_of(offering(running, "/ws/watch?room=hall", watching)) == 101


async def test_a_watcher_may_show_its_token_in_its_first_message(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    async with serving(tmp_path) as (running, client):

        async def greet(token: str, room: str = "hall") -> dict[str, Any]:
            address = f"{running.ws}/ws/watch?room={room}"
            async with connect(address, subprotocols=[Subprotocol(SUBPROTOCOL)]) as viewer:
                await viewer.send(json.dumps({"type": "hello", "token": token}))
                message = await receive(viewer)
                if message["type"] == "error":
                    message["close"] = await close_code(viewer)
                return message

        token = await token_for(client, key, room="hall", role="watch")
        assert (await greet(token))["type"] == "snapshot"
        again = await greet(token)
        assert (again["code"], again["close"]) == ("token_used", 4501)
        elsewhere = await greet(await token_for(client, key, room="hall", role="watch"), "other")
        assert (elsewhere["code"], elsewhere["close"]) == ("not_allowed", 4503)
        forged = await greet("eyJhIjoxfQ." + "A" * 43)
        assert (forged["code"], forged["close"]) == ("bad_token", 4501)
        assert (await greet("lv_unknown"))["close"] == 4501
        assert (await greet(key))["close"] == 4501, "a key is not for readers' first messages"


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"room": "hall", "role": "publish"}, 403, "not_allowed"),
        ({"room": "other", "role": "watch"}, 403, "not_allowed"),
        ({"room": "hall", "role": "admin"}, 400, "bad_request"),
        ({"room": "a b"}, 400, "bad_request"),
        ({"room": 7}, 400, "bad_request"),
        ({"colour": "red"}, 400, "bad_request"),
        ({"role": "watch", "room": "hall", "origin": "captions.example"}, 400, "bad_request"),
    ],
)
async def test_a_key_gives_no_more_than_it_has(
    tmp_path: Path, wish: dict[str, Any], status: int, code: str
) -> None:
    key = await make_key(tmp_path, Role.WATCH, rooms=("hall",))
    async with serving(tmp_path) as (_, client):
        answer = await client.post("/v1/tokens", json=wish, headers=bearer(key))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("body", [b"[", b"7", b"\xff", b'{"room":"' + b"x" * 5000 + b'"}'])
async def test_a_body_that_is_none_is_refused(tmp_path: Path, body: bytes) -> None:
    async with serving(tmp_path) as (_, client):
        answer = await client.post("/v1/tokens", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


async def test_a_link_makes_no_tokens(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (_, client):
        made = await client.post("/v1/rooms/main/links", headers=bearer(key))
        answer = await client.post(
            "/v1/tokens", json={"role": "watch"}, headers=bearer(made.json()["token"])
        )
    assert answer.status_code == 403


async def test_a_site_gets_tokens_for_its_own_pages_without_showing_them_the_key(
    tmp_path: Path,
) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    site = "https://friend.example"
    async with serving(tmp_path, allowed_origins=(site,)) as (running, client):
        token = await token_for(client, key, origin=site + "/")
        assert await status_of(offering(running, "/ws/publish", token, running.http)) == 401
        assert await status_of(offering(running, "/ws/publish", token, site)) == 101
        # A page cannot have a token for another one.
        answer = await client.post(
            "/v1/tokens",
            json={"origin": site},
            headers={**bearer(key), "Origin": running.http},
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_origin")


async def test_a_token_is_good_for_a_moment(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (running, client):
        keeper = running.server._app.state.doorkeeper
        token = await token_for(client, key)
        now = keeper._clock()
        keeper._clock = lambda: now + keeper.token_s
        assert await status_of(offering(running, "/ws/publish", token)) == 401


async def test_without_keys_tokens_are_given_to_whoever_asks_and_nobody_needs_one(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as (running, client):
        assert (await client.get("/readyz")).json()["access"] == "open"
        answer = await client.post("/v1/tokens")
        assert answer.status_code == 201
        wanted = {"room": "main", "role": "publish", "expires_in_s": 60}
        assert wanted.items() <= answer.json().items()
        assert await status_of(offering(running, "/ws/publish", answer.json()["token"])) == 101
        await make_key(tmp_path, Role.PUBLISH)
        await keeper_refreshed(running)
        assert (await client.get("/readyz")).json()["access"] == "key"
        # What was given to anybody opens nothing any more.
        assert await status_of(offering(running, "/ws/publish", answer.json()["token"])) == 401


async def keeper_refreshed(running: Running) -> None:
    await running.server._app.state.doorkeeper.keys.refresh()


async def test_a_reader_with_a_link_gets_the_room_over_http_and_no_other(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (_, client):
        made = (await client.post("/v1/rooms/hall/links", headers=bearer(key))).json()
        link = bearer(made["token"])
        assert (await client.get("/v1/rooms/hall/transcript", headers=link)).status_code == 404
        assert (await client.get("/v1/rooms/other/transcript", headers=link)).status_code == 403
        assert (await client.get("/v1/rooms/hall/links", headers=link)).status_code == 403
        assert (await client.delete("/v1/rooms/hall", headers=link)).status_code == 403
        playlist = await client.get("/v1/rooms/hall/captions.m3u8", headers=link)
        assert playlist.status_code == 200
        segment = [line for line in playlist.text.splitlines() if ".vtt" in line][-1]
        piece = await client.get(f"/v1/rooms/hall/{segment}", headers=link)
        assert piece.headers["cache-control"].startswith("private"), "no cache gives it to others"
        async with client.stream("GET", "/v1/rooms/hall/events", headers=link) as answer:
            assert answer.status_code == 200
            path = f"/v1/rooms/hall/links/{made['id']}"
            assert (await client.delete(path, headers=bearer(key))).status_code == 204
            async for _line in answer.aiter_lines():
                pass
        gone = await client.get("/v1/rooms/hall/transcript", headers=link)
        assert (gone.status_code, gone.json()["error"]["code"]) == (401, "link_revoked")


async def test_the_code_for_an_audience_leads_in_with_the_link_that_drew_it(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.PUBLISH)
    async with serving(tmp_path) as (_, client):
        link = (await client.post("/v1/rooms/hall/links", headers=bearer(key))).json()["token"]
        plain = await client.get("/v1/rooms/hall/qr.svg", headers=bearer(key))
        drawn = await client.get("/v1/rooms/hall/qr.svg", headers=bearer(link))
    assert plain.status_code == drawn.status_code == 200
    assert plain.content != drawn.content
    assert drawn.headers["cache-control"] == "no-store"
