"""The shell around ``PublishSession``: one socket at a time, opened again after losses.

::

    run ── connect ── converse ─┬─ read:  socket → session → inbox
     ▲                          └─ write: session → socket
     └── back-off ◀── lost, refused

It must not know captions, audio or terminals: it moves messages, and decides when to come back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.typing import Subprotocol

from livecaption import __version__
from livecaption.client.address import is_loopback
from livecaption.client.backoff import Backoff, RetryPolicy
from livecaption.client.inbox import Inbox
from livecaption.client.phase import Phase
from livecaption.client.refusals import (
    ServerRefused,
    ServerUnreachable,
    SessionEnded,
    is_transient,
    refused_by_http,
    refused_by_network,
)
from livecaption.client.session import PublishSession
from livecaption.errors import LiveCaptionError, Overloaded, ProtocolError
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.limits import MAX_SERVER_MESSAGE_BYTES, SUBPROTOCOL

__all__ = ["Connection", "ConnectionOptions"]

_NO_STATUS = 1005  # an empty close frame; from a server, that is an accident, too


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How a client reaches its server; times in seconds."""

    key: str | None = field(default=None, repr=False)
    """API key, sent as ``Authorization: Bearer``."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    random: Callable[[], float] = random.random
    """Draws from [0, 1) for the jitter of the delays."""
    answer_s: float = 10.0
    """For the handshake, and again for ``ready``."""
    ping_s: float = 10.0
    """Between pings, and until a pong is missed: a dead network is noticed in twice this."""
    close_s: float = 2.0
    """For the closing handshake."""


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
        self._url = url
        self._session = session
        self._inbox = inbox
        self._options = options
        self._backoff = Backoff(options.retry, options.random)
        self._reached = False
        self._outgoing = asyncio.Event()
        self._moved = asyncio.Event()

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
            delay = self._delay(problem, now())
            if delay is None:
                self._session.fail(problem)
                break
            self._session.retrying(str(problem), delay)
            self._deliver()
            await asyncio.sleep(delay)
        self._deliver()
        self._inbox.end(self._session.failure)

    def _delay(self, problem: LiveCaptionError, now: float) -> float | None:
        """Return how long to stay away; None when there is no sense in coming back.

        An address where nothing has ever answered is most likely wrong, so that is no loss to
        be waited out; a server that says it is full is.
        """
        full = isinstance(problem, Overloaded)
        if not is_transient(problem) or not (self._reached or full):
            return None
        asked = problem.retry_after if isinstance(problem, Overloaded) else None
        return self._backoff.next_delay(now, asked or self._session.retry_after)

    async def _attempt(self) -> LiveCaptionError | None:
        """Open a socket and talk until it is gone; return why, or None if the session is over."""
        try:
            async with self._connect() as socket:
                if socket.subprotocol != SUBPROTOCOL:
                    return self._stranger("no protocol agreed on")
                self._reached = True
                await self._converse(socket)
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            return refused_by_http(answer.status_code, headers, bytes(answer.body))
        except (OSError, InvalidMessage) as error:
            return refused_by_network(self._url, error, reached=self._reached)
        except WebSocketException as error:
            return self._stranger(str(error))
        code = socket.close_code
        if code is None or code == _NO_STATUS:
            code = CloseCode.ABNORMAL
        said = self._session.last_words
        self._session.lost(code)
        if self._session.phase is Phase.CLOSED:
            return None
        return ServerUnreachable(said or f"The connection to the server was lost (code {code}).")

    def _stranger(self, how: str) -> ServerRefused:
        return ServerRefused(
            f"{self._url} does not speak {SUBPROTOCOL} ({how}); "
            "is it the address of a livecaption server?"
        )

    def _connect(self) -> connect:
        key = self._options.key
        return connect(
            self._url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {key}"} if key else None,
            user_agent_header=f"livecaption/{__version__}",
            compression=None,
            proxy=None if is_loopback(self._url) else True,
            open_timeout=self._options.answer_s,
            ping_interval=self._options.ping_s,
            ping_timeout=self._options.ping_s,
            close_timeout=self._options.close_s,
            max_size=MAX_SERVER_MESSAGE_BYTES,
        )

    async def _converse(self, socket: ClientConnection) -> None:
        self._session.connected()
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(socket))
            try:
                await self._read(socket)
            except ConnectionClosed:
                pass  # what that means is decided from the close code
            except TimeoutError:
                await socket.close(CloseCode.GOING_AWAY, "no ready in time")
            except ProtocolError as error:
                self._session.fail(error)
                await socket.close(1002)
            writer.cancel()

    async def _read(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(self._options.answer_s) as patience:
            async for text in socket:
                if isinstance(text, bytes):
                    raise ProtocolError("The server sent a binary message; there are none.")
                waiting = self._session.phase is Phase.CONNECTING
                self._session.receive_text(text)
                if waiting and self._session.phase is not Phase.CONNECTING:
                    self._backoff.ready(asyncio.get_running_loop().time())
                    patience.reschedule(None)
                self._deliver()
                if self._session.phase is Phase.CLOSED:
                    return

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                self._outgoing.clear()
                while messages := self._session.messages_to_send():
                    for message in messages:
                        await socket.send(message)
                    self._moved.set()
                try:
                    async with asyncio.timeout(self._session.idle_s / 3):
                        await self._outgoing.wait()
                except TimeoutError:
                    self._session.keepalive()
        except ConnectionClosed:
            pass  # the reader sees it, too

    def _deliver(self) -> None:
        """Hand on what the session shows, and wake whoever waits for it to come on."""
        try:
            for event in self._session.events_to_show():
                self._inbox.put(event)
        except SessionEnded as error:
            self._session.fail(error)
        self._outgoing.set()
        self._moved.set()
