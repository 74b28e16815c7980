"""The whole way: a voice in the browser's microphone, the real server, its words on two pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

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
WATCH_FOR_CHANGES = """
  window.changed = [];
  const seen = new Map();
  new MutationObserver(() => {
    for (const words of document.querySelectorAll('.caption-committed')) {
      const before = seen.get(words) ?? '';
      if (!words.textContent.startsWith(before)) window.changed.push([before, words.textContent]);
      seen.set(words, words.textContent);
    }
  }).observe(document, {subtree: true, childList: true, characterData: true});
"""


@pytest.fixture(scope="module")
def clip() -> Clip:
    """The bundled meeting, whose first three sentences are said within nine seconds."""
    return next(clip for clip in speech_clips() if clip.name == "meeting")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking_browser(
    clip: Clip, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """Chromium whose microphone hears the clip once."""
    samples = decode_audio(str(clip.audio), sampling_rate=RATE)
    wav = write_wav(tmp_path_factory.mktemp("microphone") / "voice.wav", samples, RATE)
    async with chromium(wav, loop_file=False) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Running]:
    """The real server with the bundled model, as strict about speed as in service."""
    settings = load_settings(None, model=MODEL_NAME, device="cpu", store=False)
    transcriber = load_transcriber(settings, lambda _sentence: None)
    async with running_server(transcriber, max_speed=settings.max_speed) as running:
        yield running


async def _page(browser: Browser, running: Running, path: str) -> Page:
    context = await browser.new_context(base_url=running.http)
    page = await context.new_page()
    await page.add_init_script(WATCH_FOR_CHANGES)
    await page.goto(path)
    return page


async def test_what_is_said_appears_on_the_page_and_on_the_overlay_and_stays(
    live: Running, speaking_browser: Browser, clip: Clip
) -> None:
    complaints: list[str] = []
    overlay = await _page(speaking_browser, live, "/overlay/hall?lines=10&hold=0")
    page = await _page(speaking_browser, live, "/?room=hall")
    for opened in (page, overlay):
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await expect(page.locator("#model")).to_have_text(MODEL_NAME)

    # Which words come is for the error rate to judge; here it is enough that three are finished.
    third = page.locator(".caption-line.is-closed").nth(2)
    await expect(third).to_be_visible(timeout=30_000)
    await expect(page.locator("#lag")).to_have_text(re.compile(r"^\d+\.\d s$"))
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("status")).to_contain_text("Stopped after", timeout=20_000)

    heard = said_words(" ".join(await page.locator(".caption-text").all_inner_texts()))
    assert len(heard) >= 15
    assert error_rate_of_a_beginning(said_words(clip.text), heard) <= 0.25
    assert await page.locator(".caption-line:not(.is-closed)").count() == 0
    await expect(overlay.locator(".caption-text")).to_have_text(
        await page.locator(".caption-text").all_inner_texts()
    )
    for opened in (page, overlay):
        assert await opened.evaluate("window.changed") == []
    assert complaints == []
