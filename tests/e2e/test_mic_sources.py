"""Where the mic page's sound comes from: microphones, a tab, a file; and what is done to it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium, write_wav
from tests.e2e.conftest import OpenPage
from tests.e2e.fake_server import FakeServer

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

NO_SHARING = "delete MediaDevices.prototype.getDisplayMedia;"
SHARED_STUB = """navigator.mediaDevices.getDisplayMedia = async () => {
  const picture = document.createElement('canvas');
  picture.getContext('2d');
  const stream = picture.captureStream(1);
  %s
  window.shared = stream;
  return stream;
};"""


def _pitch(heard: bytes) -> int:
    """The loudest frequency of the second half, in Hz."""
    samples: NDArray[np.float64] = np.frombuffer(heard, dtype="<i2").astype(np.float64)
    second = samples[len(samples) // 2 :][:16_000]
    spectrum = np.abs(np.fft.rfft(second * np.hanning(len(second))))
    return round(float(spectrum.argmax()) * 16_000 / len(second))


def _tone(path: Path, hertz: int, seconds: float) -> Path:
    rate = 22_050
    samples = 0.4 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return write_wav(path, samples.astype(np.float32), rate)


async def _set_up(page: Page, kind: str | None = None) -> None:
    await page.get_by_role("button", name="Sound and words").click()
    if kind:
        await page.get_by_role("radio", name=kind).check(force=True)


async def test_presets_reach_the_browser_and_what_it_made_of_them_is_shown(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="""window.wishes = [];
        const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => {
          window.wishes.push(wish.audio);
          return original(wish);
        };"""
    )
    await _set_up(page)
    await page.get_by_role("radio", name="Mixer").check(force=True)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.audio_bytes(8000)
    wish: dict[str, Any] = await page.evaluate("window.wishes[0]")
    for treatment in ("echoCancellation", "noiseSuppression", "autoGainControl"):
        assert wish[treatment] is False
    await _set_up(page)
    applied = page.locator("#applied")
    await expect(applied).to_contain_text("noise suppression off")
    await expect(applied).to_contain_text("echo cancellation off")
    # While it runs, another preset takes effect at once, in the same session.
    heard = len(talk.audio)
    await page.get_by_role("radio", name="Near me").check(force=True)
    await expect(applied).to_contain_text("echo cancellation on")
    await expect(applied).to_contain_text("noise suppression off")
    await talk.audio_bytes(heard + 16_000)
    assert server.attempts == 1


async def test_microphones_are_chosen_by_name_once_one_was_allowed_and_remembered(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    await _set_up(page)
    await page.get_by_role("button", name="Try the microphone").click()
    meter = page.locator("#setup").get_by_role("meter", name="Sound level")
    await expect(meter).to_have_attribute("aria-valuenow", re.compile(r"^[5-9]\d$"))
    device = page.locator("#device")
    names = await device.locator("option").all_inner_texts()
    assert names[0] == "The system’s choice"
    assert len(names) >= 2
    await device.select_option(label=names[1])
    chosen = await device.input_value()
    await page.get_by_role("button", name="End the trial").click()
    await expect(meter).to_be_hidden()
    assert server.attempts == 0, "a trial sends nothing"

    await page.reload()
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.audio_bytes(3200)
    await _set_up(page)
    await expect(page.locator("#device")).to_have_value(chosen)


async def test_a_file_is_captioned_at_its_own_speed_paused_and_ended(
    server: FakeServer, open_page: OpenPage, tmp_path: Path
) -> None:
    clip = _tone(tmp_path / "speech.wav", 660, 4)
    page = await open_page()
    await page.get_by_role("button", name="Sound and words").click()
    await page.get_by_role("radio", name="File").check(force=True)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#file")).to_be_focused()
    await page.locator("#file").set_input_files(clip)
    await page.get_by_text("Let me hear it").click()
    await page.keyboard.press("Escape")
    await expect(page.locator("#source")).to_have_text("speech.wav")
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.audio_bytes(2 * 16_000)
    await expect(page.locator("#file-time")).to_have_text(re.compile(r"^0:0\d of 0:04$"))
    await expect(page.get_by_role("button", name="Mute", exact=True)).to_be_hidden()

    await page.get_by_role("button", name="Pause").click()
    await talk.message("finalize")
    await expect(page.get_by_role("status").first).to_have_text("Paused")
    # What was under way when it paused is here before the answer to a later question is.
    await page.evaluate("new Promise(resolve => setTimeout(resolve, 500))")
    held = len(talk.audio)
    await page.evaluate("new Promise(resolve => setTimeout(resolve, 700))")
    assert len(talk.audio) == held
    await page.get_by_role("button", name="Pause").click()
    await talk.message("stop", within_s=20)
    assert len(talk.audio) > held
    seconds = len(talk.audio) / 32_000
    assert 3.5 <= seconds <= 5, f"{seconds} s of a clip of 4 s"
    assert abs(_pitch(bytes(talk.audio)) - 660) <= 2
    await talk.closed()
    await expect(page.get_by_role("status").first).to_have_text("Stopped after 3 s")


async def test_a_file_that_is_no_sound_is_explained(
    server: FakeServer, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page()
    await _set_up(page, "File")
    nonsense = tmp_path / "notes.txt"
    nonsense.write_text("not a sound")
    await page.locator("#file").set_input_files(nonsense)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("alert")).to_contain_text("The file cannot be played")
    assert server.attempts == 0


async def test_a_tab_is_captioned_with_its_real_sound_and_its_picture_is_let_go(
    server: FakeServer, tone: Path
) -> None:
    async with chromium(tone, shared_tab="Tone of 880") as browser:
        context = await browser.new_context(base_url=server.url)
        playing = await context.new_page()
        await playing.goto("/favicon.ico")
        await playing.evaluate(
            """() => {
                 document.title = 'Tone of 880';
                 const context = new AudioContext();
                 const tone = context.createOscillator();
                 tone.frequency.value = 880;
                 tone.connect(context.destination);
                 tone.start();
                 window.resumeTone = () => context.resume();
               }"""
        )
        await playing.mouse.click(10, 10)
        await playing.evaluate("window.resumeTone()")
        page = await context.new_page()
        await page.add_init_script(
            """const original = MediaDevices.prototype.getDisplayMedia;
            MediaDevices.prototype.getDisplayMedia = async function (wish) {
              window.shared = await original.call(this, wish);
              return window.shared;
            };"""
        )
        await page.goto("/")
        await _set_up(page, "Tab or computer")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Start").click()
        talk = await server.publisher()
        heard = await talk.audio_bytes(3 * 32_000, within_s=30)
        assert abs(_pitch(heard) - 880) <= 2
        states = await page.evaluate("window.shared.getVideoTracks().map(t => t.readyState)")
        assert states == ["ended"]
        await page.evaluate("window.shared.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        await talk.message("stop")
        await talk.closed()
        await expect(page.get_by_role("status").first).to_have_text("Stopped after 3 s")
        await context.close()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (SHARED_STUB % "", "You shared a picture, but no sound"),
        (
            "navigator.mediaDevices.getDisplayMedia = async () => "
            "{ throw new DOMException('no', 'NotAllowedError'); };",
            "Nothing was shared",
        ),
    ],
)
async def test_sharing_without_sound_or_at_all_is_explained(
    script: str, words: str, server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(before=script)
    await _set_up(page, "Tab or computer")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("alert")).to_contain_text(words)
    await expect(page.get_by_role("status").first).to_have_text("Ready")
    assert server.attempts == 0
    if "canvas" in script:
        states = await page.evaluate("window.shared.getTracks().map(t => t.readyState)")
        assert states == ["ended"]


async def test_a_tab_is_not_offered_where_the_browser_cannot_share_its_sound(
    open_page: OpenPage,
) -> None:
    page = await open_page(before=NO_SHARING)
    await _set_up(page)
    await expect(page.get_by_role("radio", name="Tab or computer")).to_have_count(0)
    await expect(page.locator("#setup")).to_contain_text("can also caption a tab")
    phone = await open_page(user_agent="Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile")
    await _set_up(phone)
    await expect(phone.get_by_role("radio", name="Tab or computer")).to_have_count(0)


async def test_another_kind_of_sound_is_taken_in_the_running_session_when_asked(
    server: FakeServer, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.audio_bytes(3200)
    await _set_up(page, "File")
    use = page.get_by_role("button", name="Use this sound now")
    await expect(use).to_be_hidden()
    await page.locator("#file").set_input_files(_tone(tmp_path / "clip.wav", 990, 20))
    heard = len(talk.audio)
    await use.click()
    await talk.audio_bytes(heard + 3 * 32_000)
    assert abs(_pitch(bytes(talk.audio)) - 990) <= 2
    assert server.attempts == 1


async def test_names_and_speaker_are_sent_checked_in_plain_words_and_remembered(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page()
    await _set_up(page)
    box = page.get_by_label("Names and terms")
    await box.fill("Kyiv, CTranslate2\nSchrödinger")
    await expect(page.locator("#vocabulary-count")).to_have_text("3 terms.")
    await page.get_by_label("Your name").fill("Ada")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Start").click()
    talk = await server.conversation()
    start = await talk.ready()
    assert start["vocabulary"] == ["Kyiv", "CTranslate2", "Schrödinger"]
    assert start["speaker"] == "Ada"

    await _set_up(page)
    await box.fill("Kyiv\n" + "x" * 65)
    await expect(page.locator("#vocabulary-count")).to_contain_text("longer than 64 characters")
    await expect(box).to_have_attribute("aria-invalid", "true")
    await page.keyboard.press("Escape")
    change = await talk.message("configure")
    assert change["vocabulary"] == ["Kyiv"]
    kept = json.loads(await page.evaluate("localStorage.getItem('livecaption.mic')"))
    assert kept["speaker"] == "Ada"
    assert kept["vocabulary"].startswith("Kyiv\n")


async def test_without_storage_the_page_works_all_the_same(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page(
        before="""for (const name of ['localStorage', 'sessionStorage']) {
          const get = () => { throw new DOMException('no', 'SecurityError'); };
          Object.defineProperty(window, name, {get});
        }"""
    )
    await page.get_by_role("button", name="Start").click()
    talk = await server.publisher()
    await talk.final(1, "Spoken in private.")
    await expect(page.locator(".caption-line")).to_have_text(["Spoken in private."])


async def test_the_room_is_changed_with_everything_else_of_the_address_kept(
    server: FakeServer, open_page: OpenPage
) -> None:
    page = await open_page("/?room=hall&ui=en#token=abc")
    await _set_up(page)
    room = page.get_by_label("Room", exact=True)
    await room.fill("bad name")
    await page.get_by_role("button", name="Go there").click()
    await expect(room).to_have_attribute("aria-invalid", "true")
    await room.fill("lab")
    await page.get_by_role("button", name="Go there").click()
    await page.wait_for_url("**/?room=lab&ui=en#token=abc")
    await expect(page.locator("#room")).to_have_text("lab")
    await page.get_by_role("button", name="Start").click()
    talk = await server.conversation()
    assert (await talk.ready())["room"] == "lab"
    await _set_up(page)
    await expect(page.get_by_label("Room", exact=True)).to_be_disabled()
