"""What all sockets share: sessions, rooms, admission, readiness, and the way down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Protocol

from livecaption.access.roles import Principal
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.capacity import AdmissionPolicy, EngineLoad, Refuse, decide, places
from livecaption.core.file_pace import FilePace
from livecaption.core.gate import IsSpeech
from livecaption.egress.sink import Sink
from livecaption.engine.base import ModelInfo, Restartable
from livecaption.engine.batcher import Batcher
from livecaption.errors import BadCredentials, EngineError, Overloaded
from livecaption.files.jobs import FileJobs
from livecaption.files.work import FileLimits, FileWork
from livecaption.media.untrusted import FileDecoder
from livecaption.metrics.meters import Meters
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS, SNAPSHOT_FINALS
from livecaption.server.limiter import Limiter
from livecaption.server.recorder import Recorder
from livecaption.server.rooms import Rooms
from livecaption.server.sessions import Sessions, policy_of
from livecaption.server.uploads import Uploads
from livecaption.settings import Settings
from livecaption.storage.links import Links
from livecaption.storage.records import RoomTail
from livecaption.storage.store import TranscriptStore

__all__ = ["CaptionHub", "Connection", "Role"]

_BLIND = 32
"""Speakers let in while nothing was decoded yet: a class that begins all at once."""

_SILENT_S = 0.5
"""A publisher's connection from which nothing came for this long may be dead."""

_ATTEMPTS = 4
"""Sockets that one client may have under way: those it gave up are not seen to be gone at once."""

_RESTART_S = 2.0
"""After which it makes sense to look for a server that is restarting; sessions wait for that."""

logger = logging.getLogger(__name__)


class Role(Enum):
    """What a socket does, in the order in which a drain ends them."""

    PUBLISHER = "publisher"
    WATCHER = "watcher"


class Connection(Protocol):
    """A socket that can be asked to finish."""

    @property
    def role(self) -> Role:
        """What it does."""

    @property
    def finished(self) -> asyncio.Event:
        """Set when its last message is sent and it is closed."""

    @property
    def principal(self) -> Principal:
        """Whose it is."""

    async def stop(self, reason: str) -> None:
        """Begin to finish."""

    async def dismiss(self, error: BadCredentials) -> None:
        """Begin to finish, because whose it is may not have it any more."""


