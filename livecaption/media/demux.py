"""Files, addresses and devices through FFmpeg: opened, decoded, and their failures put in words.

It must not know which of them it is, nor what happens after a failure.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import av.container
import av.error
import numpy as np
from av.audio.stream import AudioStream

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError
from livecaption.media.frames import FrameConverter, decode_packets
from livecaption.media.overlap import Overlap
from livecaption.media.source import Source, reblock

__all__ = ["UNREADABLE", "open_av", "reason", "source_of"]

_OPEN_AND_READ_S = (10.0, 30.0)

_DATED = ("hls", "dash")
"""Demuxers whose time stamps mean the same over all connections."""

UNREADABLE = (OSError, ValueError, av.error.FFmpegError)
"""What PyAV raises for an input that cannot be opened or read further."""


def open_av(
    name: str, *, format_name: str | None = None, options: dict[str, str] | None = None
) -> av.container.InputContainer:
    """Open an input; see ``UNREADABLE`` for what that may raise."""
    return av.open(
        name,
        "r",
        format=format_name,
        options=options or {},
        timeout=_OPEN_AND_READ_S,
        metadata_errors="ignore",
    )


def source_of(
    name: str,
    container: av.container.InputContainer,
    *,
    live: bool = False,
    overlap: Overlap | None = None,
) -> Source:
    """Return an opened input as a source, which closes it.

    Args:
        name: for messages; without any password.
        container: the input.
        live: see ``Source``.
        overlap: packets of the same broadcast that were heard before; they are left out.

    Raises:
        MediaError: there is no sound in it.
    """
    if not container.streams.audio:
        container.close()
        raise MediaError(f"{name} has no audio stream; name something with sound.")
    duration = container.duration / av.time_base if container.duration else None
    blocks = reblock(_decoded(name, container, overlap))
    return Source(name, blocks, container, duration=duration, live=live)


def reason(error: Exception) -> str:
    """What FFmpeg or the system says, without the name, which may hold a password."""
    if isinstance(error, (OSError, av.error.FFmpegError)) and error.strerror:
        return error.strerror
    return str(error)


def _decoded(
    name: str, container: av.container.InputContainer, overlap: Overlap | None
) -> Iterator[Samples]:
    converter = FrameConverter()
    overlap = overlap or Overlap()
    overlap.reopened(recording=bool(container.duration))
    stream = container.streams.audio[0]
    dates = container.format.name in _DATED
    done = 0
    held: list[Samples] = []  # decoded all the same: a decoder needs the packets before its first
    failure: Exception | None = None
    try:
        for packet, frames in decode_packets(container, stream):
            held.append(np.concatenate([np.empty(0, np.int16), *map(converter.push, frames)]))
            done += len(held[-1])
            if not packet.size:  # the end of the stream, which only empties the decoder
                continue
            known = overlap.push(bytes(packet), _dated(packet) if dates else None)
            if known is not None:
                yield from held[known:]
                held = []
    except UNREADABLE as error:
        failure = error
    yield from held[overlap.settle() :]
    if failure is not None:
        raise MediaError(
            f"{name} broke off after {done / SAMPLE_RATE:.1f} s ({reason(failure)})."
        ) from failure
    yield converter.flush()
    if not done:
        raise MediaError(f"{name} has an audio stream, but nothing in it can be decoded.")


def _dated(packet: av.Packet[AudioStream]) -> tuple[float, float] | None:
    """Return where a packet starts and ends on its stream's clock, seconds, if it says so."""
    if packet.pts is None or packet.time_base is None:
        return None
    unit = float(packet.time_base)
    return packet.pts * unit, (packet.pts + (packet.duration or 0)) * unit
