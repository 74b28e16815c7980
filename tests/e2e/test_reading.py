"""Reading captions: a place that holds, transcripts to take along, windows."""

from __future__ import annotations

from html import unescape
from http import HTTPStatus
from pathlib import Path

import pysubs2
import pytest
import webvtt
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import ATTACK, RoomOnStage, kept

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}


# --- holding a place -----------------------------------------------------------------------------
async def test_a_held_page_stands_still_and_goes_on_from_the_place(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, reduced_motion="reduce")
    room = await RoomOnStage.live(server, *(f"Sentence number {i}." for i in range(1, 21)))
    lines = page.locator(".caption-line")
    await expect(lines.last).to_be_in_viewport(ratio=1)
    hold = page.get_by_role("button", name="Hold")
    await hold.click()
    await expect(hold).to_have_attribute("aria-pressed", "true")
    await expect(lines.last).to_be_in_viewport(ratio=1)
    y = await page.evaluate("window.scrollY")
    for i in range(21, 41):
        await room.final(f"Sentence number {i}.")
    await expect(page.get_by_text("Held. 20 new sentences.")).to_be_visible()
    await expect(lines).to_have_count(20)
    assert await page.evaluate("window.scrollY") == y

    await page.get_by_role("button", name="Go on here").click()
    await expect(lines).to_have_count(40)
    place = lines.nth(19)
    await expect(place).to_have_attribute("data-place", "You were here")
    await expect(place).to_be_in_viewport(ratio=1)
    await expect(lines.last).not_to_be_in_viewport()
    await expect(hold).to_be_focused()
    await page.get_by_role("button", name="Jump to live").click()
    await expect(lines.last).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="Jump to live")).to_be_hidden()


