"""A publisher's binary frames → samples: checked, converted, and not too fast."""

from __future__ import annotations

import asyncio

from livecaption.core.audio import Samples
from livecaption.errors import ClientError
from livecaption.media.stream import open_converter
from livecaption.protocol.client_messages import AudioFormat
from livecaption.protocol.codec import check_audio_frame
from livecaption.server.tempo import Tempo

__all__ = ["AudioIntake"]


class AudioIntake:
    """Takes the audio of one connection; ``close`` it when done.

    Args:
        audio: what the frames hold.
        max_speed: how much faster than speech they may come over a longer time.

    Raises:
        UnsupportedAudio: audio of that kind cannot be decoded here.
    """

    def __init__(self, audio: AudioFormat, max_speed: float) -> None:
        self._audio = audio
        self._max_speed = max_speed
        self._converter = open_converter(audio)
        self._tempo = Tempo(max_speed)

    def take(self, frame: bytes, now: float) -> Samples:
        """Return what a frame adds, int16 at 16 kHz; a decoder may keep some of it for later.

        Args:
            frame: as it came.
            now: monotonic time, seconds.

        Raises:
            ClientError: it is malformed, or audio comes too fast; the latter is fatal.
        """
        check_audio_frame(frame, self._audio)
        samples = self._converter.push(frame)
        if not self._tempo.allows(len(samples), now):
            raise ClientError(
                f"Audio comes faster than {self._max_speed} times speaking speed.",
                code="too_fast",
                fatal=True,
            )
        return samples

    async def finish(self) -> Samples:
        """Return what the decoder still holds; a container's has to be waited for.

        Raises:
            ClientError: the audio ends in the middle of something.
        """
        return await asyncio.to_thread(self._converter.flush)

    def close(self) -> None:
        """Let go of the decoder."""
        self._converter.close()
