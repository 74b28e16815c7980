"""One publisher's captions while they happen: the core session joined to engine, room and socket.

Feed, drain, dispatch: every input to the core is followed by ``_pump``, which starts a task for
each decode request and publishes each event. Nothing here reads or writes a socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from livecaption.core.captions import CaptionEvent, GapReason, SessionClosed
from livecaption.core.decode import DecodeRequest
from livecaption.core.session import CaptionSession
from livecaption.core.utterance import Speaking
from livecaption.engine.batcher import Batcher, Superseded
from livecaption.errors import EngineError, Overloaded
from livecaption.server.rooms import Room, Speaker

__all__ = ["LiveSession"]

logger = logging.getLogger(__name__)

_HOP_PER_TURNAROUND = 3.0
"""Hops of three turnarounds keep requests out of the queue most of the time, and still leave
enough of them waiting together to share batches. With hops as long as the turnaround every
request would grow old in the queue; driven by utilisation instead, hops grow to their limit with
one row a batch, because an engine that never waits is always busy."""


class LiveSession:
    """Runs inside the task group it is given; ``closed`` is set when the last caption is out."""

    def __init__(
        self,
        session: CaptionSession,
        batcher: Batcher,
        room: Room,
        tasks: asyncio.TaskGroup,
        *,
        max_hop_s: float,
        on_event: Callable[[CaptionEvent], None],
    ) -> None:
        config = session.config
        self._session = session
        self._id = config.session
        self._speaking = config.speaking
        self._batcher = batcher
        self._room = room
        self._tasks = tasks
        self._least_hop = config.policy.hop
        self._most_hop = max(int(max_hop_s * SAMPLE_RATE), self._least_hop)
        self._pause = config.gate.hangover_frames * FRAME_SAMPLES
        self._on_event = on_event
        self.closed = asyncio.Event()
        self.ended = False

    @property
    def id(self) -> str:
        """Public id of the session."""
        return self._id

    @property
    def session(self) -> CaptionSession:
        """The core session, to read its state."""
        return self._session

    @property
    def speaking(self) -> Speaking:
        """What the client said last about the voice."""
        return self._speaking

    def feed(self, samples: Samples) -> None:
        """Take audio; ignored once the session has ended."""
        if not self.ended:
            self._session.receive_audio(samples)
            self._pump()

    def pause(self) -> None:
        """Nothing is sent any more: a pause long enough to close the open utterance."""
        if not self.ended:
            self._session.receive_gap(self._pause)
            self._pump()

    def finalize(self) -> None:
        """Close the open utterance now."""
        if not self.ended:
            self._session.receive_finalize()
            self._pump()

    def configure(self, speaking: Speaking) -> None:
        """Use other language, speaker or vocabulary from the next utterance on."""
        self._speaking = speaking
        self._session.configure(speaking)

    def declare_not_resumed(self) -> None:
        """Tell the client that what it sent before this session is not known here."""
        self._session.receive_unresumed()
        self._pump()

    def end(self, reason: str) -> None:
        """Take no more audio; ``closed`` is set after the last final."""
        if not self.ended:
            self.ended = True
            self._session.receive_eof(reason)
            self._pump()

    def _pump(self) -> None:
        for request in self._session.requests_to_decode():
            self._tasks.create_task(self._decode(request))
        for event in self._session.events_to_publish():
            self._room.publish(event, Speaker(self._id, self._speaking.speaker))
            self._on_event(event)
            if isinstance(event, SessionClosed):
                self._batcher.forget(self._id)
                self.closed.set()

    async def _decode(self, request: DecodeRequest) -> None:
        try:
            result = await self._batcher.transcribe(request)
        except Superseded:
            return
        except Overloaded:
            self._session.receive_failure(request, GapReason.OVERLOAD)
        except EngineError:
            self._session.receive_failure(request, GapReason.ENGINE_ERROR)
        else:
            self._session.receive_result(result)
            self._session.set_hop(self._hop())
        self._pump()

    def _hop(self) -> int:
        """Lengthen the hop as the engine's turnaround grows: longer hops, not longer queues."""
        wanted = int(_HOP_PER_TURNAROUND * self._batcher.stats.turnaround_s * SAMPLE_RATE)
        return min(max(wanted, self._least_hop), self._most_hop)
