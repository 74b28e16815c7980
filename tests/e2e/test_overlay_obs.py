"""The overlay and OBS: out of sight, and captions inside the stream."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_obs import fake_obs
from tests.e2e.fake_server import FakeServer
from tests.e2e.test_overlay import delta, final, greeted, open_overlay

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

INSIDE_OBS = "window.obsstudio = {pluginVersion: '2.24.0'};"
SHOW = "visible => dispatchEvent(new CustomEvent('obsSourceVisibleChanged', {detail: {visible}}))"


def kept(port: int, password: str = "") -> str:
    """A browser in which somebody has filled in how to reach OBS."""
    settings = json.dumps(json.dumps({"port": port, "password": password}))
    return f"localStorage.setItem('livecaption.overlay-obs', {settings});"


async def test_a_source_out_of_sight_leaves_the_room_and_starts_from_what_is_there_when_seen(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_overlay(open_page, "/overlay/main?hold=60", before=INSIDE_OBS)
    watcher = await greeted(server)
    await watcher.say(**final(1, 1, "Before."))
    await expect(page.locator(".caption-line")).to_have_text(["Before."])
    await page.evaluate(SHOW, False)
    await watcher.left()
    await expect(page.locator(".caption-line")).to_have_count(0)
    await page.evaluate(SHOW, True)
    again = await server.conversation()
    assert (await again.message("hello")).get("after") is None
    await again.say(
        "snapshot", room="main", offset=9, open_utterances=[], finals=[final(9, 9, "Just now.")]
    )
    await expect(page.locator(".caption-line")).to_have_text(["Just now."])


async def test_committed_words_go_into_the_stream_of_obs(
    server: FakeServer, open_page: OpenPage
) -> None:
    async with fake_obs(password="söm secret") as obs:
        page = await open_overlay(
            open_page, "/overlay/main?obs=1", before=kept(obs.port, "söm secret")
        )
        watcher = await greeted(server)
        await obs.until(lambda: obs.identified == 1)
        await watcher.partial(1, 1, "Good mourning", session="s_a")
        await watcher.say(**delta(1, 1, "Good morning everyone, and welcome"))
        await watcher.say(**delta(2, 1, " to the planning review."))
        await obs.until(lambda: len(obs.captions) == 2)
        assert obs.captions[0] == "Good morning everyone, and\nwelcome"
        assert obs.captions[1] == "Good morning everyone, and\nwelcome to the planning review."
        assert "secret" not in page.url


async def test_without_being_asked_the_page_does_not_look_for_obs(
    server: FakeServer, open_page: OpenPage
) -> None:
    async with fake_obs() as obs:
        await open_overlay(open_page, "/overlay/main", before=kept(obs.port))
        watcher = await greeted(server)
        await watcher.say(**delta(1, 1, "Good morning"))
        await expect(
            (await open_overlay(open_page, "/overlay/main?obs=0")).locator(".caption-overlay")
        ).to_be_attached()
        assert obs.identified == 0


async def test_the_settings_say_how_it_stands_with_obs_and_take_a_new_password_at_once(
    server: FakeServer, open_page: OpenPage
) -> None:
    async with fake_obs(password="right", streaming=False) as obs:
        page = await open_overlay(
            open_page,
            "/overlay/main?settings=1",
            before=kept(obs.port, "wrong"),
            viewport={"width": 1280, "height": 720},
        )
        watcher = await greeted(server)
        await page.get_by_role("button", name="Caption settings").click()
        state = page.locator(".settings fieldset [role=status]")
        await page.get_by_label("Send captions to OBS").check()
        await expect(state).to_have_text("OBS refuses this password.")
        await page.get_by_label("Password").fill("right")
        await page.get_by_label("Password").press("Tab")
        await expect(state).to_have_text("Connected. OBS is not streaming.")
        await watcher.say(**delta(1, 1, "Nobody hears this."))
        obs.streaming = True
        await watcher.say(**delta(2, 1, " But this."))
        await expect(state).to_have_text("Captions are in the stream.")
        await obs.until(lambda: obs.captions[-1:] == ["Nobody hears this. But this."])
        assert "right" not in page.url
        await page.get_by_label("Send captions to OBS").uncheck()
        await expect(state).to_have_text("")
        count = len(obs.captions)
        await watcher.say(**delta(3, 1, " Not this."))
        await expect(page.locator(".caption-overlay")).to_be_attached()
        assert len(obs.captions) == count
