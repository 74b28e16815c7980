"""What a publisher sends, converted while it arrives: the one door for every encoding.

A converter belongs to one session and one thread. Frame boundaries do not show in the output:
the same audio, cut differently, gives the same samples.
"""

from __future__ import annotations

from typing import Protocol, assert_never

import av
import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import UnsupportedAudio
from livecaption.media.container import ContainerConverter
from livecaption.media.frames import FrameConverter
from livecaption.media.pcm import ENCODINGS, as_float32, downmix
from livecaption.media.resample import Resampler
from livecaption.protocol.client_messages import AudioFormat

__all__ = ["Converter", "open_converter"]


class Converter(Protocol):
    """Turns frames of one encoding into int16 samples at 16 kHz, mono."""

    def push(self, frame: bytes) -> Samples:
        """Convert one binary frame; return the samples it completes, shape (n,), n ≥ 0.

        Raises:
            UnsupportedAudio: the frame cannot be taken. The signal is as before it, unless the
                error is ``fatal``.
        """

    def flush(self) -> Samples:
        """End the signal and return its tail, shape (n,). Nothing may be pushed afterwards.

        A container's decoder is waited for; from an event loop, call this in a thread.
        """

    def close(self) -> None:
        """Free what the converter holds. Needed when ``flush`` is not called; may be repeated."""


def open_converter(audio: AudioFormat) -> Converter:
    """Return a converter for a publisher's declared audio.

    Args:
        audio: encoding, samples per second, channels. Coded streams (``opus``, ``webm``,
            ``ogg``) carry their own rate and channels, so those two are not used for them.
    """
    match audio.encoding:
        case "webm" | "ogg":
            return ContainerConverter(audio.encoding)
        case "opus":
            return OpusConverter()
        case "pcm_s16le" | "pcm_f32le" | "mulaw" | "alaw":
            return PcmConverter(audio)
        case _:
            assert_never(audio.encoding)


class PcmConverter:
    """Converts uncompressed and G.711 audio. See ``Converter``."""

    def __init__(self, audio: AudioFormat) -> None:
        self._encoding = ENCODINGS[audio.encoding]
        self._channels = audio.channels
        self._frame_bytes = self._encoding.sample_bytes * audio.channels
        self._native = audio.sample_rate == SAMPLE_RATE and audio.channels == 1
        self._resampler = Resampler(audio.sample_rate)

    def push(self, frame: bytes) -> Samples:
        """Convert whole samples; 16-bit mono at 16 kHz passes as a view, without a copy.

        Raises:
            UnsupportedAudio: a sample is cut in half, or is NaN or infinite; nothing was taken.
        """
        if len(frame) % self._frame_bytes:
            raise UnsupportedAudio(
                f"An audio frame of {len(frame)} bytes holds part of a sample; "
                f"send a multiple of {self._frame_bytes} bytes."
            )
        samples = self._encoding.decode(frame)
        if self._native and samples.dtype == np.int16:
            return samples  # type: ignore[return-value]  # the dtype has just been looked at
        return self._resampler.push(downmix(as_float32(samples).reshape(-1, self._channels)))

    def flush(self) -> Samples:
        """Return the tail the resampler holds back, shape (n,)."""
        return self._resampler.flush()

    def close(self) -> None:
        """Nothing is held."""


class OpusConverter:
    """Converts bare Opus packets, one per frame. See ``Converter``.

    A packet says itself how long it is and whether it is stereo; the decoder folds to mono.
    """

    def __init__(self) -> None:
        self._codec = av.AudioCodecContext.create("opus", "r")
        self._codec.layout = "mono"
        self._frames = FrameConverter()

    def push(self, frame: bytes) -> Samples:
        """Decode one packet; return its samples, shape (n,).

        Raises:
            UnsupportedAudio: the bytes are not an Opus packet; the next packet may be one.
        """
        if not frame:  # to FFmpeg an empty packet is the end of the stream
            raise UnsupportedAudio("An Opus frame is empty; send one packet per frame.")
        try:
            decoded = self._codec.decode(av.Packet(frame))
        except av.error.FFmpegError as error:
            raise UnsupportedAudio(
                f"A frame of {len(frame)} bytes is not an Opus packet; send one bare packet "
                "(no Ogg, no RTP header) per frame."
            ) from error
        return np.concatenate([np.empty(0, np.int16), *map(self._frames.push, decoded)])

    def flush(self) -> Samples:
        """Return the tail of decoder and resampler, shape (n,)."""
        rest = [self._frames.push(frame) for frame in self._codec.decode(None)]
        return np.concatenate([*rest, self._frames.flush()])

    def close(self) -> None:
        """Nothing is held but memory."""
