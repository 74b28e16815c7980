"""One file of a stranger to samples. Runs in the decoder's process only: see ``decoder_child``.

FFmpeg is told which demuxer to use, may open nothing else, and has decoders for sound alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, cast

import av
import av.container
import av.error
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import CodecContext

from livecaption.core.audio import SAMPLE_RATE, Samples

__all__ = ["Decoding", "NoSpace", "Outcome", "decode"]

_DECODERS = (
    "aac,aac_latm,ac3,eac3,alac,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,amrnb,amrwb,flac,gsm,gsm_ms,"
    "libopencore_amrnb,libopencore_amrwb,mp2,mp2float,mp3,mp3float,opus,libopus,"
    "pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,"
    "pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,speex,vorbis,wmav1,wmav2,wmapro,wmalossless,"
    "wmavoice"
)
"""For sound that recordings come in."""
_TRUE_LENGTHS = ("flac", "mov", "matroska", "ogg")
"""Demuxers whose declared length is believed when it is too long; others guess, or read what
programs write that cannot know it."""
_COUNTED = ("flac", "ogg")
"""Demuxers whose packets are counted before any is decoded: they may say nothing of their length,
or lie, and a few bytes may last for minutes."""
_RATES_HZ = range(4_000, 768_001)
_MOST_CHANNELS = 64
_MOST_PACKED_HZ = 768_000
"""Samples of all channels in a second, unless the file holds each of them: 96 kHz times 8."""
_BLOCK = 60 * SAMPLE_RATE
_JOINED = 65_536
"""Samples, at the file's own rate."""


class Outcome(StrEnum):
    """How the decoding of a file ended."""

    DECODED = "decoded"
    TOO_LONG = "too_long"
    NO_SOUND = "no_sound"
    """It is read, but there is no sound in it."""
    UNKNOWN_CODING = "unknown_coding"
    """There is sound in it, in a coding that is not read."""
    DAMAGED = "damaged"
    NO_SPACE = "no_space"
    """Our disk takes no more: the file may be as good as any."""


class NoSpace(Exception):
    """Raised by who writes the samples, when they cannot be kept."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What came of a file."""

    outcome: Outcome
    declared: int = 0
    """Samples at 16 kHz that it says it has, if it may be believed; 0 if not."""


def decode(
    file: BinaryIO, demuxer: str, longest: int, write: Callable[[Samples], object]
) -> Decoding:
    """Decode the first track of sound.

    Args:
        file: seekable, at its start.
        demuxer: FFmpeg's name of it.
        longest: samples at 16 kHz that may come out.
        write: takes blocks of a minute, int16, 16 kHz, mono; the last is shorter.

    Raises:
        MemoryError: the file wants more than this process may have.
    """
    try:
        with _opened(file, demuxer) as container:
            if not container.streams.audio:
                return Decoding(Outcome.NO_SOUND)
            declared = _declared(container) if demuxer in _TRUE_LENGTHS else 0
            if declared > longest or (
                demuxer in _COUNTED and _is_longer(container, longest, write)
            ):
                return Decoding(Outcome.TOO_LONG, declared)
        with _opened(file, demuxer) as container:
            outcome = _decode(container, container.streams.audio[0], longest, write)
        return Decoding(outcome, declared)
    except MemoryError:
        raise
    except NoSpace:
        return Decoding(Outcome.NO_SPACE)
    except (av.error.DecoderNotFoundError, LookupError):
        return Decoding(Outcome.UNKNOWN_CODING)
    except (av.error.FFmpegError, OSError, ValueError, OverflowError, RuntimeError):
        return Decoding(Outcome.DAMAGED)


def _opened(file: BinaryIO, demuxer: str) -> av.container.InputContainer:
    file.seek(0)
    options = {"protocol_whitelist": "", "codec_whitelist": _DECODERS}
    return av.open(file, "r", format=demuxer, container_options=options, metadata_errors="ignore")


def _is_longer(
    container: av.container.InputContainer, longest: int, write: Callable[[Samples], object]
) -> bool:
    """Say whether the packets of a file last longer than may be: some microseconds for each."""
    nothing = np.empty(0, dtype=np.int16)
    stream = container.streams.audio[0]
    assert stream.time_base is not None
    minute = int(60 / stream.time_base)
    most, lasted, told = int(longest / SAMPLE_RATE / stream.time_base), 0, minute
    with suppress(av.error.InvalidDataError):
        for packet in container.demux(stream):
            lasted += packet.duration or 0
            if lasted > most:
                return True
            if lasted >= told:
                write(nothing)  # it goes on, and may take its time
                told = lasted + minute
    return False


