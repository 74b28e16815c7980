"""Capture devices through FFmpeg (ALSA, AVFoundation, DirectShow, …), and which ones there are.

PulseAudio is in ``pulse``, because the FFmpeg inside PyAV's wheels does not know it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import av

from livecaption.errors import MediaError
from livecaption.media.demux import UNREADABLE, open_av, reason, source_of
from livecaption.media.source import Source

__all__ = ["CAPTURE", "Device", "alsa_devices", "open_device"]

CAPTURE = ("alsa", "avfoundation", "dshow", "jack", "lavfi", "openal", "oss", "sndio")
"""FFmpeg's names of what it can capture from, somewhere."""

_ALSA_SETTINGS = Path("/usr/share/alsa/alsa.conf")
_ALSA_STREAMS = Path("/proc/asound/pcm")
_ALSA_STREAM = re.compile(r"(\d+)-(\d+): ([^:]*) :.*: capture \d")
_PIPE_HINT = (
    "pipe it in instead, for example: "
    "ffmpeg -f alsa -i default -f s16le -ar 16000 -ac 1 - | livecaption stream -"
)


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can be listened to."""

    spec: str
    """How it is written as a source."""
    description: str
    """What people call it."""


def open_device(spec: str, format_name: str, device: str) -> Source:
    """Open a device.

    Args:
        spec: what the user wrote, for messages.
        format_name: one of ``CAPTURE``.
        device: its name there.

    Raises:
        MediaError: it cannot be opened.
    """
    if format_name not in av.formats_available:
        here = ", ".join(name for name in CAPTURE if name in av.formats_available)
        raise MediaError(
            f"{spec} cannot be opened: this FFmpeg captures through {here} only; {_PIPE_HINT}"
        )
    if format_name == "alsa":
        _point_to_alsa_settings()
    try:
        container = open_av(device, format_name=format_name)
    except UNREADABLE as error:
        raise MediaError(
            f"The device {spec} cannot be opened ({reason(error)}); check its name and that "
            f"nothing else uses it, or {_PIPE_HINT}"
        ) from error
    return source_of(spec, container, live=True)


def alsa_devices(streams: Path = _ALSA_STREAMS) -> list[Device]:
    """Return what the kernel can capture from; empty where there is no ALSA.

    Args:
        streams: the kernel's list, lines like ``00-02: USB Audio : USB Audio : capture 1``.
    """
    try:
        text = streams.read_text(errors="replace")
    except OSError:
        return []
    return [
        Device(f"alsa:plughw:{int(card)},{int(number)}", name)
        for card, number, name in _ALSA_STREAM.findall(text)
    ]


def _point_to_alsa_settings() -> None:
    """Tell the ALSA library inside PyAV's wheels, which looks where it was built, where to look."""
    if _ALSA_SETTINGS.exists():
        os.environ.setdefault("ALSA_CONFIG_PATH", str(_ALSA_SETTINGS))
