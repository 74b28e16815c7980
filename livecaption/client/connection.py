"""The shell around ``PublishSession``: one socket at a time, opened again after losses.

::

    run ── dial ── converse ─┬─ read:   socket → session → inbox
     ▲                       ├─ write:  session → socket
     │                       └─ watch:  a socket that is dead is cut
     └── back-off ◀── lost, refused

It must not know captions, audio or terminals: it moves messages, and decides when to come back.
"""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from livecaption.client.backoff import Backoff
from livecaption.client.dialling import ConnectionOptions, Dialler
from livecaption.client.inbox import Inbox
from livecaption.client.liveness import Liveness
from livecaption.client.phase import Phase
from livecaption.client.refusals import ServerUnreachable, SessionEnded, is_transient
from livecaption.client.session import PublishSession
from livecaption.errors import LiveCaptionError, Overloaded, ProtocolError
from livecaption.protocol.close_codes import CloseCode

__all__ = ["Connection"]

_NO_STATUS = 1005  # an empty close frame; from a server, that is an accident, too

_SECOND_LOOK_S = 0.1
"""Before a socket is cut: a program that blocked its own event loop has unread messages waiting."""

_LOOKS = 10
"""At a silent socket until it is doubtful."""


class Connection:
    """Keeps one session connected until it is closed.

    Args:
        url: of the publisher socket.
        session: what to say.
        inbox: where the events go.
        options: how.
    """

    def __init__(
        self, url: str, session: PublishSession, inbox: Inbox, options: ConnectionOptions
    ) -> None:
        self._dialler = Dialler(url, options)
        self._session = session
        self._inbox = inbox
        self._options = options
        self._backoff = Backoff(options.retry, options.random)
        self._liveness = Liveness(options.quiet_s, options.doubt_s, options.pong_s)
        self._look_s = min(options.doubt_s, options.pong_s) / _LOOKS
        self._spare: ClientConnection | None = None
        self._outgoing = asyncio.Event()
        self._moved = asyncio.Event()
        self._unanswered = 0
        self._announced: set[str] = set()

    def wake(self) -> None:
        """Say that the session has been fed something to send."""
        self._outgoing.set()

    async def moved(self) -> None:
        """Wait until the session has come on: something was sent, received or lost."""
        self._moved.clear()
        await self._moved.wait()

    async def run(self) -> None:
        """Connect, and come back, until the session is closed; then end the inbox."""
        now = asyncio.get_running_loop().time
        while problem := await self._attempt():
            delay = self._delay(problem, now()) if self._spare is None else 0.0
            if delay is None:
                self._session.fail(problem)
                break
            self._announce(str(problem), delay)
            await asyncio.sleep(delay)
        self._drop_spare()
        self._deliver()
        self._inbox.end(self._session.failure)

    def _delay(self, problem: LiveCaptionError, now: float) -> float | None:
        """Return how long to stay away; None when there is no sense in coming back.

        An address where nothing has ever answered is most likely wrong, so that is no loss to
        be waited out; a server that says it is full is.
        """
        full = isinstance(problem, Overloaded)
        if not is_transient(problem) or not (self._dialler.reached or full):
            return None
        asked = problem.retry_after if isinstance(problem, Overloaded) else None
        return self._backoff.next_delay(
            now, asked or self._session.retry_after, waiting=self._session.greeted
        )

    def _announce(self, reason: str, delay: float) -> None:
        """Tell the program, once for each reason of this outage."""
        if reason not in self._announced:
            self._announced.add(reason)
            self._session.retrying(reason, delay)
        self._deliver()

    async def _attempt(self) -> LiveCaptionError | None:
        """Open a socket and talk until it is gone; return why, or None if the session is over."""
        socket, self._spare = self._spare, None
        try:
            if socket is None and self._session.greeted:
                socket = await self._dialler.dial_again(self._backoff.pause)
            elif socket is None:
                socket = await self._dialler.dial()
        except LiveCaptionError as error:
            return error
        async with socket:
            await self._converse(socket)
        code = socket.close_code
        if code is None or code == _NO_STATUS:
            code = CloseCode.ABNORMAL
        if self._session.progressed:
            self._backoff.progressed()
        said = self._session.last_words
        self._session.lost(code)
        if self._session.phase is Phase.CLOSED:
            return None
        return ServerUnreachable(said or f"The connection to the server was lost (code {code}).")

    async def _converse(self, socket: ClientConnection) -> None:
        self._session.connected()
        self._liveness.opened(asyncio.get_running_loop().time())
        async with asyncio.TaskGroup() as tasks:
            others = [
                tasks.create_task(self._write(socket)),
                tasks.create_task(self._watch(socket)),
                tasks.create_task(self._ask(socket)),
            ]
            try:
                await self._read(socket)
            except ConnectionClosed:
                pass  # what that means is decided from the close code
            except TimeoutError:
                self._unanswered += 1
                socket.transport.abort()
            except ProtocolError as error:
                self._session.fail(error)
                await socket.close(1002)
            for other in others:
                other.cancel()

    @property
    def _patience_for_ready(self) -> float:
        """A resumed session is answered in no time, or its ``start`` has been lost."""
        longest = self._options.answer_s
        if not self._session.greeted:
            return longest
        return min(longest, self._options.quiet_s * 2.0 ** min(self._unanswered, 8))

    async def _read(self, socket: ClientConnection) -> None:
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self._patience_for_ready) as patience:
            async for text in socket:
                if isinstance(text, bytes):
                    raise ProtocolError("The server sent a binary message; there are none.")
                waiting = self._session.phase is Phase.CONNECTING
                self._session.receive_text(text)
                if waiting and self._session.phase is not Phase.CONNECTING:
                    self._backoff.ready(now())
                    self._unanswered = 0
                    self._announced.clear()
                    patience.reschedule(None)
                confirmed, sent = self._session.confirmed, self._session.sent
                self._liveness.heard(now(), confirmed=confirmed, sent=sent)
                self._deliver()
                if self._session.phase is Phase.CLOSED:
                    return

    async def _write(self, socket: ClientConnection) -> None:
        now = asyncio.get_running_loop().time
        try:
            while True:
                self._outgoing.clear()
                while messages := self._session.messages_to_send(now()):
                    for message in messages:
                        await socket.send(message)
                        if isinstance(message, bytes):
                            self._liveness.sent(now())
                    self._moved.set()
                held_back = self._session.held_back_s
                idle = self._session.idle_s / 3
                try:
                    async with asyncio.timeout(idle if held_back is None else held_back):
                        await self._outgoing.wait()
                except TimeoutError:
                    if held_back is None:
                        self._session.keepalive()
        except ConnectionClosed:
            pass  # the reader sees it, too

    async def _watch(self, socket: ClientConnection) -> None:
        """Cut a socket whose other side is gone; one that is being closed is left in peace."""
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._look_s)
            if self._session.last_words is not None:
                continue
            if self._liveness.is_doubtful(now()):
                await self._look_elsewhere()
            if self._spare is None and self._liveness.is_dead(now()):
                await asyncio.sleep(_SECOND_LOOK_S)
            if self._spare is not None or self._liveness.is_dead(now()):
                socket.transport.abort()
                return

    async def _ask(self, socket: ClientConnection) -> None:
        """Ping a socket that says nothing for a moment."""
        now = asyncio.get_running_loop().time
        try:
            while True:
                await asyncio.sleep(self._look_s)
                if self._liveness.wants_to_ask(now()):
                    self._liveness.asked(now())
                    await (await socket.ping())
                    self._liveness.answered(now())
        except ConnectionClosed:
            pass  # the reader sees it, too

    async def _look_elsewhere(self) -> None:
        """Open another socket, unless the present one speaks again or is dead before that.

        The network may be back long before a connection it has forgotten is found dead.
        """
        now = asyncio.get_running_loop().time
        self._liveness.doubted(now())
        while self._spare is None and self._is_in_doubt(now()):
            dialling = asyncio.create_task(self._dialler.dial_again(self._backoff.pause))
            try:
                while self._is_in_doubt(now()) and not dialling.done():
                    await asyncio.wait([dialling], timeout=self._look_s)
            finally:
                dialling.cancel()
                (opened,) = await asyncio.gather(dialling, return_exceptions=True)
                self._spare = opened if isinstance(opened, ClientConnection) else None
            if self._spare is None and self._is_in_doubt(now()):
                await asyncio.sleep(self._backoff.pause())
        await asyncio.sleep(_SECOND_LOOK_S)
        if not self._liveness.is_silent(now()):
            self._drop_spare()

    def _is_in_doubt(self, now: float) -> bool:
        return self._liveness.is_silent(now) and not self._liveness.is_dead(now)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.transport.abort()
            self._spare = None

    def _deliver(self) -> None:
        """Hand on what the session shows, and wake whoever waits for it to come on."""
        try:
            for event in self._session.events_to_show():
                self._inbox.put(event)
        except SessionEnded as error:
            self._session.fail(error)
        self._outgoing.set()
        self._moved.set()
