"""An hour of speech at high speed, in sessions that come and go: nothing grows.

``livecaption bench --soak`` does it at speaking speed, for hours.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.faults.churn import churn
from tests.faults.raw_socket import BINARY, CLOSE, TEXT, RawSocket, frame
from tests.faults.siege import besiege
from tests.serving import speech

_STREAMS = 6
_SESSION_S = 100.0
_SPEED = 50.0
_CHUNK_S = 0.25
_PATIENCE_S = 120.0
_GROWN_MB = 24.0
"""Allocators and pools are still filling up; 36 sessions that somebody keeps would be 40 MB."""


async def speak(port: int, room: str) -> dict[str, Any]:
    """Hold one session, much faster than anybody speaks; return its account."""
    sound = speech(_SESSION_S / 2) + bytes(int(_SESSION_S / 2 * 32_000))
    size = int(_CHUNK_S * 32_000)
    async with await RawSocket.greet(port, "/ws/publish") as raw:
        await raw.send(frame(TEXT, json.dumps({"type": "start", "room": room}).encode()))
        reading = asyncio.create_task(_account(raw))
        for at in range(0, len(sound), size):
            await raw.send(frame(BINARY, sound[at : at + size]))
            await asyncio.sleep(_CHUNK_S / _SPEED)
        await raw.send(frame(TEXT, b'{"type":"stop"}'))
        async with asyncio.timeout(_PATIENCE_S):
            return await reading


async def _account(raw: RawSocket) -> dict[str, Any]:
    """Read to the end; return the last message."""
    last = b"{}"
    while (received := await raw.frame()) is not None:
        if received.opcode == TEXT:
            last = received.payload
        if received.opcode == CLOSE:
            await raw.send(frame(CLOSE, b"\x03\xe8"))
            break
    account: dict[str, Any] = json.loads(last)
    return account


async def soak(port: int, rounds: int) -> list[dict[str, Any]]:
    """Let several speak at once, again and again."""

    async def again(number: int) -> list[dict[str, Any]]:
        return [await speak(port, f"soak-{number}") for _ in range(rounds)]

    each = await asyncio.gather(*(again(number) for number in range(_STREAMS)))
    return [account for accounts in each for account in accounts]


async def test_an_hour_of_speech_leaves_a_server_as_it_was() -> None:
    async def warm_up(port: int) -> None:
        await churn(port, 100, rate=1000)
        await soak(port, 2)

    siege = await besiege(
        lambda port: soak(port, 6),
        calm_s=2.0,
        settings={"MAX_SPEED": "1000"},
        warm_up=warm_up,
        patience_s=_PATIENCE_S,
    )
    accounts = siege.besiegers
    assert sum(each["audio_s"] for each in accounts) == _STREAMS * 6 * _SESSION_S == 3600
    assert all(each["lost_s"] == 0 and each["reason"] == "stop" for each in accounts)
    assert all(each["captioned_s"] > 0 for each in accounts)
    assert siege.grown_mb < _GROWN_MB
    broken = siege.broken(within_s=_PATIENCE_S)
    assert [each for each in broken if not each.startswith(("neighbour:", "memory:"))] == []
