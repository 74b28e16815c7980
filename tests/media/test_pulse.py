"""PulseAudio through its programs; they are scripts here, of which a real one is like."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path

import pytest

from livecaption.errors import MediaError
from livecaption.media.devices import Device
from livecaption.media.on_air import open_on_air
from livecaption.media.pulse import open_pulse, pulse_devices
from livecaption.media.reader import SourceReader
from livecaption.media.sources import BLOCK_SAMPLES, open_source
from tests.media.recorders import LISTING, install

COUNTING = """
import array
for second in range(10):
    array.array("h", [second + 1] * 16000).tofile(out)
out.flush()
signal.pause()
"""
REFUSED = """
sys.exit("Stream error: No such\\n entity")
"""
BREAKING = """
if count > 1: sys.exit("Connection failure: Connection terminated")
out.write(bytes([count + 1, 0]) * 16000); out.flush()
sys.exit("Connection failure: Connection terminated")
"""
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
out.write(bytes(3200)); out.flush()
signal.pause()
"""


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program takes its time to start on a busy machine."""
    monkeypatch.setattr("livecaption.media.pulse._FIRST_SOUND_S", 30.0)


def test_a_source_is_recorded_by_its_name_as_the_core_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = install(tmp_path, monkeypatch, parec=COUNTING)
    with open_source("pulse:alsa_input.usb-mic") as source:
        assert source.live
        blocks = list(islice(source, 20))
    assert [len(block) for block in blocks] == [BLOCK_SAMPLES] * 20
    assert [int(block[0]) for block in blocks] == [1] * 10 + [2] * 10
    words = noted.read_text().split()
    assert words[0] == "--device=alsa_input.usb-mic"
    assert {"--format=s16le", "--rate=16000", "--channels=1"} <= set(words)


@pytest.mark.parametrize(
    ("device", "given"),
    [
        ("default", "@DEFAULT_SOURCE@"),
        ("", "@DEFAULT_SOURCE@"),
        ("monitor", "@DEFAULT_MONITOR@"),
        ("a name; with $(everything)", "a name; with $(everything)"),
    ],
)
def test_a_device_is_one_word_for_parec_and_two_have_short_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, given: str
) -> None:
    noted = install(tmp_path, monkeypatch, parec=COUNTING)
    with open_pulse(device):
        assert noted.read_text().startswith(f"--device={given} --format")


def test_what_parec_says_is_why_it_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, parec=REFUSED)
    with pytest.raises(
        MediaError, match=r"pulse:nowhere .*\(Stream error: No such entity\); .*list"
    ):
        open_pulse("nowhere")


def test_without_parec_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    with pytest.raises(MediaError, match=r"there is no parec; .*pulseaudio-utils"):
        open_pulse("default")


def test_a_recording_that_stops_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, parec=BREAKING)
    told: list[str] = []
    blocks: list[int] = []
    with open_on_air("pulse:default", report=told.append, patience_s=5.0) as source:
        assert source.live
        with pytest.raises(MediaError, match="did not come back"):
            blocks.extend(int(block[0]) for block in source)
    assert [number for number in blocks if number] == [1] * 10 + [2] * 10
    broke_off = "pulse:default broke off (Connection failure: Connection terminated)."
    assert told[0] == f"{broke_off} It will be opened again."
    assert told[1].startswith("pulse:default is back.")


async def test_leaving_ends_a_recorder_that_says_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, parec=COUNTING)
    source = open_pulse("default")
    async with asyncio.timeout(20), SourceReader(source) as reader:
        seen = [int((await anext(reader))[0]) for _ in range(50)]
    assert len(seen) == 50
    await asyncio.to_thread(reader._thread.join, 10.0)
    assert not reader._thread.is_alive()


def test_a_recorder_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livecaption.media.pulse._END_S", 0.1)
    install(tmp_path, monkeypatch, parec=STUBBORN)
    source = open_pulse("default")
    with source:
        next(source)
    recorder = source._held
    assert recorder._process.returncode is not None  # type: ignore[attr-defined]  # looked into


def test_the_devices_are_listed_by_the_names_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = f"assert os.environ['LC_ALL'] == 'C.UTF-8'\nout.write({LISTING!r}.encode())"
    install(tmp_path, monkeypatch, pactl=talk)
    assert pulse_devices() == [
        Device("pulse:alsa_output.pci.monitor", "Monitor of Built-in Audio: Analog"),
        Device("pulse:alsa_input.usb-mic", "Mikrofon für Ännchen"),
    ]


def test_a_machine_without_pulseaudio_has_no_devices_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    assert pulse_devices() == []


def test_pulseaudio_that_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, pactl="sys.exit('Connection refused')")
    with pytest.raises(MediaError, match="PulseAudio does not answer"):
        pulse_devices()
