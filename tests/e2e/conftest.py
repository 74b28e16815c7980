"""One browser per module, one server and fresh pages per test, and no page may complain."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from livecaption.core.timeline import iso_time
from tests.e2e import watching
from tests.e2e.browser import chromium, write_wav
from tests.e2e.fake_server import FakeServer, fake_server

OpenPage = Callable[..., Awaitable[Page]]

expect.set_options(timeout=10_000)

_EXPECTED = re.compile(
    r"^WebSocket connection to|^Failed to load resource|^The Cross-Origin-Opener-Policy header"
)
"""What Chromium itself logs of failing connections and insecure pages, which tests want to have."""


@pytest.fixture(autouse=True)
def session_that_starts_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages take what was not sent since a session's start for a pause."""
    monkeypatch.setattr(watching, "STARTED_AT", iso_time(time.time()))


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 440 Hz at half of full scale."""
    rate = 48_000
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    return write_wav(path, samples.astype(np.float32), rate)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tone: Path) -> AsyncIterator[Browser]:
    """Chromium that hears a tone."""
    async with chromium(tone) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[FakeServer]:
    """A server that says what the test makes it say."""
    async with fake_server() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser, server: FakeServer) -> AsyncIterator[OpenPage]:
    """Open pages of the server; each must end without an error in its console."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            complaints.append(message.text)

    async def open_one(path: str = "/", *, before: str = "", **options: Any) -> Page:
        context = await browser.new_context(base_url=server.url, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if before:
            await page.add_init_script(before)
        await page.goto(path)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert complaints == []
