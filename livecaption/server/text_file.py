"""``serve --text-file``: the newest lines of a room in a file, for OBS text sources and the like.

The file always holds whole rows: it is written beside its place and put there in one step. Disks
may be full or slow, and network drives may hang, so a thread of its own writes, always the newest
text only; captions never wait for it. A failure is one line in the log, without caption text.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from livecaption.core.live_rows import LiveRows
from livecaption.core.outbox import Outbox, Outgoing
from livecaption.errors import OperatorError
from livecaption.protocol.codec import decode_server
from livecaption.protocol.limits import MAX_WATCH_UNSENT_EVENTS
from livecaption.protocol.server_messages import (
    RoomDelta,
    RoomFinal,
    RoomUtteranceStarted,
    Snapshot,
)
from livecaption.server.room import Room
from livecaption.server.rooms import Rooms
from livecaption.settings import Settings

__all__ = ["FileWriter", "check_text_file", "live_text_file"]

logger = logging.getLogger(__name__)

_RETRY_S = 1.0
"""Between attempts to write to a disk that refused; OBS looks once a second, too."""
_LEAVE_S = 1.0
"""How long a write that hangs may hold up the end of the server."""


def check_text_file(path: Path) -> None:
    """Make the file, empty, so that it can be chosen in OBS before anybody has spoken.

    Raises:
        OperatorError: it cannot be written.
    """
    try:
        _write(path, "")
    except OSError as exc:
        raise OperatorError(
            f"The live text file {path} cannot be written: {exc.strerror}. "
            "Name a file in a folder that exists and that you may write to."
        ) from None


@asynccontextmanager
async def live_text_file(settings: Settings, rooms: Rooms) -> AsyncIterator[None]:
    """Keep the text file while the block runs, if the settings name one; leave it empty.

    Args:
        settings: which file, which room, how many rows.
        rooms: where the room is read.
    """
    if settings.text_file is None:
        yield
        return
    writer = FileWriter(settings.text_file)
    task = asyncio.create_task(_TextFile(settings, rooms, writer).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await asyncio.to_thread(writer.close)


class FileWriter:
    """A thread that brings the newest text to a file; ``offer`` never waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._newest: str | None = None
        self._closing = False
        self._changed = threading.Condition()
        # A daemon: a drive that hangs for ever must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="livecaption-text-file", daemon=True)
        self._thread.start()

    def offer(self, text: str) -> None:
        """Let a text take the place of what the file holds, and of what still waits."""
        with self._changed:
            self._newest = text
            self._changed.notify()

    def close(self) -> None:
        """Leave the file empty, and end; a write that hangs is not waited for."""
        with self._changed:
            self._newest, self._closing = "", True
            self._changed.notify()
        self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        failing = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None)
                text, self._newest = self._newest or "", None
                closing = self._closing
            error = self._try(text)
            if error and not failing:
                logger.warning("the live text file %s cannot be written: %s", self._path, error)
            elif failing and not error:
                logger.info("the live text file %s can be written again", self._path)
            failing = bool(error)
            if closing:
                return
            if failing:
                self._wait_to_retry(text)

    def _try(self, text: str) -> str:
        try:
            _write(self._path, text)
        except OSError as exc:
            return exc.strerror or type(exc).__name__
        return ""

    def _wait_to_retry(self, text: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing, _RETRY_S)
            if self._newest is None:
                self._newest = text


class _TextFile:
    """A reader of the room, like a watcher's socket."""

    def __init__(self, settings: Settings, rooms: Rooms, writer: FileWriter) -> None:
        self._settings = settings
        self._rooms = rooms
        self._room: Room
        self._writer = writer
        self._outbox = Outbox(limit=MAX_WATCH_UNSENT_EVENTS)
        self._wake = asyncio.Event()
        self._written = ""
        self._rows = self._no_rows()

    async def run(self) -> None:
        """Follow the room until cancelled."""
        self._room = await self._rooms.open(self._settings.text_file_room)
        self._room.join(self._put, None)
        try:
            while True:
                self._take()
                await self._wait()
        except Exception:
            logger.exception("the live text file is not written any more")
        finally:
            self._room.part(self._put)
            self._rooms.release(self._room)

    def _no_rows(self) -> LiveRows:
        return LiveRows(
            rows=self._settings.text_file_lines,
            columns=self._settings.text_file_columns,
            hold_s=self._settings.text_file_hold,
        )

    def _put(self, outgoing: Outgoing) -> None:
        self._outbox.put(outgoing)
        self._wake.set()

    def _take(self) -> None:
        now = time.monotonic()
        for text in self._outbox.drain():
            self._read(text, now)
        if self._outbox.overflowed:
            # Whatever was missed is old: go on with what is open now.
            self._room.part(self._put)
            self._outbox = Outbox(limit=MAX_WATCH_UNSENT_EVENTS)
            self._room.join(self._put, None)
        shown = self._rows.at(now)
        if shown != self._written:
            self._written = shown
            self._writer.offer(shown)

    async def _wait(self) -> None:
        quiet_at = self._rows.quiet_at if self._written else None
        left = None if quiet_at is None else max(0.0, quiet_at - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._wake.wait()
        self._wake.clear()

    def _read(self, text: str, now: float) -> None:
        match decode_server(text):
            case RoomUtteranceStarted(session=session, utterance=utterance, speaker=speaker):
                self._rows.begin(session, utterance, speaker)
            case RoomDelta(session=session, utterance=utterance, text=added):
                self._rows.append(session, utterance, added, now)
            case RoomFinal(session=session, utterance=utterance, text=whole):
                self._rows.close(session, utterance, whole, now)
            case Snapshot(open_utterances=open_utterances):
                self._rows = self._no_rows()
                for each in open_utterances:
                    self._rows.begin(each.session, each.utterance, each.speaker)
                    self._rows.append(each.session, each.utterance, each.text, now)
            case _:
                pass  # partials may change, gaps are not for an audience


def _write(path: Path, text: str) -> None:
    place = path.resolve()  # a link stays a link
    part = place.with_name(f".{place.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, place)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
