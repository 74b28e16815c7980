"""Send audio to a livecaption server and get its captions back, in a few lines.

::

    async with publish("wss://captions.example", room="main", language="en") as captions:
        async for block in microphone():
            await captions.send(block)  # int16, 16 kHz, mono; read the events in another task
        captions.stop()  # the last captions follow

Or with the audio as an iterator, which ends the session when it is exhausted::

    async with publish(url, paced(blocks)) as captions:
        async for event in captions:
            match event:
                case DeltaMessage():
                    print(event.text, end="")

A connection that breaks is opened again behind the scenes, and audio that the server had not
acknowledged is sent again: the session goes on where the server says, without a word lost or
doubled. Audio is kept for a minute; ``lost_s`` says what a longer outage cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from types import TracebackType
from typing import Self, TypedDict, Unpack

from pydantic import ValidationError

from livecaption.client.address import publish_url
from livecaption.client.allowance import Allowance
from livecaption.client.connection import Connection
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.events import SessionEvent
from livecaption.client.inbox import Inbox
from livecaption.client.phase import Phase
from livecaption.client.refusals import SessionEnded
from livecaption.client.session import PublishSession
from livecaption.core.audio import SAMPLE_RATE, Samples, samples_from_bytes
from livecaption.errors import LiveCaptionError, ProtocolError
from livecaption.protocol.client_messages import Configure, Start, Task
from livecaption.protocol.complaint import complaint

__all__ = ["Changes", "PublishClient", "Wishes", "publish"]


class Changes(TypedDict, total=False):
    """What may change while a session runs."""

    language: str | None
    vocabulary: tuple[str, ...]
    speaker: str | None


class Wishes(Changes, total=False):
    """What a session is told when it starts; all of it may be left out."""

    room: str
    task: Task
    partials: bool


def publish(
    url: str,
    audio: AsyncIterable[Samples] | None = None,
    *,
    options: ConnectionOptions | None = None,
    **wishes: Unpack[Wishes],
) -> PublishClient:
    """Prepare a session; ``async with`` opens it.

    Args:
        url: of the server, such as ``ws://localhost:8000``.
        audio: blocks of int16 at 16 kHz, mono, any length; the session ends when they do.
            Without it, call ``send`` and ``stop``.
        options: key, retries and time limits.
        wishes: room, language, task, partials, vocabulary, speaker.

    Raises:
        OperatorError: ``url`` is no server's address, or the key holds odd characters.
        ProtocolError: a wish is not what the protocol allows; the sentence says which.
    """
    options = options or ConnectionOptions()
    try:
        start = Start(**wishes)
    except ValidationError as error:
        raise ProtocolError(complaint(error, Start, "start")) from None
    session = PublishSession(start, Allowance(options.speed))
    return PublishClient(publish_url(url), session, audio, options)


class PublishClient:
    """One session: an async context manager, and an async iterator over its events.

    Iterating ends after ``Closed``. It raises, after the events that came before:
    NotAllowed, Overloaded, ServerUnreachable, ServerRefused, SessionEnded or ProtocolError when
    the session could not be opened or kept, and what ``audio`` raised. Leaving the context
    without an error stops the session and waits for its end; events not read are thrown away.
    """

    def __init__(
        self,
        url: str,
        session: PublishSession,
        audio: AsyncIterable[Samples] | None,
        options: ConnectionOptions,
    ) -> None:
        self._session = session
        self._inbox = Inbox()
        self._connection = Connection(url, session, self._inbox, options)
        self._audio = audio
        self._audio_failure: LiveCaptionError | None = None
        self._tasks = asyncio.TaskGroup()
        self._running: list[asyncio.Task[None]] = []
        self._stopped = False

    @property
    def lost_s(self) -> float:
        """Seconds of audio that reached no server, because an outage outlasted the buffer."""
        return self._session.lost_samples / SAMPLE_RATE

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running.append(self._tasks.create_task(self._connection.run()))
        if self._audio is not None:
            self._running.append(self._tasks.create_task(self._pump(self._audio)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is not None:
            self._running[0].cancel()
        self._inbox.discard()
        await self._tasks.__aexit__(None, None, None)
        if error is None:
            self._inbox.raise_failure()
            self._raise_audio_failure()

    def __aiter__(self) -> AsyncIterator[SessionEvent]:
        return self

    async def __anext__(self) -> SessionEvent:
        event = await self._inbox.get()
        if event is None:
            self._raise_audio_failure()
            raise StopAsyncIteration
        return event

    async def send(self, audio: Samples | bytes) -> None:
        """Send audio: int16, 16 kHz, mono, any length; bytes are little-endian.

        Waits only while a minute of audio is waiting for the server, so a live source can be
        sent as it comes.

        Raises:
            SessionEnded: the session is over (iterating says why), or was stopped.
            UnsupportedAudio: the bytes end inside a sample.
        """
        samples = samples_from_bytes(audio) if isinstance(audio, bytes) else audio
        for at in range(0, len(samples), SAMPLE_RATE):
            piece = samples[at : at + SAMPLE_RATE]
            while self._takes_audio and self._session.room < len(piece):
                await self._connection.moved()
            if not self._takes_audio:
                raise SessionEnded("The session is over; no more audio can be sent.")
            self._session.send_audio(piece)
            self._connection.wake()

    def finalize(self) -> None:
        """Close the current utterance behind the audio so far; ``FinalizedMessage`` follows."""
        self._session.finalize()
        self._connection.wake()

    def configure(self, **changes: Unpack[Changes]) -> None:
        """Change language, vocabulary or speaker from the next utterance on.

        Raises:
            ProtocolError: a value is not what the protocol allows.
        """
        try:
            change = Configure(**changes)
        except ValidationError as error:
            raise ProtocolError(complaint(error, Configure, "configure")) from None
        self._session.configure(change)
        self._connection.wake()

    def stop(self) -> None:
        """No more audio: the last captions follow, then the end. May be called twice."""
        for pump in self._running[1:]:
            pump.cancel()
        self._end_audio()

    async def _pump(self, audio: AsyncIterable[Samples]) -> None:
        try:
            async for block in audio:
                await self.send(block)
        except SessionEnded:
            return
        except LiveCaptionError as error:
            self._audio_failure = error
        self._end_audio()

    def _end_audio(self) -> None:
        self._stopped = True
        self._session.stop()
        self._connection.wake()

    @property
    def _takes_audio(self) -> bool:
        return not self._stopped and self._session.phase is not Phase.CLOSED

    def _raise_audio_failure(self) -> None:
        failure, self._audio_failure = self._audio_failure, None
        if failure is not None:
            raise failure
