"""The overlay as OBS shows it: transparent, at the bottom, and never a word about itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.contrast import contrast_of
from tests.e2e.fake_server import Conversation, FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

OBS_SOURCE = {"width": 800, "height": 600}
OBS_STYLES = "body { background-color: rgba(0, 0, 0, 0); margin: 0px auto; overflow: hidden; }"


def _final(offset: int, utterance: int, text: str) -> dict[str, Any]:
    return {
        "type": "final", "seq": offset, "offset": offset, "utterance": utterance, "text": text,
        "start": 0, "end": 1, "language": "en", "speaker": None, "words": [],
        "room": "main", "session": "s_a",
    }  # fmt: skip


async def _watcher(server: FakeServer, **snapshot: Any) -> Conversation:
    watcher = await server.conversation()
    await watcher.message("hello")
    nothing = {"room": "main", "offset": 0, "finals": [], "open_utterances": []}
    await watcher.say("snapshot", **{**nothing, **snapshot})
    return watcher


async def _open(open_page: OpenPage, path: str = "/overlay/main") -> Page:
    return await open_page(path, viewport=OBS_SOURCE)


async def test_it_shows_the_room_of_its_address_beginning_with_what_is_there(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _open(open_page, "/overlay/hall-2?lines=3")
    open_utterance: dict[str, Any] = {
        "session": "s_a", "speaker": None, "utterance": 3, "start": 3.0, "text": "Three",
        "words": [], "partial": " is com", "revision": 1,
    }  # fmt: skip
    watcher = await _watcher(
        server,
        offset=2,
        finals=[_final(1, 1, "One."), _final(2, 2, "Two.")],
        open_utterances=[open_utterance],
    )
    assert watcher.path == "/ws/watch?room=hall-2"
    lines = page.locator(".caption-line")
    await expect(lines).to_have_text(["One.", "Two.", "Three is com"])
    await watcher.say(**{**_final(3, 3, " is here"), "type": "delta"})
    await expect(lines).to_have_text(["One.", "Two.", "Three is here"])
    await watcher.say(**_final(4, 3, "Three is here."))
    await expect(lines).to_have_text(["One.", "Two.", "Three is here."])


async def test_the_page_is_transparent_and_the_words_are_not(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _open(open_page)
    watcher = await _watcher(server)
    await watcher.delta(1, "Good morning", session="s_a", offset=1)
    await watcher.partial(1, 1, " every", session="s_a")
    await expect(page.locator(".caption-line")).to_have_text(["Good morning every"])
    for name in ("html", "body", ".caption-overlay", ".caption-lines"):
        ground = await page.locator(name).evaluate("node => getComputedStyle(node).backgroundColor")
        assert ground == "rgba(0, 0, 0, 0)", name
    for video in ((255.0, 255.0, 255.0), (0.0, 0.0, 0.0), (255.0, 220.0, 0.0)):
        assert await contrast_of(page.locator(".caption-committed"), video) >= 4.5
        assert await contrast_of(page.locator(".caption-tail"), video) >= 4.5


async def test_it_rolls_up_at_the_bottom_and_never_shows_more_lines_than_asked(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _open(open_page)
    watcher = await _watcher(server)
    text = "A sentence that is long enough to be broken into several lines of an overlay, twice."
    for number in range(1, 5):
        await watcher.say(**_final(number, number, text))
    await expect(page.locator(".caption-line")).to_have_count(2)
    window = await page.locator(".caption-lines").bounding_box()
    last = await page.locator(".caption-text").last.bounding_box()
    assert window is not None
    assert last is not None
    size = await page.locator(".caption-lines").evaluate(
        "node => parseFloat(getComputedStyle(node).fontSize)"
    )
    assert window["height"] <= 2 * 1.5 * size + 1
    assert window["y"] + window["height"] > 600 * 0.9
    assert last["y"] + last["height"] <= window["y"] + window["height"] + 2
    assert window["x"] + window["width"] <= 800


async def test_the_last_words_fade_after_silence_and_speech_brings_only_new_ones(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _open(open_page, "/overlay/main?hold=1")
    watcher = await _watcher(server)
    await watcher.say(**_final(1, 1, "Old words."))
    overlay = page.locator(".caption-overlay")
    await expect(page.locator(".caption-line")).to_have_text(["Old words."])
    await expect(overlay).to_have_css("opacity", "0")
    await watcher.partial(2, 1, "New words", session="s_a")
    await expect(page.locator(".caption-line")).to_have_text(["New words"])
    await expect(overlay).to_have_css("opacity", "1")


async def test_a_lost_connection_is_not_told_to_the_audience_and_comes_back(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await _open(open_page, "/overlay/main?hold=0")
    watcher = await _watcher(server)
    await watcher.say(**_final(1, 1, "Before."))
    await expect(page.locator(".caption-line")).to_have_text(["Before."])
    server.refuse = HTTPStatus.SERVICE_UNAVAILABLE
    watcher.break_off()
    await server.attempted(server.attempts + 2)
    await expect(page.locator(".caption-notice")).to_be_hidden()
    await expect(page.locator(".caption-line")).to_have_text(["Before."])
    server.refuse = None
    again = await _watcher(server, offset=1, finals=[_final(1, 1, "Before.")])
    await again.say(**_final(2, 2, "After."))
    await expect(page.locator(".caption-line")).to_have_text(["Before.", "After."])


async def test_a_link_that_is_void_says_so(server: FakeServer, open_page: OpenPage) -> None:
    page = await _open(open_page, "/overlay/main#token=old")
    watcher = await _watcher(server)
    assert watcher.protocols == ["livecaption.v1", "lct.old"]
    await watcher.hang_up(4501)
    notice = page.locator(".caption-notice")
    await expect(notice).to_have_text("The access token is missing, wrong or expired")
    assert await contrast_of(notice) >= 4.5


async def test_a_name_that_no_room_has_says_so(open_page: OpenPage, server: FakeServer) -> None:
    page = await _open(open_page, "/overlay/a%20b")
    await expect(page.locator(".caption-notice")).to_contain_text("room name")
    assert server.attempts == 0


async def test_captions_are_text_and_never_markup(server: FakeServer, open_page: OpenPage) -> None:
    attack = '<img src=x onerror="window.attacked = true">'
    page = await _open(open_page)
    watcher = await _watcher(server)
    await watcher.partial(1, 1, attack, session=attack, speaker=attack)
    await expect(page.locator(".caption-tail")).to_have_text(attack)
    await expect(page.locator(".caption-speaker")).to_have_text(f"{attack}: ")
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.attacked") is None


async def test_custom_styles_of_obs_win(server: FakeServer, open_page: OpenPage) -> None:
    page = await _open(open_page)
    await page.add_style_tag(
        content=OBS_STYLES + ".caption-text { background-color: rgb(1, 2, 3); }"
        ".caption-overlay { --caption-size: 40px; --caption-tail-color: rgb(9, 9, 9); }"
    )
    watcher = await _watcher(server)
    await watcher.partial(1, 1, "Styled", session="s_a")
    await expect(page.locator(".caption-text")).to_have_css("background-color", "rgb(1, 2, 3)")
    await expect(page.locator(".caption-overlay")).to_have_css("font-size", "40px")
    await expect(page.locator(".caption-tail")).to_have_css("color", "rgb(9, 9, 9)")
