"""Waiting for news that may not come."""

from __future__ import annotations

import asyncio

__all__ = ["came_within"]


async def came_within(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for an event and take it, so that it can come again; say whether it came in time."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
