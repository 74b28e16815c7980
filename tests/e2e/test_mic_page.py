"""The mic page when all goes well: from the click to the last word."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.async_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


async def test_one_click_starts_and_the_microphone_arrives_as_16_khz(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/?room=hall")
    await page.get_by_role("button", name="Start").click()
    talk = await server.conversation()
    start = await talk.ready()
    assert start["room"] == "hall"
    assert start["language"] is None
    await expect(page.get_by_role("status")).to_have_text("Listening")

    heard = np.frombuffer(await talk.audio_bytes(2 * 16_000 * 3), dtype="<i2").astype(np.float64)
    # The tone must come out at its own pitch: anything else is a wrong rate or a broken chunk.
    spectrum = np.abs(np.fft.rfft(heard[16_000:32_000] * np.hanning(16_000)))
    assert abs(int(spectrum.argmax()) - 440) <= 1
    level = await page.get_by_role("meter").get_attribute("aria-valuenow")
    assert level is not None
    assert int(level) > 50


async def test_words_appear_as_they_are_committed_and_stop_waits_for_the_last(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    lines = page.locator(".caption-line")
    await talk.partial(1, 1, "Good mourning")
    await expect(lines.locator(".caption-tail")).to_have_text("Good mourning")
    await talk.delta(1, "Good morning")
    await talk.partial(1, 2, " every one")
    await expect(lines).to_have_text(["Good morning every one"])
    await expect(lines.locator(".caption-committed")).to_have_text("Good morning")

    await page.get_by_role("button", name="Stop").click()
    await talk.message("stop")
    await expect(page.get_by_role("status")).to_have_text("Waiting for the last words")
    await talk.delta(1, " everyone.")
    await talk.final(1, "Good morning everyone.")
    await talk.closed(audio_s=61.2)
    await expect(page.get_by_role("status")).to_have_text("Stopped after 1 min 1 s")
    await expect(lines).to_have_text(["Good morning everyone."])
    await expect(page.get_by_role("button", name="Start")).to_be_enabled()


async def test_committed_text_nodes_are_never_touched_again(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.delta(1, "Good morning")
    committed = page.locator(".caption-committed")
    await expect(committed).to_have_text("Good morning")
    await committed.evaluate(
        """node => {
             window.first = node.firstChild;
             window.changes = 0;
             new MutationObserver(list => { window.changes += list.length; })
               .observe(window.first, {characterData: true});
           }"""
    )
    for revision in range(1, 6):
        await talk.partial(1, revision, f" and{revision}")
    await talk.delta(1, " and welcome.")
    await talk.final(1, "Good morning and welcome.")
    await expect(committed).to_have_text("Good morning and welcome.")
    assert await committed.evaluate("node => node.firstChild === window.first")
    assert await page.evaluate("window.changes") == 0
    assert await committed.evaluate("node => node.childNodes.length") == 2


async def test_captions_are_text_and_never_markup(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page("/", before="window.alert = () => { window.attacked = true; };")
    attack = '<img src=x onerror="alert(1)"><script>alert(2)</script>&amp;'
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher(model=attack)
    await talk.partial(1, 1, attack)
    await expect(page.locator(".caption-tail")).to_have_text(attack)
    await talk.delta(1, attack)
    await talk.final(1, attack, speaker=attack)
    await talk.final(2, attack, speaker=attack)
    await talk.gap(1.0, attack)
    await talk.say("error", code="x", message=attack, fatal=False, retry_after_ms=None)
    await talk.hang_up(4000)
    await expect(page.locator("#problem-server")).to_contain_text(attack)
    await expect(page.locator("#model")).to_have_text(attack)
    await expect(page.locator(".caption-speaker")).to_contain_text(attack)
    assert await page.locator("main img, main script, footer img").count() == 0
    assert await page.evaluate("window.attacked") is None


async def test_every_script_is_shown_as_it_is_and_in_its_own_direction(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    said = {
        "ar": "نعم، سنحتفظ به حتى نهاية الأسبوع 😀",
        "he": "בוקר טוב לכולם.",
        "zh": "大家早上好，感谢各位的到来。",
        "en": "The family 👩‍👩‍👧‍👦 waves 👍🏽",
    }
    for number, (language, text) in enumerate(said.items(), start=1):
        await talk.final(number, text, language=language, speaker="Ada")
    lines = page.locator(".caption-line")
    await expect(lines.locator(".caption-committed")).to_have_text(list(said.values()))
    for index, language in enumerate(said):
        await expect(lines.nth(index)).to_have_attribute("lang", language)
        direction = "rtl" if language in ("ar", "he") else "ltr"
        await expect(lines.nth(index)).to_have_css("direction", direction)


async def test_language_model_and_lag_are_shown(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page("/", locale="en-GB")
    await page.get_by_label("Spoken language").select_option("de")
    await page.get_by_role("button", name="Start").click()
    talk = await server.conversation()
    start = await talk.ready(model="large-v3-turbo", language="de")
    assert start["language"] == "de"
    await talk.say("status", lag=0.42, hop=1.0, queue=3)
    await expect(page.locator("#model")).to_have_text("large-v3-turbo")
    await expect(page.locator("#lag")).to_have_text("0.4 s")
    await expect(page.locator("#heard-language")).to_have_text("German")
    await page.get_by_label("Spoken language").select_option("")
    assert await talk.message("configure") == {"type": "configure", "language": None}
    await talk.final(1, "Hei.", language="fi")
    await expect(page.locator("#heard-language")).to_have_text("Finnish")


async def test_missing_captions_are_marked_where_they_are_missing(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.final(1, "Before.")
    await talk.gap(1.4, "overload")
    await talk.final(2, "After.")
    await expect(page.locator(".caption-line")).to_have_text(
        ["Before.", "1.4 s were not captioned: the server could not keep up.", "After."]
    )


async def test_a_later_utterance_stays_below_an_earlier_one_that_comes_late(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.partial(2, 1, "Second")
    await expect(page.locator(".caption-line")).to_have_text(["Second"])
    await talk.delta(1, "First.")
    await expect(page.locator(".caption-line")).to_have_text(["First.", "Second"])


async def test_a_broken_connection_is_resumed_with_the_audio_of_the_break(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    await page.get_by_role("button", name="Start").click()
    first = await server.publisher()
    await first.delta(1, "Before the break")
    await first.partial(1, 1, " and")
    await expect(page.locator(".caption-line")).to_have_text(["Before the break and"])
    before = await first.audio_bytes(16_000)
    first.break_off()
    await expect(page.get_by_role("status")).to_have_text("No connection, trying again")
    second = await server.conversation()
    start = await second.ready(resumed=True, resume_from=4000)
    assert start["resume"] == {
        "session": "s_1",
        "resume_token": "rt_1",
        "last_seq": 1,
        "held_from": 0,
    }
    again = await second.audio_bytes(16_000)
    assert again[:8000] == before[8000:16_000]
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await second.say("delta", seq=1, utterance=1, text="Before the break", words=[])
    await second.say("delta", seq=2, utterance=1, text=" and after it", words=[])
    await expect(page.locator(".caption-line")).to_have_text(["Before the break and after it"])


async def test_finished_sentences_are_announced_only_when_asked_for(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/")
    log = page.get_by_role("log")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.final(1, "Not asked for.")
    await expect(page.locator(".caption-line")).to_have_count(1)
    await expect(log).to_have_text("")
    await page.get_by_role("button", name="Read sentences to a screen reader").press("Enter")
    await talk.partial(2, 1, "Still chang")
    await talk.delta(2, "Asked")
    await expect(page.locator(".caption-line")).to_have_count(1)
    await expect(log).to_have_text("")
    await talk.final(2, "Asked for.")
    await expect(log.locator("p")).to_have_text(["Asked for."])


async def test_the_token_of_the_link_is_offered_and_in_no_address(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/#token=abc.def")
    await page.get_by_role("button", name="Start").click()
    talk = await server.conversation()
    assert talk.protocols == ["livecaption.v1", "lct.abc.def"]
    assert "abc" not in talk.path
