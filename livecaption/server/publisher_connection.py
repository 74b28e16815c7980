"""A publisher's socket: reader, writer, ticker, and the session between them.

Four kinds of task share a connection: the reader (never waits for anything but the socket, because
pongs are read there too), the writer, the ticker (acks, status, silence, time limits) and one for
each decode. A connection that breaks ends its session, but the words already spoken are still
captioned for the room.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from starlette.websockets import WebSocket

from livecaption.core.audio import SAMPLE_RATE, seconds
from livecaption.core.captions import CaptionEvent
from livecaption.core.config import SessionConfig
from livecaption.core.outbox import Outgoing
from livecaption.core.policy import REALTIME, WINDOW, StreamingPolicy
from livecaption.core.session import CaptionSession
from livecaption.core.utterance import Speaking
from livecaption.errors import (
    ClientError,
    LiveCaptionError,
    ProtocolError,
)
from livecaption.media.stream import Converter, open_converter
from livecaption.protocol.client_messages import (
    Configure,
    Finalize,
    Keepalive,
    PublisherMessage,
    Start,
    Stop,
)
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import check_audio_frame, decode_publisher, encode, event_message
from livecaption.protocol.limits import MAX_BAD_MESSAGES, MAX_FRAME_BYTES
from livecaption.protocol.server_messages import Ack, Limits, Ready, ServerMessage, Status
from livecaption.server.closing import close_code_for, error_message
from livecaption.server.hub import CaptionHub, Role
from livecaption.server.live_session import LiveSession
from livecaption.server.outgoing import OutgoingSocket, outgoing_event
from livecaption.server.tempo import Tempo

__all__ = ["PublisherConnection"]

logger = logging.getLogger(__name__)

_ENDED_BY_US = {
    "going_away": (CloseCode.RESTART, "The server restarts; come back in a moment."),
    "max_session": (CloseCode.GOING_AWAY, "The session has lasted as long as one may."),
}
"""Ends that are nobody's fault: close code, and what the client is told."""

_OUTBOX_LIMIT = 256
_TICK_S = 0.25


