"""One publisher's captions while they happen: the core session joined to engine, recorder and room.

Feed, drain, dispatch: every input to the core is followed by ``_pump``, which starts a task for
each decode request and hands each event to the recorder; what is durable goes to the room and to
the connection. A session outlives its connections: ``attach`` and ``detach`` change where its own
events go. Nothing here reads or writes a socket.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from livecaption.core.audio import FRAME_SAMPLES, Samples
from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    GapReason,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.decode import DecodeRequest
from livecaption.core.outbox import Outgoing
from livecaption.core.session import CaptionSession
from livecaption.core.utterance import Speaking
from livecaption.engine.batcher import Batcher, Superseded
from livecaption.errors import EngineError, LeftOut, Overloaded
from livecaption.protocol.codec import decode_server, encode, event_message, without_room
from livecaption.protocol.server_messages import RoomMessage
from livecaption.server.figures import SessionFigures
from livecaption.server.outgoing import outgoing_event
from livecaption.server.recorder import Recorder
from livecaption.server.room import Room, Speaker, Stamped
from livecaption.storage.records import SessionEnded, SessionProgress, StoredEvent, Write

__all__ = ["REPLAY_EVENTS", "LiveSession", "Sink", "replayed", "stored_event"]

logger = logging.getLogger(__name__)

REPLAY_EVENTS = 512
"""Numbered events held for a publisher that comes back: minutes of speech."""

Sink = Callable[[Outgoing], None]
"""Takes a text for the publisher; must not wait."""


class LiveSession:
    """``closed`` is set when the last caption is out.

    Args:
        session: of the core.
        batcher: runs its decodes.
        recorder: stores its events before they are shown.
        room: shows them.
        tasks: hold its decodes.
        started_at: wall-clock time of sample 0, seconds since the epoch.
    """

    def __init__(
        self,
        session: CaptionSession,
        batcher: Batcher,
        recorder: Recorder,
        room: Room,
        tasks: asyncio.TaskGroup,
        *,
        started_at: float,
    ) -> None:
        config = session.config
        self._session = session
        self._id = config.session
        self._speaking = config.speaking
        self._started_at = started_at
        self._batcher = batcher
        self._recorder = recorder
        self._room = room
        self._tasks = tasks
        self._pause = config.gate.hangover_frames * FRAME_SAMPLES
        self._sink: Sink | None = None
        self._replay: deque[tuple[int, Outgoing]] = deque(maxlen=REPLAY_EVENTS)
        self._shown_seq = session.checkpoint.seq
        self._saved = session.committed
        self._finalizing: deque[asyncio.Event] = deque()
        self._names: dict[int, str | None] = {}
        self.closed = asyncio.Event()
        self.figures = SessionFigures()
        self.ended = False
        self.reason = ""
        """Why it ended."""
        self.broken = False
        """A fault of ours ended it: no account of its audio follows."""

    @property
    def id(self) -> str:
        """Public id of the session."""
        return self._id

    @property
    def room(self) -> Room:
        """Where it publishes."""
        return self._room

    @property
    def session(self) -> CaptionSession:
        """The core session, to read its state."""
        return self._session

    @property
    def speaking(self) -> Speaking:
        """What the client said last about the voice."""
        return self._speaking

    @property
    def committed(self) -> int:
        """Samples whose captions are stored, or that are known silent or lost, and stored so."""
        return self._saved

    # -- connections ------------------------------------------------------------------------

    def recall(self, events: list[tuple[int, Outgoing]]) -> None:
        """Hold events of an earlier life of the session, for its publisher."""
        self._replay.extend(events)

    def can_replay(self, last_seq: int) -> bool:
        """Whether every event after ``last_seq`` is still held, and ``last_seq`` is ours."""
        first = self._replay[0][0] if self._replay else self._shown_seq + 1
        return first - 1 <= last_seq <= self._shown_seq

    def attach(self, sink: Sink, after: int | None) -> None:
        """Send the session's events to a publisher from now on, those after ``after`` first."""
        if after is not None:
            for seq, outgoing in self._replay:
                if seq > after:
                    sink(outgoing)
        self._sink = sink

    def detach(self) -> None:
        """Nobody listens any more."""
        self._sink = None

    # -- inputs -----------------------------------------------------------------------------

    def feed(self, samples: Samples) -> None:
        """Take audio; ignored once the session has ended."""
        if not self.ended:
            self._session.receive_audio(samples)
            self.figures.heard(len(samples), self._session.received, time.monotonic())
            self._pump()

    def pause(self) -> None:
        """Nothing is sent any more: a pause long enough to close the open utterance."""
        if not self.ended:
            self._session.receive_gap(self._pause)
            self._pump()

    def finalize(self) -> None:
        """Close the open utterance now."""
        if not self.ended:
            self._finalizing.append(asyncio.Event())
            self._session.receive_finalize()
            self._pump()

    def lose(self, until: int) -> None:
        """The audio before the sample ``until`` will never come."""
        self._session.receive_lost(until)
        self._pump()

    def configure(self, speaking: Speaking) -> None:
        """Use other language, speaker or vocabulary from the next utterance on."""
        self._speaking = speaking
        self._session.configure(speaking)
        self._pump()

    def declare_not_resumed(self) -> None:
        """Tell the client that what it sent before this session is not known here."""
        self._session.receive_unresumed()
        self._pump()

    def end(self, reason: str) -> None:
        """Take no more audio; ``closed`` is set after the last final."""
        if not self.ended:
            self.ended = True
            self.reason = reason
            self._session.receive_eof(reason)
            self._pump()

    async def suspend(self) -> None:
        """Caption and store what came, so that another process can go on; feed nothing more.

        Of who is in the middle of a word, that word is left to the other process.
        """
        if self.ended:
            await self.closed.wait()
            return
        done = asyncio.Event()
        self._finalizing.append(done)
        self._session.receive_suspend()
        self._pump()
        await done.wait()

    def break_off(self) -> None:
        """End at once, after a fault of ours; call it where the traceback is logged."""
        self.ended = self.broken = True
        self.reason = "failed"
        for done in self._finalizing:
            done.set()
        self.closed.set()

    def save_progress(self) -> None:
        """Store how far the audio is settled, so that it can be acknowledged."""
        if self._session.committed > self._saved and not self.ended:
            self._record([], [])

    # -- inside -----------------------------------------------------------------------------

    def _pump(self) -> None:
        for request in self._session.requests_to_decode():
            self._tasks.create_task(self._decode(request))
        events = self._session.events_to_publish()
        if events:
            stamped = [self._room.stamp(event, self._speaker_of(event)) for event in events]
            self._record(events, stamped)

    def _speaker_of(self, event: CaptionEvent) -> Speaker:
        """Return who says it: while an utterance ends, another person may have been announced."""
        name = self._speaking.speaker
        match event:
            case UtteranceStarted(utterance=utterance, speaker=name):
                self._names[utterance] = name
            case Delta(utterance=utterance) | Partial(utterance=utterance):
                name = self._names.get(utterance, name)
            case Final(utterance=utterance, speaker=name):
                self._names.pop(utterance, None)
            case _:
                pass
        return Speaker(self._id, name, self._started_at)

    def _record(self, events: list[CaptionEvent], stamped: list[Stamped | None]) -> None:
        writes: list[Write] = [stored_event(event) for event in stamped if event and event.offset]
        checkpoint = self._session.checkpoint
        if writes or checkpoint.clock > self._saved:
            writes.append(SessionProgress(self._id, checkpoint))
        closed = [event for event in events if isinstance(event, SessionClosed)]
        writes += [SessionEnded(self._id, time.time(), event.reason) for event in closed]

        def show(durable: bool) -> None:  # noqa: FBT001 - the recorder's answer is the data
            if durable:
                self._saved = max(self._saved, checkpoint.clock)
            for event, in_room in zip(events, stamped, strict=True):
                self._show(event, in_room)

        self._recorder.submit(writes, show)

    def _show(self, event: CaptionEvent, in_room: Stamped | None) -> None:
        self.figures.shown(event, time.monotonic())
        if in_room is not None:
            self._room.deliver(in_room)
        outgoing = outgoing_event(event, self._id, encode(event_message(event)))
        if not isinstance(event, Partial | Finalized | SessionClosed):
            self._replay.append((event.seq, outgoing))
            self._shown_seq = event.seq
        if self._sink is not None:
            self._sink(outgoing)
        if isinstance(event, Finalized):
            self._finalizing.popleft().set()
        elif isinstance(event, SessionClosed):
            self._batcher.forget(self._id)
            self.closed.set()

    async def _decode(self, request: DecodeRequest) -> None:
        try:
            await self._transcribe(request)
        except Exception:
            # The task group is everybody's: one session's fault ends that session only.
            logger.exception("a session breaks off", extra={"session": self._id})
            self.break_off()

    async def _transcribe(self, request: DecodeRequest) -> None:
        try:
            result = await self._batcher.transcribe(request)
        except Superseded:
            return
        except Overloaded:
            self._session.receive_failure(request, GapReason.OVERLOAD)
        except EngineError as exc:
            left_out = isinstance(exc, LeftOut)
            self._session.receive_failure(request, GapReason.ENGINE_ERROR, for_good=left_out)
        else:
            self._session.receive_result(result)
            batcher = self._batcher
            self._session.set_load(batcher.stats.turnaround_s, batcher.transcriber.info.workers)
        self._pump()


def stored_event(stamped: Stamped) -> StoredEvent:
    """Return a numbered event of a room as it is stored."""
    event = stamped.event
    if isinstance(event, Partial) or stamped.offset is None:
        raise ValueError("a partial has no number and is never stored")
    return StoredEvent(
        room=stamped.message.room,
        offset=stamped.offset,
        session=stamped.speaker.session,
        seq=event.seq,
        kind=stamped.message.type,
        at=time.time(),
        message=stamped.text,
    )


def replayed(events: Iterable[StoredEvent]) -> list[tuple[int, Outgoing]]:
    """Return stored events as their publisher got them, with their ``seq``."""
    found = []
    for event in events:
        message = decode_server(event.message)
        if isinstance(message, RoomMessage):
            found.append((event.seq, Outgoing(encode(without_room(message)))))
    return found
