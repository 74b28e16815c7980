"""What a publisher is told about its session besides captions: ready, acks, status, refusals."""

from __future__ import annotations

from livecaption.core.audio import seconds
from livecaption.core.outbox import Outgoing
from livecaption.errors import LiveCaptionError
from livecaption.protocol.client_messages import Start
from livecaption.protocol.codec import encode
from livecaption.protocol.server_messages import Ack, ServerMessage, Status
from livecaption.server.closing import error_message
from livecaption.server.farewell import Greeting
from livecaption.server.hub import CaptionHub
from livecaption.server.live_session import Sink
from livecaption.server.sessions import HeldSession

__all__ = ["SessionReports"]


class SessionReports:
    """Says it to one connection.

    Args:
        hub: knows the model, how busy it is, and the limits.
        held: the session.
        put: takes what is said; never waits.
    """

    def __init__(self, hub: CaptionHub, held: HeldSession, put: Sink) -> None:
        self._hub = hub
        self._held = held
        self._put = put

    def ready(self, start: Start, *, resumed: bool) -> None:
        """Answer ``start``."""
        held = self._held
        wanted = held.live.session.received if resumed else None
        greeting = Greeting(held.live.id, held.token, held.started_at, wanted)
        self._send(greeting.message(start, self._hub.model.name, self._hub.settings))

    def acknowledge(self) -> None:
        """Say how much audio has arrived, and how much is safe."""
        live = self._held.live
        self._send(Ack(received=live.session.received, committed=live.committed))

    def progress(self) -> None:
        """Say how things stand; once a second."""
        live = self._held.live
        self.acknowledge()
        lag, hop = seconds(live.session.lag), seconds(live.session.hop)
        self._send(Status(lag=lag, hop=hop, queue=self._hub.batcher.waiting), key="status")

    def refuse(self, error: LiveCaptionError, *, fatal: bool) -> None:
        """Say what was refused or went wrong."""
        self._send(error_message(error, fatal=fatal))

    def _send(self, message: ServerMessage, key: str | None = None) -> None:
        self._put(Outgoing(encode(message), key=key))
