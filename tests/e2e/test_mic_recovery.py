"""The mic page over reloads, holds and lost networks: what was said stays, and it goes on."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import Conversation, FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AN_HOUR_LATER = "const now = Date.now; Date.now = () => now() + (window.later ?? 0);"


async def _said(page: Page, server: FakeServer) -> Conversation:
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.final(1, "Said before.")
    await talk.delta(2, "And then")
    await talk.partial(2, 1, " perhaps")
    await expect(page.locator(".caption-line")).to_have_text(["Said before.", "And then perhaps"])
    await talk.audio_bytes(16_000)
    return talk


async def test_after_a_reload_the_captions_are_there_and_one_click_goes_on(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/?room=hall")
    talk = await _said(page, server)
    await page.reload()
    lines = page.locator(".caption-line")
    await expect(lines).to_have_text(["Said before.", "And then perhaps"])
    await expect(page.locator("#recovery")).to_contain_text("This page was reloaded")
    await page.get_by_role("button", name="Continue").click()
    again = await server.conversation()
    start = await again.message("start")
    resume = start["resume"]
    assert (resume["session"], resume["resume_token"]) == ("s_1", "rt_1")
    assert resume["last_seq"] == 2
    # All that was captured before the reload; a part of it was never sent.
    assert resume["held_from"] >= len(talk.audio) // 2
    await again.say(**_resumed(resume["held_from"] + 100))
    await expect(page.locator("#recovery")).to_be_hidden()
    await again.say("delta", seq=2, utterance=2, text="And then", words=[])
    await again.say("delta", seq=3, utterance=2, text=" it went on.", words=[])
    await expect(lines).to_have_text(["Said before.", "And then it went on."])
    await again.audio_bytes(3200)
    await expect(page.get_by_role("status").first).to_have_text("Listening")


def _resumed(sample: int) -> dict[str, Any]:
    return {
        "type": "ready",
        "protocol": 1,
        "session": "s_1",
        "resume_token": "rt_1",
        "room": "hall",
        "model": "micro-en",
        "language": None,
        "started_at": "2026-11-23T10:00:00.000Z",
        "resumed": True,
        "resume_from": sample,
        "limits": {"max_frame_bytes": 65536, "idle_s": 60.0, "max_session_s": 86400.0},
    }


async def test_when_it_is_too_late_to_go_on_the_captions_stay_until_they_are_cleared(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/", before=AN_HOUR_LATER)
    await _said(page, server)
    await page.add_init_script("window.later = 3600_000;")
    await page.reload()
    await expect(page.locator(".caption-line")).to_have_text(["Said before.", "And then perhaps"])
    await expect(page.locator("#recovery")).to_contain_text("Captions from before")
    await expect(page.get_by_role("button", name="Start anew")).to_be_hidden()
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Clear captions").click()
    await expect(page.locator(".caption-line")).to_have_count(0)
    await expect(page.locator("#recovery")).to_be_hidden()
    await page.reload()
    await expect(page.locator(".caption-line")).to_have_count(0)


async def test_whoever_starts_anew_keeps_the_captions_and_begins_another_session(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    await _said(page, server)
    await page.reload()
    await page.get_by_role("button", name="Start anew").click()
    await page.get_by_role("button", name="Start", exact=True).click()
    again = await server.conversation()
    assert (await again.ready(session="s_2"))["resume"] is None
    await again.final(1, "Said after.")
    await expect(page.locator(".caption-text")).to_have_text(
        ["Said before.", "And then", re.compile("may be missing"), "Said after."]
    )


async def test_going_on_without_a_microphone_can_be_tried_again(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    await _said(page, server)
    await page.reload()
    await page.evaluate(
        """() => {
             const {getUserMedia} = MediaDevices.prototype;
             navigator.mediaDevices.getUserMedia = () => {
               delete navigator.mediaDevices.getUserMedia;
               return Promise.reject(new DOMException('no', 'NotAllowedError'));
             };
           }"""
    )
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("alert")).to_contain_text("microphone is not allowed")
    await page.get_by_role("button", name="Continue").click()
    again = await server.conversation()
    assert (await again.message("start"))["resume"]["session"] == "s_1"


async def test_a_session_that_was_stopped_is_not_offered_again(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _said(page, server)
    await page.get_by_role("button", name="Stop").click()
    await talk.message("stop")
    await talk.final(2, "And then perhaps not.")
    await talk.closed()
    await expect(page.get_by_role("status").first).to_have_text("Stopped after 3 s")
    await page.reload()
    await expect(page.locator(".caption-line")).to_have_text(
        ["Said before.", "And then perhaps not."]
    )
    await expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


async def test_another_room_has_none_of_the_captions(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/?room=hall")
    await _said(page, server)
    await page.goto("/?room=lab")
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    await expect(page.locator(".caption-line")).to_have_count(0)


async def test_leaving_while_live_asks_first_and_while_idle_does_not(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    asked: list[str] = []

    async def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        await dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    await page.close(run_before_unload=True)
    page = await open_page()
    page.on("dialog", stay)
    await _said(page, server)
    async with page.expect_event("close"):
        await page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


async def test_mute_and_pause_by_keyboard_hold_the_sound_and_say_so(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _said(page, server)
    status = page.get_by_role("status").first
    mute = page.get_by_role("button", name="Mute")
    await page.keyboard.press("Alt+m")
    await expect(status).to_have_text("Muted")
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#delay")).to_have_text("You seem to be speaking, but you are muted.")
    # The clock goes on, over silence.
    heard = await talk.audio_bytes(len(talk.audio) + 64_000)
    assert not any(heard[-32_000:])
    await page.keyboard.press("Alt+m")
    await expect(status).to_have_text("Listening")
    heard = await talk.audio_bytes(len(talk.audio) + 32_000)
    assert any(heard[-3200:])

    await page.keyboard.press("Alt+p")
    await expect(status).to_have_text("Paused")
    await talk.message("finalize")
    await page.keyboard.press("Alt+p")
    await expect(status).to_have_text("Listening")
    await talk.audio_bytes(len(talk.audio) + 6400)

    # Where letters are typed, Alt writes letters.
    await page.get_by_role("button", name="Sound and words").click()
    await page.get_by_label("Your name").press("Alt+m")
    await page.keyboard.press("Escape")
    await expect(status).to_have_text("Listening")


async def test_an_outage_is_told_in_seconds_kept(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page()
    talk = await _said(page, server)
    server.refuse = HTTPStatus.SERVICE_UNAVAILABLE
    talk.break_off()
    await expect(page.locator("#delay")).to_have_text(
        re.compile(r"^Reconnecting\. Your words are kept: [2-9] seconds so far\.$")
    )
    server.refuse = None
    again = await server.publisher(resumed=True)
    await again.say("status", lag=1.6, hop=0.5, queue=0)
    await expect(page.locator("#delay")).to_have_text("Captions are about 2 seconds behind.")


async def test_a_network_that_changed_is_not_waited_for(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _said(page, server)
    # The fake server acknowledges nothing: the page must not wait its usual ten seconds.
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    again = await server.conversation(within_s=8)
    assert (await again.message("start"))["resume"]["session"] == "s_1"
    assert talk is not again
