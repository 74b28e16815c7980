"""Thousands of clients that come, do what clients do or less, and go.

Run as ``python -m tests.faults.churn PORT COUNT``: one line of JSON says what became of them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.attacks import ROOM
from tests.faults.raw_socket import BINARY, CLOSE, TEXT, RawSocket, frame, upgrade

__all__ = ["churn"]

_AT_ONCE = 20
_PATIENCE_S = 60.0
_BYE = frame(CLOSE, b"\x03\xe8")
_GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


async def _speaks_and_stops(port: int) -> str:
    async with await RawSocket.greet(port, "/ws/publish") as raw:
        await raw.send(frame(TEXT, b'{"type":"start","room":"churn"}'))
        await raw.send(frame(BINARY, bytes(3200)))
        await raw.send(frame(TEXT, b'{"type":"stop"}'))
        while (received := await raw.frame()) is not None:
            if received.opcode == CLOSE:
                await raw.send(_BYE)
                return str(received.code)
    return "nothing"


async def _speaks_and_is_gone(port: int) -> str:
    raw = await RawSocket.greet(port, "/ws/publish")
    await raw.send(frame(TEXT, b'{"type":"start","room":"churn"}'))
    await raw.frame()
    raw.close(reset=True)
    return "left"


async def _reads_and_leaves(port: int) -> str:
    async with await RawSocket.greet(port, f"/ws/watch?room={ROOM}") as raw:
        await raw.send(frame(TEXT, b'{"type":"hello"}'))
        await raw.frame()
        await raw.send(_BYE)
        return await raw.last_word()


async def _reads_and_is_gone(port: int) -> str:
    raw = await RawSocket.greet(port, f"/ws/watch?room={ROOM}")
    await raw.frame()
    raw.close(reset=True)
    return "left"


async def _says_nothing(port: int) -> str:
    raw = await RawSocket.greet(port, "/ws/publish")
    raw.close()
    return "left"


async def _only_connects(port: int) -> str:
    raw = await RawSocket.open(port)
    raw.close()
    return "left"


async def _asks_and_hangs_up(port: int) -> str:
    raw = await RawSocket.open(port)
    await raw.send(upgrade("/ws/watch"))
    raw.close()
    return "left"


async def _gets_an_answer(port: int) -> str:
    async with await RawSocket.open(port) as raw:
        await raw.send(_GET)
        return await raw.last_word()


_KINDS: tuple[Callable[[int], Awaitable[str]], ...] = (
    _speaks_and_stops,
    _reads_and_leaves,
    _gets_an_answer,
    _speaks_and_is_gone,
    _reads_and_leaves,
    _only_connects,
    _reads_and_is_gone,
    _says_nothing,
    _asks_and_hangs_up,
    _speaks_and_stops,
)


async def churn(port: int, count: int, rate: float = 200.0) -> dict[str, Any]:
    """Let clients come and go, some at the same time; return how they fared.

    Args:
        port: of the server, on this machine.
        count: how many.
        rate: at most so many in a second. The server lets ten come from one address.
    """
    ends: Counter[str] = Counter()
    numbers = iter(range(count))
    clock = asyncio.get_running_loop().time

    async def come_and_go() -> None:
        for number in numbers:
            await asyncio.sleep(began + number / rate - clock())
            client = _KINDS[number % len(_KINDS)]
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    end = await client(port)
            except (OSError, TimeoutError) as error:
                end = f"{type(error).__name__} {error}"[:80]
            ends[f"{client.__name__.strip('_')}: {end}"] += 1

    began = clock()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(come_and_go())
    took = clock() - began
    return {"connections": count, "seconds": round(took, 1), "ends": dict(ends.most_common())}


def main() -> None:
    """Come and go, then say how it was."""
    port, count = (int(given) for given in sys.argv[1:])
    sys.stdout.write(json.dumps(asyncio.run(churn(port, count))) + "\n")


if __name__ == "__main__":
    main()
