"""The mic page when something goes wrong: it says what, what to do, and comes back by itself."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import INSECURE_HOST
from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import Conversation, FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


async def _listening(page: Page, server: FakeServer) -> Conversation:
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await expect(page.get_by_role("status")).to_have_text("Listening")
    return talk


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", ["microphone is not allowed", "Allow it for this page"]),
        ("NotFoundError", ["No microphone was found", "Connect one"]),
        ("NotReadableError", ["microphone is in use", "Close that program"]),
        ("TypeError", ["audio could not be started", "Reload the page"]),
    ],
)
async def test_a_microphone_that_is_not_to_be_had_is_explained(
    name: str, words: list[str], server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="navigator.mediaDevices.getUserMedia = "
        f"() => Promise.reject(new DOMException('no', '{name}'));"
    )
    await page.get_by_role("button", name="Start").click()
    alert = page.get_by_role("alert")
    for part in words:
        await expect(alert).to_contain_text(part)
    await expect(page.get_by_role("status")).to_have_text("Ready")
    await expect(page.get_by_role("button", name="Start")).to_be_enabled()
    assert server.attempts == 0


async def test_a_page_without_https_says_so_and_links_to_the_secure_address(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(f"http://{INSECURE_HOST}:{server.port}/?room=hall")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("not secure")
    link = alert.get_by_role("link")
    secure = f"https://{INSECURE_HOST}:{server.port}/?room=hall"
    await expect(link).to_have_text(secure)
    await expect(link).to_have_attribute("href", secure)
    await page.get_by_role("button", name="Start").click()
    await expect(alert).to_contain_text("https")
    await expect(page.get_by_role("button", name="Start")).to_be_visible()


async def test_a_room_name_that_cannot_be_used_is_refused_before_the_start(
    open_page: OpenPage,
) -> None:
    page = await open_page("/?room=a%20b")
    await expect(page.get_by_role("alert")).to_contain_text("room name")
    await expect(page.get_by_role("button", name="Start")).to_be_disabled()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4501, "asks for a key"),
        (4503, "does not accept captions from this address"),
        (4504, "used up"),
        (4507, "do not match"),
    ],
)
async def test_a_refusal_for_good_is_explained_and_not_tried_again(
    code: int, words: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _listening(page, server)
    await talk.say("error", code="no", message="Refused.", fatal=True, retry_after_ms=None)
    await talk.hang_up(code)
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(words)
    await expect(alert).to_contain_text("The server says: Refused.")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    # A retry would come within half a second; the second start proves that none did.
    attempts = server.attempts
    await _listening(page, server)
    assert server.attempts == attempts + 1
    await expect(page.locator("#problem")).to_be_hidden()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1012, "The server is restarting"),
        (1013, "The server is full"),
        (1011, "The server made a mistake"),
        (4008, "nothing useful came in time"),
    ],
)
async def test_a_passing_trouble_is_explained_and_the_page_comes_back(
    code: int, words: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _listening(page, server)
    await talk.hang_up(code)
    await expect(page.get_by_role("alert")).to_contain_text(words)
    again = await server.publisher(resumed=True)
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await expect(page.locator("#problem")).to_be_hidden()
    await again.delta(1, "Back again")
    await expect(page.locator(".caption-line")).to_have_text(["Back again"])


@pytest.mark.parametrize(
    ("status", "word", "words"),
    [
        (HTTPStatus.SERVICE_UNAVAILABLE, "full", "The server is full"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "loading", "still loading its speech model"),
        (HTTPStatus.OK, "ready", "did not accept the connection"),
    ],
)
async def test_a_refused_handshake_is_explained_by_what_the_server_says_of_itself(
    status: HTTPStatus, word: str, words: str, server: FakeServer, open_page: OpenPage
) -> None:
    server.refuse = HTTPStatus.FORBIDDEN
    server.readiness = (status, word)
    page = await open_page()
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("alert")).to_contain_text(words)
    await expect(page.get_by_role("status")).to_have_text("No connection, trying again")
    server.refuse = None
    await server.publisher()
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await expect(page.locator("#problem")).to_be_hidden()


async def test_a_session_that_could_not_go_on_is_marked_in_the_captions(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _listening(page, server)
    await talk.delta(1, "Before")
    await talk.partial(1, 1, " the")
    await expect(page.locator(".caption-line")).to_have_text(["Before the"])
    talk.break_off()
    again = await server.publisher(session="s_2")
    await again.delta(1, "After")
    await expect(page.locator(".caption-line")).to_have_text(
        ["Before", "Some words may be missing here: the connection was lost.", "After"]
    )


async def test_a_microphone_that_is_unplugged_leaves_the_session_waiting_for_another(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="""const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => {
          window.stream = await original(wish);
          return window.stream;
        };"""
    )
    talk = await _listening(page, server)
    # Browsers announce an unplugged device with this event; no test can pull the plug.
    await page.evaluate("window.stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    await talk.message("finalize")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The microphone is gone")
    await expect(page.get_by_role("status")).to_have_text("No microphone")
    await expect(page.locator("#delay")).to_have_text("The session waits for you.")
    await talk.final(1, "The last words.")
    heard = len(talk.audio)
    await alert.get_by_role("button", name="Use another microphone").click()
    await expect(page.locator("#problem")).to_be_hidden()
    await expect(page.get_by_role("status")).to_have_text("Listening")
    await talk.audio_bytes(heard + 16_000)
    await expect(page.locator(".caption-line")).to_have_text(["The last words."])


async def test_a_session_that_another_tab_took_over_is_left_to_it(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    talk = await _listening(page, server)
    await talk.final(1, "Mine.")
    await expect(page.locator(".caption-line")).to_have_text(["Mine."])
    await talk.hang_up(4009)
    await expect(page.get_by_role("alert")).to_contain_text("goes on in another tab or window")
    await expect(page.get_by_role("status")).to_have_text("Ready")
    # A page that wanted it back would ask within half a second: the next start is the only one.
    attempts = server.attempts
    await page.get_by_role("button", name="Start").click()
    again = await server.conversation()
    start = await again.message("start")
    assert start["resume"] is None
    assert server.attempts == attempts + 1


async def test_a_chosen_microphone_that_is_not_there_is_not_replaced_without_a_word(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="localStorage.setItem('livecaption.mic', JSON.stringify({deviceId: 'gone'}));"
    )
    await page.get_by_role("button", name="Start").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The microphone you chose is not connected")
    assert server.attempts == 0
    await alert.get_by_role("button", name="Choose another sound").click()
    await page.get_by_label("Microphone", exact=True).last.select_option("")
    await page.keyboard.press("Escape")
    await _listening(page, server)


async def test_audio_that_the_system_pauses_can_be_resumed_with_a_button(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="""const Original = window.AudioContext;
        window.AudioContext = class extends Original {
          constructor(options) { super(options); window.context = this; }
        };"""
    )
    await _listening(page, server)
    await page.evaluate("window.context.suspend()")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("paused the audio")
    await alert.get_by_role("button", name="Resume").click()
    await expect(page.locator("#problem")).to_be_hidden()


async def test_a_muted_microphone_is_noticed(server: FakeServer, open_page: OpenPage) -> None:
    page = await open_page(
        before="""navigator.mediaDevices.getUserMedia = async () =>
          new AudioContext().createMediaStreamDestination().stream;"""
    )
    await _listening(page, server)
    await expect(page.get_by_role("alert")).to_contain_text("No sound reaches the microphone")
