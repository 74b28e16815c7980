"""The sessions of this process: begun, lost by their connections, resumed, ended.

::

    open ─▶ attached ──connection lost──▶ detached ──grace is over──▶ ending ─▶ closed
               ▲  │                          │
               │  └──another connection──┐   │            after a crash or a restart:
               └────────── resume ───────┴───┘ ◀───────── cut off (only stored)

A detached session stays as it is: its open utterance stays open, because the audio goes on in the
middle of a word when its publisher is back. It keeps its place among ``max_streams``.
"""

from __future__ import annotations

import asyncio
import copy
import hmac
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE
from livecaption.core.checkpoint import BEGINNING, Checkpoint
from livecaption.core.config import SessionConfig
from livecaption.core.gate import IsSpeech
from livecaption.core.policy import REALTIME, WINDOW, StreamingPolicy
from livecaption.core.session import CaptionSession
from livecaption.core.utterance import Speaking
from livecaption.engine.batcher import Batcher
from livecaption.logs import room_tag
from livecaption.protocol.client_messages import Resume, Start
from livecaption.protocol.codec import decode_publisher, encode
from livecaption.server.cut_off import CutOffSessions, token_hash
from livecaption.server.farewell import AS_ASKED
from livecaption.server.figures import SessionTotals
from livecaption.server.live_session import REPLAY_EVENTS, LiveSession, replayed
from livecaption.server.recorder import Recorder
from livecaption.server.rooms import Rooms
from livecaption.settings import Settings
from livecaption.storage.records import SessionEnded, SessionOpened, StoredSession
from livecaption.storage.restoring import checkpoint_of
from livecaption.storage.store import TranscriptStore

__all__ = ["HeldSession", "Holder", "ResumeOutcome", "Sessions", "policy_of"]

logger = logging.getLogger(__name__)


class ResumeOutcome(StrEnum):
    """What came of the wish to go on with a session."""

    RESUMED = "resumed"
    REVIVED = "revived"
    """After a restart or a crash of the server."""
    REFUSED = "refused"
    """It is not known, has ended, or is not the client's own."""


class Holder(Protocol):
    """A connection that holds a session."""

    @property
    def silent_s(self) -> float:
        """Seconds since anything came from it."""

    async def hand_over(self) -> None:
        """Feed nothing more, because another connection goes on with the session."""


@dataclass(slots=True, eq=False)
class HeldSession:
    """A session with what only its publisher may know."""

    live: LiveSession
    start: Start
    token: str
    started_at: float
    """Wall-clock time of sample 0, seconds since the epoch."""
    begun_at: float
    """Monotonic time at which this process took it up, seconds."""
    holder: Holder | None = None
    seeing_off: asyncio.Task[None] | None = None
    expiry: asyncio.TimerHandle | None = None


