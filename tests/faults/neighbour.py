"""Somebody who speaks and somebody who reads, and how long a word takes from the one to the other.

The engine under test hears a word every 0.3 s (``livecaption.bench.costless``), whatever is said;
so every 0.3 s there is a delay to be measured, and what makes one longer is not the decoder.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from livecaption.core.stats import percentile
from livecaption.protocol.limits import SUBPROTOCOL
from tests.serving import speech

__all__ = ["Delays", "Neighbour", "neighbour"]

_CHUNK_S = 0.1
_LOOP_S = 8.0
_READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Delays:
    """From the end of a word to the arrival of its commit at the reader, seconds."""

    words: int
    p50: float
    p95: float
    worst: float

    @staticmethod
    def of(delays: Sequence[float]) -> Delays:
        return Delays(
            len(delays),
            round(percentile(delays, 50), 3),
            round(percentile(delays, 95), 3),
            round(max(delays), 3),
        )


@dataclass(slots=True)
class Neighbour:
    """What the reader saw."""

    began: float = 0.0
    """When sample 0 was spoken, on the loop's clock."""
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    """When each word was spoken to its end, and when it came; both on the loop's clock."""
    troubles: list[str] = field(default_factory=list)
    """Messages that a healthy stream does not get."""

    def between(self, begin: float, end: float) -> Delays:
        """Return the delays of what was spoken in a stretch of time."""
        delays = [came - spoken for spoken, came in self.arrivals if begin <= spoken < end]
        if not delays:
            raise AssertionError(f"not one word came in {end - begin:.0f} s; {self.troubles}")
        return Delays.of(delays)


@asynccontextmanager
async def neighbour(url: str, room: str) -> AsyncIterator[Neighbour]:
    """Speak and read in a room until the block ends."""
    seen = Neighbour()
    offered = [Subprotocol(SUBPROTOCOL)]
    async with (
        connect(f"{url}/ws/publish", subprotocols=offered, proxy=None) as speaker,
        connect(f"{url}/ws/watch?room={room}", subprotocols=offered, proxy=None) as reader,
    ):
        await speaker.send(json.dumps({"type": "start", "room": room, "language": "en"}))
        async with asyncio.timeout(_READY_S):
            await speaker.recv()
            await reader.recv()
        seen.began = asyncio.get_running_loop().time()
        tasks = [
            asyncio.create_task(_speak(speaker, seen)),
            asyncio.create_task(_listen(speaker, seen)),
            asyncio.create_task(_read(reader, seen)),
        ]
        try:
            yield seen
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            seen.troubles += [repr(each) for each in ended if isinstance(each, Exception)]


async def _speak(socket: ClientConnection, seen: Neighbour) -> None:
    clock = asyncio.get_running_loop().time
    sound = speech(_LOOP_S)
    size = int(_CHUNK_S * 32_000)
    number = 0
    while True:
        await asyncio.sleep(max(0.0, seen.began + (number + 1) * _CHUNK_S - clock()))
        at = number * size % len(sound)
        await socket.send(sound[at : at + size])
        number += 1


async def _listen(socket: ClientConnection, seen: Neighbour) -> None:
    async for text in socket:
        message = json.loads(text)
        if message["type"] in ("error", "gap"):
            seen.troubles.append(str(text))


async def _read(socket: ClientConnection, seen: Neighbour) -> None:
    clock = asyncio.get_running_loop().time
    async for text in socket:
        message = json.loads(text)
        if message["type"] == "delta":
            now = clock()
            seen.arrivals += [(seen.began + word["end"], now) for word in message["words"]]
