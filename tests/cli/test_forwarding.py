"""``livecaption stream`` with several sources, and with some that break; a scripted server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from livecaption.errors import MediaError, NotAllowed, OperatorError
from tests.cli.test_stream import run_stream, serving
from tests.client import wire
from tests.client.scripted_server import Peer, Refusal
from tests.media.broadcasts import broadcasting
from tests.media.recorders import LISTING, install
from tests.media.recordings import coded, noise, tone, write_wav

RADIO = coded(tone(3.0), "mp3", "libmp3lame", rate=16_000)
SECOND = 16_000


async def introduce(peer: Peer) -> None:
    """Each session hears who speaks in it."""
    await peer.greet()
    await peer.say(wire.final(1, f"I am {peer.messages[0]['speaker']}."))
    await peer.finish()


@pytest.fixture
def clips(tmp_path: Path) -> list[str]:
    return [
        str(write_wav(tmp_path / f"{number}.wav", noise(3200, seed=number))) for number in (1, 2)
    ]


def test_each_source_is_a_session_of_its_own_in_one_room(clips: list[str]) -> None:
    with serving(introduce, introduce) as server:
        result = run_stream(
            f"Ann={clips[0]}", f"Ben={clips[1]}", "--url", server.url, "--room", "hall"
        )
    assert result.exit_code == 0, result.output
    assert sorted(result.stdout.splitlines()) == ["Ann: I am Ann.", "Ben: I am Ben."]
    heard = {peer.messages[0]["speaker"]: peer for peer in server.peers}
    assert heard["Ann"].audio == noise(3200, seed=1).tobytes()
    assert heard["Ben"].audio == noise(3200, seed=2).tobytes()
    assert {peer.messages[0]["room"] for peer in server.peers} == {"hall"}


def test_json_lines_say_which_source_they_are_of(clips: list[str]) -> None:
    with serving(introduce, introduce) as server:
        result = run_stream(f"Ann={clips[0]}", clips[1], "--url", server.url, "--jsonl")
    assert result.exit_code == 0, result.output
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    finals = {each["voice"]: each["text"] for each in messages if each["type"] == "final"}
    assert finals == {"Ann": "I am Ann.", clips[1]: "I am None."}


def test_nothing_is_sent_when_one_of_the_sources_cannot_be_opened(clips: list[str]) -> None:
    with serving() as server:
        result = run_stream(f"Ann={clips[0]}", "Ben=nothing.wav", "--url", server.url)
    assert isinstance(result.exception, MediaError)
    assert "There is no file nothing.wav" in str(result.exception)
    assert server.requests == []


def test_a_source_that_breaks_does_not_end_the_others(clips: list[str]) -> None:
    with broadcasting(RADIO) as radio, serving(introduce, introduce) as server:
        result = run_stream(
            f"Ann={clips[0]}", f"Radio={radio}", "--reopen", "0", "--url", server.url
        )
    assert isinstance(result.exception, OperatorError)
    assert str(result.exception) == "1 of 2 sources ended with an error."
    assert sorted(result.stdout.splitlines()) == ["Ann: I am Ann.", "Radio: I am Radio."]
    assert f"Radio: {radio} broke off after" in result.stderr


def test_a_refusal_that_meets_all_sources_is_said_once(clips: list[str]) -> None:
    refusal = Refusal(401, "This key has expired.")
    with serving(refusal, refusal) as server:
        result = run_stream(f"Ann={clips[0]}", f"Ben={clips[1]}", "--url", server.url)
    assert str(result.exception) == "2 of 2 sources ended with an error."
    assert result.stderr.count("This key has expired.") == 1
    with serving(refusal) as server:
        result = run_stream(clips[0], "--url", server.url)
    assert isinstance(result.exception, NotAllowed)


def test_a_broadcast_that_breaks_goes_on_in_the_same_session() -> None:
    on_air = threading.Event()

    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(5 * SECOND)
        os.kill(os.getpid(), signal.SIGINT)
        await peer.finish()

    with broadcasting(RADIO, 503, RADIO[417:] + RADIO, last=on_air) as radio:
        with serving(listen) as server:
            result = run_stream(radio, "--url", server.url)
    assert result.exit_code == 0, result.output
    assert len(server.peers) == 1
    assert f"{radio} broke off after 3.0 s" in result.stderr
    assert f"{radio} is back." in result.stderr


def test_a_broadcast_that_stays_away_ends_with_its_last_captions() -> None:
    with broadcasting(RADIO) as radio, serving(introduce) as server:
        result = run_stream(radio, "--url", server.url, "--reopen", "1")
    assert isinstance(result.exception, MediaError)
    assert f"{radio} did not come back within 1 s." in str(result.exception)
    assert result.stdout == "I am None.\n"


def test_what_this_machine_plays_is_recorded_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = "out.write(bytes([7, 0]) * 16000); out.flush(); signal.pause()"
    noted = install(tmp_path, monkeypatch, parec=sound)

    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(SECOND)
        os.kill(os.getpid(), signal.SIGINT)
        await peer.finish()

    with serving(listen) as server:
        result = run_stream("pulse:monitor", "--url", server.url)
    assert result.exit_code == 0, result.output
    assert server.peers[0].audio == bytes([7, 0]) * SECOND
    assert noted.read_text().startswith("--device=@DEFAULT_MONITOR@")


def test_devices_are_listed_as_they_are_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, pactl=f"out.write({LISTING!r}.encode())")
    result = run_stream("--list-devices")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "pulse:alsa_output.pci.monitor  Monitor of Built-in Audio: Analog\n"
        "pulse:alsa_input.usb-mic       Mikrofon für Ännchen\n"
    )


def test_sigterm_waits_for_the_last_captions_of_all(tmp_path: Path) -> None:
    endless = write_wav(tmp_path / "long.wav", noise(SECOND * 600))
    ready = threading.Semaphore(0)

    async def listen(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(1600)
        ready.release()
        if peer.messages[0]["speaker"] == "Ann":
            await asyncio.to_thread(lambda: [ready.acquire(timeout=10) for _ in range(2)])
            os.kill(os.getpid(), signal.SIGTERM)
        await peer.read_until("stop")
        await peer.say(wire.final(1, "The last words."), wire.closed())

    with serving(listen, listen) as server:
        result = run_stream(f"Ann={endless}", f"Ben={endless}", "--url", server.url)
    assert result.exit_code == 0, result.output
    assert sorted(result.stdout.splitlines()) == ["Ann: The last words.", "Ben: The last words."]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
