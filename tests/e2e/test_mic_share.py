"""Bringing the captions to others: link, QR code and overlay address, and none that cannot work."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from livecaption.engine.scripted import ScriptedTranscriber
from tests.e2e.browser import INSECURE_HOST
from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.serving import running_server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


async def _shared(open_page: OpenPage, server: FakeServer, **options: object) -> Page:
    page = await open_page(f"http://{INSECURE_HOST}:{server.port}/?room=hall#token=x", **options)
    await page.get_by_role("button", name="Share").click()
    return page


async def test_the_link_and_its_code_lead_to_the_rooms_viewer_page(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _shared(open_page, server)
    site = f"http://{INSECURE_HOST}:{server.port}"
    await expect(page.get_by_label("For your audience")).to_have_value(f"{site}/watch/hall")
    await expect(page.get_by_label("For OBS")).to_have_value(f"{site}/overlay/hall")
    code = page.get_by_role("img", name="QR code")
    await expect(code).to_be_visible()
    drawn = "node => node.complete && node.naturalWidth > 0"
    assert await code.evaluate(drawn)
    assert await code.get_attribute("src") == (
        f"/v1/rooms/hall/qr.svg?origin=http%3A%2F%2F{INSECURE_HOST}%3A{server.port}"
    )
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="Open").first.click()
    viewer = await opening.value
    await expect(viewer.locator("#room")).to_have_text("hall")
    assert "#" not in viewer.url


async def test_the_link_is_copied_or_selected_for_copying(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _shared(open_page, server)
    await page.get_by_role("button", name="Copy").first.click()
    await expect(page.locator(".share-said")).to_have_text(
        "The address is selected: copy it with the keyboard."
    )
    assert (await page.evaluate("getSelection().toString()")).endswith("/watch/hall")

    local = await open_page("/?room=hall", permissions=["clipboard-read", "clipboard-write"])
    await local.get_by_role("button", name="Share").click()
    await local.get_by_role("button", name="Copy").first.click()
    await expect(local.locator(".share-said")).to_have_text("Copied.")
    assert await local.evaluate("navigator.clipboard.readText()") == f"{server.url}/overlay/hall"


async def test_where_the_system_can_send_a_link_it_is_offered(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _shared(
        open_page,
        server,
        before="navigator.share = async (what) => { window.sent = what.url; };",
    )
    await page.get_by_role("button", name="Send").click()
    assert (await page.evaluate("window.sent")).endswith("/watch/hall")


async def test_a_page_on_localhost_hands_out_no_link_that_cannot_work(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/?room=hall")
    await page.get_by_role("button", name="Share").click()
    dialog = page.locator("#share")
    await expect(dialog).to_contain_text("Others cannot open this page’s address")
    await expect(dialog.get_by_role("img")).to_have_count(0)
    await expect(dialog.get_by_label("For your audience")).to_have_count(0)
    await expect(dialog.get_by_role("link", name="audience’s page")).to_have_attribute(
        "href", f"{server.url}/watch/hall"
    )
    # OBS runs on this computer as a rule.
    await expect(dialog.get_by_label("For OBS")).to_have_value(f"{server.url}/overlay/hall")


async def test_a_code_that_the_server_does_not_draw_leaves_the_link(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(f"http://{INSECURE_HOST}:{server.port}/?room=hall")
    await page.get_by_role("button", name="Share").click()
    code = page.get_by_role("img", name="QR code")
    await expect(code).to_be_visible()
    await code.dispatch_event("error")
    await expect(code).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Share").click()
    await expect(code).to_have_count(0)
    await expect(page.get_by_label("For your audience")).to_be_visible()


async def test_a_link_is_made_read_with_and_taken_back(browser: Browser) -> None:
    hosts = (INSECURE_HOST,)
    async with running_server(ScriptedTranscriber(), allowed_hosts=hosts) as running:
        context = await browser.new_context(base_url=f"http://{INSECURE_HOST}:{running.port}")
        page = await context.new_page()
        await page.goto("/?room=hall")
        await page.get_by_role("button", name="Share").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("listitem")).to_have_count(0)
        # What it means is said before the button, and told with it.
        make = dialog.get_by_role("button", name="Make such a link")
        await expect(make).to_have_accessible_description(re.compile("does not lock the room"))
        await make.focus()
        await page.keyboard.press("Enter")
        address = dialog.get_by_label("Your new link")
        await expect(address).to_be_focused()
        link = await address.input_value()
        assert re.fullmatch(rf"http://{INSECURE_HOST}:\d+/watch/hall#t=lv_[\w-]+", link)

        viewer = await context.new_page()
        await viewer.goto(link)
        await expect(viewer.locator("body")).to_contain_text("Nobody is speaking yet")

        # Another page of the host knows that there is a link, but not where it leads.
        other = await context.new_page()
        await other.goto("/?room=hall")
        await other.get_by_role("button", name="Share").click()
        await expect(other.get_by_label("Your new link")).to_have_count(0)
        await other.get_by_role("button", name=re.compile("^Take back the link made")).focus()
        await other.keyboard.press("Enter")
        await expect(other.locator(".share-said")).to_have_text("The link was taken back.")
        await expect(other.get_by_role("button", name="Make such a link")).to_be_focused()
        await expect(other.get_by_role("listitem")).to_have_count(0)
        await expect(viewer.locator("body")).to_contain_text("This link is no longer valid")
        await context.close()


async def test_a_server_that_makes_no_link_is_reported(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _shared(open_page, server)
    await page.get_by_role("button", name="Make such a link").click()
    await expect(page.locator(".share-said")).to_have_text(
        "The server did not do that. Try again in a moment."
    )
    await expect(page.get_by_role("listitem")).to_have_count(0)
