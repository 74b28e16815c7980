"""The mic page for every pair of eyes and hands: contrast, size, zoom, keyboard, scrolling."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.contrast import contrast_of
from tests.e2e.fake_server import Conversation, FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 320, "height": 640}
# 1280 x 1024 at 400 % is what a page sees as 320 x 256.
ZOOMED: ViewportSize = {"width": 320, "height": 256}
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


async def _talking(page: Page, server: FakeServer, lines: int = 3) -> Conversation:
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher(model="large-v3-turbo")
    for utterance in range(1, lines + 1):
        await talk.final(utterance, f"This is sentence number {utterance}, and it is over.")
    await talk.delta(lines + 1, "And this one")
    await talk.partial(lines + 1, 1, " may still change")
    await expect(page.locator(".caption-line")).to_have_count(lines + 1)
    return talk


async def _overflow(page: Page) -> int:
    measured: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return measured


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_committed_and_tentative_words_differ_and_both_are_easy_to_read(
    scheme: Literal["light", "dark"], server: FakeServer, open_page: OpenPage
) -> None:
    # Without transitions, or a colour could be measured on its way to another.
    page = await open_page(color_scheme=scheme, reduced_motion="reduce")
    talk = await _talking(page, server)
    await talk.say("status", lag=1.2, hop=0.5, queue=0)
    await talk.gap(2.0, "overload")
    await expect(page.locator("#delay")).to_contain_text("about 1 second behind")
    committed = await contrast_of(page.locator(".caption-committed").first)
    tail = await contrast_of(page.locator(".caption-tail").last)
    assert committed >= 12
    assert 4.5 <= tail < committed / 2
    for other in (
        ".is-gap .caption-text",
        "#status",
        "#toggle-text",
        "#delay",
        "#share-open span",
        "#source",
        "#mute .hold-name",
        ".room",
        "#tool-hold .tool-name",
        ".choose-name",
        "#language",
    ):
        assert await contrast_of(page.locator(other)) >= 4.5, other
    await page.locator("#mute").click()
    await expect(page.locator("#status")).to_have_text("Muted")
    for other in ("#status", "#mute .hold-name"):
        assert await contrast_of(page.locator(other)) >= 4.5, f"muted {other}"
    await talk.hang_up(4501)
    await expect(page.locator("#problem")).to_be_visible()
    for other in ("#problem-title", "#problem-advice"):
        assert await contrast_of(page.locator(other)) >= 4.5, other


async def test_themes_differ(open_page: OpenPage) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = await open_page(color_scheme=scheme)
        script = "getComputedStyle(document.documentElement).backgroundColor"
        grounds.append(await page.evaluate(script))
    assert grounds[0] != grounds[1]


@pytest.mark.parametrize("viewport", [PHONE, ZOOMED], ids=["phone", "400 percent"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_wider_than_a_small_window(
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
    server: FakeServer,
    open_page: OpenPage,
) -> None:
    page = await open_page(viewport=viewport, color_scheme=scheme)
    assert await _overflow(page) == 0
    talk = await _talking(page, server)
    await talk.final(9, LONG_WORD, speaker=LONG_WORD[:64])
    await talk.say("error", code="x", message=LONG_WORD, fatal=True, retry_after_ms=60_000)
    await talk.hang_up(1013)
    await expect(page.locator("#problem")).to_be_visible()
    assert await _overflow(page) == 0
    for name in ("#toggle", "#language", "#tool-display", "#share-open", "#setup-open", "#problem"):
        box = await page.locator(name).bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 320, name


async def test_at_400_percent_the_words_are_not_covered(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(viewport=ZOOMED)
    await _talking(page, server, lines=8)
    tail = page.locator(".caption-tail").last
    await expect(tail).to_be_in_viewport(ratio=1)
    covered = await tail.evaluate(
        """node => {
             const {left, top, width, height} = node.getClientRects()[0];
             const there = document.elementFromPoint(left + width / 2, top + height / 2);
             return !node.contains(there);
           }"""
    )
    assert not covered


async def test_the_button_is_large_enough_for_a_thumb(open_page: OpenPage) -> None:
    page = await open_page(viewport=PHONE)
    box = await page.get_by_role("button", name="Start").bounding_box()
    assert box is not None
    assert box["width"] >= 150
    assert box["height"] >= 44


async def test_everything_can_be_done_with_the_keyboard_and_focus_is_visible(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    reached = []
    for _ in range(10):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(
            """() => {
                 const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
                 return [document.activeElement.id, outlineStyle, parseFloat(outlineWidth)];
               }"""
        )
        assert focused[1] == "solid", focused
        assert focused[2] >= 2, focused
        reached.append(focused[0])
    tools = ["announce", "hold", "display", "save", "popOut", "fullScreen"]
    assert reached == [
        "share-open",
        *(f"tool-{name}" for name in tools),
        "toggle",
        "language",
        "setup-open",
    ]
    await page.locator("#toggle").focus()

    await page.keyboard.press("Enter")
    talk = await server.publisher()
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await page.keyboard.press("Space")
    await talk.message("stop")
    await talk.closed()
    await expect(page.get_by_role("button", name="Start")).to_be_focused()


async def test_bare_letters_do_nothing(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page()
    for key in "abcdefghijklmnopqrstuvwxyz":
        await page.keyboard.press(key)
    await expect(page.get_by_role("status")).to_have_text("Ready")
    assert server.attempts == 0


async def test_scrolling_up_stops_the_page_until_the_reader_jumps_to_live(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(viewport={"width": 900, "height": 700}, reduced_motion="reduce")
    talk = await _talking(page, server, lines=20)
    jump = page.get_by_role("button", name="Jump to live")
    await expect(page.locator(".caption-tail").last).to_be_in_viewport()
    await expect(jump).to_be_hidden()

    await page.mouse.move(450, 200)
    await page.mouse.wheel(0, -500)
    await expect(jump).to_be_visible()
    before = await page.evaluate("window.scrollY")
    for revision in range(2, 6):
        await talk.partial(21, revision, f" may still change {revision}")
    await talk.final(22, "News that the reader is not to be torn away for.")
    await expect(page.locator(".caption-line")).to_have_count(22)
    assert await page.evaluate("window.scrollY") == before

    await jump.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".caption-line").last).to_be_in_viewport(ratio=1)
    await expect(jump).to_be_hidden()
    await expect(page.get_by_role("button", name="Stop")).to_be_focused()
    await talk.final(23, "Followed again.")
    await expect(page.locator(".caption-line").last).to_have_text("Followed again.")
    await expect(page.locator(".caption-line").last).to_be_in_viewport(ratio=1)


async def test_smooth_scrolling_on_live_words_is_not_taken_for_a_reader_leaving(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(viewport={"width": 900, "height": 700}, reduced_motion="no-preference")
    talk = await _talking(page, server, lines=2)
    for utterance in range(4, 20):
        await talk.final(utterance, f"One more sentence, number {utterance}.")
        await expect(page.locator(".caption-line")).to_have_count(utterance)
    await expect(page.locator(".caption-line").last).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="Jump to live")).to_be_hidden()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_motion_is_reduced_for_those_who_ask(
    motion: Literal["reduce", "no-preference"], open_page: OpenPage
) -> None:
    page = await open_page(reduced_motion=motion)
    durations: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap(element =>
             [null, '::before'].flatMap(part =>
               getComputedStyle(element, part).transitionDuration.split(', ')))"""
    )
    moves = any(float(duration.removesuffix("s")) > 0 for duration in durations)
    assert moves == (motion == "no-preference")


async def test_the_page_has_names_for_assistive_technology(open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.get_by_role("heading", level=1)).to_have_text("livecaption")
    for role, name in (
        ("region", "Captions"),
        ("meter", "Sound level"),
        ("combobox", "Spoken language"),
        ("log", "Finished sentences"),
    ):
        found: Any = page.get_by_role(role, name=name)  # type: ignore[arg-type]
        await expect(found).to_have_count(1)
    assert await page.evaluate("document.documentElement.lang") == "en"