class Sessions:
    """All sessions of this process. Runs inside the task group it is given."""

    def __init__(
        self,
        settings: Settings,
        store: TranscriptStore,
        recorder: Recorder,
        rooms: Rooms,
        batcher: Batcher,
        new_detector: Callable[[], IsSpeech],
    ) -> None:
        self._settings = settings
        self._store = store
        self._recorder = recorder
        self._rooms = rooms
        self._batcher = batcher
        self._new_detector = new_detector
        self._held: dict[str, HeldSession] = {}
        self._cut_off = CutOffSessions(store, recorder, rooms, settings.resume_grace_s)
        self._changing = asyncio.Lock()
        self._ended = SessionTotals()
        self.ended_by: Counter[str] = Counter()
        """Sessions that ended, by reason."""
        self.resumes: Counter[ResumeOutcome] = Counter()
        self._loop = asyncio.get_running_loop()
        self.tasks: asyncio.TaskGroup

    async def adopt(self) -> None:
        """Take over what an earlier process left behind.

        Raises:
            sqlite3.Error: what is stored cannot be read.
        """
        await self._cut_off.adopt()

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[HeldSession]:
        return iter(tuple(self._held.values()))

    @property
    def totals(self) -> SessionTotals:
        """What all sessions of this process came to so far."""
        totals = copy.deepcopy(self._ended)
        for held in self:
            totals.add(held.live.figures, held.live.session.stats)
        return totals

    @property
    def connected(self) -> int:
        """Sessions that have a connection, dead or alive."""
        return sum(held.holder is not None for held in self._held.values())

    def awaited(self, silent_s: float) -> int:
        """Count the sessions whose clients may be about to come back.

        Args:
            silent_s: a connection from which nothing came for so long may be dead.
        """
        holders = [held.holder for held in self._held.values()]
        lost = sum(holder is None or holder.silent_s >= silent_s for holder in holders)
        return lost + len(self._cut_off)

    # -- begin and resume -------------------------------------------------------------------

    async def open(self, start: Start, holder: Holder) -> HeldSession:
        """Begin a session.

        Raises:
            sqlite3.Error: what is stored of the room cannot be read.
        """
        session = "s_" + secrets.token_urlsafe(12)
        token = "rt_" + secrets.token_urlsafe(24)
        now = time.time()
        held = await self._take_up(session, start, token, now, BEGINNING)
        # The offer to resume an earlier session belongs to that one.
        kept = encode(start.model_copy(update={"resume": None}))
        opened = SessionOpened(session, start.room, token_hash(token), now, kept)
        self._recorder.submit([opened])
        held.holder = holder
        return held

    async def resume(self, start: Start, wish: Resume, holder: Holder) -> HeldSession | None:
        """Give a session to another connection, which then goes on with it.

        Returns:
            None when the session is not known, has ended, or cannot be gone on with: what the
            client had seen of it is not held any more.
        """
        async with self._changing:
            held = self._held.get(wish.session)
            outcome = ResumeOutcome.RESUMED if held else ResumeOutcome.REVIVED
            held = held or await self._revive(wish)
            if held is None or not await self._take_over(held, start, wish):
                self.resumes[ResumeOutcome.REFUSED] += 1
                return None
            held.holder = holder
        self.resumes[outcome] += 1
        live = held.live
        live.room.attach(live.id)
        if wish.held_from is not None and wish.held_from > live.session.received:
            live.lose(wish.held_from + -wish.held_from % FRAME_SAMPLES)
        live.configure(Speaking(start.language, start.speaker, start.vocabulary))
        return held

    async def _take_over(self, held: HeldSession, start: Start, wish: Resume) -> bool:
        """Take a session away from where it is, if this client may have it."""
        if not self._may_resume(held, start, wish):
            return False
        if held.holder is not None:
            await held.holder.hand_over()
        if held.expiry is not None:
            held.expiry.cancel()
            held.expiry = None
        return not held.live.ended

    async def ended_as_asked(self, wish: Resume) -> StoredSession | None:
        """Return a session that its client has stopped, for the grace period; None for any other.

        Waits for the last captions of one that is just ending.

        Raises:
            sqlite3.Error: what is stored cannot be read.
        """
        held = self._held.get(wish.session)
        if held is not None and not held.live.ended:
            return None
        if held is not None:
            await held.live.closed.wait()  # its end is stored then
        stored = await self._store.ended_session(
            wish.session,
            REPLAY_EVENTS,
            reason=AS_ASKED,
            since=time.time() - self._settings.resume_grace_s,
        )
        if stored is None or not hmac.compare_digest(
            stored.token_hash, token_hash(wish.resume_token)
        ):
            return None
        return stored

    def _may_resume(self, held: HeldSession, start: Start, wish: Resume) -> bool:
        same_client = hmac.compare_digest(held.token.encode(), wish.resume_token.encode())
        live = held.live
        return (
            same_client
            and start.room == live.room.name
            and not live.ended
            and live.can_replay(wish.last_seq)
        )

    # -- lost connections -------------------------------------------------------------------

    def detach(self, held: HeldSession, holder: Holder) -> None:
        """A connection is gone: keep its session for the grace period, unless it is over."""
        if held.holder is not holder:
            return
        held.holder = None
        live = held.live
        live.detach()
        if live.ended:
            return
        live.room.detach(live.id)
        held.expiry = self._loop.call_later(self._settings.resume_grace_s, live.end, "disconnect")

    def abandon(self) -> None:
        """Let go of all sessions without ending them: the process ends."""
        for held in self._held.values():
            if held.expiry is not None:
                held.expiry.cancel()
            if held.seeing_off is not None:
                held.seeing_off.cancel()
        self._cut_off.abandon()

    async def suspend(self) -> None:
        """Caption and store what detached sessions had received: the server goes down."""
        waiting = [held for held in self._held.values() if held.holder is None]
        for held in waiting:
            await held.live.suspend()

    # -- inside -----------------------------------------------------------------------------

    async def _revive(self, wish: Resume) -> HeldSession | None:
        """Take up a session that a restart cut off, if this is its client."""
        stored = await self._cut_off.claim(wish.session, token_hash(wish.resume_token))
        if stored is None:
            return None
        start = decode_publisher(stored.start)
        if not isinstance(start, Start):  # pragma: no cover - nothing else is ever stored there
            return None
        held = await self._take_up(
            stored.id, start, wish.resume_token, stored.started_at, checkpoint_of(stored)
        )
        held.live.recall(replayed(stored.events))
        return held

    async def _take_up(
        self, session: str, start: Start, token: str, started_at: float, checkpoint: Checkpoint
    ) -> HeldSession:
        room = await self._rooms.open(start.room)
        core = CaptionSession(self._config(session, start), self._new_detector(), checkpoint)
        live = LiveSession(
            core,
            self._batcher,
            self._recorder,
            room,
            self.tasks,
            started_at=started_at,
        )
        held = HeldSession(live, start, token, started_at, self._loop.time())
        self._held[session] = held
        room.attach(session)
        held.seeing_off = self.tasks.create_task(self._see_off(held))
        return held

    def _config(self, session: str, start: Start) -> SessionConfig:
        return SessionConfig(
            session=session,
            policy=policy_of(self._settings),
            speaking=Speaking(start.language, start.speaker, start.vocabulary),
            task=start.task,
            partials=start.partials,
            written=self._settings.written,
            previous_text=self._batcher.transcriber.info.previous_text,
        )

    async def _see_off(self, held: HeldSession) -> None:
        """Wait for the end of a session, then let go of everything it held."""
        live = held.live
        await live.closed.wait()
        if live.broken:
            ended = SessionEnded(live.id, time.time(), "failed")
            self._recorder.submit([ended])
        if held.expiry is not None:
            held.expiry.cancel()
        del self._held[live.id]
        self._ended.add(live.figures, live.session.stats)
        self.ended_by[live.reason] += 1
        live.room.leave(live.id)
        self._rooms.release(live.room)
        fields = {
            "session": live.id,
            "room": room_tag(live.room.name),
            "audio_s": round(live.session.received / SAMPLE_RATE, 1),
        }
        logger.info("a session ended: %s", live.reason, extra=fields)


def policy_of(settings: Settings) -> StreamingPolicy:
    """Return the streaming policy that the settings ask for."""
    policy: StreamingPolicy = WINDOW if settings.policy == "window" else REALTIME
    hop = int(settings.hop * SAMPLE_RATE) or policy.hop
    return replace(policy, hop=hop, most_hop=max(int(settings.max_hop * SAMPLE_RATE), hop))
