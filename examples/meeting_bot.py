"""The shape of a meeting bot: frames of each participant in, captions with names out.

A meeting's kit calls back with a participant's name and some audio, and mostly not at all, because
most people are silent most of the time. So each stretch of speech is a session: it begins with a
participant's first frame, and ends when none has come for a while. Silent people cost nothing, and
the captions stand in the transcript at the time at which they were spoken.

python examples/meeting_bot.py ws://localhost:8000 main Ann=ann.wav Ben=ben.wav
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import numpy as np

from livecaption.client import paced, publish
from livecaption.core.audio import Samples
from livecaption.errors import LiveCaptionError
from livecaption.media.reader import SourceReader
from livecaption.media.sources import open_source
from livecaption.protocol.server_messages import FinalMessage

SILENT_S = 10.0
HELD = 600  # frames of a participant; a minute, beside the minute that the client keeps


class MeetingBot:
    """Captions participants into one room; leaving the context waits for the last captions."""

    def __init__(self, url: str, room: str) -> None:
        self._url = url
        self._room = room
        self._frames: dict[str, asyncio.Queue[Samples | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> MeetingBot:
        return self

    async def __aexit__(self, *_: object) -> None:
        for frames in list(self._frames.values()):
            await frames.put(None)
        await asyncio.gather(*self._tasks)

    def on_participant_audio(self, speaker: str, pcm: bytes) -> None:
        """Take a frame: int16, 16 kHz, mono. Call it on the event loop.

        From a thread of the kit's: ``loop.call_soon_threadsafe(bot.on_participant_audio, ...)``.
        """
        frames = self._frames.get(speaker)
        if frames is None:
            frames = self._frames[speaker] = asyncio.Queue(HELD)
            task = asyncio.create_task(self._caption(speaker, frames))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            frames.put_nowait(np.frombuffer(pcm, dtype="<i2"))
        except asyncio.QueueFull:
            print(f"{speaker}: audio was lost, the server is away for too long", file=sys.stderr)

    async def _caption(self, speaker: str, frames: asyncio.Queue[Samples | None]) -> None:
        audio = self._until_silent(speaker, frames)
        try:
            async with publish(self._url, audio, room=self._room, speaker=speaker) as captions:
                async for event in captions:
                    if isinstance(event, FinalMessage):
                        print(f"{speaker}: {event.text}", flush=True)
        except LiveCaptionError as error:
            print(f"{speaker}: {error}", file=sys.stderr)
            self._forget(speaker, frames)  # the next frame tries again

    async def _until_silent(
        self, speaker: str, frames: asyncio.Queue[Samples | None]
    ) -> AsyncIterator[Samples]:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    frame = await frames.get()
            except TimeoutError:
                if frames.empty():
                    break
                continue
            if frame is None:
                break
            yield frame
        self._forget(speaker, frames)

    def _forget(self, speaker: str, frames: asyncio.Queue[Samples | None]) -> None:
        if self._frames.get(speaker) is frames:
            del self._frames[speaker]


async def meeting(bot: MeetingBot, speaker: str, path: str) -> None:
    """Stand in for a meeting: one participant speaks what is in a file."""
    async with SourceReader(open_source(path)) as blocks:
        async for block in paced(blocks):
            bot.on_participant_audio(speaker, block.tobytes())


async def main(url: str, room: str, *speakers: str) -> None:
    async with MeetingBot(url, room) as bot:
        await asyncio.gather(*(meeting(bot, *who.split("=", 1)) for who in speakers))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: meeting_bot.py SERVER ROOM NAME=FILE ...")
    asyncio.run(main(*sys.argv[1:]))
