"""How late an event loop is: what a socket waits for because something else is running."""

from __future__ import annotations

import asyncio
import time

__all__ = ["LoopDelays"]

_TICK_S = 0.02


class LoopDelays:
    """Wakes fifty times a second and notes how late it was woken."""

    def __init__(self) -> None:
        self._delays_ms: list[float] = []

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.perf_counter() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self._delays_ms.append(round((time.perf_counter() - due) * 1000, 2))

    def drain(self) -> list[float]:
        """Hand out, once, the delays since the last call, milliseconds; small ones are below 0."""
        delays, self._delays_ms = self._delays_ms, []
        return delays
