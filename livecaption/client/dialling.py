"""Opening a WebSocket to a server, with every way that fails turned into a typed error.

A session that waits to be resumed does not wait for one attempt: in a dead network a handshake
hangs, and goes on hanging after the network is back, because TCP repeats itself ever more rarely.
So a younger attempt joins the first one, to the address that worked before (names cannot be looked
up in a dead network), and is replaced every half second or so; whichever is answered first wins.

This module must not know sessions or captions.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.request import getproxies

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from livecaption import __version__
from livecaption.client.address import is_loopback
from livecaption.client.backoff import RetryPolicy
from livecaption.client.refusals import ServerRefused, refused_by_http, refused_by_network
from livecaption.errors import OperatorError
from livecaption.protocol.limits import MAX_SERVER_MESSAGE_BYTES, SUBPROTOCOL

__all__ = ["ConnectionOptions", "Dialler"]


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
    quiet_s: float = 4.0
    """Silence after which a server that reports every second counts as gone."""
    doubt_s: float = 1.25
    """Silence after which another connection is tried beside the one that may be gone."""
    pong_s: float = 0.45
    """What a pong may take, besides what pongs took before, until the same is done."""
    close_s: float = 2.0
    """For the closing handshake."""
    speed: float = 1.3
    """How much faster than it was spoken audio is sent when much of it waits."""

    def __post_init__(self) -> None:
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise OperatorError("The API key holds characters a key cannot have; copy it again.")


class Dialler:
    """Opens sockets to one address.

    Args:
        url: of the socket.
        options: how.
    """

    def __init__(self, url: str, options: ConnectionOptions) -> None:
        self._url = url
        self._options = options
        self._known: tuple[str, int] | None = None
        self.reached = False
        """Whether a livecaption server has ever answered there."""

    async def dial(self) -> ClientConnection:
        """Open a socket.

        Raises:
            LiveCaptionError: it was refused, or nothing answered.
        """
        return await self._checked(self._attempt(None))

    async def dial_again(self, pause: Callable[[], float]) -> ClientConnection:
        """Open a socket to a server that answered before, as soon as the network carries.

        Args:
            pause: seconds for which the younger attempt may be silent.

        Raises:
            LiveCaptionError: it was refused, or nothing answered.
        """
        return await self._checked(_first_of(self._attempt, self._known, pause))

    async def _checked(self, opening: Awaitable[ClientConnection]) -> ClientConnection:
        try:
            socket = await opening
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            raise refused_by_http(answer.status_code, headers, bytes(answer.body)) from error
        except (OSError, InvalidMessage) as error:
            raise refused_by_network(self._url, error, reached=self.reached) from error
        except WebSocketException as error:
            raise self._stranger(str(error)) from error
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close()
            raise self._stranger("no protocol agreed on")
        self.reached = True
        if self._direct:
            host, port = socket.remote_address[:2]
            self._known = (host, port)
        return socket

    def _stranger(self, how: str) -> ServerRefused:
        return ServerRefused(
            f"{self._url} does not speak {SUBPROTOCOL} ({how}); "
            "is it the address of a livecaption server?"
        )

    @property
    def _direct(self) -> bool:
        """Whether no proxy stands between."""
        return is_loopback(self._url) or not getproxies()

    async def _attempt(self, known: tuple[str, int] | None) -> ClientConnection:
        options = self._options
        place: dict[str, Any] = {} if known is None else {"host": known[0], "port": known[1]}
        return await connect(
            self._url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {options.key}"} if options.key else None,
            user_agent_header=f"livecaption/{__version__}",
            compression=None,
            proxy=None if is_loopback(self._url) else True,
            open_timeout=options.answer_s,
            ping_interval=options.ping_s,
            ping_timeout=options.ping_s,
            close_timeout=options.close_s,
            max_size=MAX_SERVER_MESSAGE_BYTES,
            **place,
        )


async def _first_of(
    attempt: Callable[[tuple[str, int] | None], Awaitable[ClientConnection]],
    known: tuple[str, int] | None,
    pause: Callable[[], float],
) -> ClientConnection:
    """Return the first socket that opens; raise what the oldest attempt failed with."""
    clock = asyncio.get_running_loop().time
    elder = asyncio.ensure_future(attempt(None))
    younger: asyncio.Future[ClientConnection] | None = None
    winner: asyncio.Future[ClientConnection] | None = None
    due = clock() + pause()
    try:
        while not elder.done():
            running = [elder] if younger is None else [elder, younger]
            wait = max(0.0, due - clock())
            await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if younger is not None and younger.done():
                if younger.exception() is None:
                    winner = younger
                    break
                younger = None  # its failure says nothing that the elder's will not say
            if clock() >= due and not elder.done():
                if younger is not None:
                    await _give_up([younger])
                younger = asyncio.ensure_future(attempt(known))
                due = clock() + pause()
        winner = winner or elder
        return winner.result()
    finally:
        attempts = (elder, younger)
        await _give_up([each for each in attempts if each is not None and each is not winner])


async def _give_up(attempts: Sequence[asyncio.Future[ClientConnection]]) -> None:
    """End attempts, and what they may have opened at the last moment.

    All of them are ended even if the wait for it is cut short.
    """
    for attempt in attempts:
        attempt.add_done_callback(_dispose)
        attempt.cancel()
    if attempts:
        await asyncio.wait(attempts)


def _dispose(attempt: asyncio.Future[ClientConnection]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().transport.abort()
