from __future__ import annotations

from pathlib import Path

from livecaption.media.devices import Device, alsa_devices

STREAMS = """\
00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
02-10: USB Audio : USB Audio : capture 1
"""


def test_alsa_devices_that_can_capture_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "pcm"
    path.write_text(STREAMS)
    assert alsa_devices(path) == [
        Device("alsa:plughw:0,0", "ALC257 Analog"),
        Device("alsa:plughw:2,10", "USB Audio"),
    ]


def test_a_machine_without_alsa_has_none(tmp_path: Path) -> None:
    assert alsa_devices(tmp_path / "pcm") == []
