"""uvicorn's HTTP protocol, with an end to everybody's patience.

uvicorn waits for ever for the first byte of a connection, for the rest of a request's head, and for
its body; and it answers a head that is too large like any other nonsense. Here every wait has a
limit, none of which starts anew with each byte, and an address has only so many connections.

Who waits in silence is cut off without an answer: browsers open connections ahead, and take an
answer that nobody asked for as one to their next question. Who has begun to ask is told.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from livecaption.server.crowd import Crowd, Welcome
from livecaption.server.wire_answers import last_answer
from livecaption.server.wire_limits import WireLimits

__all__ = ["CaptionHTTPProtocol"]

_HEAD_END = re.compile(rb"\n\r?\n")
_LAST_WORDS_S = 1.0
"""How long an answer may take to leave, after which nobody waits for the peer any more."""
_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
_ASK_S = 1.0
"""How long somebody who is turned away has to ask for something, and so to hear why."""
_COME_BACK_S = 5.0


class CaptionHTTPProtocol(H11Protocol):
    """See the module.

    Args:
        wire: the limits.
        crowd: who is connected.
        given: what uvicorn gives.
    """

    def __init__(self, *, wire: WireLimits, crowd: Crowd, **given: Any) -> None:
        super().__init__(**given)
        self._wire = wire
        self._crowd = crowd
        self._turned_away = False
        self._upgraded = False
        self._deadline: asyncio.TimerHandle | None = None
        self._expects: Callable[[], None] | None = None
        """What the deadline is for."""
        self.timeout_keep_alive = wire.keep_alive_s  # type: ignore[assignment]  # any seconds do

    # -- the connection -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, or not; either way it has little time."""
        super().connection_made(transport)
        welcome = self._crowd.enter(transport, self)
        self._turned_away = welcome is not Welcome.ENTER
        if welcome is Welcome.CUT_OFF:
            transport.abort()
        else:
            self._expect(self._give_up_head, _ASK_S if self._turned_away else self._wire.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._expect(None)
        self._crowd.leave(self.transport)
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """See ``Guest``."""
        return self.timeout_keep_alive_task is not None and not self.transport.is_closing()

    def make_room(self) -> None:
        """See ``Guest``."""
        self.timeout_keep_alive_handler()
        self._expect(self.transport.abort, _LAST_WORDS_S)

    # -- requests -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what came; those who are turned away are told so at their first word."""
        if self._turned_away:
            busy = HTTPStatus.TOO_MANY_REQUESTS
            self._answer(last_answer(busy, "too_many_connections", _COME_BACK_S))
        elif self.conn.their_state is h11.IDLE and self._is_head_too_large(data):
            self._answer(last_answer(_TOO_LARGE, "head_too_large"))
        else:
            super().data_received(data)

    def _is_head_too_large(self, data: bytes) -> bool:
        """Whether the head goes on beyond its limit; h11 looks only at heads that come in parts."""
        begun, _ = self.conn.trailing_data
        if len(begun) + len(data) <= self._wire.head_bytes:
            return False
        return _HEAD_END.search((begun + data)[: self._wire.head_bytes]) is None

    def handle_events(self) -> None:
        """Take what came, and see what is to come next and how long that may take."""
        super().handle_events()
        if self.scope is not None and not self._upgraded:
            # Before the application sees it: its task has not run yet.
            self.scope.setdefault("extensions", {}).update(self._crowd.extension(self.transport))
        self._keep_time()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to another protocol."""
        self._upgraded = True
        self._expect(None)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The connection counts again, if it was an event stream."""
        self._crowd.hold(self.transport)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says the same in JSON
        """Answer what h11 refused; called while its exception is being handled."""
        refused = sys.exc_info()[1]
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()  # in the middle of an answer another one would be part of it
        elif getattr(refused, "error_status_hint", None) == _TOO_LARGE:
            self._answer(last_answer(_TOO_LARGE, "head_too_large"))
        else:
            self._answer(last_answer(HTTPStatus.BAD_REQUEST, "bad_request"))

    # -- time ---------------------------------------------------------------------------------

    def _keep_time(self) -> None:
        if self._upgraded or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            # Not from its last byte on: a head may not come drop by drop.
            if self.timeout_keep_alive_task is None and self._expects != self._give_up_head:
                self._expect(self._give_up_head, self._wire.head_s)
        elif self.conn.their_state is h11.SEND_BODY:
            self._expect(self._give_up_body, self._wire.body_s)
        else:
            self._expect(None)

    def _expect(self, otherwise: Callable[[], None] | None, seconds: float = 0.0) -> None:
        """Do something unless something else is expected before; None expects nothing."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._expects = otherwise
        self._deadline = otherwise and self.loop.call_later(seconds, otherwise)

    def _give_up_head(self) -> None:
        begun, _ = self.conn.trailing_data
        if begun and self.conn.our_state is h11.IDLE:
            self._answer(last_answer(HTTPStatus.REQUEST_TIMEOUT, "head_too_slow"))
        else:
            self.transport.abort()

    def _give_up_body(self) -> None:
        if self.flow.read_paused:  # it is we who do not read
            self._expect(self._give_up_body, self._wire.body_s)
        else:
            self.transport.abort()

    def _answer(self, answer: bytes) -> None:
        """Say something past h11, and close."""
        self.transport.write(answer)
        self.transport.close()
        self._expect(self.transport.abort, _LAST_WORDS_S)
