"""Decoded PyAV frames of any format to int16, 16 kHz, mono.

Shared by everything that decodes with FFmpeg. It must not know where packets come from.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import av.container
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from livecaption.core.audio import Samples
from livecaption.media.pcm import downmix
from livecaption.media.resample import Resampler

__all__ = ["FrameConverter", "decode_packets", "decode_stream"]

_MOST_CHANNELS = 2
"""Surround is folded to stereo by FFmpeg, which keeps the centre, where speech is."""


class FrameConverter:
    """Feeds decoded frames through type conversion, downmix and resampling.

    A stream may change its format or rate in the middle (a radio stream between programmes);
    the converter then ends the old signal and begins a new one.
    """

    def __init__(self) -> None:
        self._format: tuple[str, str, int] | None = None
        self._to_float: AudioResampler | None = None
        self._resampler: Resampler | None = None

    def push(self, frame: AudioFrame) -> Samples:
        """Return what this frame completes, shape (n,)."""
        head = self._follow(frame)
        assert self._to_float is not None
        assert self._resampler is not None
        frame.pts = None  # a jump in the time stamps must not become silence or a cut
        parts = [head]
        for converted in self._to_float.resample(frame):
            interleaved = converted.to_ndarray().reshape(-1, converted.layout.nb_channels)
            # A float codec can decode damage to NaN; one such sample would poison the filter.
            finite = np.nan_to_num(interleaved, nan=0.0, posinf=0.0, neginf=0.0)
            parts.append(self._resampler.push(downmix(np.clip(finite, -1.0, 1.0))))
        return np.concatenate(parts)

    def flush(self) -> Samples:
        """Return the tail of the signal, shape (n,). A later frame begins a new one."""
        resampler, self._resampler, self._format = self._resampler, None, None
        return np.empty(0, dtype=np.int16) if resampler is None else resampler.flush()

    def _follow(self, frame: AudioFrame) -> Samples:
        """Adopt the frame's format; return the tail of the signal that ends by it."""
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        if found == self._format:
            return np.empty(0, dtype=np.int16)
        tail = self.flush()
        folded = frame.layout.nb_channels > _MOST_CHANNELS
        self._to_float = AudioResampler(format="flt", layout="stereo" if folded else frame.layout)
        self._resampler = Resampler(frame.sample_rate)
        self._format = found
        return tail


def decode_stream(
    container: av.container.InputContainer, stream: AudioStream
) -> Iterator[AudioFrame]:
    """Yield the frames of one audio stream; see ``decode_packets``."""
    for _, frames in decode_packets(container, stream):
        yield from frames


def decode_packets(
    container: av.container.InputContainer, stream: AudioStream
) -> Iterator[tuple[av.Packet[AudioStream], list[AudioFrame]]]:
    """Yield the packets of one audio stream, with the frames each completes.

    A packet that does not decode has none: one that is damaged (a scratch on a disc, a lost TCP
    segment of a relay) must not end the captions of everything after it.

    Raises:
        av.error.FFmpegError: the container itself cannot be read further.
    """
    for packet in container.demux(stream):
        try:
            yield packet, packet.decode()
        except av.error.InvalidDataError:
            continue