def _declared(container: av.container.InputContainer) -> int:
    """Return what the file says of its length, in samples; 0 if it says nothing."""
    return (container.duration or 0) * SAMPLE_RATE // av.time_base


def _decode(
    container: av.container.InputContainer,
    stream: AudioStream,
    longest: int,
    write: Callable[[Samples], object],
) -> Outcome:
    codec = cast("CodecContext | None", stream.codec_context)  # as the type stubs do not know
    if codec is None:
        return Outcome.UNKNOWN_CODING
    codec.thread_type, codec.thread_count = "NONE", 1  # threads are among what was given up
    reading = _Reading(container, stream)
    block: list[Samples] = []
    held, written = 0, 0
    for samples in reading.samples():
        block.append(samples)
        held += len(samples)
        if written + held > longest:
            return Outcome.TOO_LONG
        if held >= _BLOCK:
            write(np.concatenate(block))
            written += held
            block, held = [], 0
    if block:
        write(np.concatenate(block))
    return reading.outcome(written + held)


class _Reading:
    """Frame by frame, counting what cannot be decoded."""

    def __init__(self, container: av.container.InputContainer, stream: AudioStream) -> None:
        self._container = container
        self._stream = stream
        codec = stream.codec_context.name
        self._most_hz = None if codec.startswith("pcm_") else _MOST_PACKED_HZ
        self._good = self._bad = 0

    def samples(self) -> Iterator[Samples]:
        """Yield what the frames hold, with the end of the signal; stops where the file breaks."""
        converter: _Converter | None = None
        for frame in self._frames():
            if converter is None or not converter.takes(frame):
                if converter is not None:  # a stream may change its rate in the middle
                    yield converter.flush()
                converter = _Converter(frame)
            yield converter.push(frame)
        if converter is not None:
            yield converter.flush()

    def outcome(self, samples: int) -> Outcome:
        """Judge a file by what came out of it: a scratch is no damage, but noise is no file."""
        if self._bad > self._good:
            return Outcome.DAMAGED
        return Outcome.DECODED if samples else Outcome.NO_SOUND

    def _frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                for frame in packet.decode():
                    _check(frame, self._most_hz)
                    self._good += 1
                    yield frame
            except av.error.InvalidDataError:
                self._bad += 1
                if self._bad > 1000 + self._good:
                    return


class _Converter:
    """Frames of one format to samples, as faster-whisper's own decoder makes them.

    Frames are joined first: they are small, and each call costs more than its samples.
    """

    def __init__(self, frame: AudioFrame) -> None:
        self._format = _format_of(frame)
        self._joined = AudioFifo()
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)

    def takes(self, frame: AudioFrame) -> bool:
        """Whether a frame has the format of those before."""
        return _format_of(frame) == self._format

    def push(self, frame: AudioFrame) -> Samples:
        """Return what is complete, shape (n,); mostly nothing."""
        frame.pts = None  # a jump in the time stamps must not become silence or a cut
        self._joined.write(frame)
        if self._joined.samples < _JOINED:
            return np.empty(0, dtype=np.int16)
        return self._resampled(self._joined.read())

    def flush(self) -> Samples:
        """Return the rest."""
        rest = self._joined.read() if self._joined.samples else None
        parts = [self._resampled(rest)] if rest is not None else []
        return np.concatenate([*parts, self._resampled(None)])

    def _resampled(self, frame: AudioFrame | None) -> Samples:
        made = [each.to_ndarray().reshape(-1) for each in self._resampler.resample(frame)]
        return np.concatenate([np.empty(0, dtype=np.int16), *made])


def _format_of(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _check(frame: AudioFrame, most_hz: int | None) -> None:
    """Refuse what no recording has; resamplers would want gigabytes for it, or hours.

    Args:
        frame: what was decoded.
        most_hz: samples of all channels in a second; None for any number.

    Raises:
        ValueError: the rate or the number of channels.
    """
    rate, channels = frame.sample_rate, frame.layout.nb_channels
    if rate not in _RATES_HZ or not 1 <= channels <= _MOST_CHANNELS:
        raise ValueError("no recording has such a rate or so many channels")
    if most_hz is not None and rate * channels > most_hz:
        raise ValueError("no recording has such a rate in so many channels")
