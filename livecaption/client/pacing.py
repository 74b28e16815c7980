"""Audio at speaking speed: a file is sent as if it were being spoken now.

The schedule is pure; ``paced`` is its shell. A block is due when its last sample has been spoken::

    0 s        0.1 s       0.2 s                 speed 1
    |- block 1 -|- block 2 -|
                ▲ due        ▲ due
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

from livecaption.core.audio import SAMPLE_RATE, Samples

__all__ = ["Schedule", "paced"]

_SLACK_S = 1.0
"""A delay up to this is caught up with; after a longer one (a stalled source, a suspended laptop)
the schedule starts again from now, because a server takes little more than speaking speed."""


class Schedule:
    """Says when audio is due.

    Args:
        speed: audio seconds per second, above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above 0, got {speed}")
        self._speed = speed
        self._due: float | None = None

    def due(self, samples: int, now: float) -> float:
        """Return when the next ``samples`` samples may go: at or before ``now``, or later.

        Args:
            samples: their count.
            now: seconds on any steady clock.
        """
        if self._due is None or now - self._due > _SLACK_S:
            self._due = now
        self._due += samples / SAMPLE_RATE / self._speed
        return self._due


async def paced(
    blocks: AsyncIterable[Samples],
    speed: float = 1.0,
    *,
    clock: Callable[[], float] | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[Samples]:
    """Yield the blocks, each when it is due; a source that is slower is never held back."""
    clock = clock or asyncio.get_running_loop().time
    schedule = Schedule(speed)
    async for block in blocks:
        now = clock()
        wait = schedule.due(len(block), now) - now
        if wait > 0:
            await sleep(wait)
        yield block
