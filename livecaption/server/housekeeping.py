"""Forgets transcripts that are too old or too many, once an hour."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time

from livecaption.settings import Settings
from livecaption.storage.store import TranscriptStore

__all__ = ["keep_house", "sweep"]

logger = logging.getLogger(__name__)

_EVERY_S = 3600.0
_STEPS_KEPT_S = 600.0
"""Deltas of ended sessions are of no use longer than this: no client can come back for them."""


async def keep_house(store: TranscriptStore, settings: Settings) -> None:
    """Sweep until cancelled; a disk that fails is tried again an hour later."""
    while True:
        try:
            gone = await sweep(store, settings, time.time())
        except sqlite3.Error as exc:
            logger.error("old transcripts cannot be deleted: %s", exc)
        else:
            if gone:
                logger.info("%d sessions were deleted from the transcripts", gone)
        await asyncio.sleep(_EVERY_S)


async def sweep(store: TranscriptStore, settings: Settings, now: float) -> int:
    """Delete what the settings say, once; return how many sessions went.

    Args:
        store: the transcripts.
        settings: how long, and how much.
        now: seconds since the epoch.

    Raises:
        sqlite3.Error: the disk is full or broken.
    """
    return await store.sweep(
        ended_before=now - settings.retain * 86_400.0,
        steps_before=now - _STEPS_KEPT_S,
        max_bytes=settings.max_store_mb * 1_000_000,
    )
