"""A server that is stopped and started again under pages that are open: nobody touches them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from livecaption.core.hypothesis import text_of
from tests.e2e.browser import chromium, write_wav
from tests.e2e.words import said_words
from tests.faults.killable import SCRIPTED, KillableServer
from tests.faults.talk import talk

pytestmark = [pytest.mark.e2e, pytest.mark.realtime, pytest.mark.asyncio(loop_scope="module")]

RATE = 48_000
TALK_S = 120
PATIENCE_MS = 90_000.0
"""For a server to be up again on a busy machine, and to be found."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def babbling_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Chromium whose microphone never falls silent; what is said the engine knows by heart."""
    noise = np.random.default_rng(1).normal(0, 0.2, 10 * RATE // 3).astype(np.float32)
    wav = write_wav(tmp_path_factory.mktemp("microphone") / "noise.wav", np.repeat(noise, 3), RATE)
    async with chromium(wav) as running:
        yield running


@asynccontextmanager
async def opened(browser: Browser, url: str) -> AsyncIterator[Page]:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(url)
    try:
        yield page
    finally:
        await context.close()


async def words_on(page: Page) -> list[str]:
    return said_words(" ".join(await page.locator(".caption-text").all_inner_texts()))


async def shows_more_than(page: Page, count: int) -> None:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while len(await words_on(page)) <= count:  # noqa: ASYNC110 - a page has no event for it
            await asyncio.sleep(0.1)


async def test_speaker_and_reader_come_back_by_themselves_and_miss_no_word(
    babbling_browser: Browser, tmp_path: Path
) -> None:
    _, script = talk(float(TALK_S))
    text = said_words(text_of(script))
    settings = {"MAX_HOP": "0.5"}
    async with KillableServer(tmp_path, settings, (*SCRIPTED, str(TALK_S))) as server:
        url = f"http://127.0.0.1:{server.port}"
        see = partial(opened, babbling_browser)
        async with see(f"{url}/?room=hall") as mic, see(f"{url}/watch/hall") as reader:
            await mic.get_by_role("button", name="Start").click()
            await expect(mic.get_by_role("status").first).to_have_text("Listening")
            await shows_more_than(reader, random.Random(3).randint(6, 10))
            server.signal()
            assert await server.gone(90) == 0
            before = len(await words_on(mic))
            await server.start()
            for page in (mic, reader):
                await shows_more_than(page, before + 10)
            await expect(mic.get_by_role("status").first).to_have_text("Listening")
            await mic.get_by_role("button", name="Stop").click()
            await expect(mic.get_by_role("status").first).to_contain_text(
                "Stopped after", timeout=PATIENCE_MS
            )
            assert await mic.locator(".is-gap").count() == 0
            heard = await words_on(mic)
            await shows_more_than(reader, len(heard) - 1)
            read = await words_on(reader)
    # Where it was stopped the last word may be a part of one.
    assert heard[:-1] == text[: len(heard) - 1]
    assert read == heard
