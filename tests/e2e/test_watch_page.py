"""The viewer page: what it shows of a room, and what it says about the connection."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer
from tests.e2e.watching import ATTACK, RoomOnStage, final

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}


async def test_it_shows_the_room_of_its_address_and_follows_it(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/hall-2", viewport=PHONE)
    room = await RoomOnStage.live(server, "One.", "Two.")
    assert room.conversation.path == "/ws/watch?room=hall-2"
    assert room.hello == {"type": "hello"}
    lines = page.locator(".caption-line")
    await expect(lines).to_have_text(["One.", "Two."])
    await expect(page.locator("#status")).to_have_text("Live")
    await expect(page.locator("#room")).to_have_text("hall-2")
    await expect(page).to_have_title("hall-2 · Live captions")
    await room.partial("Three is com")
    await expect(lines).to_have_text(["One.", "Two.", "Three is com"])
    await room.final("Three is here.")
    await expect(lines).to_have_text(["One.", "Two.", "Three is here."])


@pytest.mark.parametrize(
    ("publishers", "detached", "status"),
    [
        (1, 0, "Live"),
        (3, 0, "Live"),
        (0, 0, "Nobody is speaking into this room now"),
        (0, 2, "The speaker has lost the connection. Captions go on when it is back."),
        (1, 1, "Live, but one speaker has lost the connection"),
    ],
)
async def test_it_says_who_is_there_in_plain_words(
    publishers: int, detached: int, status: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    await expect(page.get_by_role("status")).to_have_text("Connecting")
    room = await RoomOnStage.open(server)
    await room.snapshot()
    await room.presence(publishers, detached)
    await expect(page.get_by_role("status")).to_have_text(status)


async def test_an_empty_room_says_that_captions_will_come_by_themselves(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.open(server)
    await room.snapshot()
    await room.presence(0)
    await expect(page.locator("#headline")).to_have_text("Nobody is speaking yet.")
    await expect(page.locator("#welcome-note")).to_contain_text("captions begin by themselves")
    await room.presence(1)
    await room.final("At last.")
    await expect(page.locator("#headline")).to_be_hidden()
    await expect(page.locator(".caption-line")).to_have_text(["At last."])


async def test_after_a_break_it_goes_on_from_the_last_event_without_a_hole(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, "One.")
    await room.final("Two.")
    lines = page.locator(".caption-line")
    await expect(lines).to_have_text(["One.", "Two."])
    await lines.first.evaluate("node => { window.first = node; }")
    room.conversation.break_off()

    again = await RoomOnStage.open(server)
    assert again.hello == {"type": "hello", "after": 2}
    await again.conversation.say("snapshot", room="main", offset=2, finals=[], open_utterances=[])
    await again.conversation.say(**final(3, "Said meanwhile."))
    await again.presence(1)
    await expect(lines).to_have_text(["One.", "Two.", "Said meanwhile."])
    assert await lines.first.evaluate("node => node === window.first"), "shown lines stay"
    await expect(page.get_by_role("status")).to_have_text("Live")


async def test_a_longer_absence_than_the_server_remembers_is_marked(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, "One.")
    await expect(page.locator(".caption-line")).to_have_text(["One."])
    room.conversation.break_off()
    again = await RoomOnStage.open(server)
    await again.conversation.say(
        "snapshot", room="main", offset=900, finals=[final(80, "Much later.")], open_utterances=[]
    )
    await expect(page.locator(".caption-line")).to_have_text(
        ["One.", "Some words may be missing here: the connection was lost.", "Much later."]
    )


async def test_a_lost_connection_is_told_with_its_reason_and_comes_back(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server)
    await expect(page.get_by_role("status")).to_have_text("Live")
    server.refuse = HTTPStatus.SERVICE_UNAVAILABLE
    server.readiness = (HTTPStatus.SERVICE_UNAVAILABLE, "full")
    room.conversation.break_off()
    await expect(page.get_by_role("status")).to_have_text("Connection lost, trying again")
    await expect(page.locator("#welcome-note")).to_contain_text("Too many people are reading")
    server.readiness = (HTTPStatus.SERVICE_UNAVAILABLE, "draining")
    await expect(page.locator("#welcome-note")).to_contain_text("The server is restarting")
    server.refuse = None
    await RoomOnStage.live(server, "Back.")
    await expect(page.get_by_role("status")).to_have_text("Live")
    await expect(page.locator(".caption-line")).to_have_text(["Back."])


async def test_a_short_break_is_mended_before_anyone_is_told(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        before="""window.said = [];
        addEventListener('DOMContentLoaded', () => {
          const status = document.getElementById('status');
          new MutationObserver(() => window.said.push(status.textContent))
            .observe(status, {childList: true, characterData: true, subtree: true});
        });""",
    )
    room = await RoomOnStage.live(server)
    await expect(page.get_by_role("status")).to_have_text("Live")
    room.conversation.break_off()
    again = await RoomOnStage.live(server)
    await again.final("Nothing happened.")
    await expect(page.locator(".caption-line")).to_have_text(["Nothing happened."])
    assert not any("lost" in words for words in await page.evaluate("window.said"))


async def test_the_token_of_a_link_goes_into_hello_and_a_revoked_link_says_so(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main#t=tok-123", viewport=PHONE)
    room = await RoomOnStage.open(server)
    assert room.hello == {"type": "hello", "token": "tok-123"}
    assert "tok-123" not in room.conversation.path
    await room.conversation.hang_up(4501)
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("This link is no longer valid")
    await expect(alert).to_contain_text("Ask whoever gave it to you for a new one.")
    await expect(page.get_by_role("status")).to_have_text("Ended")
    assert server.attempts == 1


@pytest.mark.parametrize(
    ("code", "words"), [(4503, "does not show captions at this address"), (4507, "do not match")]
)
async def test_every_other_end_for_good_is_explained(
    code: int, words: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, "What was shown stays.")
    await room.conversation.hang_up(code)
    await expect(page.get_by_role("alert")).to_contain_text(words)
    await expect(page.locator(".caption-line")).to_have_text(["What was shown stays."])


async def test_a_name_that_no_room_has_is_refused_without_asking_the_server(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/a%20b", viewport=PHONE)
    await expect(page.get_by_role("alert")).to_contain_text("room name")
    assert server.attempts == 0


async def test_a_phone_that_wakes_up_opens_a_fresh_connection(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        before="""window.shift = 0;
        const real = Date.now;
        Date.now = () => real() + window.shift;
        Object.defineProperty(document, 'visibilityState', {
          get: () => window.visibility ?? 'visible',
        });
        window.turn = (visibility) => {
          window.visibility = visibility;
          document.dispatchEvent(new Event('visibilitychange'));
        };""",
    )
    await RoomOnStage.live(server, "One.")
    await expect(page.locator(".caption-line")).to_have_text(["One."])
    await page.evaluate("window.turn('hidden'); window.shift += 5_000; window.turn('visible')")
    assert server.attempts == 1
    await page.evaluate("window.turn('hidden'); window.shift += 60_000; window.turn('visible')")
    again = await RoomOnStage.open(server)
    assert again.hello == {"type": "hello", "after": 1}
    await expect(page.get_by_role("status")).to_have_text("Live")


async def test_the_screen_stays_on_while_words_may_come_and_not_in_an_empty_room(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        "/watch/main",
        viewport=PHONE,
        before="""let locks = 0;
        const count = (by) => { document.documentElement.dataset.locks = (locks += by); };
        Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => {
          count(1);
          return {released: false, release: async () => count(-1)};
        }}});""",
    )
    room = await RoomOnStage.live(server)
    await expect(page.locator("html")).to_have_attribute("data-locks", "1")
    await room.presence(0)
    await expect(page.locator("html")).to_have_attribute("data-locks", "0")


async def test_names_stand_where_the_voice_changes(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server)
    await room.final("Good morning.", speaker="Ada")
    await room.final("Shall we begin?", speaker="Ada")
    await room.final("Yes.", speaker="Bo", session="s_b")
    await room.final("Then first the server.", speaker="Ada")
    lines = page.locator(".caption-line")
    await expect(lines).to_have_count(4)
    assert [text.strip() for text in await lines.all_inner_texts()] == [
        "Ada: Good morning.",
        "Shall we begin?",
        "Bo: Yes.",
        "Ada: Then first the server.",
    ]


async def test_captions_and_names_are_text_and_never_markup(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE)
    room = await RoomOnStage.live(server, ATTACK, speaker=ATTACK)
    await room.partial(ATTACK, session=ATTACK, speaker=ATTACK)
    await expect(page.locator(".caption-committed").first).to_have_text(ATTACK)
    await expect(page.locator(".caption-tail").last).to_have_text(ATTACK)
    await expect(page.locator(".caption-speaker").first).to_have_text(f"{ATTACK}: ")
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.attacked") is None


async def test_a_transcript_of_hours_stays_bounded_and_smooth(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/watch/main", viewport=PHONE, reduced_motion="reduce")
    room = await RoomOnStage.live(server)
    sentence = "A sentence of about the length that people say before they draw breath, number"
    for number in range(1, 2301):
        await room.final(f"{sentence} {number}.")
    lines = page.locator(".caption-line")
    await expect(lines.last).to_contain_text("2300.", timeout=30_000)
    await expect(lines).to_have_count(2000)
    # What a partial costs with all of that on the page: far less than a reader would notice.
    costs = await page.evaluate(
        """async () => {
             const {CaptionView} = await import('/static/js/caption/caption-view.js');
             const {applyEvent, NO_CAPTIONS} = await import('/static/js/caption/caption-model.js');
             const box = document.createElement('section');
             document.body.append(box);
             const view = new CaptionView(box);
             let captions = NO_CAPTIONS;
             const say = (event) => {
               captions = applyEvent(captions, {session: 's', speaker: null, ...event}, Date.now());
             };
             for (let i = 1; i <= 2000; i += 1) {
               const text = `Sentence number ${i}.`;
               say({type: 'final', seq: i, utterance: i, offset: i, text, language: 'en'});
             }
             view.render(captions.lines);
             const costs = [];
             for (let i = 1; i <= 60; i += 1) {
               say({type: 'partial', utterance: 2001, revision: i, text: `word ${i}`});
               const began = performance.now();
               view.render(captions.lines);
               costs.push(performance.now() - began);
             }
             box.remove();
             return costs.sort((a, b) => a - b);
           }"""
    )
    assert costs[len(costs) // 2] < 16, costs
    await room.final("The last one.")
    await expect(lines.last).to_be_in_viewport(ratio=1)
