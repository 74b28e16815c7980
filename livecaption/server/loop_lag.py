"""How late the event loop is: what every socket waits for because something else is running."""

from __future__ import annotations

import asyncio

from livecaption.core.tally import Tally

__all__ = ["watch_loop"]

_EVERY_S = 0.5


async def watch_loop(lag: Tally) -> None:
    """Note, twice a second until cancelled, how much later than asked it was woken; seconds."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        lag.observe(max(0.0, clock() - due))
