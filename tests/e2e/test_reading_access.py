"""Reading for every pair of eyes and hands: contrast, zoom, keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.accessibility import serious_issues
from tests.e2e.conftest import OpenPage
from tests.e2e.contrast import contrast_of
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import RoomOnStage, kept, overflow

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}
NARROW: ViewportSize = {"width": 320, "height": 640}
# 1280 x 1024 at 400 % is what a page sees as 320 x 256.
ZOOMED: ViewportSize = {"width": 320, "height": 256}
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
LANGUAGES = ("en", "de", "fr", "es", "uk", "ar")
THEMES = ("light", "dark", "white", "black", "yellow")


async def _busy_room(server: FakeServer) -> RoomOnStage:
    """Everything that a page of captions can hold."""
    room = await RoomOnStage.live(server, "Good morning.", LONG_WORD, speaker="Ada")
    await room.gap(1.4)
    await room.final("نعم، سنحتفظ به.", language="ar", speaker="سامي", session="s_b")
    await room.partial("may still change")
    return room


# --- axe and contrast ----------------------------------------------------------------------------
@pytest.mark.parametrize("theme", ["system", *THEMES])
async def test_axe_finds_nothing_serious_in_any_theme(
    theme: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        reduced_motion="reduce",
        before=kept({"theme": theme, "times": True}),
    )
    await _busy_room(server)
    await expect(page.locator(".caption-line")).to_have_count(5)
    assert await serious_issues(page) == []
    await page.get_by_role("button", name="Hold").click()
    assert await serious_issues(page) == []
    for name in ("Display", "Save"):
        await page.get_by_role("button", name=name).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await serious_issues(page) == [], name
        await page.keyboard.press("Escape")


@pytest.mark.parametrize("path", ["/", "/watch/main"])
async def test_axe_finds_nothing_serious_before_and_after_the_end(
    path: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(path, viewport=PHONE, reduced_motion="reduce")
    assert await serious_issues(page) == []
    if path == "/":
        return
    room = await RoomOnStage.open(server)
    await room.conversation.hang_up(4501)
    await expect(page.get_by_role("alert")).to_contain_text("no longer valid")
    assert await serious_issues(page) == []


@pytest.mark.parametrize("theme", THEMES)
async def test_all_text_is_easy_to_tell_from_its_ground(
    theme: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        reduced_motion="reduce",
        before=kept({"theme": theme, "times": True}),
    )
    room = await _busy_room(server)
    await room.presence(0, 1)
    await page.get_by_role("button", name="Hold").click()
    least = 4.5 if theme in ("light", "dark") else 10
    for selector in (
        ".caption-committed",
        ".caption-tail >> nth=-1",
        ".caption-speaker",
        ".caption-time",
        ".is-gap .caption-text",
        "#status",
        "#tool-display .tool-name",
        "#tool-hold .tool-name",
        "#go-on span",
        "#jump span",
        ".held-news",
        ".watch-room",
    ):
        assert await contrast_of(page.locator(selector).first) >= least, selector
    committed = await contrast_of(page.locator(".caption-committed").first)
    tail = await contrast_of(page.locator(".caption-tail").last)
    assert committed > 1.3 * tail, "what may still change is to be seen"
    await page.get_by_role("button", name="Display").click()
    for selector in (".modal-title", ".field-name", ".switch-note", ".quiet-button"):
        assert await contrast_of(page.locator(selector).first) >= least, selector
    for choice in await page.locator("[data-theme-choice] .choice-text").all():
        assert await contrast_of(choice) >= 4.5


async def test_the_systems_wish_for_more_contrast_is_heard(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, contrast="more")
    room = await RoomOnStage.live(server)
    await room.gap(1)
    assert await contrast_of(page.locator(".is-gap .caption-text")) >= 12


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_dialogs_move_only_for_those_who_like_it(motion: Any, open_page: OpenPage) -> None:
    page = await open_page("/watch/main", viewport=PHONE, reduced_motion=motion)
    await page.get_by_role("button", name="Display").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_have_css("animation-name", "none" if motion == "reduce" else "arrive")


async def test_forced_colours_leave_every_button_and_choice_its_outline(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, forced_colors="active")
    await RoomOnStage.live(server, "Readable.")
    pressed = page.get_by_role("button", name="Hold")
    await pressed.click()
    grounds = [
        await page.locator(selector).evaluate("node => getComputedStyle(node).backgroundColor")
        for selector in ("#tool-hold", "#tool-display")
    ]
    assert grounds[0] != grounds[1], "what is pressed is to be seen"
    await page.get_by_role("button", name="Display").click()
    for selector in (".choice", ".size-step", ".quiet-button"):
        width = await page.locator(selector).first.evaluate(
            "node => parseFloat(getComputedStyle(node).borderTopWidth)"
        )
        assert width >= 1, selector


# --- small windows -------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("viewport", [NARROW, ZOOMED], ids=["320 px", "400 percent"])
async def test_nothing_is_wider_than_a_small_window_in_any_language(
    viewport: ViewportSize, language: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        f"/watch/{'r' * 64}?ui={language}", viewport=viewport, reduced_motion="reduce"
    )
    assert await overflow(page) == 0
    room = await _busy_room(server)
    await room.presence(0, 1)
    await page.locator("#tool-hold").click()
    await room.final("News.")
    await expect(page.locator("#go-on")).to_be_visible()
    assert await overflow(page) == 0
    for tool in await page.locator(".tool:not(.is-announce)").all():
        box = await tool.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["width"] >= 24, "large enough to touch"
        assert box["height"] >= 24, "large enough to touch"
    for name in ("display", "save"):
        await page.locator(f"#tool-{name}").click()
        dialog = page.locator(f"dialog#{name}")
        await expect(dialog).to_be_visible()
        assert await dialog.evaluate("node => node.scrollWidth - node.clientWidth") == 0
        await page.keyboard.press("Escape")
    assert await overflow(page) == 0


async def test_at_four_times_the_text_size_nothing_is_wider_than_a_phone(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main", viewport=NARROW, before=kept({"size": 400, "times": True, "font": "legible"})
    )
    await _busy_room(server)
    await expect(page.locator(".caption-line")).to_have_count(5)
    assert await overflow(page) == 0


async def test_at_400_percent_the_newest_words_are_not_covered(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=ZOOMED, reduced_motion="reduce")
    room = await RoomOnStage.live(server, *(f"Sentence number {i}." for i in range(1, 9)))
    await room.partial("and this one")
    tail = page.locator(".caption-tail").last
    await expect(tail).to_be_in_viewport(ratio=1)
    covered = await tail.evaluate(
        """node => {
             const {left, top, width, height} = node.getClientRects()[0];
             return !node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
           }"""
    )
    assert not covered


# --- keyboard ------------------------------------------------------------------------------------
async def _focused(page: Page) -> tuple[str, bool]:
    """The id of what has the focus, and whether an outline shows it."""
    name, style, width = await page.evaluate(
        """() => {
             const node = document.activeElement;
             const shown = node.closest('.choice') ?? node;
             const {outlineStyle, outlineWidth} = getComputedStyle(shown);
             const name = node.id || node.name || node.className;
             return [name, outlineStyle, parseFloat(outlineWidth)];
           }"""
    )
    return name, style != "none" and width >= 2


async def test_everything_can_be_done_with_the_keyboard_alone(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, reduced_motion="reduce")
    room = await RoomOnStage.live(server, *(f"Sentence number {i}." for i in range(1, 30)))
    await expect(page.locator(".caption-line")).to_have_count(29)
    reached = []
    for _ in range(6):
        await page.keyboard.press("Tab")
        name, is_shown = await _focused(page)
        assert is_shown, name
        reached.append(name.removeprefix("tool-"))
    assert reached == ["announce", "hold", "display", "save", "popOut", "fullScreen"]

    await page.locator("#tool-display").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    visited: list[str] = []
    for _ in range(30):
        name, is_shown = await _focused(page)
        if visited and await page.evaluate("document.activeElement === document.body"):
            break  # behind the last of its controls come the browser's own
        assert is_shown, name
        visited.append(name)
        await page.keyboard.press("Tab")
    assert {"read-size", "read-theme", "read-font", "read-spacing", "read-width"} <= set(visited)
    assert {"read-speakers", "read-times", "read-tail", "read-announce"} <= set(visited)
    assert "read-language" in visited

    await dialog.get_by_role("radio", name="As the system").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#tool-display")).to_be_focused()

    await page.locator("#tool-hold").focus()
    await page.keyboard.press("Space")
    await room.final("Said meanwhile.")
    await expect(page.get_by_text("Held. 1 new sentence.")).to_be_visible()
    await page.keyboard.press("Space")
    await expect(page.locator(".caption-line")).to_have_count(30)
    await expect(page.locator("#tool-hold")).to_be_focused()


async def test_bare_letters_do_nothing(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    await RoomOnStage.live(server, "One.")
    await expect(page.locator(".caption-line")).to_have_count(1)
    before = await page.locator("html").evaluate("node => JSON.stringify({...node.dataset})")
    for key in "abcdefghijklmnopqrstuvwxyz0123456789?/":
        await page.keyboard.press(key)
    assert (
        await page.locator("html").evaluate("node => JSON.stringify({...node.dataset})") == before
    )
    assert await page.locator("dialog[open]").count() == 0
    await expect(page.locator("#tool-hold")).to_have_attribute("aria-pressed", "false")
