"""What the command line names as audio: a file, standard input, a URL or a capture device.

Every source yields 100 ms blocks of int16, 16 kHz, mono, and never holds more than it decodes at
a time. What is named here was named by the machine's owner and is trusted; uploads are not, and
do not come this way.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from livecaption.errors import MediaError
from livecaption.media.demux import UNREADABLE, open_av, reason, source_of
from livecaption.media.devices import CAPTURE, open_device
from livecaption.media.overlap import Overlap
from livecaption.media.pulse import open_pulse
from livecaption.media.raw import RawFormat, open_raw
from livecaption.media.source import BLOCK_SAMPLES, Source

__all__ = [
    "BLOCK_SAMPLES",
    "RawFormat",
    "Source",
    "is_address",
    "open_address",
    "open_source",
    "shown",
]

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_FURTHER_BACK = "-6"
"""Segments before the newest from which a playlist is read again. The usual three may lie behind
the break, although the audio in between is still to be had."""

_DEVICE = re.compile(r"([a-z0-9_]{2,}):(.*)", re.IGNORECASE)


def open_source(spec: str, raw: RawFormat | None = None, stdin: BinaryIO | None = None) -> Source:
    """Open what the user named; what cannot be opened fails here, not while iterating.

    Args:
        spec: ``-`` for raw PCM on standard input, an address with ``://``, a file, a source of
            PulseAudio as ``pulse:NAME``, or a capture device as ``FORMAT:DEVICE``
            (``alsa:hw:0``, ``avfoundation::0``, ``dshow:audio=Mic``).
        raw: layout of the raw PCM; for ``-`` only.
        stdin: what to read in place of the process's standard input.

    Raises:
        MediaError: one sentence saying what is wrong with it.
    """
    if spec == "-":
        return open_raw(raw or RawFormat(), stdin)
    if _URL.match(spec):
        return open_address(spec)
    device = _DEVICE.fullmatch(spec)
    kind = device[1].lower() if device and not Path(spec).exists() else ""
    if device and kind == "pulse":
        return open_pulse(device[2])
    if device and kind in CAPTURE:
        return open_device(spec, kind, device[2])
    return _open_file(spec)


def is_address(spec: str) -> bool:
    """Say whether a source is read over a network."""
    return _URL.match(spec) is not None and not spec.lower().startswith("file://")


def open_address(spec: str, overlap: Overlap | None = None) -> Source:
    """Open an address.

    Args:
        spec: with ``://``.
        overlap: what was heard of the same broadcast before; it is left out.

    Raises:
        MediaError: it cannot be opened, or has no sound.
    """
    scheme = urlsplit(spec).scheme.lower()
    options: dict[str, str] = {}
    if overlap is not None and overlap.begun:
        options = {"live_start_index": _FURTHER_BACK}
    if scheme in ("http", "https"):
        # A file is asked for again from where it broke off. A broadcast is not: FFmpeg would go
        # on without saying that some of it is missing.
        options |= {"reconnect": "1", "reconnect_delay_max": "5"}
    elif scheme == "rtsp":
        options |= {"rtsp_transport": "tcp"}
    elif scheme in ("rtmp", "rtmps"):
        options |= {"analyzeduration": "2000000"}  # it would wait 5 s for a picture
    try:
        container = open_av(spec, options=options)
    except UNREADABLE as error:
        raise MediaError(
            f"{shown(spec)} cannot be opened ({reason(error)}); "
            "check the address and that it is on air."
        ) from error
    return source_of(shown(spec), container, overlap=overlap)


def shown(spec: str) -> str:
    """Write a source for people: an address without password and query."""
    if not _URL.match(spec):
        return spec
    parts = urlsplit(spec)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _open_file(spec: str) -> Source:
    path = Path(spec)
    try:
        if path.is_dir():
            raise MediaError(f"{spec} is a directory; name one audio file.")
        path.stat()
        # With its prefix, a name that looks like an address or an option stays a file.
        container = open_av(f"file:{spec}")
    except FileNotFoundError:
        raise MediaError(f"There is no file {spec}; check the path.") from None
    except PermissionError:
        raise MediaError(f"{spec} cannot be read: you have no permission.") from None
    except UNREADABLE as error:
        raise MediaError(
            f"{spec} is not an audio or video file that can be read ({reason(error)})."
        ) from error
    return source_of(spec, container)
