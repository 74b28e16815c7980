"""``publish`` for programs made of threads: the same session, every call blocking.

::

    with publish_blocking("wss://captions.example", room="main", speaker="Ann") as captions:
        for block in microphone():
            captions.send(block)  # int16, 16 kHz, mono; events in another thread
        captions.stop()
        for event in captions.events():
            ...

An event loop in a thread of its own does the work. Nothing waits here: audio and events wait in
the asynchronous client, whose bounds hold. It must not know sockets or messages.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from livecaption.client.dialling import ConnectionOptions
from livecaption.client.events import SessionEvent
from livecaption.client.publish import Changes, PublishClient, Wishes, publish
from livecaption.client.refusals import SessionEnded
from livecaption.core.audio import Samples

__all__ = ["BlockingPublisher", "LoopThread", "publish_blocking"]

_T = TypeVar("_T")


class LoopThread:
    """An event loop in a thread, for any number of sessions; a context manager.

    Leaving the context ends what still runs on it, and the thread.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="livecaption-client", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Start work on the loop.

        Raises:
            SessionEnded: the loop has ended.
        """
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise SessionEnded("The client's event loop has ended.") from None

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.wait(left))
        finally:
            self._loop.close()


def publish_blocking(
    url: str,
    *,
    options: ConnectionOptions | None = None,
    loop: LoopThread | None = None,
    **wishes: Unpack[Wishes],
) -> BlockingPublisher:
    """Prepare a session; ``with`` opens it.

    Args:
        url: of the server, such as ``ws://localhost:8000``.
        options: key, retries and time limits.
        loop: shared by several sessions; without it the session has its own.
        wishes: room, language, task, partials, vocabulary, speaker.

    Raises:
        OperatorError, ProtocolError: as ``publish`` does.
    """
    return BlockingPublisher(publish(url, options=options, **wishes), loop)


class BlockingPublisher:
    """One session; its methods may be called from any thread.

    Leaving the context without an error stops the session, waits for its end and raises what
    went wrong, unless ``events`` has raised it. With an error it ends at once. Every call that
    still waits in another thread returns then.
    """

    def __init__(self, client: PublishClient, loop: LoopThread | None) -> None:
        self._client = client
        self._own = LoopThread() if loop is None else None
        self._loop = loop or self._own or LoopThread()
        self._left: asyncio.Event = asyncio.Event()
        self._session: Future[None] | None = None
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._over = False

    @property
    def lost_s(self) -> float:
        """Seconds of audio that reached no server, because an outage outlasted the buffer."""
        return self._client.lost_s

    def __enter__(self) -> Self:
        if self._own is not None:
            self._own.__enter__()
        opened = threading.Event()
        self._session = self._loop.submit(self._hold(opened))
        opened.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._session is not None
        try:
            if error is not None:
                self._session.cancel()
            else:
                self._loop.submit(self._leave()).result()
                self._session.result()
        finally:
            with self._lock:
                self._over = True
                waiting = tuple(self._waiting)
            for future in waiting:
                future.cancel()
            if self._own is not None:
                self._own.__exit__(None, None, None)

    def send(self, audio: Samples | bytes) -> None:
        """Send audio: int16, 16 kHz, mono; blocks while a minute of it waits for the server.

        Raises:
            SessionEnded: the session is over (``events`` says why), or was stopped.
            UnsupportedAudio: the bytes end inside a sample.
        """
        self._call(self._client.send(audio))

    def events(self) -> Iterator[SessionEvent]:
        """Yield the events up to the last; to be iterated in one thread only.

        Raises:
            LiveCaptionError: the session could not be opened or kept; see ``PublishClient``.
        """
        while not self._over:
            try:
                event = self._call(_next(self._client))
            except _Left:
                return
            if event is None:
                return
            yield event

    def finalize(self) -> None:
        """Close the current utterance behind the audio so far."""
        self._call(_soon(self._client.finalize))

    def configure(self, **changes: Unpack[Changes]) -> None:
        """Change language, vocabulary or speaker from the next utterance on.

        Raises:
            ProtocolError: a value is not what the protocol allows.
        """
        self._call(_soon(lambda: self._client.configure(**changes)))

    def stop(self) -> None:
        """No more audio: the last captions follow, then the end. May be called twice."""
        self._call(_soon(self._client.stop))

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        with self._lock:
            if self._over or self._session is None:
                work.close()
                raise _Left("The session is over.")
            future = self._loop.submit(work)
            self._waiting.add(future)
        try:
            return future.result()
        except CancelledError:
            raise _Left("The session was left.") from None
        except BaseException:
            future.cancel()  # Ctrl-C, while this thread waited
            raise
        finally:
            with self._lock:
                self._waiting.discard(future)

    async def _hold(self, opened: threading.Event) -> None:
        """Keep the session open in one task, as its task group needs it."""
        try:
            async with self._client:
                opened.set()
                await self._left.wait()
        finally:
            opened.set()

    async def _leave(self) -> None:
        self._left.set()


class _Left(SessionEnded):
    """The context was left while a call waited, or before it began."""


async def _next(client: PublishClient) -> SessionEvent | None:
    return await anext(client, None)


async def _soon(call: Callable[[], None]) -> None:
    call()
