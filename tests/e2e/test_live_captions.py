"""The whole way: a voice in the browser's microphone, the real server, its words on two pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import webvtt
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


async def _words_of_vtt(viewer: Page, folder: Path) -> list[str]:
    """What another program reads in the file that a viewer downloads."""
    await viewer.get_by_role("button", name="Save").click()
    async with viewer.expect_download() as coming:
        await viewer.get_by_role("button", name="Web subtitles (.vtt)").click()
    path = folder / "captions.vtt"
    await (await coming.value).save_as(path)
    captions = webvtt.read(str(path)).captions
    assert all(caption.end_in_seconds >= caption.start_in_seconds for caption in captions)
    return said_words(" ".join(caption.text for caption in captions))


async def test_what_is_said_appears_on_every_page_and_in_the_file_and_stays(
    live: Running, speaking_browser: Browser, clip: Clip, tmp_path: Path
) -> None:
    complaints: list[str] = []
    overlay = await _page(
        speaking_browser, live, "/overlay/hall?lines=10&width=100&hold=0&breaks=utterance"
    )
    viewer = await _page(speaking_browser, live, "/watch/hall")
    page = await _page(speaking_browser, live, "/?room=hall")
    for opened in (page, overlay, viewer):
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            # A page asks whether there is a transcript; the browser logs it when there is none.
            lambda line: (
                complaints.append(line.text)
                if line.type == "error" and not line.text.startswith("Failed to load resource")
                else None
            ),
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
    texts = await page.locator(".caption-text").all_inner_texts()
    await expect(viewer.locator(".caption-text")).to_have_text(texts)
    # The overlay breaks where its rows are full, and shows the last of them.
    rows = await overlay.locator(".caption-text").all_inner_texts()
    assert len(rows) >= 3
    assert heard[-len(said_words(" ".join(rows))) :] == said_words(" ".join(rows))
    assert await _words_of_vtt(viewer, tmp_path) == heard
    for opened in (page, overlay, viewer):
        assert await opened.evaluate("window.changed") == []
    assert complaints == []
