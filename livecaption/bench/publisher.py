"""One publisher: plays an excerpt at speaking speed over a WebSocket and keeps the log.

A block of 100 ms is sent when its last sample has been spoken, on a schedule that does not drift:
what the client is late shows in the log and delays no later block. Kept lean on purpose, because
hundreds of these share a process with each other and a machine with the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import Dialect
from livecaption.bench.excerpts import Excerpt
from livecaption.core.audio import SAMPLE_RATE
from livecaption.protocol.limits import MAX_SERVER_MESSAGE_BYTES, RECOMMENDED_FRAME_MS

__all__ = ["play"]

_BLOCK = SAMPLE_RATE * RECOMMENDED_FRAME_MS // 1000
_READY_S = 30.0
"""Longest wait for a server to take a stream: some load a model for each."""


async def play(
    url: str,
    excerpt: Excerpt,
    dialect: Dialect,
    *,
    patience_s: float = 20.0,
    silence_s: float = 0.0,
    start_at: float | None = None,
) -> CaptionLog:
    """Play an excerpt; whatever goes wrong ends in ``CaptionLog.problem``, not in an exception.

    Args:
        url: of the server, such as ``ws://127.0.0.1:8000``.
        excerpt: what is said.
        dialect: how the server is spoken to.
        patience_s: longest wait for the last captions after the last audio.
        silence_s: how long the speaker stays silent before hanging up.
        start_at: when sample 0 is spoken, on the loop's clock; at once when that has passed.
    """
    log = CaptionLog()
    offered = [Subprotocol(name) for name in dialect.subprotocols] or None
    try:
        async with connect(
            url + dialect.path,
            subprotocols=offered,
            additional_headers=dialect.headers,
            compression=None,
            proxy=None,
            open_timeout=_READY_S,
            # Busy servers answer pings late; a benchmark reports that as lag, not as a failure.
            ping_interval=None,
            close_timeout=1.0,
            max_size=MAX_SERVER_MESSAGE_BYTES,
        ) as socket:
            began = await _greet(socket, dialect, log)
            if log.problem is None:
                voice = _Voice(excerpt, max(began, start_at or 0.0), silence_s)
                await _converse(socket, voice, dialect, log, patience_s)
    except InvalidStatus as refusal:
        log.problem = f"refused with HTTP {refusal.response.status_code}"
    except TimeoutError:
        log.problem = log.problem or f"the server was not ready within {_READY_S:.0f} s"
    except (OSError, WebSocketException) as error:
        log.problem = log.problem or f"{type(error).__name__}: {error}"
    return log


@dataclass(frozen=True, slots=True)
class _Voice:
    """An excerpt in time."""

    excerpt: Excerpt
    began: float
    """When sample 0 is spoken, on the loop's clock."""
    silence_s: float


async def _greet(socket: ClientConnection, dialect: Dialect, log: CaptionLog) -> float:
    """Say hello and wait until audio may be sent; return the time then."""
    for message in dialect.hello():
        await socket.send(message)
    async with asyncio.timeout(_READY_S):
        while not dialect.ready and log.problem is None:
            dialect.receive(await socket.recv(), log, 0.0)
    return asyncio.get_running_loop().time()


async def _converse(
    socket: ClientConnection, voice: _Voice, dialect: Dialect, log: CaptionLog, patience_s: float
) -> None:
    clock = asyncio.get_running_loop().time
    reading = asyncio.create_task(_read(socket, dialect, log, lambda: clock() - voice.began))
    try:
        await _send(socket, voice, dialect, log)
        for message in dialect.goodbye():
            await socket.send(message)
        await asyncio.wait({reading}, timeout=patience_s)
    except ConnectionClosed:
        await asyncio.wait({reading}, timeout=1.0)
    finally:
        await _settle(reading, dialect, log)


async def _send(socket: ClientConnection, voice: _Voice, dialect: Dialect, log: CaptionLog) -> None:
    clock = asyncio.get_running_loop().time
    excerpt = voice.excerpt
    end = excerpt.samples + int(voice.silence_s * SAMPLE_RATE)
    quiet = np.zeros(_BLOCK, dtype=np.int16)
    for at in range(0, end, _BLOCK):
        block = excerpt.block(at, _BLOCK) if at < excerpt.samples else quiet
        due = voice.began + (at + len(block)) / SAMPLE_RATE
        await asyncio.sleep(max(0.0, due - clock()))
        await socket.send(dialect.audio(block))
        log.late_s.append(clock() - due)


async def _read(
    socket: ClientConnection, dialect: Dialect, log: CaptionLog, now: Callable[[], float]
) -> None:
    async for message in socket:
        dialect.receive(message, log, now())
        if dialect.done:
            return
    dialect.hung_up(log, now())


async def _settle(reading: asyncio.Task[None], dialect: Dialect, log: CaptionLog) -> None:
    """End the reader, and say so if the conversation was not over."""
    if not reading.done():
        reading.cancel()
    (outcome,) = await asyncio.gather(reading, return_exceptions=True)
    if log.problem is not None or dialect.done:
        return
    if isinstance(outcome, Exception):
        log.problem = f"{type(outcome).__name__}: {outcome}"
    else:
        log.problem = "the last captions did not come"
