"""What all sockets share: sessions, rooms, admission, readiness, and the way down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Protocol

from livecaption.access.roles import Principal
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.capacity import AdmissionPolicy, EngineLoad, Refuse, decide
from livecaption.core.file_pace import FilePace
from livecaption.core.gate import IsSpeech
from livecaption.engine.base import ModelInfo
from livecaption.engine.batcher import Batcher
from livecaption.errors import BadCredentials, EngineError, Overloaded
from livecaption.files.jobs import FileJobs
from livecaption.files.work import FileLimits, FileWork
from livecaption.media.untrusted import FileDecoder
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
    ) -> None:
        self.settings = settings
        self.batcher = batcher
        self.store = store
        self.recorder = Recorder(store)
        self.links = Links(store)
        policy = policy_of(settings)
        hop_s = policy.hop / SAMPLE_RATE
        most_hop_s = max(settings.max_hop, hop_s)
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
        self.failed: str | None = None
        """Why the engine cannot work, once that is known."""
        self.limiter: Limiter
        self._tried = asyncio.Event()
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
        """What the server is up to: ready, loading, full, draining or failed."""
        if self.failed is not None:
            return "failed"
        if self.draining:
            return "draining"
        if not self.ready.is_set():
            return "loading"
        return "full" if self._is_full else "ready"

    @property
    def _is_full(self) -> bool:
        return max(self._publishers, len(self.sessions)) >= self.settings.max_streams

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

    def admit_publisher(self) -> None:
        """Decide, before a socket is accepted, whether one more publisher fits.

        Raises:
            Overloaded: it does not, or not now.
        """
        self._check_model()
        # Sessions without a connection keep their places, but must be let in to take them.
        if self._publishers >= self.settings.max_streams:
            raise self._full()
        if self._publishers >= len(self.sessions):
            self._check_capacity()

    def admit_file(self) -> None:
        """Decide, before a file is sent, whether it can be transcribed.

        Raises:
            Overloaded: it cannot, or not now.
        """
        self._check_model()
        self.files.check_room()

    def _check_model(self) -> None:
        self.check_open()
        if self.failed is not None:
            raise Overloaded("The model does not work.", retry_after=60.0, code="not_ready")
        if not self.ready.is_set():
            raise Overloaded("The model is still loading.", retry_after=2.0, code="not_ready")

    def admit_session(self) -> None:
        """Decide whether one more session fits, those waiting for their client included.

        Raises:
            Overloaded: it does not.
        """
        if len(self.sessions) >= self.settings.max_streams:
            raise self._full()
        self._check_capacity()

    def _check_capacity(self) -> None:
        """Refuse a speaker whom the engine cannot keep up with, as measured."""
        if not self.settings.admission:
            return
        busy = self.batcher.busy_batch
        batch_s, rows = busy or (0.0, 1)
        load = EngineLoad(
            speakers=len(self.sessions),
            row_s=batch_s / rows if busy else None,
            batch_s=batch_s,
            workers=self.model.workers,
            # It does not decay: while nothing waits it says how the engine was, not how it is.
            turnaround_s=self.batcher.stats.turnaround_s if self.batcher.waiting else 0.0,
        )
        answer = decide(load, self._admission)
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
        self.files.stop()  # they are sent again; words that were spoken are not
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
        going = [c for c in self.connections if c.role is role]
        await _all_of(connection.stop("going_away") for connection in going)
        for connection in going:
            await connection.finished.wait()

    def check_open(self) -> None:
        """Refuse work while the server goes down.

        Raises:
            Overloaded: it does.
        """
        if self.draining:
            raise Overloaded("The server is restarting.", retry_after=10.0, code="going_away")


async def _all_of(stopping: Iterable[Awaitable[None]]) -> None:
    """Stop sockets; one that cannot must not keep the others from it."""
    for outcome in await asyncio.gather(*stopping, return_exceptions=True):
        if isinstance(outcome, Exception):
            logger.error("a socket could not be stopped", exc_info=outcome)
