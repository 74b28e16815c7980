"""Pages where the system takes their colours away, as in the high contrast of Windows."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.test_overlay_settings import open_settings
from tests.e2e.watching import RoomOnStage

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


async def _width(page: Page, text: str) -> float:
    """How wide a caption shows a text, CSS pixels."""
    measured: float = await page.locator(".caption-committed").first.evaluate(
        """(node, text) => {
             node.textContent = text;
             const range = document.createRange();
             range.selectNodeContents(node);
             return range.getBoundingClientRect().width;
           }""",
        text,
    )
    return measured


async def test_the_preview_of_the_overlay_keeps_the_colours_that_an_audience_sees(
    open_page: OpenPage,
) -> None:
    page = await open_settings(open_page, forced_colors="active")
    speaker = page.locator(".caption-speaker").first
    await expect(speaker).to_have_css("color", "rgb(255, 216, 77)")
    await expect(page.locator(".settings h1")).not_to_have_css("color", "rgb(241, 243, 245)")


async def test_an_emoji_with_a_tone_of_skin_stays_one_sign(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main")
    await RoomOnStage.live(server, "Well done.")
    await expect(page.locator(".caption-committed")).to_be_visible()
    usual = await _width(page, "\U0001f44d\U0001f3fd")
    await page.emulate_media(forced_colors="active")
    assert await _width(page, "\U0001f44d\U0001f3fd") == pytest.approx(usual, abs=1.0)


@pytest.mark.parametrize(
    ("path", "foot"), [("/", ".console"), ("/watch/main", ".watch-foot")], ids=["mic", "viewer"]
)
async def test_words_do_not_shine_through_what_lies_over_them(
    path: str, foot: str, open_page: OpenPage
) -> None:
    page = await open_page(path, forced_colors="active", color_scheme="dark")
    await expect(page.locator(foot)).to_have_css("background-image", "none")
    await expect(page.locator(foot)).to_have_css("background-color", "rgb(0, 0, 0)")
