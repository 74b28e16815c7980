"""What the command line names as audio: a file, standard input, a URL or a capture device.

Every source yields 100 ms blocks of int16, 16 kHz, mono, and never holds more than it decodes at
a time. What is named here was named by the machine's owner and is trusted; uploads are not, and
do not come this way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import urlsplit

import av
import av.container
import av.error
import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples, pcm16_to_float32
from livecaption.errors import MediaError
from livecaption.media.frames import FrameConverter, decode_stream
from livecaption.media.pcm import downmix
from livecaption.media.resample import Resampler
from livecaption.protocol.limits import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

__all__ = ["BLOCK_SAMPLES", "RawFormat", "Source", "open_source"]

BLOCK_SAMPLES = SAMPLE_RATE // 10
"""Samples in a block; only the last block of a source is shorter."""

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DEVICE = re.compile(r"([a-z0-9_]{2,}):(.*)", re.IGNORECASE)
_CAPTURE = ("alsa", "avfoundation", "dshow", "jack", "lavfi", "openal", "oss", "pulse", "sndio")
_ALSA_SETTINGS = Path("/usr/share/alsa/alsa.conf")
_OPEN_AND_READ_S = (10.0, 30.0)
_PIPE_HINT = (
    "pipe it in instead, for example: "
    "ffmpeg -f pulse -i default -f s16le -ar 16000 -ac 1 - | livecaption stream -"
)


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How the raw 16-bit little-endian PCM on standard input is laid out."""

    rate: int = SAMPLE_RATE
    """Samples per second and channel."""
    channels: int = 1


class Source:
    """An iterator over 100 ms blocks, int16, 16 kHz, mono; a context manager that frees its input.

    Iterating raises MediaError when the input breaks before its end.

    Attributes:
        name: what the user wrote, for messages; without any password.
        duration: seconds, where the input says so.
        live: True for a device: it goes on whether it is read or not.
    """

    def __init__(
        self,
        name: str,
        blocks: Iterator[Samples],
        held: AbstractContextManager[object],
        *,
        duration: float | None = None,
        live: bool = False,
    ) -> None:
        self.name = name
        self.duration = duration
        self.live = live
        self._blocks = blocks
        self._held = held

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Samples:
        return next(self._blocks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, trace)


def open_source(spec: str, raw: RawFormat | None = None, stdin: BinaryIO | None = None) -> Source:
    """Open what the user named; what cannot be opened fails here, not while iterating.

    Args:
        spec: ``-`` for raw PCM on standard input, an address with ``://``, a file, or a capture
            device as ``FORMAT:DEVICE`` (``alsa:hw:0``, ``avfoundation::0``, ``dshow:audio=Mic``).
        raw: layout of the raw PCM; for ``-`` only.
        stdin: what to read in place of the process's standard input.

    Raises:
        MediaError: one sentence saying what is wrong with it.
    """
    if spec == "-":
        return _open_raw(stdin or _standard_input(), raw or RawFormat())
    if _URL.match(spec):
        return _open_url(spec)
    device = _DEVICE.fullmatch(spec)
    if device and device[1].lower() in _CAPTURE and not Path(spec).exists():
        return _open_device(spec, device[1].lower(), device[2])
    return _open_file(spec)


def _open_file(spec: str) -> Source:
    path = Path(spec)
    try:
        if path.is_dir():
            raise MediaError(f"{spec} is a directory; name one audio file.")
        path.stat()
        # With its prefix, a name that looks like an address or an option stays a file.
        container = _open_av(f"file:{spec}", format_name=None, options={})
    except FileNotFoundError:
        raise MediaError(f"There is no file {spec}; check the path.") from None
    except PermissionError:
        raise MediaError(f"{spec} cannot be read: you have no permission.") from None
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise MediaError(
            f"{spec} is not an audio or video file that can be read ({_reason(error)})."
        ) from error
    return _from_container(spec, container)


def _open_url(spec: str) -> Source:
    name = _without_password(spec)
    scheme = urlsplit(spec).scheme.lower()
    options: dict[str, str] = {}
    if scheme in ("http", "https"):  # radio relays drop their listeners now and then
        options = {"reconnect": "1", "reconnect_streamed": "1", "reconnect_delay_max": "5"}
    elif scheme == "rtsp":
        options = {"rtsp_transport": "tcp"}
    try:
        container = _open_av(spec, format_name=None, options=options)
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise MediaError(
            f"{name} cannot be opened ({_reason(error)}); check the address and that it is on air."
        ) from error
    return _from_container(name, container)