class PublisherConnection:
    """One publisher's socket and session."""

    def __init__(self, websocket: WebSocket, hub: CaptionHub, start: Start) -> None:
        self._websocket = websocket
        self._hub = hub
        self._settings = hub.settings
        self._start = start
        self.role = Role.PUBLISHER
        self.finished = asyncio.Event()
        self._converter: Converter = open_converter(start.audio)
        self.outgoing = OutgoingSocket(websocket, limit=_OUTBOX_LIMIT, stall_s=hub.settings.stall_s)
        self._session_id = "s_" + secrets.token_urlsafe(12)
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()
        self._last_audio = self._started
        self._last_activity = self._started
        self._stopping = False
        self._reason = "failed"
        self._asked_to_stop = False
        self._paused = False
        self._warned = False
        self._bad_messages = 0
        self._tempo = Tempo(hub.settings.max_speed)
        self._close_code = CloseCode.NORMAL
        self._live: LiveSession

    @property
    def room(self) -> str:
        """Name of the room it publishes into."""
        return self._start.room

    async def serve(self) -> None:
        """Run until the last caption is out and the socket is closed."""
        room = self._hub.rooms.get(self._start.room)
        room.publishers += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                self._live = LiveSession(
                    CaptionSession(self._config(), self._hub.new_detector()),
                    self._hub.batcher,
                    room,
                    tasks,
                    max_hop_s=self._settings.max_hop,
                    on_event=self._send_event,
                )
                self._hub.connections.add(self)
                self._greet()
                writer = tasks.create_task(self.outgoing.write())
                reader = tasks.create_task(self._read())
                ticker = tasks.create_task(self._tick())
                await self._live.closed.wait()
                ticker.cancel()
                self.outgoing.end()
                await writer
                await self._close()
                reader.cancel()
        finally:
            self.finished.set()
            self._converter.close()
            room.abandon(self._session_id)
            logger.info(
                "publisher %s left room %s: %s, closed with %d after %.1f s of audio",
                self._session_id,
                room.name,
                self._reason,
                self._close_code,
                seconds(self._live.session.received),
            )
            self._hub.connections.discard(self)
            room.publishers -= 1
            self._hub.rooms.release(room)

    # -- start ------------------------------------------------------------------------------

    def _config(self) -> SessionConfig:
        start, settings = self._start, self._settings
        policy: StreamingPolicy = WINDOW if settings.policy == "window" else REALTIME
        if settings.hop:
            policy = policy.with_hop(int(settings.hop * SAMPLE_RATE))
        return SessionConfig(
            session=self._session_id,
            policy=policy,
            speaking=Speaking(start.language, start.speaker, start.vocabulary),
            task=start.task,
            partials=start.partials,
            previous_text=self._hub.model.previous_text,
        )

    def _greet(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._send(
            Ready(
                session=self._session_id,
                resume_token=secrets.token_urlsafe(24),
                room=self._start.room,
                model=self._hub.model.name,
                language=self._start.language,
                started_at=now,
                resumed=False,
                resume_from=0,
                limits=Limits(
                    max_frame_bytes=MAX_FRAME_BYTES,
                    idle_s=self._settings.idle_s,
                    max_session_s=self._settings.max_session_s,
                ),
            )
        )
        if self._start.resume is not None:
            self._live.declare_not_resumed()

    # -- reader -----------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.outgoing.failed = True
                await self.stop("disconnect")
                return
            self._last_activity = self._clock()
            try:
                if message.get("bytes") is not None:
                    self._take_audio(message["bytes"])
                else:
                    await self._take_message(decode_publisher(message["text"]))
            except ClientError as exc:
                await self._complain(exc)

    def _take_audio(self, frame: bytes) -> None:
        if self._stopping and not self._asked_to_stop:
            return  # it was on its way when the server began to stop
        if self._stopping:
            raise ProtocolError("Audio after stop is not captioned; open a new session.")
        check_audio_frame(frame, self._start.audio)
        samples = self._converter.push(frame)
        self._last_audio = self._clock()
        self._paused = self._warned = False
        if not self._tempo.allows(len(samples), self._last_audio):
            raise ClientError(
                f"Audio comes faster than {self._settings.max_speed} times speaking speed.",
                code="too_fast",
                fatal=True,
            )
        self._live.feed(samples)

    async def _take_message(self, message: PublisherMessage) -> None:
        match message:
            case Start():
                raise ProtocolError('"start" may be sent once, as the first message.')
            case Keepalive():
                pass
            case Finalize():
                self._live.finalize()
            case Configure():
                self._live.configure(self._configured(message))
            case Stop():
                self._asked_to_stop = True
                await self.stop("stop")
            case _:
                assert_never(message)

    def _configured(self, message: Configure) -> Speaking:
        speaking = self._live.speaking
        changes = {name: getattr(message, name) for name in message.changed}
        return replace(speaking, **changes)

    async def _complain(self, error: ClientError) -> None:
        """Answer a bad message in band; end the session when they do not stop."""
        self._bad_messages += 1
        fatal = error.fatal or self._bad_messages >= MAX_BAD_MESSAGES
        logger.info("publisher %s: %s refused", self._session_id, error.code)
        self._send(error_message(error, fatal=fatal))
        if fatal:
            await self._end_with(error)

    # -- ticker -----------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticks = 0
        while not self.outgoing.failed:
            await asyncio.sleep(_TICK_S)
            ticks += 1
            self._watch_silence()
            await self._watch_limits()
            if ticks % 4 == 0:
                self._report()
        await self.stop("disconnect")

    def _watch_silence(self) -> None:
        """Turn silence on the wall clock into a pause: the audio clock stands still."""
        quiet = self._clock() - self._last_audio
        if quiet >= self._settings.mute_after_s and not self._paused:
            self._paused = True
            self._live.pause()

    async def _watch_limits(self) -> None:
        if self._stopping:
            return
        now = self._clock()
        idle = now - self._last_activity
        if idle >= self._settings.idle_s:
            error = ClientError(f"Nothing was received for {idle:.0f} s.", code="idle")
            self._send(error_message(error, fatal=True))
            await self._end_with(error)
        elif idle >= self._settings.idle_s / 2 and not self._warned:
            self._warned = True
            self._send(
                error_message(
                    ClientError("No audio arrives; send keepalive while muted.", code="idle"),
                    fatal=False,
                )
            )
        if now - self._started >= self._settings.max_session_s:
            await self.stop("max_session")

    def _acknowledge(self) -> None:
        session = self._live.session
        self._send(Ack(received=session.received, committed=session.committed))

    def _report(self) -> None:
        self._acknowledge()
        session = self._live.session
        self._send(
            Status(
                lag=seconds(session.lag),
                hop=seconds(session.hop),
                queue=self._hub.batcher.waiting,
            ),
            key="status",
        )

    # -- end --------------------------------------------------------------------------------

    async def stop(self, reason: str) -> None:
        """Take no more audio; the last captions follow, then the close."""
        if self._stopping:
            return
        self._stopping = True
        self._reason = reason
        if reason in _ENDED_BY_US:
            code, sentence = _ENDED_BY_US[reason]
            self._close_code = code
            self._send(error_message(ClientError(sentence, code=reason), fatal=True))
        try:
            # A container's decoder has to be waited for.
            self._live.feed(await asyncio.to_thread(self._converter.flush))
        except ClientError as exc:
            self._send(error_message(exc, fatal=False))
        finally:
            # A client that comes back sends again what is not acknowledged.
            self._acknowledge()
            self._live.end(reason)

    async def _end_with(self, error: LiveCaptionError) -> None:
        if not self._stopping:
            self._close_code = close_code_for(error)
        await self.stop(error.code)

    async def _close(self) -> None:
        if self.outgoing.failed:
            self._close_code = CloseCode.IDLE_OR_SLOW
        await self.outgoing.close(self._close_code)

    # -- sending ----------------------------------------------------------------------------

    def _send(self, message: ServerMessage, key: str | None = None) -> None:
        self.outgoing.put(Outgoing(encode(message), key=key))

    def _send_event(self, event: CaptionEvent) -> None:
        text = encode(event_message(event))
        self.outgoing.put(outgoing_event(event, self._session_id, text))
