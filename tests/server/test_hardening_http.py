"""What a peer may not do to the server over plain HTTP: wait for ever, say too much, come in heaps.

Every test has one limit small and the others large.
"""

from __future__ import annotations

import json
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.wire_limits import WireLimits
from livecaption.settings import load_settings
from tests.faults.raw_socket import upgrade
from tests.server.raw_peer import RawPeer, get, raw_peer
from tests.serving import Running, running_server, within

PATIENT = WireLimits(
    head_s=600.0, keep_alive_s=600.0, body_s=600.0, address_connections=1000, uncounted=()
)
HERE, THERE = "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 203.0.113.8"


def serving(wire: WireLimits = PATIENT, **given: Any) -> Any:
    return running_server(ScriptedTranscriber(), wire=wire, **given)


def code_of(answer: bytes) -> tuple[int, str]:
    """Status and error code of an answer that closes its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def test_who_asks_for_nothing_is_cut_off_in_silence() -> None:
    async with serving(replace(PATIENT, head_s=0.2)) as running, raw_peer(running) as peer:
        assert await peer.hear_out() == b""


async def test_the_port_of_the_metrics_has_no_more_patience() -> None:
    async with running_server(ScriptedTranscriber(), metrics_port=0, head_timeout_s=0.2) as running:
        async with raw_peer(running, port=running.metrics_port) as peer:
            assert await peer.hear_out() == b""


@pytest.mark.parametrize("after", [b"", get()], ids=["at first", "after another request"])
async def test_a_head_that_comes_drop_by_drop_is_answered_with_408(after: bytes) -> None:
    async with serving(replace(PATIENT, head_s=1.0)) as running, raw_peer(running) as peer:
        await peer.say(after)
        if after:
            await peer.hear(b'"ok"')
        assert code_of(await peer.drip(get() * 100, 0.05 if after else 0.1)) == (
            408,
            "head_too_slow",
        )


async def test_a_connection_that_asks_for_nothing_more_is_closed() -> None:
    async with serving(replace(PATIENT, keep_alive_s=0.2)) as running, raw_peer(running) as peer:
        await peer.say(get())
        assert b" 200 " in await peer.hear_out()


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with serving(replace(PATIENT, body_s=0.2)) as running, raw_peer(running) as peer:
        await peer.say(
            b"POST /v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"
        )
        await peer.hear_out()
        await within(lambda: not running.server.server_state.tasks)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (get("/", f"X-Long: {'x' * 20_000}"), (431, "head_too_large")),
        (get("/?" + "x" * 20_000), (431, "head_too_large")),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400, "bad_request")),
    ],
    ids=["header", "url", "TLS"],
)
async def test_a_head_that_cannot_be_taken_is_answered(
    request_: bytes, answer: tuple[int, str]
) -> None:
    async with serving() as running, raw_peer(running) as peer:
        await peer.say(request_)
        assert code_of(await peer.hear_out()) == answer


async def test_a_body_that_turns_to_nonsense_ends_its_request() -> None:
    async with serving() as running, raw_peer(running) as peer:
        chunked = "Transfer-Encoding: chunked"
        await peer.say(get("/v1/tokens", chunked).replace(b"GET", b"POST", 1))
        await within(lambda: len(running.server.server_state.tasks) == 1)
        await peer.say(b"nonsense\r\n")
        assert code_of(await peer.hear_out()) == (400, "bad_request")
        await within(lambda: not running.server.server_state.tasks)


async def test_a_second_head_that_is_too_large_is_answered_behind_the_first() -> None:
    async with serving() as running, raw_peer(running) as peer:
        await peer.say(get() + get("/", f"X-Long: {'x' * 20_000}")[:-4])
        first, second = (await peer.hear_out()).split(b"HTTP/1.1 ")[1:]
        assert first.startswith(b"200")
        assert code_of(b"HTTP/1.1 " + second) == (431, "head_too_large")


async def test_nonsense_behind_an_answer_that_has_begun_is_no_part_of_it() -> None:
    async with serving() as running, raw_peer(running) as peer:
        await peer.say(get("/v1/rooms/main/events", "Transfer-Encoding: chunked"))
        await peer.hear(b"event: snapshot")
        await peer.say(b"nonsense\r\n")
        assert b"HTTP/1.1" not in await peer.hear_out()


async def test_an_address_with_all_its_connections_is_told_so_until_one_is_free() -> None:
    async with serving(replace(PATIENT, address_connections=2)) as running:
        async with raw_peer(running) as one, raw_peer(running) as other:
            await within(lambda: len(running.server.crowd) == 2)
            async with raw_peer(running) as third:
                await third.say(get())
                answer = await third.hear_out()
            assert code_of(answer) == (429, "too_many_connections")
            assert b"retry-after: 5" in answer.lower()
            assert running.hub.meters.rate_limited["connections"] == 1
            for early in (one, other):  # they never lost their turn
                await early.say(get())
                assert b" 200 " in await early.hear(b'"ok"')
        await within(lambda: len(running.server.crowd) == 0)
        assert b" 200 " in await asked(running)


async def test_who_comes_in_heaps_is_not_even_told() -> None:
    async with serving(replace(PATIENT, address_connections=1)) as running:
        async with AsyncExitStack() as held:
            for _ in range(20):
                await held.enter_async_context(raw_peer(running))
            # Of those that are turned away one may wait for its answer, for a second.
            await within(lambda: len(running.server.crowd) == 1)


async def test_an_idle_connection_makes_room_for_one_that_asks() -> None:
    async with serving(replace(PATIENT, address_connections=2)) as running:
        async with raw_peer(running) as oldest, raw_peer(running) as newer:
            for early in (oldest, newer):
                await early.say(get())
                await early.hear(b'"ok"')
            assert b" 200 " in await asked(running)
            assert await oldest.hear_out() == b""
            await newer.say(get())
            assert b" 200 " in await newer.hear(b'"ok"')


async def test_readers_that_were_let_in_leave_the_address_its_connections() -> None:
    async with serving(replace(PATIENT, address_connections=1)) as running:
        async with AsyncExitStack() as held:
            for _ in range(3):
                viewer = await held.enter_async_context(raw_peer(running))
                await viewer.say(upgrade())
                await viewer.hear(b'"snapshot"')
                stream = await held.enter_async_context(raw_peer(running))
                await stream.say(get("/v1/rooms/main/events"))
                await stream.hear(b"event: snapshot")
            assert b" 200 " in await asked(running)


async def test_when_all_descriptors_are_taken_nobody_is_answered_and_those_inside_go_on() -> None:
    async with serving(replace(PATIENT, connections=2)) as running:
        async with raw_peer(running) as one, raw_peer(running):
            await within(lambda: len(running.server.crowd) == 2)
            async with raw_peer(running) as third:
                assert await third.hear_out() == b""
            await one.say(get())
            assert b" 200 " in await one.hear(b'"ok"')


async def test_proxies_and_this_machine_are_not_held_to_account_for_their_clients() -> None:
    settings = load_settings(None, trusted_proxies=("192.0.2.0/24",), limit_connections=1)
    wire = WireLimits.of(settings)
    assert [str(each) for each in wire.uncounted] == ["127.0.0.0/8", "::1/128", "192.0.2.0/24"]
    assert (wire.address_connections, wire.connections is None or wire.connections > 64) == (
        1,
        True,
    )
    async with serving(replace(wire, head_s=600.0)) as running:
        async with raw_peer(running), raw_peer(running):
            await within(lambda: len(running.server.crowd) == 2)
            assert b" 200 " in await asked(running)


async def test_behind_a_proxy_an_address_has_so_many_requests_at_once() -> None:
    given = {"limit_connections": 1, "trusted_proxies": ("127.0.0.1",)}
    async with running_server(ScriptedTranscriber(), **given) as running:
        async with raw_peer(running) as slow:
            begun = get("/v1/tokens", HERE, "Content-Length: 99").replace(b"GET", b"POST", 1)
            await slow.say(begun)
            await within(lambda: bool(running.hub.limiter._requests))
            assert b" 429 " in await asked(running, "/v1/rooms", HERE)
            assert b" 200 " in await asked(running, "/v1/rooms", THERE)
        await within(lambda: not running.hub.limiter._requests)
        assert b" 200 " in await asked(running, "/v1/rooms", HERE)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="needs Linux")
async def test_a_peer_that_reads_no_answers_is_given_up_by_the_kernel() -> None:
    async with serving(ping_s=0.5) as running, raw_peer(running, tiny=True) as peer:
        await peer.say(get("/") * 200)
        await within(lambda: len(running.server.server_state.connections) == 1)
        await within(lambda: not running.server.server_state.connections, 60)


async def asked(running: Running, path: str = "/healthz", *headers: str) -> bytes:
    """The answer to a request on a connection of its own."""
    peer = RawPeer(running.port)
    try:
        await peer.connect()
        await peer.say(get(path, "Connection: close", *headers))
        return await peer.hear_out()
    finally:
        peer.close()
