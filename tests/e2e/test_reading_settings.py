"""Reading settings: each does what it says, lasts, and survives nonsense and lack of storage."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import RoomOnStage, kept

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}


async def _style(page: Page, selector: str, name: str) -> str:
    value: str = await page.locator(selector).first.evaluate(
        "(node, name) => getComputedStyle(node).getPropertyValue(name)", name
    )
    return value


async def test_each_setting_changes_what_it_says_at_once(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=DESK)
    await RoomOnStage.live(server, "Good morning everyone.", speaker="Ada")
    await expect(page.locator(".caption-line")).to_have_count(1)
    await page.get_by_role("button", name="Display").click()
    dialog = page.get_by_role("dialog", name="Display settings")
    await expect(dialog).to_be_visible()

    before = float((await _style(page, ".captions", "font-size")).removesuffix("px"))
    await dialog.get_by_role("button", name="Larger text").click()
    await expect(dialog.get_by_role("slider", name="Text size")).to_have_value("110")
    after = float((await _style(page, ".captions", "font-size")).removesuffix("px"))
    assert after == pytest.approx(1.1 * before, abs=0.5)

    grounds = set()
    for name in ("Light", "Dark", "Black on white", "White on black", "Yellow on black"):
        await dialog.get_by_role("radio", name=name).check()
        grounds.add(
            (await _style(page, "html", "background-color"), await _style(page, "p", "color"))
        )
    assert len(grounds) == 5

    faces = set()
    for name in ("Sans serif", "Serif", "Clear letters"):
        await dialog.get_by_role("radio", name=name, exact=True).check()
        faces.add(await _style(page, ".captions", "font-family"))
    assert len(faces) == 3

    for group, setting in (("Line spacing", "line-height"), ("Column width", "max-width")):
        values = []
        for radio in await dialog.get_by_role("group", name=group).get_by_role("radio").all():
            await radio.check()
            values.append(await _style(page, ".captions", setting))
        assert len(set(values)) == 4, values

    await expect(page.locator(".caption-speaker")).to_be_visible()
    await dialog.get_by_label("Speaker names").uncheck()
    await expect(page.locator(".caption-speaker")).to_be_hidden()


async def test_settings_last_and_are_the_same_on_both_pages(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=DESK)
    await page.get_by_role("button", name="Display").click()
    await page.get_by_role("radio", name="Yellow on black").check()
    await page.get_by_role("slider", name="Text size").fill("180")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "yellow")
    await page.goto("/?room=main")
    await expect(page.locator("html")).to_have_attribute("data-theme", "yellow")
    assert await _style(page, "html", "--reading-scale") == "1.8"
    await page.get_by_role("button", name="Display").click()
    await page.get_by_role("button", name="Back to the usual settings").click()
    assert await page.evaluate("localStorage.getItem('livecaption.reading')") is None


async def test_an_open_window_follows_what_is_chosen_in_another(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=DESK)
    other = await page.context.new_page()
    await other.goto("/watch/main")
    await other.get_by_role("button", name="Display").click()
    await other.get_by_role("radio", name="Dark").check()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize(
    "nonsense", ["{", "null", '"x"', {"theme": "<img>", "size": 1e9, "font": ["serif"], "tail": 0}]
)
async def test_nonsense_in_storage_does_no_harm(
    nonsense: Any, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", before=kept(nonsense), viewport=PHONE)
    await RoomOnStage.live(server, "Readable.")
    await expect(page.locator(".caption-line")).to_have_text(["Readable."])
    await expect(page.locator("html")).to_have_attribute("data-theme", "system")
    assert await _style(page, "html", "--reading-scale") == "1"


async def test_a_private_window_without_storage_works_all_the_same(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        before="""Object.defineProperty(window, 'localStorage', {
          get() { throw new DOMException('no', 'SecurityError'); }});""",
    )
    await RoomOnStage.live(server, "Readable.")
    await expect(page.locator(".caption-line")).to_have_text(["Readable."])
    await page.get_by_role("button", name="Display").click()
    await page.get_by_role("radio", name="Dark").check()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_whoever_chose_dark_is_never_blinded_first(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        color_scheme="light",
        before=kept({"theme": "black"})
        + """new MutationObserver((_, watching) => {
          if (!document.body) return;
          watching.disconnect();
          window.firstGround = getComputedStyle(document.documentElement).backgroundColor;
          window.firstTheme = document.documentElement.dataset.theme;
        }).observe(document, {childList: true, subtree: true});""",
    )
    assert await page.evaluate("window.firstTheme") == "black"
    assert await page.evaluate("window.firstGround") == "rgb(0, 0, 0)"


async def test_words_that_may_still_change_can_be_left_out(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", before=kept({"tail": False}), viewport=PHONE)
    room = await RoomOnStage.live(server, "One.")
    await room.partial("Perhaps")
    await room.partial("Somebody else", session="s_b", utterance=9)
    await room.conversation.say(
        "delta", seq=2, utterance=2, text="Surely", words=[], session="s_a", speaker=None, offset=2
    )
    await expect(page.locator(".caption-line")).to_have_text(["One.", "Surely"])


async def test_times_stand_at_the_first_line_of_each_minute(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main?ui=de",
        viewport=PHONE,
        locale="de-DE",
        timezone_id="Europe/Berlin",
        before=kept({"times": True}) + "Date.now = () => 1_763_978_405_000 + (window.later ?? 0);",
    )
    began = {"started_at": "2025-11-24T10:00:05.000Z"}
    room = await RoomOnStage.live(server)
    await room.final("Now.", start=0, end=1, **began)
    await room.final("In the same minute.", start=5, end=6, **began)
    await expect(page.locator(".caption-line")).to_have_count(2)
    await page.evaluate("window.later = 70_000")
    await room.final("A minute later.", start=70, end=71, **began)
    times = page.locator(".caption-time")
    await expect(times).to_have_text(["11:00", "11:01"])
    await expect(page.locator(".caption-line").last).to_contain_text("11:01")
