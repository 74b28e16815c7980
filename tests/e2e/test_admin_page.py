"""The operator's page against a real server: what it shows, draining, and who can use it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Route, ViewportSize, expect

from livecaption.engine.scripted import ScriptedTranscriber, script
from tests.e2e.accessibility import serious_issues
from tests.e2e.watching import overflow
from tests.serving import Running, events_until, open_publisher, running_server, speech

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SMALL: ViewportSize = {"width": 320, "height": 640}


@pytest_asyncio.fixture(loop_scope="module")
async def running() -> AsyncIterator[Running]:
    """A server whose every session hears the same six words."""
    engine = ScriptedTranscriber(script("good morning to all of you", start=0.2))
    async with running_server(engine, max_streams=4) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, running: Running) -> AsyncIterator[Page]:
    """A tab, whose console must stay silent."""
    context = await browser.new_context(base_url=running.http, viewport=SMALL)
    complaints: list[str] = []
    page = await context.new_page()
    page.set_default_timeout(10_000)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 401" not in message.text:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert complaints == []


def tile(name: str) -> str:
    return f".tile:has(.tile-name:text-is('{name}')) .tile-value"


async def test_it_shows_who_speaks_and_how_late_captions_are(running: Running, page: Page) -> None:
    await page.goto("/admin")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    await expect(page.locator(tile("Speakers"))).to_have_text("0")
    await expect(page.locator("#no-sessions")).to_be_visible()
    async with open_publisher(running, room="hall") as publisher:
        await publisher.send(speech(2.0))
        await publisher.send(json.dumps({"type": "finalize"}))
        await events_until(publisher, "finalized")
        await expect(page.locator(tile("Speakers"))).to_have_text("1")
        await expect(page.locator(tile("Caption delay"))).to_have_text(
            re.compile(r"^\d+\.\d\d\ss$")
        )
        row = page.locator("#sessions tbody tr")
        await expect(row.locator("th")).to_have_text("hall")
        await expect(row.locator("td").first).to_have_text("connected")
        await expect(page.locator("#rooms tbody th")).to_have_text("hall")
    await expect(page.locator("#sessions tbody td").first).to_have_text("connection lost")


async def test_draining_is_one_key_and_can_be_taken_back(running: Running, page: Page) -> None:
    await page.goto("/admin")
    button = page.get_by_role("button", name="Drain this server")
    await expect(button).to_be_enabled()
    await page.keyboard.press("Tab")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Draining")
    await expect(page.locator("#drain-words")).to_have_text("Empty: it can be stopped now.")
    assert running.hub.closing
    again = page.get_by_role("button", name="Take new work again")
    await expect(again).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    assert not running.hub.closing


async def test_forced_colours_leave_the_light_beside_the_state(page: Page) -> None:
    await page.emulate_media(forced_colors="active")
    await page.goto("/admin")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    await expect(page.locator(".status-dot")).to_have_css("border-top-width", "1px")


async def test_trouble_is_said_in_words(running: Running, page: Page) -> None:
    running.hub.recorder.failing = "disk I/O error"
    await page.goto("/admin")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be stored (disk I/O error)")
    running.hub.recorder.failing = None
    await expect(page.get_by_role("alert")).to_have_text("")


async def test_a_server_with_keys_is_shown_one_in_a_header_and_never_in_an_address(
    running: Running, page: Page
) -> None:
    seen: list[str | None] = []

    async def demand(route: Route) -> None:
        shown = await route.request.header_value("authorization")
        seen.append(shown)
        if shown == "Bearer lc_right":
            await route.continue_()
        else:
            refusal = {"error": {"code": "key_required", "message": "A key is needed."}}
            await route.fulfill(status=401, json=refusal)

    await page.route("**/v1/admin/state", demand)
    await page.goto("/admin")
    await expect(page.get_by_role("status")).to_have_text("A key is needed.")
    field = page.get_by_label("Key with the role admin")
    await field.fill("lc_wrong")
    await field.press("Enter")
    await expect(field).to_be_visible()
    await expect(field).to_have_value("")
    assert await serious_issues(page) == []
    await field.fill("lc_right")
    await field.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    await expect(field).to_be_hidden()
    assert seen[:3] == [None, "Bearer lc_wrong", "Bearer lc_right"]
    assert "lc_" not in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_and_nothing_overflows(
    scheme: str, width: int, running: Running, page: Page
) -> None:
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await page.set_viewport_size({"width": width, "height": 800})
    async with open_publisher(running, room="a-room-with-a-rather-long-name") as speaker:
        await speaker.send(speech(2.0))
        await page.goto("/admin")
        await expect(page.locator("#sessions tbody tr")).to_have_count(1)
        assert await serious_issues(page) == []
        assert await overflow(page) <= 0
