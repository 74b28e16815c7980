"""Several sources at once, each a session of its own, on one display.

The first Ctrl-C (or SIGTERM) ends the audio and waits for the last captions, the second quits. A
source that fails does not end the others. It must not know options.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Unpack

from livecaption.cli.live_text import Display, Voice
from livecaption.cli.playlist import Named, Playing
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.publish import PublishClient, Wishes, publish
from livecaption.errors import LiveCaptionError, OperatorError
from livecaption.media.sources import Source

__all__ = ["Forwarding", "on_interrupt"]

_DRAINING = "Waiting for the last captions; press Ctrl-C again to quit without them."


class Forwarding:
    """The sessions of one command.

    Args:
        url: of the server.
        options: how it is reached.
        display: where the captions go.
        playing: how the sources are played.
        wishes: of every session; the speaker is the source's.
    """

    def __init__(
        self,
        url: str,
        options: ConnectionOptions,
        display: Display,
        playing: Playing,
        **wishes: Unpack[Wishes],
    ) -> None:
        self._url = url
        self._options = options
        self._display = display
        self._playing = playing
        self._wishes = wishes
        self._sessions: list[PublishClient] = []
        self._stopping = False
        self._told: set[str] = set()

    async def run(self, sources: list[Named]) -> None:
        """Open all sources, and caption each to its end.

        Raises:
            LiveCaptionError: one could not be opened; or, of one source, why it ended early; or
                of several, how many did.
        """
        voices = [
            Voice(number, each.label if len(sources) > 1 else "")
            for number, each in enumerate(sources)
        ]
        opened = await self._open(sources, voices)
        with on_interrupt(self._stop):
            tasks = [
                asyncio.create_task(self._caption(*each))
                for each in zip(sources, opened, voices, strict=True)
            ]
            try:
                failures = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        failed = [each for each in failures if each is not None]
        if failed and len(sources) == 1:
            raise failed[0]
        if failed:
            raise OperatorError(f"{len(failed)} of {len(sources)} sources ended with an error.")

    async def _open(self, sources: list[Named], voices: list[Voice]) -> list[Source]:
        results = await asyncio.gather(
            *(
                asyncio.to_thread(self._playing.open, each.spec, self._reporter(voice))
                for each, voice in zip(sources, voices, strict=True)
            ),
            return_exceptions=True,
        )
        opened = [each for each in results if isinstance(each, Source)]
        for problem in results:
            if isinstance(problem, BaseException):
                for source in opened:
                    source.__exit__(None, None, None)
                raise problem
        return opened

    async def _caption(self, named: Named, source: Source, voice: Voice) -> LiveCaptionError | None:
        """Caption one source; return why it ended early, if it did."""
        audio = self._playing.play(named.spec, source, self._reporter(voice))
        wishes = Wishes(**{**self._wishes, "speaker": named.speaker})
        client = publish(self._url, audio, options=self._options, **wishes)
        try:
            async with client as captions:
                self._sessions.append(captions)
                if self._stopping:
                    captions.stop()
                async for event in captions:
                    self._display.show(event, voice)
        except LiveCaptionError as error:
            if voice.label and str(error) not in self._told:  # a refusal meets all of them
                self._told.add(str(error))
                self._display.note(voice.labelled(str(error)))
            return error
        if client.lost_s:
            lost = f"{client.lost_s:.1f} s of audio were lost while the server was away."
            self._display.note(voice.labelled(lost))
        return None

    def _stop(self) -> None:
        self._stopping = True
        for session in self._sessions:
            session.stop()
        if sys.stderr.isatty():
            self._display.note(_DRAINING)

    def _reporter(self, voice: Voice) -> Callable[[str], None]:
        """Return a way to the display for other threads."""
        loop = asyncio.get_running_loop()

        def report(sentence: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._display.note, voice.labelled(sentence))

        return report


@contextmanager
def on_interrupt(first: Callable[[], None]) -> Iterator[None]:
    """Call ``first`` on the event loop at the first Ctrl-C or SIGTERM; later ones act as always."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, action in before.items():
            signal.signal(number, action)

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(first)

    for number in before:
        signal.signal(number, interrupted)
    try:
        yield
    finally:
        restore()
