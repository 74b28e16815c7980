"""Reading by ear or by finger, and in every script and interface language."""

from __future__ import annotations

import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import ATTACK, RoomOnStage, kept, overflow

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}


# --- screen readers and braille ------------------------------------------------------------------


async def test_a_screen_reader_gets_whole_sentences_once_and_only_when_asked_for(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, "Said before I came.")
    log = page.get_by_role("log")
    await room.final("Not asked for.")
    await expect(page.locator(".caption-line")).to_have_count(2)
    await expect(log).to_have_text("")
    await page.get_by_role("button", name="Read sentences to a screen reader").press("Enter")
    await room.partial("Still chang", speaker="Ada")
    await room.final("Finished.", speaker="Ada")
    await room.gap(1.4)
    await room.final("Dziękuję.", speaker="Ada", language="pl")
    said = [
        "Ada: Finished.",
        "1.4 s were not captioned: the server could not keep up.",
        "Dziękuję.",
    ]
    await expect(log.locator("p")).to_have_text(said)
    await expect(log.locator("p").last).to_have_attribute("lang", "pl")
    assert await log.evaluate("node => node.getAttribute('aria-live') ?? 'polite'") == "polite"


async def test_a_snapshot_is_not_read_out_but_what_was_missed_is(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, before=kept({"announce": True}))
    room = await RoomOnStage.live(server, "Old.", "Older.")
    await expect(page.locator(".caption-line")).to_have_count(2)
    await room.final("New.")
    log = page.get_by_role("log")
    await expect(log.locator("p")).to_have_text(["New."])
    room.conversation.break_off()
    again = await RoomOnStage.open(server)
    await again.snapshot("Old.", "Older.", "New.", "Missed.")
    await expect(log.locator("p")).to_have_text(["New.", "Missed."])


async def test_under_a_reading_cursor_nothing_changes(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, before=kept({"announce": True}))
    room = await RoomOnStage.live(server, "One.")
    await room.partial("Still chang")
    await room.conversation.say(
        "delta", seq=2, utterance=2, text="Still", words=[], session="s_a", speaker=None, offset=2
    )
    await room.final("A whole sentence.", utterance=3, seq=3, offset=3)
    await expect(page.locator(".caption-line")).to_have_text(["One.", "A whole sentence."])


async def test_words_that_may_still_change_are_hidden_from_assistive_technology(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, "One.")
    await room.partial("perhaps")
    await expect(page.locator(".caption-tail").last).to_have_text("perhaps")
    tree = await page.locator("main").aria_snapshot()
    assert "One." in tree
    assert "perhaps" not in tree


# --- languages and scripts -----------------------------------------------------------------------


async def test_every_script_has_its_direction_and_language_and_markup_is_text(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server)
    said = {
        "ar": "نعم، سنحتفظ به حتى نهاية الأسبوع 😀",
        "he": "בוקר טוב לכולם.",
        "ja": "わかりました。準備ができたら、もう一度ご連絡します。",
        "zh": "大家早上好，感谢各位的到来。",
        "en": f"{ATTACK} 👩‍👩‍👧‍👦",
    }
    for language, text in said.items():
        await room.final(text, language=language, speaker="Ada")
    lines = page.locator(".caption-line")
    await expect(lines.locator(".caption-committed")).to_have_text(list(said.values()))
    for index, language in enumerate(said):
        line = lines.nth(index)
        await expect(line).to_have_attribute("lang", language)
        # A Latin name in front must not turn an Arabic sentence around.
        direction = "rtl" if language in ("ar", "he") else "ltr"
        await expect(line).to_have_css("direction", direction)
        edge = await line.evaluate(
            """node => {
                 const words = document.createRange();
                 words.selectNodeContents(node);
                 const first = words.getClientRects()[0];
                 const box = node.getBoundingClientRect();
                 return getComputedStyle(node).direction === 'rtl'
                   ? box.right - Math.max(...[...words.getClientRects()].map(r => r.right))
                   : first.left - box.left;
               }"""
        )
        assert abs(edge) < 2, (language, edge)
    assert await overflow(page) == 0
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.attacked") is None


@pytest.mark.parametrize(
    ("language", "direction", "hold"),
    [
        ("en", "ltr", "Hold"),
        ("de", "ltr", "Anhalten"),
        ("fr", "ltr", "Arrêter ici"),
        ("es", "ltr", "Detener"),
        ("uk", "ltr", "Зупинити"),
        ("ar", "rtl", "توقّف هنا"),
    ],
)
async def test_the_page_speaks_the_language_of_the_browser(
    language: str, direction: str, hold: str, open_page: OpenPage
) -> None:
    for path in ("/watch/main", "/"):
        page = await open_page(path, locale=f"{language}-XX", viewport=PHONE)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await expect(page.locator("html")).to_have_css("direction", direction)
        await expect(page.get_by_role("button", name=hold)).to_be_visible()
        assert await overflow(page) == 0


async def test_a_chosen_language_is_spoken_at_once_and_kept(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server)
    await room.gap(1.4)
    await room.presence(0)
    await expect(page.get_by_role("status")).to_have_text("Nobody is speaking into this room now")
    await page.get_by_role("button", name="Display").click()
    await page.get_by_label("Language of the buttons").select_option("de")
    await expect(page.get_by_role("dialog", name="Einstellungen der Anzeige")).to_be_visible()
    await expect(page.locator(".is-gap")).to_have_text(
        "1,4 s wurden nicht untertitelt: der Server kam nicht nach."
    )
    await page.keyboard.press("Escape")
    await expect(page.locator("#headline")).to_have_text("Noch spricht niemand.")
    await expect(page.get_by_role("status")).to_have_text("Zurzeit spricht niemand in diesem Raum")
    await page.reload()
    await expect(page.get_by_role("button", name="Anhalten")).to_be_visible()
    await page.goto("/watch/main?ui=fr")
    await expect(page.get_by_role("button", name="Arrêter ici")).to_be_visible()
