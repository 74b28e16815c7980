"""A blocking source, read by one thread, as an async iterator with a bound.

Devices and pipes block for as long as they like, so they are never read on the event loop, nor
in the loop's own threads, whose end a program waits for. The thread here ends with its source,
or, once nobody reads any more, with the block it is waiting for.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from livecaption.core.audio import Samples
from livecaption.errors import MediaError
from livecaption.media.source import Source

__all__ = ["HELD_BLOCKS", "SourceReader"]

HELD_BLOCKS = 50
"""Blocks read ahead: 5 s."""


class SourceReader:
    """Iterates over a source's blocks without blocking the event loop. Use as ``async with``.

    When the consumer falls behind, a file or pipe waits; a device cannot, so its newest blocks
    are dropped and counted.

    Args:
        source: what to read; it belongs to the reader from here on, which closes it.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(HELD_BLOCKS)
        self._arrived = asyncio.Event()
        self._blocks: deque[Samples] = deque()
        self._ended = False
        self._failure: MediaError | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._read, name="read-source", daemon=True)
        self.dropped = 0
        """Samples a device delivered while there was no room for them."""

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._abandoned = True
        self._source.cut()
        self._room.release()

    def __aiter__(self) -> AsyncIterator[Samples]:
        return self

    async def __anext__(self) -> Samples:
        """Wait for the next block.

        Raises:
            MediaError: the source broke; what it gave before has been handed out.
        """
        while not self._blocks:
            if self._ended:
                if self._failure is not None:
                    raise self._failure
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        self._room.release()
        return self._blocks.popleft()

    def _read(self) -> None:
        """Run in the thread: read to the end, and always report it."""
        failure: MediaError | None = MediaError(f"{self._source.name} cannot be read further.")
        try:
            with self._source:
                for block in self._source:
                    if not self._hand_over(block):
                        break
            failure = None
        except MediaError as error:
            failure = error
        finally:
            self._tell(None, failure)

    def _hand_over(self, block: Samples) -> bool:
        """Pass a block on, waiting for room if the source can wait; False when nobody reads."""
        if self._room.acquire(blocking=not self._source.live):
            self._tell(block, None)
        else:
            self.dropped += len(block)
        return not self._abandoned

    def _tell(self, block: Samples | None, failure: MediaError | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._take, block, failure)
        except RuntimeError:  # the loop has been closed: the program is ending
            self._abandoned = True

    def _take(self, block: Samples | None, failure: MediaError | None) -> None:
        """Run on the loop: keep a block, or the end."""
        if block is None:
            self._ended, self._failure = True, failure
        else:
            self._blocks.append(block)
        self._arrived.set()