def _open_device(spec: str, format_name: str, device: str) -> Source:
    if format_name not in av.formats_available:
        here = ", ".join(name for name in _CAPTURE if name in av.formats_available)
        raise MediaError(
            f"{spec} cannot be opened: this FFmpeg captures through {here} only; {_PIPE_HINT}"
        )
    if format_name == "alsa":
        _point_to_alsa_settings()
    try:
        container = _open_av(device, format_name=format_name, options={})
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise MediaError(
            f"The device {spec} cannot be opened ({_reason(error)}); check its name and that "
            f"nothing else uses it, or {_PIPE_HINT}"
        ) from error
    return _from_container(spec, container, live=True)


def _point_to_alsa_settings() -> None:
    """Tell the ALSA library inside PyAV's wheels, which looks where it was built, where to look."""
    if _ALSA_SETTINGS.exists():
        os.environ.setdefault("ALSA_CONFIG_PATH", str(_ALSA_SETTINGS))


def _open_av(
    name: str, *, format_name: str | None, options: dict[str, str]
) -> av.container.InputContainer:
    return av.open(
        name,
        "r",
        format=format_name,
        options=options,
        timeout=_OPEN_AND_READ_S,
        metadata_errors="ignore",
    )


def _from_container(
    name: str, container: av.container.InputContainer, *, live: bool = False
) -> Source:
    if not container.streams.audio:
        container.close()
        raise MediaError(f"{name} has no audio stream; name something with sound.")
    duration = container.duration / av.time_base if container.duration else None
    blocks = _reblock(_decoded(name, container))
    return Source(name, blocks, container, duration=duration, live=live)


def _decoded(name: str, container: av.container.InputContainer) -> Iterator[Samples]:
    converter = FrameConverter()
    done = 0
    try:
        for frame in decode_stream(container, container.streams.audio[0]):
            samples = converter.push(frame)
            done += len(samples)
            yield samples
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise MediaError(
            f"{name} broke off after {done / SAMPLE_RATE:.1f} s ({_reason(error)})."
        ) from error
    yield converter.flush()
    if not done:
        raise MediaError(f"{name} has an audio stream, but nothing in it can be decoded.")


def _standard_input() -> BinaryIO:
    """Open standard input without a buffer.

    A buffered one has a lock, and a thread that still waits in it when the program ends makes
    the interpreter abort.
    """
    try:
        return open(0, "rb", buffering=0, closefd=False)
    except OSError:
        raise MediaError("There is no standard input; pipe raw 16-bit PCM into it.") from None


def _open_raw(stdin: BinaryIO, raw: RawFormat) -> Source:
    if not (MIN_RATE_HZ <= raw.rate <= MAX_RATE_HZ and 1 <= raw.channels <= MAX_CHANNELS):
        raise MediaError(
            f"Raw audio of {raw.channels} channel(s) at {raw.rate} Hz cannot be taken; give "
            f"--rate {MIN_RATE_HZ} to {MAX_RATE_HZ} and --channels 1 to {MAX_CHANNELS}."
        )
    if stdin.isatty():
        raise MediaError("Nothing is piped into standard input; pipe raw 16-bit PCM into it.")
    # Standard input is not ours to close.
    return Source("standard input", _reblock(_decoded_raw(stdin, raw)), nullcontext())


def _decoded_raw(stdin: BinaryIO, raw: RawFormat) -> Iterator[Samples]:
    resampler = Resampler(raw.rate)
    sample_bytes = 2 * raw.channels
    left = b""
    while chunk := stdin.read(raw.rate // 10 * sample_bytes):
        chunk = left + chunk
        whole = len(chunk) - len(chunk) % sample_bytes
        left = chunk[whole:]  # half a sample at the very end belongs to a writer that was killed
        samples = np.frombuffer(chunk[:whole], dtype="<i2").reshape(-1, raw.channels)
        yield resampler.push(downmix(pcm16_to_float32(samples)))
    yield resampler.flush()


def _reblock(pieces: Iterator[Samples]) -> Iterator[Samples]:
    """Join and cut pieces of any length into blocks of BLOCK_SAMPLES; the last may be shorter."""
    held: Samples = np.empty(0, dtype=np.int16)
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) >= BLOCK_SAMPLES:
            yield held[:BLOCK_SAMPLES]
            held = held[BLOCK_SAMPLES:]
    if len(held):
        yield held


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="").geturl()


def _reason(error: Exception) -> str:
    """What FFmpeg or the system says, without the name, which may hold a password."""
    if isinstance(error, (OSError, av.error.FFmpegError)) and error.strerror:
        return error.strerror
    return str(error)