async def test_jumping_to_live_lets_a_held_page_go(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page("/watch/main", viewport=PHONE, reduced_motion="reduce")
    room = await RoomOnStage.live(server, "One.")
    await page.get_by_role("button", name="Hold").click()
    await room.final("Two.")
    await expect(page.get_by_text("Held. 1 new sentence.")).to_be_visible()
    await page.get_by_role("button", name="Jump to live").click()
    await expect(page.locator(".caption-line")).to_have_text(["One.", "Two."])
    await room.final("Three.")
    await expect(page.locator(".caption-line")).to_have_text(["One.", "Two.", "Three."])


# --- taking along --------------------------------------------------------------------------------
async def _download(page: Page, name: str, folder: Path) -> tuple[str, Path]:
    async with page.expect_download() as coming:
        await page.get_by_role("dialog").get_by_role("button", name=name).click()
    download = await coming.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return download.suggested_filename, path


async def test_the_page_gives_files_that_other_programs_read(
    server: FakeServer, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page("/watch/hall", viewport=PHONE)
    said = [
        "Good morning everyone, and thank you for coming to the planning review of this quarter.",
        ATTACK + " & more --> here",
        "わかりました。準備ができたら、もう一度ご連絡します。",
        "نعم، سنحتفظ به حتى نهاية الأسبوع 😀",
        "בוקר טוב לכולם. 👩‍👩‍👧‍👦 👍🏽",
    ]
    room = await RoomOnStage.live(server, *said, speaker="Ada & <Bo>")
    await room.gap(1.4)
    await room.partial("Only perhaps")
    await expect(page.locator(".caption-line")).to_have_count(7)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_contain_text("sentences on this page")

    name, path = await _download(page, "Web subtitles (.vtt)", tmp_path)
    assert name.startswith("hall-")
    captions = webvtt.read(str(path)).captions
    # The parser finds cues and voices, and leaves escapes as they are.
    text = unescape(" ".join(caption.text.replace("\n", " ") for caption in captions))
    written = "".join(text.split())
    assert all("".join(each.split()) in written for each in said)
    assert "perhaps" not in text
    assert captions[0].start == "00:00:05.000"
    assert unescape(captions[0].voice or "") == "Ada & <Bo>"
    assert all(len(caption.lines) <= 2 for caption in captions)

    _, path = await _download(page, "Subtitles (.srt)", tmp_path)
    events = pysubs2.load(str(path), encoding="utf-8").events
    assert len(events) == len(captions)
    assert [event.start for event in events] == sorted(event.start for event in events)
    assert all(event.end > event.start for event in events)
    assert "わかりました。" in "".join(event.plaintext for event in events)

    _, path = await _download(page, "Plain text (.txt)", tmp_path)
    gap = "[1.4 s were not captioned: the server could not keep up.]"
    assert path.read_text("utf-8").splitlines() == [f"Ada & <Bo>: {said[0]}", *said[1:], gap]
    await expect(page.locator(".save-said")).to_contain_text("Saved as hall-")


@pytest.mark.parametrize("is_secure", [True, False], ids=["https", "http"])
async def test_everything_can_be_copied_also_without_https(
    is_secure: bool, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        permissions=["clipboard-read", "clipboard-write"],
        before=""
        if is_secure
        else "Object.defineProperty(navigator.clipboard, 'writeText', {value: undefined});",
    )
    await RoomOnStage.live(server, "One.", "Two.")
    await expect(page.locator(".caption-line")).to_have_count(2)
    await page.get_by_role("button", name="Save").click()
    copy = page.get_by_role("button", name="Copy everything")
    await copy.click()
    await expect(page.locator(".save-said")).to_have_text("Copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == "One.\nTwo.\n"
    await expect(copy).to_be_focused()
    assert await page.locator("textarea").count() == 0


async def test_the_servers_own_transcript_is_offered_where_there_is_one(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    await page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Copy everything")).to_be_visible()
    await server.asked("/v1/rooms/main/transcript")
    await expect(dialog.get_by_role("link")).to_have_count(0)
    await page.keyboard.press("Escape")

    server.transcript = HTTPStatus.OK
    await page.get_by_role("button", name="Save").click()
    links = dialog.get_by_role("link")
    await expect(links).to_have_count(4)
    await expect(links.first).to_have_attribute("href", "/v1/rooms/main/transcript?format=txt")


# --- windows -------------------------------------------------------------------------------------
async def test_full_screen_is_entered_and_left_with_its_button(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=DESK)
    button = page.get_by_role("button", name="Full screen")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate("document.fullscreenElement === document.documentElement")
    await expect(page.locator("header")).to_be_hidden()
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("header")).to_be_visible()


async def test_a_small_window_above_all_others_shows_the_same_words_in_the_same_colours(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=DESK,
        before="if (location.pathname.startsWith('/watch/')) " + kept({"theme": "yellow"}),
    )
    said = [f"Sentence number {i}." for i in range(1, 41)]
    room = await RoomOnStage.live(server, *said)
    await expect(page.locator(".caption-line")).to_have_count(40)
    button = page.get_by_role("button", name="Pop out")
    async with page.context.expect_page() as coming:
        await button.click()
    small = await coming.value
    await expect(button).to_have_attribute("aria-pressed", "true")
    lines = small.locator(".caption-line")
    await expect(lines).to_have_text(said[-30:])
    await expect(lines.last).to_be_in_viewport(ratio=1)
    await room.final("After.")
    await expect(lines.last).to_have_text("After.")
    await expect(lines.last).to_be_in_viewport(ratio=1)
    await expect(lines.last.locator(".caption-committed")).to_have_css("color", "rgb(255, 255, 0)")
    await expect(page.locator(".caption-line").last).to_have_text("After.")
    await small.close()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await room.final("On the page only.")
    await expect(page.locator(".caption-line").last).to_have_text("On the page only.")


async def test_without_such_windows_the_viewer_page_opens_in_one_of_its_own(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/?room=hall", viewport=DESK, before="delete window.documentPictureInPicture;"
    )
    async with page.context.expect_page() as coming:
        await page.get_by_role("button", name="Pop out").click()
    assert (await coming.value).url == f"{server.url}/watch/hall"
