"""The description of the HTTP routes, as it is read: against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from livecaption.engine.scripted import ScriptedTranscriber
from tests.e2e.accessibility import serious_issues
from tests.e2e.watching import overflow
from tests.serving import Running, running_server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def running() -> AsyncIterator[Running]:
    async with running_server(ScriptedTranscriber()) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, running: Running) -> AsyncIterator[Page]:
    """The page, whose console must stay silent."""
    context = await browser.new_context(base_url=running.http)
    complaints: list[str] = []
    page = await context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto("/docs")
    await expect(page.get_by_role("status")).to_contain_text("livecaption")
    yield page
    await context.close()
    assert complaints == []


async def test_every_route_is_there_with_what_its_answers_look_like(
    running: Running, page: Page
) -> None:
    async with httpx2.AsyncClient(base_url=running.http, timeout=30) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    routes = page.locator("details.route")
    await expect(routes).to_have_count(sum(map(len, paths.values())))
    shown = await page.locator("#routes").text_content() or ""
    assert "$ref" not in shown
    assert '"message"' in shown, "what a refusal holds is said where it may come"


async def test_it_opens_and_scrolls_with_the_keyboard(page: Page) -> None:
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="openapi.json")).to_be_focused()
    first = page.locator("details.route").first
    await page.keyboard.press("Tab")
    await expect(first.locator("summary")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(first).to_have_attribute("open", "")
    await page.keyboard.press("Tab")
    await expect(first.get_by_role("region").first).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(first).not_to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 640), (320, 256), (1280, 800)])
async def test_axe_finds_nothing_and_nothing_overflows(
    scheme: Literal["light", "dark"], size: tuple[int, int], page: Page
) -> None:
    """The second size is a large window at 400 %."""
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.evaluate(
        "document.querySelectorAll('details').forEach((each) => (each.open = true))"
    )
    assert await serious_issues(page) == []
    assert await overflow(page) <= 0
