"""A publisher's socket: reader, writer, ticker, and the session they hold.

Three kinds of task share a connection: the reader (never waits for anything but the socket, because
pongs are read there too), the writer, and the ticker (acks, status, silence, time limits). A
connection that is lost leaves its session behind, for another one to resume; only ``stop``, a time
limit or messages that make no sense end a session.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import assert_never

from starlette.websockets import WebSocket

from livecaption.core.audio import seconds
from livecaption.errors import BadCredentials, ClientError, LiveCaptionError, ProtocolError
from livecaption.logs import SESSION, room_tag
from livecaption.metrics.meters import Door
from livecaption.protocol.client_messages import (
    Configure,
    Finalize,
    Keepalive,
    PublisherMessage,
    Start,
    Stop,
)
from livecaption.protocol.close_codes import CloseCode
from livecaption.protocol.codec import decode_publisher, encode
from livecaption.protocol.limits import MAX_BAD_MESSAGES
from livecaption.server.audio_intake import AudioIntake
from livecaption.server.closing import close_code_for, error_message
from livecaption.server.doorkeeper import principal_of
from livecaption.server.hub import CaptionHub, Role
from livecaption.server.outgoing import OutgoingSocket
from livecaption.server.session_reports import SessionReports
from livecaption.server.sessions import HeldSession
from livecaption.server.vigil import Patience, Verdict, Vigil

__all__ = ["PublisherConnection"]

logger = logging.getLogger(__name__)

_OUTBOX_LIMIT = 1024
"""A publisher that comes back is handed up to half of this at once."""
_TICK_S = 0.25
_REPORT_TICKS = 4
_SAVE_TICKS = 16
"""Between two notes of how far silence is settled; captions are noted when they are made. A client
that comes back after a crash sends so much silence once more."""

_TAKEN_OVER = ClientError("Another connection goes on with this session.", code="taken_over")
_GOING_AWAY = ClientError("The server restarts; come back in a moment.", code="going_away")
_MAX_SESSION = ClientError("The session has lasted as long as one may.", code="max_session")
_FAILED = LiveCaptionError("a fault of ours; its traceback is in the log")
_WARNING = ClientError("No audio arrives; send keepalive while muted.", code="idle")


class PublisherConnection:
    """One publisher's socket. ``begin`` takes a session, ``serve`` runs it."""

    def __init__(self, websocket: WebSocket, hub: CaptionHub, start: Start) -> None:
        self._websocket = websocket
        self._hub = hub
        self._settings = hub.settings
        self._start = start
        self.principal = principal_of(websocket)
        self.role = Role.PUBLISHER
        self.finished = asyncio.Event()
        self._intake = AudioIntake(start.audio, hub.settings.max_speed)
        self.outgoing = OutgoingSocket(websocket, limit=_OUTBOX_LIMIT, stall_s=hub.settings.stall_s)
        self._clock = asyncio.get_running_loop().time
        self._bad_messages = 0
        self._deaf = False
        """Audio is taken no more: the session ends, or goes on elsewhere."""
        self._asked_to_stop = False
        self._over = asyncio.Event()
        self._reason = "disconnect"
        self._close_code = CloseCode.NORMAL
        self._resumed = False
        self._held: HeldSession
        self._reports: SessionReports
        self._vigil: Vigil

    @property
    def room(self) -> str:
        """Name of the room it publishes into."""
        return self._start.room

    @property
    def silent_s(self) -> float:
        """Seconds since anything came from it."""
        return self._vigil.idle(self._clock())

    async def begin(self) -> None:
        """Take the session that the client wants to resume, or a new one.

        Raises:
            Overloaded: there is no place for another session.
            sqlite3.Error: what is stored cannot be read.
        """
        wish = self._start.resume
        held = await self._hub.sessions.resume(self._start, wish, self) if wish else None
        self._resumed = held is not None
        if held is None:
            self._hub.admit_stream(self.principal)
            self._hub.admit_session()
            held = await self._hub.sessions.open(self._start, self)
        self._held = held
        SESSION.set(held.live.id)
        self._reports = SessionReports(self._hub, held, self.outgoing.put)
        settings = self._settings
        patience = Patience(
            mute_s=settings.mute_after_s,
            stall_s=max(settings.mute_after_s, 2.5 * settings.ping_s),
            idle_s=settings.idle_s,
            session_s=settings.max_session_s,
        )
        self._vigil = Vigil(patience, self._clock(), held.begun_at)

    async def serve(self) -> None:
        """Run until the socket is closed: the session has ended, or goes on without it."""
        self._hub.connections.add(self)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._greet()
                writer = tasks.create_task(self.outgoing.write())
                reader = tasks.create_task(self._read())
                ticker = tasks.create_task(self._tick())
                ending = tasks.create_task(self._wait_for_end())
                await self._over.wait()
                for task in (ticker, ending):
                    task.cancel()
                self.outgoing.end()
                await writer
                await self._close()
                reader.cancel()
        except* Exception:
            # The details are ours; the client learns whose fault it was.
            logger.exception("the connection of a session failed")
            self._held.live.break_off()
            await self._say_failed()
        finally:
            self._leave()

    # -- start ------------------------------------------------------------------------------

    def _greet(self) -> None:
        live, wish = self._held.live, self._start.resume
        self._reports.ready(self._start, resumed=self._resumed)
        live.attach(self.outgoing.put, wish.last_seq if wish and self._resumed else None)
        if wish and not self._resumed:
            live.declare_not_resumed()

    # -- reader -----------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.outgoing.failed = True
                await self._lose()
                return
            try:
                if message.get("bytes") is not None:
                    self._take_audio(message["bytes"])
                else:
                    self._vigil.heard(self._clock(), audio=False)
                    await self._take_message(decode_publisher(message["text"]))
            except ClientError as exc:
                await self._complain(exc)

    def _take_audio(self, frame: bytes) -> None:
        if self._deaf and not self._asked_to_stop:
            return  # it was on its way when the server began to stop, or another took over
        if self._deaf:
            raise ProtocolError("Audio after stop is not captioned; open a new session.")
        now = self._clock()
        self._vigil.heard(now, audio=True)
        self._held.live.feed(self._intake.take(frame, now))

    async def _take_message(self, message: PublisherMessage) -> None:
        live = self._held.live
        match message:
            case Start():
                raise ProtocolError('"start" may be sent once, as the first message.')
            case Keepalive():
                pass
            case Finalize():
                live.finalize()
            case Configure():
                changes = {name: getattr(message, name) for name in message.changed}
                live.configure(replace(live.speaking, **changes))
            case Stop():
                self._asked_to_stop = True
                await self._end("stop")
            case _:
                assert_never(message)

    async def _complain(self, error: ClientError) -> None:
        """Answer a bad message in band; end the session when they do not stop."""
        self._bad_messages += 1
        fatal = error.fatal or self._bad_messages >= MAX_BAD_MESSAGES
        logger.info("a message was refused: %s", error.code)
        self._reports.refuse(error, fatal=fatal)
        if fatal:
            await self._end_with(error)

    # -- ticker -----------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticks = 0
        while not self.outgoing.failed:
            await asyncio.sleep(_TICK_S)
            ticks += 1
            await self._keep_vigil()
            if ticks % _SAVE_TICKS == 0:
                self._held.live.save_progress()
            if ticks % _REPORT_TICKS == 0 and not self._over.is_set():
                self._reports.progress()
        await self._lose()

    async def _keep_vigil(self) -> None:
        live, now = self._held.live, self._clock()
        for verdict in self._vigil.look(now, in_mid_speech=live.session.in_mid_speech):
            match verdict:
                case Verdict.PAUSE:
                    live.pause()
                case _ if self._deaf:
                    pass
                case Verdict.WARN:
                    self._reports.refuse(_WARNING, fatal=False)
                case Verdict.IDLE:
                    idle = self._vigil.idle(now)
                    error = ClientError(f"Nothing was received for {idle:.0f} s.", code="idle")
                    self._reports.refuse(error, fatal=True)
                    await self._end_with(error)
                case Verdict.OVERDUE:
                    self._reports.refuse(_MAX_SESSION, fatal=True)
                    self._close_code = CloseCode.GOING_AWAY
                    await self._end("max_session")
                case _:
                    assert_never(verdict)

    # -- end --------------------------------------------------------------------------------

    async def _wait_for_end(self) -> None:
        await self._held.live.closed.wait()
        self._over.set()

    async def _end(self, reason: str) -> None:
        """End the session; the last captions follow, then the close."""
        if self._deaf:
            return
        self._reason = reason
        await self._stop_hearing()
        self._held.live.end(reason)

    async def _end_with(self, error: LiveCaptionError) -> None:
        if not self._deaf:
            self._close_code = close_code_for(error)
        await self._end(error.code)

    async def _lose(self) -> None:
        """The socket is gone; what had arrived still counts."""
        if not self._asked_to_stop:
            await self._stop_hearing()
            self._over.set()

    async def hand_over(self) -> None:
        """Feed nothing more: another connection goes on with the session."""
        await self._stop_hearing()
        self._held.live.detach()
        self._finish(_TAKEN_OVER, CloseCode.TAKEN_OVER)

    async def stop(self, reason: str) -> None:  # noqa: ARG002 - every reason ends the same way
        """Show and store what was said so far, then close: the server goes down.

        The session does not end: its client may go on with it after a restart.
        """
        if not self._deaf:
            await self._stop_hearing()
            await self._held.live.suspend()
            self._reports.acknowledge()
            self._finish(_GOING_AWAY, CloseCode.RESTART)

    async def dismiss(self, error: BadCredentials) -> None:
        """End the session with what was said so far: its key is good no more."""
        self._reports.refuse(error, fatal=True)
        await self._end_with(error)

    def _finish(self, error: ClientError, code: CloseCode) -> None:
        self._reason = error.code
        self._close_code = code
        self._reports.refuse(error, fatal=True)
        self._over.set()

    async def _stop_hearing(self) -> None:
        """Take no more audio, and feed what a decoder still holds."""
        if self._deaf:
            return
        self._deaf = True
        try:
            self._held.live.feed(await self._intake.finish())
        except ClientError as exc:
            self._reports.refuse(exc, fatal=False)
        finally:
            # A client that comes back sends again what is not acknowledged.
            self._reports.acknowledge()

    async def _close(self) -> None:
        if self._held.live.broken:
            await self._say_failed()
            return
        if self.outgoing.failed:
            self._close_code = CloseCode.IDLE_OR_SLOW
        if self.outgoing.slow is not None:
            self._hub.meters.let_go(Door.PUBLISH, self.outgoing.slow)
        await self.outgoing.close(self._close_code)

    async def _say_failed(self) -> None:
        self._reason, self._close_code = "failed", CloseCode.INTERNAL_ERROR
        await self.outgoing.send_last(encode(error_message(_FAILED, fatal=True)))
        await self.outgoing.close(self._close_code)

    def _leave(self) -> None:
        self.finished.set()
        self._intake.close()
        live = self._held.live
        fields = {
            "principal": self.principal.name,
            "room": room_tag(live.room.name),
            "close": int(self._close_code),
            "audio_s": round(seconds(live.session.received), 1),
        }
        logger.info("a publisher left: %s", self._reason, extra=fields)
        self._hub.connections.discard(self)
        self._hub.sessions.detach(self._held, self)
