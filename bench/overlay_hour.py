"""An hour of captions through the overlay, in a real browser, faster than they were spoken.

Committed text that is full must never be touched, nothing that is shown may shift, and the page's
memory must be the same at the end as after the first minutes. ``OVERLAY_MINUTES`` and
``OVERLAY_SPEED`` change length and haste (60 and 20: three minutes).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import Any

import numpy as np
from playwright.async_api import async_playwright

from tests.e2e.browser import find_chromium
from tests.e2e.fake_server import fake_server
from tests.e2e.long_talk import Watched, watch_talk

MINUTES = float(os.environ.get("OVERLAY_MINUTES", "60"))
SPEED = float(os.environ.get("OVERLAY_SPEED", "20"))


def run() -> dict[str, Any]:
    watched, version = asyncio.run(_watch())
    slope = _growth(watched.heap)
    print(f"  {watched.events} events, {watched.rows} rows became full, Chromium {version}")
    print(
        f"  full rows repainted {watched.repainted}, moved {watched.moved}; "
        f"layout shifts of the overlay {watched.shifts}"
    )
    settled = len(watched.heap) // 5
    first, last = watched.heap[settled] / 1e6, watched.heap[-1] / 1e6
    print(f"  heap {first:.2f} MB after the first fifth, {last:.2f} MB at the end")
    print(f"  that is {slope / 1e3:+.0f} kB an hour of talk")
    print(f"  nodes {watched.nodes[settled]} and {watched.nodes[-1]}")
    return {
        "minutes": MINUTES, "speed": SPEED, "chromium": version, **asdict(watched),
        "heap_growth_per_hour": slope,
    }  # fmt: skip


async def _watch() -> tuple[Watched, str]:
    async with fake_server() as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(base_url=server.url, viewport={"width": 1920, "height": 1080})
        # What takes a second of talk takes 1/speed here, and so must what is shown.
        least, hold = 1.5 / SPEED, max(0.5, 5 / SPEED)
        await page.goto(f"/overlay/main?least={least:.1f}&hold={hold:.1f}&fade=0.1&roll=0.05")
        watcher = await server.conversation()
        await watcher.message("hello")
        await watcher.say("snapshot", room="main", offset=0, finals=[], open_utterances=[])
        watched = await watch_talk(page, watcher, seconds=60 * MINUTES, speed=SPEED, samples=20)
        version = browser.version
        await browser.close()
    return watched, version


def _growth(heap: list[int]) -> float:
    """Bytes an hour, by least squares after the first fifth."""
    settled = heap[len(heap) // 5 :]
    hours = np.linspace(0.2, 1.0, len(settled)) * MINUTES / 60
    return float(np.polyfit(hours, settled, 1)[0])
