"""Raw PCM from a pipe: standard input, or a program that records.

It must not know who writes into the pipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError, UnsupportedAudio
from livecaption.media.pcm import ENCODINGS, as_float32, downmix
from livecaption.media.resample import Resampler
from livecaption.media.source import Source, reblock
from livecaption.protocol.limits import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

__all__ = ["RawFormat", "decode_raw", "open_raw"]


class Readable(Protocol):
    """The end of a pipe."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How raw, interleaved, little-endian PCM is laid out."""

    rate: int = SAMPLE_RATE
    """Samples per second and channel."""
    channels: int = 1
    encoding: str = "pcm_s16le"
    """One of ``ENCODINGS``."""


def open_raw(raw: RawFormat, stdin: BinaryIO | None = None) -> Source:
    """Read raw PCM from standard input, or what stands in for it.

    Raises:
        MediaError: nothing is piped in, or the protocol has no such layout.
    """
    stdin = stdin or _standard_input()
    if not (MIN_RATE_HZ <= raw.rate <= MAX_RATE_HZ and 1 <= raw.channels <= MAX_CHANNELS):
        raise MediaError(
            f"Raw audio of {raw.channels} channel(s) at {raw.rate} Hz cannot be taken; give "
            f"--rate {MIN_RATE_HZ} to {MAX_RATE_HZ} and --channels 1 to {MAX_CHANNELS}."
        )
    if stdin.isatty():
        raise MediaError("Nothing is piped into standard input; pipe raw PCM into it.")
    # Standard input is not ours to close.
    return Source("standard input", reblock(decode_raw(stdin, raw)), nullcontext())


def decode_raw(pipe: Readable, raw: RawFormat) -> Iterator[Samples]:
    """Yield int16 samples at 16 kHz, mono, of any length, as they arrive.

    Raises:
        MediaError: the pipe holds what cannot be sound in this format.
    """
    resampler = Resampler(raw.rate)
    encoding = ENCODINGS[raw.encoding]
    sample_bytes = encoding.sample_bytes * raw.channels
    left = b""
    while chunk := pipe.read(raw.rate // 10 * sample_bytes):
        chunk = left + chunk
        whole = len(chunk) - len(chunk) % sample_bytes
        left = chunk[whole:]  # half a sample at the very end belongs to a writer that was killed
        try:
            samples = as_float32(encoding.decode(chunk[:whole]))
        except UnsupportedAudio:
            raise MediaError(f"What is piped in is not {raw.encoding}; see --encoding.") from None
        yield resampler.push(downmix(samples.reshape(-1, raw.channels)))
    yield resampler.flush()


def _standard_input() -> BinaryIO:
    """Open standard input without a buffer.

    A buffered one has a lock, and a thread that still waits in it when the program ends makes
    the interpreter abort.
    """
    try:
        return open(0, "rb", buffering=0, closefd=False)
    except OSError:
        raise MediaError("There is no standard input; pipe raw PCM into it.") from None
