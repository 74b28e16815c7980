"""The overlay as OBS shows it: transparent, at the bottom, and never a word about itself."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest
from playwright.async_api import FloatRect, Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.contrast import contrast_of
from tests.e2e.fake_server import Conversation, FakeServer
from tests.e2e.long_talk import watch_talk
from tests.e2e.overlay_witness import TESTIMONY, WITNESS

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

OBS_SOURCE = {"width": 800, "height": 600}
OBS_STYLES = "body { background-color: rgba(0, 0, 0, 0); margin: 0px auto; overflow: hidden; }"
LONG = "A sentence that is long enough to be broken into several rows of an overlay, twice. "


def final(offset: int, utterance: int, text: str, **fields: Any) -> dict[str, Any]:
    """A final as a watcher gets it."""
    return {
        "type": "final", "seq": offset, "offset": offset, "utterance": utterance, "text": text,
        "start": 0, "end": 1, "language": "en", "speaker": None, "words": [],
        "room": "main", "session": "s_a", **fields,
    }  # fmt: skip


def delta(offset: int, utterance: int, text: str, **fields: Any) -> dict[str, Any]:
    """A delta as a watcher gets it."""
    return {**final(offset, utterance, text), "type": "delta", **fields}


async def greeted(server: FakeServer, **snapshot: Any) -> Conversation:
    """The next watcher, with its snapshot."""
    watcher = await server.conversation()
    await watcher.message("hello")
    nothing = {"room": "main", "offset": 0, "finals": [], "open_utterances": []}
    await watcher.say("snapshot", **{**nothing, **snapshot})
    return watcher


async def open_overlay(open_page: OpenPage, path: str = "/overlay/main", **options: Any) -> Page:
    """An overlay as large as OBS makes a source."""
    return await open_page(path, viewport=options.pop("viewport", OBS_SOURCE), **options)


async def animations_end(page: Page) -> None:
    """Wait until nothing moves; asked from here, because the page's policy allows no eval."""
    async with asyncio.timeout(10):
        while await page.evaluate("document.getAnimations().length"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_it_shows_the_room_of_its_address_beginning_with_what_is_there(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/hall-2?lines=3")
    open_utterance: dict[str, Any] = {
        "session": "s_a", "speaker": None, "utterance": 3, "start": 3.0, "text": "Three",
        "words": [], "partial": " is com", "revision": 1,
    }  # fmt: skip
    watcher = await greeted(
        server,
        offset=2,
        finals=[final(1, 1, "One."), final(2, 2, "Two.")],
        open_utterances=[open_utterance],
    )
    assert watcher.path == "/ws/watch?room=hall-2"
    lines = page.locator(".caption-line")
    await expect(lines).to_have_text(["One. Two. Three is com"])
    await watcher.say(**delta(3, 3, " is here"))
    await expect(lines).to_have_text(["One. Two. Three is here"])
    await watcher.say(**final(4, 3, "Three is here."))
    await expect(lines).to_have_text(["One. Two. Three is here."])


async def test_the_page_is_transparent_and_the_words_are_not(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page)
    watcher = await greeted(server)
    await watcher.say(**delta(1, 1, "Good morning", speaker="Ada"))
    await watcher.partial(1, 1, " every", session="s_a")
    await expect(page.locator(".caption-line")).to_have_text(["Ada: Good morning every"])
    for name in ("html", "body", ".caption-overlay", ".caption-lines", ".caption-strip"):
        ground = await page.locator(name).evaluate("node => getComputedStyle(node).backgroundColor")
        assert ground == "rgba(0, 0, 0, 0)", name
    for video in ((255.0, 255.0, 255.0), (0.0, 0.0, 0.0), (255.0, 220.0, 0.0)):
        for part in (".caption-committed", ".caption-tail", ".caption-speaker"):
            assert await contrast_of(page.locator(part), video) >= 4.5


async def test_rows_roll_up_at_the_bottom_and_nothing_that_is_full_is_touched_or_moves(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?least=0.1")
    await page.evaluate(WITNESS)
    watcher = await greeted(server)
    offset = 0
    for number in range(1, 5):
        words = LONG.split()
        for at, word in enumerate(words):
            offset += 1
            space = " " if at else ""
            await watcher.say(**delta(offset, number, f"{space}{word}"))
            await watcher.partial(
                number, at + 1, " " + " ".join(words[at + 1 : at + 4]), session="s_a"
            )
        offset += 1
        await watcher.say(**final(offset, number, LONG.strip()))
    await expect(page.locator(".caption-line").last).to_have_text("overlay, twice.")
    seen = await page.evaluate(TESTIMONY)
    assert seen["rows"] >= 8
    assert (seen["repainted"], seen["moved"], seen["shifts"], seen["wraps"]) == (0, 0, 0, 0)
    await animations_end(page)
    window = await page.locator(".caption-lines").bounding_box()
    last = await page.locator(".caption-text").last.bounding_box()
    assert window is not None
    assert last is not None
    assert window["y"] + window["height"] > 600 * 0.9
    assert abs(last["y"] + last["height"] - window["y"] - window["height"]) <= 1
    assert window["x"] >= 0
    assert window["x"] + window["width"] <= 800
    # What has left is outside of the window, or gone.
    inside = await page.evaluate(
        """() => {
          const {top, bottom} = document.querySelector('.caption-lines').getBoundingClientRect();
          return [...document.querySelectorAll('.caption-line')]
            .map((row) => row.getBoundingClientRect())
            .filter((box) => box.bottom > top + 1 && box.top < bottom - 1).length;
        }"""
    )
    assert inside == 2


async def test_five_minutes_of_talk_touch_nothing_that_is_full_and_leave_nothing_behind(
    server: FakeServer, open_page: OpenPage
) -> None:
    """As long a talk as a test has time for; ``python -m bench overlay`` takes an hour of it."""
    page = await open_overlay(open_page, "/overlay/main?least=0&hold=0.5&fade=0.1&roll=0.05")
    watcher = await greeted(server)
    seen = await watch_talk(page, watcher, seconds=300, speed=50)
    assert seen.events > 700
    assert seen.rows > 60
    assert (seen.repainted, seen.moved, seen.shifts) == (0, 0, 0)
    assert seen.nodes[-1] <= seen.nodes[1] + 100
    assert seen.heap[-1] < seen.heap[1] + 1_000_000


async def test_the_pixels_of_a_full_row_stay_while_the_next_one_grows(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=0")
    watcher = await greeted(server)
    await watcher.say(**delta(1, 1, LONG[:60]))
    await expect(page.locator(".caption-line")).to_have_count(2)
    await animations_end(page)
    box = await page.locator(".caption-line").first.bounding_box()
    assert box is not None
    clip = FloatRect(x=0.0, y=box["y"], width=800.0, height=box["height"])
    before = await page.screenshot(clip=clip, omit_background=True)
    for revision, tail in enumerate((" of", " of an", " often", ""), start=1):
        await watcher.partial(1, revision, tail, session="s_a")
        await expect(page.locator(".caption-tail").last).to_have_text(tail.strip())
        assert await page.screenshot(clip=clip, omit_background=True) == before


async def test_rows_break_by_characters_whatever_the_size_of_the_source(
    server: FakeServer, open_page: OpenPage
) -> None:
    shapes = []
    for width, height in ((1920, 1080), (3840, 2160), (800, 600), (1280, 200)):
        viewport = {"width": width, "height": height}
        page = await open_overlay(open_page, "/overlay/main?lines=4&least=0", viewport=viewport)
        watcher = await greeted(server)
        await watcher.say(**final(1, 1, LONG.strip()))
        lines = page.locator(".caption-line")
        await expect(lines.last).to_have_text("overlay, twice.")
        texts = await lines.all_inner_texts()
        assert all(len(text) <= 37 for text in texts)
        shapes.append(texts)
        box = await page.locator(".caption-lines").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        size = await page.locator(".caption-line").first.evaluate(
            "node => parseFloat(getComputedStyle(node).fontSize)"
        )
        if height > 500:
            assert size == pytest.approx(72 * width / 1920, rel=0.01)
    assert all(shape == shapes[0] for shape in shapes)


async def test_wide_letters_break_sooner_rather_than_leave_their_box(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?lines=6&case=upper&weight=900&least=0")
    watcher = await greeted(server)
    await watcher.say(**final(1, 1, "WWW mmm WWWW MMMM www WWW mmmm WWWW MMM WWWW mmm WWW MMMM"))
    await expect(page.locator(".caption-line").nth(2)).to_be_visible()
    for box in await page.locator(".caption-text").all():
        place = await box.bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 800


async def test_the_last_words_fade_after_silence_and_speech_brings_only_new_ones(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=1&fade=0.3")
    watcher = await greeted(server)
    await watcher.say(**final(1, 1, "Old words."))
    lines = page.locator(".caption-lines")
    await expect(page.locator(".caption-line")).to_have_text(["Old words."])
    await expect(lines).to_have_css("opacity", "0")
    await expect(page.locator(".caption-line")).to_have_count(0)
    await watcher.partial(2, 1, "New words", session="s_a")
    await expect(page.locator(".caption-line")).to_have_text(["New words"])
    await expect(lines).to_have_css("opacity", "1")


async def test_a_lost_connection_is_not_told_to_the_audience_and_nothing_is_missed(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=0")
    watcher = await greeted(server)
    await watcher.say(**final(1, 1, "Before."))
    await expect(page.locator(".caption-line")).to_have_text(["Before."])
    server.refuse = HTTPStatus.SERVICE_UNAVAILABLE
    watcher.break_off()
    await server.attempted(server.attempts + 2)
    await expect(page.locator(".caption-notice")).to_be_hidden()
    await expect(page.locator(".caption-line")).to_have_text(["Before."])
    server.refuse = None
    again = await server.conversation()
    assert (await again.message("hello"))["after"] == 1
    await again.say("snapshot", room="main", offset=1, finals=[], open_utterances=[])
    await again.say(**final(2, 2, "Missed."))
    await again.say(**final(3, 3, "After."))
    await expect(page.locator(".caption-line")).to_have_text(["Before. Missed. After."])


async def test_captions_that_had_faded_do_not_flash_up_when_the_page_is_loaded_again(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=0.5&fade=0")
    watcher = await greeted(server)
    await watcher.say(**final(7, 1, "Long ago."))
    await expect(page.locator(".caption-line")).to_have_text(["Long ago."])
    await expect(page.locator(".caption-line")).to_have_count(0)
    await page.reload()
    again = await greeted(server, offset=7, finals=[final(7, 1, "Long ago.")])
    await again.say(**final(8, 2, "Just now."))
    await expect(page.locator(".caption-line")).to_have_text(["Just now."])


async def test_captions_that_were_still_to_be_read_are_there_again_after_a_reload(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=60")
    watcher = await greeted(server)
    await watcher.say(**final(7, 1, "Just now."))
    await expect(page.locator(".caption-line")).to_have_text(["Just now."])
    await page.reload()
    await greeted(server, offset=7, finals=[final(7, 1, "Just now.")])
    await expect(page.locator(".caption-line")).to_have_text(["Just now."])


async def test_captions_are_delayed_as_long_as_the_picture(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?delay=2")
    watcher = await greeted(server)
    start = await page.evaluate("performance.now()")
    await watcher.say(**final(1, 1, "Later."))
    await expect(page.locator(".caption-line")).to_have_text(["Later."])
    assert await page.evaluate("performance.now()") - start >= 1900


async def test_a_revoked_link_says_so_and_its_token_went_in_the_first_message_only(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main#t=v_secret-1")
    watcher = await server.conversation()
    assert "secret" not in watcher.path + "".join(watcher.protocols)
    assert (await watcher.message("hello"))["token"] == "v_secret-1"
    await watcher.hang_up(4501)
    notice = page.locator(".caption-notice")
    await expect(notice).to_have_text("This caption link is no longer valid. Ask for a new one.")
    assert await contrast_of(notice) >= 4.5


async def test_a_notice_is_in_the_language_of_the_browser(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main#t=old", locale="de-DE")
    watcher = await server.conversation()
    await watcher.hang_up(4501)
    await expect(page.locator(".caption-notice")).to_contain_text("gilt nicht mehr")


async def test_a_name_that_no_room_has_says_so(open_page: OpenPage, server: FakeServer) -> None:
    page = await open_overlay(open_page, "/overlay/a%20b")
    await expect(page.locator(".caption-notice")).to_contain_text("No room can have the name")
    assert server.attempts == 0


async def test_captions_are_text_and_never_markup(server: FakeServer, open_page: OpenPage) -> None:
    attack = '<img src=x onerror="window.attacked = true">'
    page = await open_overlay(open_page, "/overlay/main?width=100&lines=3&least=0")
    watcher = await greeted(server)
    await watcher.partial(1, 1, attack, session=attack, speaker=attack)
    await expect(page.locator(".caption-line").first).to_contain_text('<img src=x onerror="')
    await watcher.say(**delta(1, 1, attack, session=attack, speaker=attack))
    await expect(page.locator(".caption-committed").first).to_contain_text("<img src=x")
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.attacked") is None


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("مرحبا بكم جميعا في OBS Studio اليوم", "rtl"),
        ("שלום לכולם וברוכים הבאים", "rtl"),
        ("今日は良い天気ですね。字幕が表示されています。", "ltr"),
        ("Emoji 🎉👩‍👩‍👧 and ข้อความภาษาไทย 👍🏽", "ltr"),
    ],
)
async def test_every_script_stands_where_it_is_read_from_and_inside_its_box(
    server: FakeServer, open_page: OpenPage, text: str, direction: str
) -> None:
    page = await open_overlay(open_page, "/overlay/main?lines=4&least=0")
    watcher = await greeted(server)
    await watcher.say(**final(1, 1, text))
    lines = page.locator(".caption-line")
    await expect(lines.first).to_be_visible()
    shown = "".join(await lines.all_inner_texts())
    assert "".join(shown.split()) == "".join(text.split())
    window = await page.locator(".caption-lines").bounding_box()
    assert window is not None
    for line in await lines.all():
        assert await line.evaluate("node => getComputedStyle(node).direction") == direction
        box = await line.locator(".caption-text").bounding_box()
        assert box is not None
        left, right = (
            box["x"] - window["x"],
            window["x"] + window["width"] - box["x"] - box["width"],
        )
        assert left >= -1
        assert right >= -1
        assert (right if direction == "rtl" else left) <= 1


async def test_custom_styles_of_obs_win_over_the_address(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?size=100&tail=ff0000&bg=00ff00&align=end")
    await page.add_style_tag(
        content=OBS_STYLES + ".caption-text { background-color: rgb(1, 2, 3); }"
        ".caption-overlay { --caption-size: 40px; --caption-tail-color: rgb(9, 9, 9);"
        " --caption-align: center; font-family: monospace; }"
    )
    watcher = await greeted(server)
    await watcher.partial(1, 1, "Styled", session="s_a")
    await expect(page.locator(".caption-text")).to_have_css("background-color", "rgb(1, 2, 3)")
    await expect(page.locator(".caption-line")).to_have_css("font-size", "40px")
    await expect(page.locator(".caption-line")).to_have_css("text-align", "center")
    await expect(page.locator(".caption-line")).to_have_css("font-family", "monospace")
    await expect(page.locator(".caption-tail")).to_have_css("color", "rgb(9, 9, 9)")


async def test_styles_that_come_late_lay_the_rows_out_anew(
    server: FakeServer, open_page: OpenPage
) -> None:
    """OBS adds its user's styles when the page is already there."""
    page = await open_overlay(open_page, "/overlay/main?lines=6&least=0&hold=0")
    watcher = await greeted(server)
    await watcher.say(**delta(1, 1, LONG))
    await expect(page.locator(".caption-line")).to_have_count(3)
    await page.add_style_tag(content=".caption-overlay { letter-spacing: 0.5em; }")
    await watcher.say(**delta(2, 1, "more"))
    await expect(page.locator(".caption-line").nth(4)).to_be_visible()
    for box in await page.locator(".caption-text").all():
        place = await box.bounding_box()
        assert place is not None
        assert place["x"] + place["width"] <= 800


async def test_reduced_motion_rolls_at_once(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_overlay(open_page, reduced_motion="reduce")
    watcher = await greeted(server)
    await watcher.say(**delta(1, 1, LONG))
    await expect(page.locator(".caption-line")).to_have_count(2)
    for name in (".caption-strip", ".caption-lines"):
        await expect(page.locator(name)).to_have_css("transition-duration", "0s")
