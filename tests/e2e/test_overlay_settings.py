"""The gear and what is behind it: seen by people, never by an audience."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.test_overlay import delta, greeted, open_overlay
from tests.e2e.test_overlay_obs import INSIDE_OBS

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

WINDOW = {"width": 1280, "height": 720}


async def open_window(open_page: OpenPage, path: str = "/overlay/main", **options: object) -> Page:
    """The overlay in a browser's window."""
    return await open_overlay(open_page, path, viewport=WINDOW, **options)


async def open_settings(
    open_page: OpenPage, path: str = "/overlay/main", **options: object
) -> Page:
    """The overlay with its settings open."""
    page = await open_window(open_page, path, **options)
    await page.mouse.move(200, 200)
    await page.mouse.move(210, 210)
    await page.locator(".gear").click()
    await expect(page.locator(".settings")).to_be_visible()
    return page


async def test_the_gear_comes_when_somebody_moves_and_goes_when_nobody_does(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_window(open_page)
    await greeted(server)
    await expect(page.locator(".caption-overlay")).to_be_attached()
    assert await page.locator("button").count() == 0
    await page.mouse.move(200, 200)
    await page.mouse.move(210, 210)
    gear = page.get_by_role("button", name="Caption settings")
    await expect(gear).to_have_css("opacity", "1")
    await expect(gear).to_have_css("opacity", "0")


@pytest.mark.parametrize(
    ("path", "before"),
    [("/overlay/main?settings=0", ""), ("/overlay/main", INSIDE_OBS)],
    ids=["switched off", "inside OBS"],
)
async def test_there_is_no_gear_for_an_audience(
    server: FakeServer, open_page: OpenPage, path: str, before: str
) -> None:
    page = await open_window(open_page, path, before=before)
    watcher = await greeted(server)
    await page.mouse.move(200, 200)
    await page.mouse.move(210, 210)
    await page.keyboard.press("Tab")
    await watcher.say(**delta(1, 1, "Words"))
    await expect(page.locator(".caption-line")).to_have_text(["Words"])
    assert await page.locator("button").count() == 0
    asked = await page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    assert not [name for name in asked if "/settings" in name or "overlay-settings" in name]


async def test_inside_obs_the_gear_can_be_asked_for(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_window(open_page, "/overlay/main?settings=1", before=INSIDE_OBS)
    await expect(page.get_by_role("button", name="Caption settings")).to_be_visible()


async def test_a_change_is_seen_at_once_and_written_into_the_address(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_settings(open_page, "/overlay/main?lines=3#t=v_secret")
    await page.get_by_label("Rows", exact=True).fill("4")
    await page.get_by_label("Colour", exact=True).fill("#ffee00")
    await page.get_by_label("Capitals").select_option("ALL CAPITALS")
    await page.get_by_label("Name speakers").uncheck()
    await expect(page.locator(".caption-overlay")).to_have_css("color", "rgb(255, 238, 0)")
    await expect(page.locator(".caption-overlay")).to_have_css("text-transform", "uppercase")
    await expect(page).to_have_url(
        f"{server.url}/overlay/main?lines=4&color=ffee00&case=upper&names=0#t=v_secret"
    )
    await page.reload()
    await expect(page.locator(".caption-overlay")).to_have_css("color", "rgb(255, 238, 0)")


async def test_a_value_outside_of_its_range_is_not_taken_while_it_is_typed(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_settings(open_page)
    rows = page.get_by_label("Rows", exact=True)
    for text in ("", "99", "0"):
        await rows.fill(text)
        assert "lines" not in await page.evaluate("location.href")
    await rows.fill("5")
    await expect(page).to_have_url(f"{server.url}/overlay/main?lines=5")


async def test_the_address_is_copied_with_its_token_which_is_never_shown(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_settings(
        open_page,
        "/overlay/main?settings=1&lines=3#t=v_secret",
        permissions=["clipboard-read", "clipboard-write"],
    )
    field = page.get_by_label("Address for your browser source")
    assert "secret" not in await field.input_value()
    await page.get_by_role("button", name="Copy the address").click()
    await expect(page.locator(".address [role=status]")).to_contain_text("Copied")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{server.url}/overlay/main?lines=3#t=v_secret"
    dragged = await page.get_by_role("link", name="Drag this into OBS").get_attribute("href")
    assert dragged == (
        f"{server.url}/overlay/main?lines=3&layer-name=Captions"
        "&layer-width=1920&layer-height=1080#t=v_secret"
    )
    assert "v_secret" not in await page.locator("body").inner_text()


async def test_samples_are_shown_while_the_settings_are_open_and_the_room_when_they_are_closed(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_settings(open_page, "/overlay/main?hold=60")
    watcher = await greeted(server)
    await expect(page.locator(".caption-line").first).to_contain_text("Ada: Good morning")
    await watcher.say(**delta(1, 1, "Real words."))
    await expect(page.locator(".caption-tail").first).to_contain_text("and")
    assert "Real" not in await page.locator(".caption-lines").inner_text()
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator(".caption-line")).to_have_text(["Real words."])
    await expect(page.locator(".settings")).to_have_count(0)
    ground = (
        "node => getComputedStyle(node).backgroundImage + getComputedStyle(node).backgroundColor"
    )
    for name in ("html", "body", ".caption-overlay"):
        assert await page.locator(name).evaluate(ground) == "nonergba(0, 0, 0, 0)"


async def test_everything_can_be_done_with_the_keyboard(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_window(open_page)
    await page.keyboard.press("Tab")
    gear = page.get_by_role("button", name="Caption settings")
    await expect(gear).to_be_focused()
    await expect(gear).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Caption overlay")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Address for your browser source")).to_be_focused()
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.id"))
    controls = await page.locator(".settings :is(input, select):not([tabindex='-1'])").evaluate_all(
        "nodes => nodes.map(({id}) => id)"
    )
    assert len(controls) > 30
    assert set(controls) <= reached | {"overlay-address"}
    await page.get_by_label("Rows", exact=True).focus()
    await page.keyboard.press("ArrowUp")
    await expect(page).to_have_url(f"{server.url}/overlay/main?lines=3")
    await page.keyboard.press("Escape")
    await expect(page.locator(".settings")).to_have_count(0)
    await expect(gear).to_be_focused()


async def test_reset_brings_back_what_is_usual(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_settings(open_page, "/overlay/main?lines=5&font=serif&hold=9")
    await page.get_by_role("button", name="Reset all").click()
    await expect(page).to_have_url(f"{server.url}/overlay/main")
    await expect(page.get_by_label("Rows", exact=True)).to_have_value("2")
    await expect(page.get_by_label("Font")).to_have_value("sans")


@pytest.mark.parametrize("width", [320, 800, 1280])
async def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    server: FakeServer, open_page: OpenPage, width: int
) -> None:
    page = await open_settings(open_page)
    await page.set_viewport_size({"width": width, "height": 800})
    await expect(page.locator(".caption-text").first).to_be_visible()
    results = await Axe().run(page)
    serious = [
        violation["id"]
        for violation in results.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert len(results.response["passes"]) > 15
    assert serious == []
    sideways = await page.evaluate(
        "[document.documentElement, document.querySelector('.settings')]"
        ".map((node) => node.scrollWidth - node.clientWidth)"
    )
    assert max(sideways) <= 0


async def test_another_interface_language_does_not_turn_the_captions_around(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_settings(open_page, "/overlay/main?ui=ar")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.get_by_role("heading", level=1)).to_have_text("الترجمة على الشاشة")
    await expect(page.locator(".caption-overlay")).to_have_css("direction", "ltr")
    line = page.locator(".caption-line").first
    await expect(line).to_have_css("direction", "rtl")
