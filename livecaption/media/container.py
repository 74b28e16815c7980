"""Growing WebM and Ogg streams (a browser's MediaRecorder) to 16 kHz while they arrive.

FFmpeg demuxes from a blocking reader, so each stream has one thread::

    push(frame) ── ByteFeed ──▶ thread: av.open → demux → decode → resample
          ◀────── SampleFeed ──────────┘

``push`` never waits: it returns what has been decoded by now (WebM within about 0.2 s of its
bytes, Ogg after each page, up to 1 s). The demuxer is fixed by the declared encoding, it may
open no other file or address, and only audio decoders are allowed: what a publisher sends can
neither read our files nor reach a video decoder. A thread never outlives its converter.
"""

from __future__ import annotations

import threading
import weakref

import av
import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import UnsupportedAudio
from livecaption.media.frames import FrameConverter, decode_stream
from livecaption.media.handoff import ByteFeed, SampleFeed

__all__ = ["ContainerConverter"]

_INPUT_BYTES = 256 * 1024
"""More than 16 s of the densest Opus; its thread empties this in milliseconds."""

_OUTPUT_SAMPLES = 60 * SAMPLE_RATE
"""Bounds what a few kilobytes of coded silence may grow to before the caller takes it."""

_FLUSH_WAIT_S = 5.0

_OPTIONS = {"protocol_whitelist": "", "codec_whitelist": "opus,vorbis,flac,pcm_s16le,pcm_f32le"}


class _Decoder:
    """The thread's side; holds no reference to the converter, so that one can be collected."""

    def __init__(self, demuxer: str) -> None:
        self.demuxer = demuxer
        self.incoming = ByteFeed(_INPUT_BYTES)
        self.decoded = SampleFeed(_OUTPUT_SAMPLES)
        self.failure: str | None = None

    def run(self) -> None:
        """Decode to the end of the stream; every way out is recorded and ends ``decoded``."""
        try:
            self._decode()
        except (av.error.FFmpegError, ValueError) as error:
            self.failure = (
                f"The stream is not readable as {self.demuxer} audio "
                f"({error}); send one unbroken MediaRecorder stream."
            )
        finally:
            self.incoming.cut()
            self.decoded.end()

    def cut(self) -> None:
        """End the thread soon, whatever it is waiting for."""
        self.incoming.cut()
        self.decoded.cut()

    def _decode(self) -> None:
        converter = FrameConverter()
        with av.open(
            self.incoming,
            "r",
            format=self.demuxer,
            container_options=_OPTIONS,
            metadata_errors="ignore",
        ) as container:
            if not container.streams.audio:
                raise ValueError("no audio track")
            for frame in decode_stream(container, container.streams.audio[0]):
                if not self.decoded.write(converter.push(frame)):
                    return
        self.decoded.write(converter.flush())


class ContainerConverter:
    """Converts one growing container stream. See ``livecaption.media.stream.Converter``.

    Args:
        demuxer: ``webm`` or ``ogg``.
    """

    def __init__(self, demuxer: str) -> None:
        self._decoder = _Decoder(demuxer)
        self._thread = threading.Thread(
            target=self._decoder.run, name=f"decode-{demuxer}", daemon=True
        )
        self._heard = False
        self._cut = weakref.finalize(self, self._decoder.cut)
        self._thread.start()

    def push(self, frame: bytes) -> Samples:
        """Queue bytes, cut anywhere; return what has been decoded by now, shape (n,).

        Raises:
            UnsupportedAudio: the stream cannot be decoded, or it arrives faster than it can be;
                fatal either way, because a container with a hole in it stays unreadable.
        """
        if not self._decoder.incoming.write(frame):
            raise UnsupportedAudio(
                "Coded audio arrives faster than it can be decoded; send it at speaking speed.",
                fatal=True,
            )
        samples = self._decoder.decoded.take()
        self._heard = self._heard or len(samples) > 0
        if not len(samples):  # what was decoded before a failure is still worth its captions
            self._raise_failure()
        return samples

    def flush(self) -> Samples:
        """End the stream and wait (milliseconds; at most 5 s) for the rest of it, shape (n,).

        Raises:
            UnsupportedAudio: no audio was ever found in the stream. One that breaks off in the
                middle, as they do when a browser is closed, is no error here.
        """
        self._decoder.incoming.end()
        parts: list[Samples] = [np.empty(0, dtype=np.int16)]
        while not self._decoder.decoded.exhausted and self._decoder.decoded.wait(_FLUSH_WAIT_S):
            parts.append(self._decoder.decoded.take())
        self.close()
        rest = np.concatenate(parts)
        if not self._heard and not len(rest):
            self._raise_failure()
        return rest

    def close(self) -> None:
        """Free the thread, throwing away what it has not handed over. May be called twice."""
        self._cut()
        self._thread.join(timeout=1.0)

    def _raise_failure(self) -> None:
        if self._decoder.failure is not None:
            raise UnsupportedAudio(self._decoder.failure, fatal=True)
