"""The mic page's dialogs and states for everyone: axe-core, keyboard, zoom, other languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.accessibility import serious_issues
from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import overflow

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 320, "height": 640}
# 1280 x 1024 at 400 % is what a page sees as 320 x 256.
ZOOMED: ViewportSize = {"width": 320, "height": 256}


async def _live(page: Page, server: FakeServer) -> Any:
    await page.locator("#toggle").click()
    talk = await server.publisher()
    await talk.final(1, "One sentence.", speaker="Ada")
    await talk.say("status", lag=1.2, hop=0.5, queue=0)
    await expect(page.locator(".caption-line")).to_have_count(1)
    return talk


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_any_state(
    scheme: Any, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(color_scheme=scheme, reduced_motion="reduce")
    assert await serious_issues(page) == [], "idle"
    for name in ("#setup-open", "#share-open"):
        await page.locator(name).click()
        assert await serious_issues(page) == [], name
        await page.keyboard.press("Escape")
    await page.locator("#setup-open").click()
    await page.get_by_role("radio", name="File").check(force=True)
    await page.get_by_label("Names and terms").fill("x" * 70)
    assert await serious_issues(page) == [], "file and complaint"
    await page.get_by_role("radio", name="Microphone").check(force=True)
    await page.keyboard.press("Escape")
    talk = await _live(page, server)
    assert await serious_issues(page) == [], "live"
    await page.locator("#mute").click()
    await page.locator("#pause").click()
    assert await serious_issues(page) == [], "held"
    await talk.hang_up(4009)
    await expect(page.locator("#problem")).to_be_visible()
    assert await serious_issues(page) == [], "problem"


async def test_axe_finds_nothing_serious_in_what_is_shared_and_recovered(
    server: FakeServer, open_page: OpenPage
) -> None:
    shared = await open_page(f"http://captions.test:{server.port}/?room=hall")
    await shared.locator("#share-open").click()
    assert await serious_issues(shared) == []
    page = await open_page()
    await _live(page, server)
    await page.reload()
    await expect(page.locator("#recovery")).to_be_visible()
    assert await serious_issues(page) == []


@pytest.mark.parametrize("viewport", [PHONE, ZOOMED], ids=["phone", "400 percent"])
@pytest.mark.parametrize("language", ["en", "de", "uk", "ar"])
async def test_nothing_is_wider_than_a_small_window_in_any_dialog(
    viewport: ViewportSize, language: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        f"http://captions.test:{server.port}/?room={'x' * 64}&ui={language}", viewport=viewport
    )
    assert await overflow(page) == 0
    for name in ("setup", "share"):
        await page.locator(f"#{name}-open").click()
        dialog = page.locator(f"#{name}")
        await expect(dialog).to_be_visible()
        wider = await dialog.evaluate("node => node.scrollWidth - node.clientWidth")
        assert wider == 0, name
        box = await dialog.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= viewport["width"]
        await page.keyboard.press("Escape")


async def test_everything_in_the_set_up_is_reached_by_keyboard_in_reading_order(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    opener = page.get_by_role("button", name="Sound and words")
    await opener.focus()
    await page.keyboard.press("Enter")
    reached: list[str] = []
    for _ in range(9):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id"))
    expected = ["kind-microphone", "device", "preset-mic", "try", "vocabulary", "speaker"]
    assert [name for name in reached if name in expected] == expected
    assert "setup-room" in reached
    await page.locator("#kind-microphone").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#kind-file")).to_be_checked()
    await expect(page.locator("#file")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#kind-microphone")).to_be_checked()
    await page.keyboard.press("Escape")
    await expect(page.locator("#setup")).to_be_hidden()
    await expect(opener).to_be_focused()
    assert server.attempts == 0


async def test_what_it_is_doing_changes_with_the_language_at_once(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    await _live(page, server)
    await page.locator("#mute").click()
    await page.get_by_role("button", name="Display").click()
    await page.locator("#read-language").select_option("de")
    await page.keyboard.press("Escape")
    await expect(page.locator("#status")).to_have_text("Stumm")
    await expect(page.locator("#toggle-text")).to_have_text("Stopp")
    await expect(page.locator("#source")).to_have_text("Mikrofon")
    await page.locator("#setup-open").click()
    await expect(page.locator("#setup-title")).to_have_text("Ton und Wörter")
    await expect(page.locator("#device option").first).to_have_text("Die Wahl des Systems")
    await expect(page.locator("#applied")).to_contain_text("Rauschunterdrückung aus")


async def test_motion_in_the_dialogs_is_reduced_for_those_who_ask(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await page.locator("#setup-open").click()
    moving = await page.evaluate(
        """() => document.getAnimations().filter(a => a.playState === 'running').length"""
    )
    assert moving == 0
