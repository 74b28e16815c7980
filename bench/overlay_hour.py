"""An hour of captions through the overlay, in a real browser, faster than they were spoken.

Committed text that is full must never be touched, nothing that is shown may shift, and the page's
memory must be the same at the end as after the first minutes. At the usual haste of 20 an hour
takes three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from typing import Any

import numpy as np
from playwright.async_api import async_playwright

from tests.e2e.browser import find_chromium
from tests.e2e.fake_server import fake_server
from tests.e2e.long_talk import Watched, watch_talk

TITLE = "an hour of captions through the overlay, in Chromium"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=60.0, help="of talk")
    parser.add_argument("--speed", type=float, default=20.0, help="times as fast as spoken")


def run(options: argparse.Namespace) -> dict[str, Any]:
    minutes, speed = options.minutes, options.speed
    watched, version = asyncio.run(_watch(minutes, speed))
    slope = _growth(watched.heap, minutes)
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
        "minutes": minutes, "speed": speed, "chromium": version, **asdict(watched),
        "heap_growth_per_hour": slope,
    }  # fmt: skip


async def _watch(minutes: float, speed: float) -> tuple[Watched, str]:
    async with fake_server() as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(base_url=server.url, viewport={"width": 1920, "height": 1080})
        # What takes a second of talk takes 1/speed here, and so must what is shown.
        least, hold = 1.5 / speed, max(0.5, 5 / speed)
        await page.goto(f"/overlay/main?least={least:.1f}&hold={hold:.1f}&fade=0.1&roll=0.05")
        watcher = await server.conversation()
        await watcher.message("hello")
        await watcher.say("snapshot", room="main", offset=0, finals=[], open_utterances=[])
        watched = await watch_talk(page, watcher, seconds=60 * minutes, speed=speed, samples=20)
        version = browser.version
        await browser.close()
    return watched, version


def _growth(heap: list[int], minutes: float) -> float:
    """Bytes an hour, by least squares after the first fifth."""
    settled = heap[len(heap) // 5 :]
    hours = np.linspace(0.2, 1.0, len(settled)) * minutes / 60
    return float(np.polyfit(hours, settled, 1)[0])
