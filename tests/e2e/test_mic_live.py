"""The mic page against the real server over a network that breaks: a voice, and not a word lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from faster_whisper import decode_audio
from playwright.async_api import Browser, Page, expect

from livecaption.asgi import load_transcriber
from livecaption.bundled import MODEL_NAME, Clip, speech_clips
from livecaption.settings import load_settings
from tests.e2e.browser import chromium, write_wav
from tests.e2e.words import error_rate_of_a_beginning, said_words
from tests.serving import Running, running_server

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.model,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="module"),
]

RATE = 48_000


class FlakyLine:
    """A way to the server that the test can cut: connections break, and none gets through."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection to the server and back until it ends."""
        if self._is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pump(reader, far_writer))
                tasks.create_task(_pump(far_reader, writer))
        finally:
            self._writers -= ends

    def cut(self) -> None:
        """Break everything, in the middle of whatever is under way."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.transport.abort()


@asynccontextmanager
async def flaky_line(port: int) -> AsyncIterator[FlakyLine]:
    """Serve a way to ``port`` until the block ends."""
    line = FlakyLine(port)
    listening = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.cut()
        listening.close()
        await listening.wait_closed()


@pytest.fixture(scope="module")
def clip() -> Clip:
    """The bundled meeting."""
    return next(clip for clip in speech_clips() if clip.name == "meeting")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking_browser(
    clip: Clip, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """Chromium whose microphone hears the clip once, from the moment it is opened."""
    samples = decode_audio(str(clip.audio), sampling_rate=RATE)
    wav = write_wav(tmp_path_factory.mktemp("microphone") / "voice.wav", samples, RATE)
    async with chromium(wav, loop_file=False) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Running]:
    """The real server with the bundled model, as strict about speed as in service."""
    settings = load_settings(None, model=MODEL_NAME, device="cpu")
    transcriber = load_transcriber(settings, lambda _sentence: None)
    async with running_server(transcriber, max_speed=settings.max_speed) as running:
        yield running


@asynccontextmanager
async def _speaking(browser: Browser, port: int) -> AsyncIterator[Page]:
    context = await browser.new_context(base_url=f"http://127.0.0.1:{port}")
    page = await context.new_page()
    await page.goto("/?room=hall")
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("status").first).to_have_text("Listening")
    try:
        yield page
    finally:
        await context.close()


async def _session(page: Page) -> str:
    """The session that the page would go on with."""
    kept = "JSON.parse(sessionStorage.getItem('livecaption.session'))?.checkpoint != null"
    async with asyncio.timeout(20):  # asked from here, because the page's policy allows no eval
        while not await page.evaluate(kept):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    name: str = await page.evaluate(
        "JSON.parse(sessionStorage.getItem('livecaption.session')).checkpoint.session"
    )
    return name


async def test_a_connection_that_breaks_twice_costs_no_word_and_repeats_none(
    live: Running, speaking_browser: Browser, clip: Clip
) -> None:
    async with flaky_line(live.port) as line, _speaking(speaking_browser, line.port) as page:
        lines = page.locator(".caption-line")
        for finished in (0, 1):
            await expect(lines.nth(finished)).to_be_visible(timeout=30_000)
            session = await _session(page)
            line.cut()
            await expect(page.locator("#delay")).to_have_text(
                re.compile(r"kept: [2-9] seconds so far"), timeout=20_000
            )
            line.mend()
            await expect(page.get_by_role("status").first).to_have_text("Listening", timeout=20_000)
        third = page.locator(".caption-line.is-closed").nth(2)
        await expect(third).to_be_visible(timeout=40_000)
        assert await _session(page) == session
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("status").first).to_have_text(
            re.compile(r"^Stopped after \d+ s$"), timeout=30_000
        )
        assert await page.locator(".is-gap").count() == 0
        heard = said_words(" ".join(await page.locator(".caption-text").all_inner_texts()))
    assert len(heard) >= 15
    # A lost or repeated second would be three words or more of these.
    assert error_rate_of_a_beginning(said_words(clip.text), heard) <= 0.25


async def test_a_reload_goes_on_with_the_same_session_and_its_captions(
    live: Running, speaking_browser: Browser
) -> None:
    async with _speaking(speaking_browser, live.port) as page:
        first = page.locator(".caption-line.is-closed").first
        await expect(first).to_be_visible(timeout=30_000)
        said = await first.locator(".caption-text").inner_text()
        session = await _session(page)
        await page.reload()
        await expect(page.locator(".caption-text").first).to_have_text(said)
        closed = page.locator(".caption-line.is-closed")
        before = await closed.count()
        await page.get_by_role("button", name="Continue").click()
        await expect(closed.nth(before)).to_be_visible(timeout=40_000)
        assert await _session(page) == session
        await expect(page.locator(".caption-text").first).to_have_text(said)
        assert "connection was lost" not in await page.locator("#captions").inner_text()
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("status").first).to_contain_text(
            "Stopped after", timeout=30_000
        )
