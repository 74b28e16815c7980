"""The pages and a server with keys: asked for once, a token for each connection, links to read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from livecaption.access.roles import Role
from livecaption.engine.scripted import ScriptedTranscriber, script
from livecaption.protocol.limits import SUBPROTOCOL
from livecaption.storage.keys import KeyStore
from tests.e2e.accessibility import serious_issues
from tests.e2e.browser import INSECURE_HOST
from tests.e2e.test_mic_live import flaky_line
from tests.keys import bearer, make_key
from tests.serving import Running, events_until, running_server, speech

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

ENGINE = ScriptedTranscriber(script("good morning everyone", start=0.2))


@dataclass
class Keyed:
    """A server that asks for keys, and one that opens the room hall."""

    running: Running
    data: Path
    key: str


@pytest_asyncio.fixture(loop_scope="module")
async def keyed(tmp_path: Path) -> AsyncIterator[Keyed]:
    """A server that asks for keys."""
    key = await make_key(tmp_path, Role.PUBLISH, rooms=("hall",))
    hosts = (INSECURE_HOST,)
    async with running_server(ENGINE, data_dir=tmp_path, allowed_hosts=hosts) as running:
        yield Keyed(running, tmp_path, key)


@asynccontextmanager
async def page_at(browser: Browser, address: str) -> AsyncIterator[Page]:
    """Open a page of its own browser profile; it must end without an error of its own."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(address)
    try:
        yield page
    finally:
        await context.close()
    assert errors == []


async def enter_key(page: Page, key: str) -> None:
    await page.get_by_role("button", name="Start").click()
    dialog = page.get_by_role("dialog", name="This server asks for a key")
    await expect(dialog.get_by_label("Key")).to_be_focused()
    await page.keyboard.type(key)
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()


async def say_something(keyed: Keyed) -> None:
    async with connect(
        f"{keyed.running.ws}/ws/publish",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers=bearer(keyed.key),
    ) as socket:
        await socket.send('{"type":"start","room":"hall"}')
        await events_until(socket, "ready")
        await socket.send(speech(1.2))
        await socket.send('{"type":"stop"}')
        await events_until(socket, "closed")


async def test_the_key_is_asked_for_once_and_lives_as_long_as_the_tab(
    browser: Browser, keyed: Keyed
) -> None:
    async with page_at(browser, f"{keyed.running.http}/?room=hall") as page:
        await enter_key(page, keyed.key)
        await expect(page.locator("#status")).to_have_text("Listening")
        assert await page.evaluate("sessionStorage.getItem('livecaption.key')") == keyed.key
        assert await page.evaluate("Object.values(localStorage).join()") == ""
        await page.get_by_role("button", name="Stop").click()
        await page.reload()
        await page.get_by_role("button", name=re.compile("Start|Go on")).first.click()
        await expect(page.locator("#status")).to_have_text("Listening")


async def test_a_wrong_key_is_told_in_words_and_can_be_mended_by_keyboard(
    browser: Browser, keyed: Keyed
) -> None:
    elsewhere = await make_key(keyed.data, Role.PUBLISH, rooms=("other",))
    await keyed.running.server._app.state.doorkeeper.keys.refresh()
    async with page_at(browser, f"{keyed.running.http}/?room=hall") as page:
        await page.get_by_role("button", name="Start").click()
        dialog = page.get_by_role("dialog", name="This server asks for a key")
        field = dialog.get_by_label("Key")
        for wrong, says in (
            ("lck_nonsense", "does not know this key"),
            ("Ключ", "does not know this key"),
            (elsewhere, "not for this room"),
        ):
            await field.fill(wrong)
            await page.keyboard.press("Enter")
            await expect(dialog.get_by_role("alert")).to_contain_text(says)
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_be_focused()
        assert await serious_issues(page) == []
        await field.fill(keyed.key)
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("Listening")


async def test_a_session_goes_on_with_a_new_token(browser: Browser, keyed: Keyed) -> None:
    async with flaky_line(keyed.running.port) as line:
        async with page_at(browser, f"http://127.0.0.1:{line.port}/?room=hall") as page:
            await enter_key(page, keyed.key)
            await expect(page.locator("#status")).to_have_text("Listening")
            (held,) = keyed.running.hub.sessions
            line.cut()
            await expect(page.locator("body")).to_have_attribute("data-state", "reconnecting")
            line.mend()
            await expect(page.locator("#status")).to_have_text("Listening")
            assert [again.live.id for again in keyed.running.hub.sessions] == [held.live.id]


async def test_a_key_that_is_taken_back_ends_the_session_and_says_so(
    browser: Browser, keyed: Keyed
) -> None:
    async with page_at(browser, f"{keyed.running.http}/?room=hall") as page:
        await enter_key(page, keyed.key)
        await expect(page.locator("#status")).to_have_text("Listening")
        store = await KeyStore.open(keyed.data)
        await store.revoke(keyed.key[4:14], 1.0)
        await store.aclose()
        await expect(page.locator("#problem-title")).to_contain_text("asks for a key")
        await page.get_by_role("button", name="Enter a key").click()
        await expect(page.get_by_role("dialog").get_by_label("Key")).to_be_focused()


async def test_an_audience_reads_with_the_shared_link_until_it_is_taken_back(
    browser: Browser, keyed: Keyed
) -> None:
    await say_something(keyed)
    site = f"http://{INSECURE_HOST}:{keyed.running.port}"
    async with page_at(browser, f"{site}/?room=hall") as page:
        # There is no microphone without https; the key would have come before there was a proxy.
        await page.evaluate("key => sessionStorage.setItem('livecaption.key', key)", keyed.key)
        async with page.expect_response("**/v1/tokens"):
            await page.reload()
        await page.get_by_role("button", name="Share").click()
        field = page.get_by_label("For your audience")
        await expect(field).to_have_value(re.compile(r"/watch/hall#t=lv_"))
        code = page.get_by_role("img", name="QR code")
        await expect(code).to_have_attribute("src", re.compile("^data:image/svg"))
        assert await code.evaluate("node => node.complete && node.naturalWidth > 0")
        address = await field.input_value()
    (link,) = await keyed.running.hub.links.of("hall")
    async with page_at(browser, address) as viewer:
        await expect(viewer.locator("#captions")).to_contain_text("good morning")
        await viewer.get_by_role("button", name="Save").click()
        async with viewer.expect_download() as download:
            await viewer.locator(".save-whole").get_by_role("link", name="Plain text").click()
        saved = await (await download.value).path()
        assert "good morning" in await asyncio.to_thread(Path(saved).read_text)
        async with httpx2.AsyncClient(base_url=keyed.running.http) as client:
            path = f"/v1/rooms/hall/links/{link.id}"
            answer = await client.delete(path, headers=bearer(keyed.key))
            assert answer.status_code == 204
        await expect(viewer.locator("#problem-title")).to_have_text("This link is no longer valid")


async def test_without_a_link_a_reader_is_told_what_to_do(browser: Browser, keyed: Keyed) -> None:
    async with page_at(browser, f"{keyed.running.http}/watch/hall") as viewer:
        await expect(viewer.locator("#problem-title")).to_have_text(
            "This room is not open to everybody"
        )
    async with page_at(browser, f"{keyed.running.http}/overlay/hall?ui=en") as overlay:
        await expect(overlay.locator(".caption-notice")).to_contain_text("not open to everybody")