class CaptionHub:
    """One for each process."""

    def __init__(
        self,
        settings: Settings,
        batcher: Batcher,
        store: TranscriptStore,
        new_detector: Callable[[], IsSpeech],
        meters: Meters | None = None,
    ) -> None:
        self.settings = settings
        self._began = time.monotonic()
        self.batcher = batcher
        engine = batcher.transcriber
        self._engine = engine if isinstance(engine, Restartable) else None
        self.store = store
        self.recorder = Recorder(store)
        self.links = Links(store)
        policy = policy_of(settings)
        hop_s, most_hop_s = policy.hop / SAMPLE_RATE, policy.most_hop / SAMPLE_RATE
        self._admission = AdmissionPolicy(hop_s=hop_s, most_hop_s=most_hop_s, blind=_BLIND)
        self.rooms = Rooms(self._recall)
        self.sessions = Sessions(settings, store, self.recorder, self.rooms, batcher, new_detector)
        self.files = FileWork(
            batcher,
            FileDecoder(),
            FileLimits(settings.max_files, settings.max_file_s, settings.spool_dir),
            FilePace(settings.file_share),
        )
        self.uploads = Uploads(settings)
        self.jobs: FileJobs | None = None
        """What takes files that are too long to wait for."""
        self.ready = asyncio.Event()
        """The model has answered."""
        self.draining = False
        """The server goes down."""
        self.closing = False
        """New work is sent elsewhere; what has begun goes on. An operator's wish."""
        self.failed: str | None = None
        """Why the engine cannot work, once that is known."""
        self.limiter: Limiter
        self._tried = asyncio.Event()
        self.meters = meters or Meters()
        self.sinks: Sequence[Sink] = ()
        """Where captions go besides; set once, when the server starts."""
        self.connections: set[Connection] = set()
        """Sockets that take part in a drain."""
        self._publishers = 0
        self._watchers = 0

    @property
    def model(self) -> ModelInfo:
        """The resident model."""
        return self.batcher.transcriber.info

    @property
    def status(self) -> str:
        """What the server is up to: ready, loading, restarting, full, draining or failed."""
        if self.failed is not None:
            return "failed"
        if self.draining or self.closing:
            return "draining"
        if not self.ready.is_set():
            return "loading"
        if self._engine is not None and not self._engine.is_up:
            return "restarting"
        return "full" if self._is_full else "ready"

    @property
    def engine_trouble(self) -> str | None:
        """Why the engine does not come back after it ended; None while all is well."""
        return self._engine.trouble if self._engine is not None else None

    @property
    def _is_full(self) -> bool:
        return max(self._publishers, len(self.sessions)) >= self.settings.max_streams

    @property
    def uptime_s(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._began

    @property
    def watchers(self) -> int:
        """Readers that are connected."""
        return self._watchers

    @property
    def places(self) -> int | None:
        """Speakers the engine keeps up with, as measured; None while nothing is known."""
        return places(self.load, self._admission)

    @property
    def load(self) -> EngineLoad:
        """The engine and those it serves, as admission sees them."""
        busy = self.batcher.busy_batch
        batch_s, rows = busy or (0.0, 1)
        return EngineLoad(
            speakers=len(self.sessions),
            row_s=batch_s / rows if busy else None,
            batch_s=batch_s,
            workers=self.model.workers,
            # It does not decay: while nothing waits it says how the engine was, not how it is.
            turnaround_s=self.batcher.stats.turnaround_s if self.batcher.waiting else 0.0,
        )

    async def try_model(self) -> None:
        """Warm the model up; sets ``ready``, or ``failed`` with the reason."""
        try:
            await self.batcher.warm_up()
        except Exception as exc:
            logger.exception("the model does not answer")
            self.failed = str(exc)
        else:
            self.ready.set()
            logger.info("model %s answers on %s", self.model.name, self.model.device)
        self._tried.set()

    async def wait_ready(self) -> None:
        """Return once the model has answered.

        Raises:
            EngineError: it cannot.
        """
        await self._tried.wait()
        if self.failed is not None:
            raise EngineError(f"The model does not answer: {self.failed}.")

    async def look_for_the_dead(self) -> None:
        """Wait, where a publisher would be refused, until a dead connection shows.

        Somebody whose network has failed comes back on a new socket while the old one still looks
        open. Whoever speaks, or mutes a microphone, is heard or silent for longer than that.
        """
        try:
            self.admit_publisher()
        except Overloaded as exc:
            is_closed = exc.code == "full" or (self.closing and not self.draining)
            if is_closed and len(self.sessions):
                await asyncio.sleep(1.2 * _SILENT_S)

    def admit_publisher(self) -> None:
        """Decide, before a socket is accepted, whether one more publisher fits.

        While sessions wait for their clients, sockets are let in as far as their ``start``, which
        may resume one; so they are while a connection is silent and may be dead.

        Raises:
            Overloaded: it does not, or not now.
        """
        self._check_model()
        starting = self._publishers - self.sessions.connected
        if starting < _ATTEMPTS * self.sessions.awaited(_SILENT_S):
            return
        if self._publishers >= self.settings.max_streams:
            raise self._full()
        self.check_new_work()
        self._check_capacity()

    def admit_file(self) -> None:
        """Decide, before a file is sent, whether it can be transcribed.

        Raises:
            Overloaded: it cannot, or not now.
        """
        self.check_new_work()
        self._check_model()
        self.files.check_room()

    def _check_model(self) -> None:
        """Refuse what would need a model that is not there.

        One that is being started again is waited for, until that fails: it takes seconds.
        """
        self.check_open()
        if self.engine_trouble is not None:
            raise Overloaded(
                "The model has ended and cannot be started again.",
                retry_after=10.0,
                code="not_ready",
            )
        if self.failed is not None:
            raise Overloaded("The model does not work.", retry_after=60.0, code="not_ready")
        if not self.ready.is_set():
            raise Overloaded("The model is still loading.", retry_after=2.0, code="not_ready")

    def admit_session(self) -> None:
        """Decide whether one more session fits, those waiting for their client included.

        Raises:
            Overloaded: it does not.
        """
        self.check_new_work()
        if len(self.sessions) >= self.settings.max_streams:
            raise self._full()
        self._check_capacity()

    def _check_capacity(self) -> None:
        """Refuse a speaker whom the engine cannot keep up with, as measured."""
        if not self.settings.admission:
            return
        answer = decide(self.load, self._admission)
        if isinstance(answer, Refuse):
            raise Overloaded(
                "The engine is busy: one more speaker would make all captions late.",
                retry_after=answer.retry_after_s,
                code="full",
            )

    def _full(self) -> Overloaded:
        return Overloaded(
            f"All {self.settings.max_streams} places for speakers are taken.", code="full"
        )

    def admit_watcher(self) -> None:
        """Decide, before a socket is accepted, whether one more reader fits.

        Raises:
            Overloaded: it does not, or not now.
        """
        self.check_open()
        if self._watchers >= self.settings.max_watchers:
            raise Overloaded("All places for readers are taken.", code="full")

    @contextmanager
    def publisher_place(self) -> Iterator[None]:
        """Hold one of the places for publishers."""
        self._publishers += 1
        try:
            yield
        finally:
            self._publishers -= 1

    @contextmanager
    def watcher_place(self) -> Iterator[None]:
        """Hold one of the places for readers."""
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1

    async def drain(self) -> None:
        """Refuse new work, let every socket send its last captions, and wait for that.

        Publishers go first, because readers are waiting for their words; sessions without a
        publisher are captioned as well. Waits ``settings.drain_s`` at most.
        """
        self.draining = True
        # These are sent again; words that were spoken are not.
        self.files.stop()
        self.uploads.stop()
        try:
            async with asyncio.timeout(self.settings.drain_s):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._stop_all(Role.PUBLISHER))
                    tasks.create_task(self.sessions.suspend())
                await self.recorder.flush()
                await self._stop_all(Role.WATCHER)
        except TimeoutError:
            return

    def admit_stream(self, principal: Principal) -> None:
        """Decide whether a key may have one more speaker.

        Those whose connection was lost do not count: their client is most likely the one that asks.

        Raises:
            Overloaded: it may not, for now.
        """
        own = [c for c in self.connections if c.role is Role.PUBLISHER]
        running = sum(c.principal.key == principal.key for c in own)
        self.limiter.check_streams(principal, running)

    def dismiss(self, key: str) -> None:
        """Close what was opened with a key that is good no more; does not wait for it."""
        error = BadCredentials("The key was taken back, or has expired.", code="key_revoked")
        going = [c for c in self.connections if c.principal.key == key]
        self.sessions.tasks.create_task(_all_of(c.dismiss(error) for c in going))

    async def _recall(self, room: str) -> RoomTail:
        return await self.store.room_tail(
            room, finals=SNAPSHOT_FINALS, events=MAX_WATCH_UNSENT_EVENTS // 2
        )

    async def _stop_all(self, role: Role) -> None:
        # Again for those that were being let in when the first were asked.
        while going := [c for c in self.connections if c.role is role]:
            await _all_of(connection.stop("going_away") for connection in going)
            for connection in going:
                await connection.finished.wait()

    def check_open(self) -> None:
        """Refuse work while the server goes down.

        Raises:
            Overloaded: it does.
        """
        if self.draining:
            raise Overloaded("The server is restarting.", retry_after=_RESTART_S, code="going_away")

    def check_new_work(self) -> None:
        """Refuse what has not begun yet while an operator empties the server, or it goes down.

        Raises:
            Overloaded: it does.
        """
        self.check_open()
        if self.closing:
            raise Overloaded(
                "The server takes no new work; try another one.",
                retry_after=30.0,
                code="going_away",
            )


async def _all_of(stopping: Iterable[Awaitable[None]]) -> None:
    """Stop sockets; one that cannot must not keep the others from it."""
    for outcome in await asyncio.gather(*stopping, return_exceptions=True):
        if isinstance(outcome, Exception):
            logger.error("a socket could not be stopped", exc_info=outcome)
