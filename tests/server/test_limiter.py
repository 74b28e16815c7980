"""Rates, quotas and places, for keys and for addresses."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from livecaption.access.rates import Limit, Limits, Rate
from livecaption.access.roles import ANYBODY, KeyLimits, Kind, Principal, Role
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.errors import LiveCaptionError, OperatorError, Overloaded, QuotaUsed, RateLimited
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.server.counters import Counters
from livecaption.server.limiter import Limiter
from livecaption.settings import load_settings
from tests.keys import bearer, make_key
from tests.serving import close_code, free_port, running_server, within

HERE, THERE = "203.0.113.7", "203.0.113.8"
HOUR = Rate(3, 3600)
"""Three in an hour: no test comes near its end."""


def limiter(counters: Counters | None = None, **changes: Any) -> Limiter:
    given: dict[str, Any] = {
        "storage": "memory://",
        "rates": dict.fromkeys(Limit, HOUR),
        "streams": 2,
        "jobs": 2,
        "sockets": 2,
        "connections": 2,
    }
    return Limiter(Limits(**{**given, **changes}), counters or Counters.open("memory://"))


def holder(key: str = "k1", **limits: Any) -> Principal:
    return Principal(Kind.KEY, frozenset({Role.ADMIN}), key=key, limits=KeyLimits(**limits))


async def allowed(limits: Limiter, kind: Limit, who: Principal, address: str) -> int:
    """How many of ten are let through."""
    through = 0
    for _ in range(10):
        try:
            await limits.check(kind, who, address)
        except LiveCaptionError:
            continue
        through += 1
    return through


async def test_each_address_has_a_rate_of_its_own() -> None:
    limits = limiter()
    for kind in (Limit.READS, Limit.CONNECTS, Limit.TOKENS, Limit.FAILURES):
        assert await allowed(limits, kind, ANYBODY, HERE) == 3
        assert await allowed(limits, kind, holder(), HERE) == 0
        assert await allowed(limits, kind, ANYBODY, THERE) == 3


async def test_work_is_counted_for_the_key_and_for_the_address() -> None:
    limits = limiter()
    assert await allowed(limits, Limit.REQUESTS, holder("a"), HERE) == 3
    assert await allowed(limits, Limit.REQUESTS, holder("a"), THERE) == 0, "the key has had enough"
    assert await allowed(limits, Limit.REQUESTS, holder("b"), HERE) == 0, "the address has, too"


async def test_what_a_key_is_entitled_to_is_not_cut_down_by_its_address() -> None:
    limits = limiter()
    who = holder(requests="5/hour")
    assert await allowed(limits, Limit.REQUESTS, ANYBODY, HERE) == 3
    assert await allowed(limits, Limit.REQUESTS, who, HERE) == 5


async def test_a_site_of_ipv6_counts_as_one_address() -> None:
    limits = limiter()
    for at in range(3):
        await limits.check(Limit.READS, ANYBODY, f"2001:db8::{at}")
    with pytest.raises(RateLimited):
        await limits.check(Limit.READS, ANYBODY, "2001:db8::ffff")
    await limits.check(Limit.READS, ANYBODY, "2001:db8:0:1::1")


async def test_programs_of_this_machine_are_limited_in_work_and_in_guessing_only() -> None:
    limits = limiter()
    assert await allowed(limits, Limit.READS, ANYBODY, "127.0.0.1") == 10
    assert await allowed(limits, Limit.CONNECTS, ANYBODY, "::1") == 10
    assert await allowed(limits, Limit.REQUESTS, ANYBODY, "127.0.0.1") == 3
    assert await allowed(limits, Limit.FAILURES, ANYBODY, "127.0.0.1") == 3


async def test_uploads_are_a_share_of_the_day_for_each_key() -> None:
    limits = limiter(rates={**dict.fromkeys(Limit, HOUR), Limit.UPLOADS: Rate(1000, 86_400)})
    await limits.check(Limit.UPLOADS, holder(), HERE, cost=900)
    with pytest.raises(QuotaUsed) as caught:
        await limits.check(Limit.UPLOADS, holder(), HERE, cost=200)
    assert 0 < caught.value.retry_after <= 2 * 86_400
    await limits.check(Limit.UPLOADS, holder("k2"), HERE, cost=900)
    await limits.check(Limit.UPLOADS, holder("k3", upload_mb=5), HERE, cost=4000)


async def test_a_limit_that_is_off_limits_nothing() -> None:
    limits = limiter(rates=dict.fromkeys(Limit, None))
    for kind in Limit:
        assert await allowed(limits, kind, ANYBODY, HERE) == 10
    await limits.check_failures(HERE)


async def test_the_wait_that_is_told_is_enough() -> None:
    counters = Counters.open("memory://")
    rate = Rate(2, 1)
    while await counters.hit(rate, "x") is None:
        pass
    wait_s = await counters.look(rate, "x")
    assert wait_s is not None
    assert 1 <= wait_s <= 2
    async with asyncio.timeout(10):
        while await counters.hit(rate, "x") is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_speakers_are_counted_for_each_key() -> None:
    limits = limiter()
    limits.check_streams(holder(), 1)
    with pytest.raises(Overloaded) as caught:
        limits.check_streams(holder(), 2)
    assert caught.value.code == "too_many_streams"
    limits.check_streams(holder(streams=3), 2)
    limits.check_streams(ANYBODY, 1000)


def test_an_address_has_so_many_places_and_gives_them_back() -> None:
    limits = limiter()
    with limits.socket_place(HERE), limits.socket_place(HERE):
        with pytest.raises(RateLimited), limits.socket_place(HERE):
            pass
        with limits.socket_place(THERE):
            pass
    with limits.socket_place(HERE):
        pass
    assert not limits._sockets, "addresses without sockets are forgotten"


# -- in a server --------------------------------------------------------------------------------


async def test_too_many_wrong_keys_are_429_but_a_good_one_still_opens(tmp_path: Path) -> None:
    key = await make_key(tmp_path, Role.WATCH)
    given = {"data_dir": tmp_path, "limit_failures": "3/hour"}
    async with (
        running_server(ScriptedTranscriber(), **given) as running,
        httpx2.AsyncClient(base_url=running.http, timeout=10) as client,
    ):
        statuses = [
            (await client.get("/v1/rooms", headers=bearer("lck_wrong"))).status_code
            for _ in range(5)
        ]
        assert statuses == [401, 401, 401, 429, 429]
        answer = await client.get("/v1/rooms", headers=bearer("lck_wrong"))
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["error"]["code"] == "rate_limited"
        # 190 random bits are not guessed: nobody can lock its holder out.
        assert (await client.get("/v1/rooms", headers=bearer(key))).status_code == 200
        assert (await client.get("/v1/rooms")).status_code == 401, "showing nothing is no guess"


@pytest.mark.parametrize(
    ("single", "then"), [("secret", 429), ("a-key-that-nobody-guesses-in-time", 200)]
)
async def test_a_single_key_that_can_be_guessed_is_out_of_reach_after_too_many_guesses(
    tmp_path: Path, single: str, then: int
) -> None:
    given = {"data_dir": tmp_path, "limit_failures": "3/hour", "api_key": single}
    async with (
        running_server(ScriptedTranscriber(), **given) as running,
        httpx2.AsyncClient(base_url=running.http, timeout=10) as client,
    ):
        assert (await client.get("/v1/rooms", headers=bearer(single))).status_code == 200
        for guess in range(4):
            await client.get("/v1/rooms", headers=bearer(f"guess{guess}"))
        assert (await client.get("/v1/rooms", headers=bearer(single))).status_code == then


async def test_behind_a_trusted_proxy_each_client_is_counted_by_itself(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path, "limit_reads": "3/hour", "trusted_proxies": ("127.0.0.1",)}
    async with (
        running_server(ScriptedTranscriber(), **given) as running,
        httpx2.AsyncClient(base_url=running.http, timeout=10) as client,
    ):

        async def statuses(forwarded: str) -> list[int]:
            headers = {"X-Forwarded-For": forwarded}
            return [(await client.get("/v1/rooms", headers=headers)).status_code for _ in range(4)]

        assert await statuses(HERE) == [200, 200, 200, 429]
        assert await statuses(f"{THERE}, {HERE}") == [429] * 4, "what a client wrote is no address"
        assert await statuses(THERE) == [200, 200, 200, 429]


async def test_without_a_trusted_proxy_the_header_is_nothing(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path, "limit_reads": "3/hour"}
    async with (
        running_server(ScriptedTranscriber(), **given) as running,
        httpx2.AsyncClient(base_url=running.http, timeout=10) as client,
    ):
        for _ in range(5):
            answer = await client.get("/v1/rooms", headers={"X-Forwarded-For": HERE})
            assert answer.status_code == 200


async def test_an_address_cannot_hold_more_sockets_than_it_may(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path, "limit_sockets": 1, "trusted_proxies": ("127.0.0.1",)}

    def watching(address: str) -> connect:
        return connect(
            f"{running.ws}/ws/watch",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"X-Forwarded-For": address},
        )

    async with running_server(ScriptedTranscriber(), **given) as running:
        async with watching(HERE):
            with pytest.raises(InvalidStatus) as caught:
                async with watching(HERE):
                    pass
            assert caught.value.response.status_code == 429
            assert int(caught.value.response.headers["Retry-After"]) > 0
            async with watching(THERE):
                pass
        limits = running.hub.limiter
        await within(lambda: not limits._sockets)
        async with watching(HERE):
            pass


async def test_watchers_that_show_nothing_yet_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livecaption.server.limiter._WAITING_PLACES", 1)
    await make_key(tmp_path, Role.WATCH)
    given = {"data_dir": tmp_path, "trusted_proxies": ("127.0.0.1",)}
    async with running_server(ScriptedTranscriber(), **given) as running:
        opening = partial(
            connect,
            f"{running.ws}/ws/watch",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"X-Forwarded-For": HERE},
        )
        async with opening():
            await within(lambda: bool(running.hub.limiter._waiting))
            async with opening() as second:
                assert await close_code(second) == 1013


# -- storage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["redis", "http://x", "memcached://x", ""])
def test_a_storage_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(OperatorError, match="redis://"):
        Counters.open(address)


def test_the_password_of_a_storage_is_shown_nowhere() -> None:
    settings = load_settings(None, limits_storage="redis://:hunter2@127.0.0.1/0")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(settings.limits)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """A Redis server of our own; its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        reason = "no redis-server is installed"
        if os.environ.get("LIVECAPTION_REQUIRE_REDIS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    path = tmp_path / "redis.sock"
    command = [
        binary,
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL) as server:
        try:
            yield f"unix://{path}"
        finally:
            server.terminate()


@pytest.fixture
async def shared(redis: str) -> AsyncIterator[tuple[Counters, Counters]]:
    """Two servers' counters in one Redis."""
    await within(lambda: Path(redis.removeprefix("unix://")).is_socket(), 20)
    pair = Counters.open(redis), Counters.open(redis)
    yield pair
    for counters in pair:
        await counters.aclose()


async def test_servers_that_share_a_redis_count_together(
    shared: tuple[Counters, Counters], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = (limiter(counters) for counters in shared)
    with caplog.at_level(logging.WARNING):
        assert await allowed(one, Limit.REQUESTS, holder(), HERE) == 3
        assert await allowed(other, Limit.REQUESTS, holder(), HERE) == 0
        with pytest.raises(RateLimited) as caught:
            await other.check(Limit.REQUESTS, holder(), HERE)
        assert 1 <= caught.value.retry_after <= 3600
        assert await allowed(other, Limit.REQUESTS, holder("k2"), THERE) == 3
    assert not caplog.records, "Redis has answered each time"


async def test_without_its_redis_a_server_counts_alone_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters.open(f"redis://127.0.0.1:{free_port()}/0")
    with caplog.at_level(logging.WARNING):
        limits = limiter(counters)
        assert await allowed(limits, Limit.REQUESTS, holder(), HERE) == 3
        assert await allowed(limits, Limit.READS, holder(), HERE) == 3
    assert [r.getMessage() for r in caplog.records if "Redis does not answer" in r.getMessage()]
    assert len(caplog.records) == 1
    await counters.aclose()
