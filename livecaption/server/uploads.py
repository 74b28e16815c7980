"""Files on their way in: counted while they arrive, on the disk, and gone whatever happens.

An upload is a file without a name. It takes no memory however large it is, and the kernel frees
its space when the request ends, or the server, however that ends.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from livecaption.errors import (
    ClientError,
    LiveCaptionError,
    MediaTooLong,
    OperatorError,
    Overloaded,
)
from livecaption.media.recording import no_space, spool_folder
from livecaption.server.multipart_form import FormReader
from livecaption.settings import Settings

__all__ = ["Fate", "Upload", "Uploads", "try_spool"]

_MOST_AT_ONCE = 16
_WRITE_BYTES = 256 * 1024
_FORM_BYTES = 1024 * 1024
"""What a form may have besides its file: fields, boundaries, headers."""
_CHUNK_TIMEOUT_S = 30.0
_TIMEOUT_S = 900.0
_LINGER_BYTES, _LINGER_S = 256 * 1024 * 1024, 10.0
"""Read and thrown away of a file that is too large: whoever is still sending hears no answer."""


@dataclass(slots=True)
class Fate:
    """What has become of a file so far."""

    audio_s: float = 0.0
    """Seconds of audio that were transcribed."""
    job: str | None = None
    """Id of the job that it became."""
    error: LiveCaptionError | None = None
    """Why there is no transcript, where an answer that has begun cannot say it by its status."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that has arrived."""

    file: BinaryIO
    """Open for reading and writing, at any position; closed at the end of the request."""
    size: int
    """Bytes."""
    name: str
    """What the client calls the file, for people to read; may be empty."""
    fields: dict[str, list[str]]
    fate: Fate = field(default_factory=Fate)

    def field(self, *names: str) -> str:
        """Return the first value of the first of these fields that has one, else nothing."""
        values = (value for name in names for value in self.fields.get(name, ()))
        return next((value.strip() for value in values if value.strip()), "")

    def values(self, *names: str) -> list[str]:
        """Return all values of these fields that say something."""
        values = [value.strip() for name in names for value in self.fields.get(name, ())]
        return [value for value in values if value]


class Uploads:
    """Receives forms with a file.

    Args:
        settings: how large files may be, and where they lie meanwhile.
    """

    def __init__(self, settings: Settings) -> None:
        self._megabytes = settings.max_upload_mb
        self._spool = settings.spool_dir or spool_folder()
        self._most_at_once = max(_MOST_AT_ONCE, 2 * settings.max_files)
        self.under_way = 0
        """Forms that are being read, or whose file is still needed."""
        self._stopped = False

    def stop(self) -> None:
        """Break off what is being read: the server goes down."""
        self._stopped = True

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Upload]:
        """Read the form of a request; its file exists as long as the block.

        Raises:
            ClientError: the form is malformed or incomplete, or came too slowly.
            MediaTooLong: the file is too large.
            Overloaded: too many files are on their way, the disk is full, or the server goes down.
            ClientDisconnect: nobody is there any more.
        """
        reader = FormReader(request.headers.get("content-type", ""))
        if self.under_way >= self._most_at_once:
            raise Overloaded("Too many files are being sent; come back later.", code="full")
        self.under_way += 1
        try:
            with self._new_file() as file:
                size = await self._receive(request, reader, file)
                reader.finish()
                yield Upload(file, size, reader.file_name or "", reader.fields)
        finally:
            self.under_way -= 1

    def _new_file(self) -> BinaryIO:
        try:
            return tempfile.TemporaryFile(buffering=0, dir=self._spool)
        except OSError as error:
            raise no_space() from error

    async def _receive(self, request: Request, reader: FormReader, file: BinaryIO) -> int:
        most = self._megabytes * 1_000_000
        if _declared(request) > most + _FORM_BYTES:
            if request.headers.get("expect", "").lower() == "100-continue":
                raise self._too_large()  # it has not begun to send
            raise await self._drained(request.stream())
        stream = request.stream()
        size, taken, waiting = 0, 0, bytearray()
        async for chunk in _in_time(stream):
            if self._stopped:
                raise _going_away()
            taken += len(chunk)
            waiting += reader.feed(chunk)
            if size + len(waiting) > most or taken > most + _FORM_BYTES:
                raise await self._drained(stream)
            if len(waiting) >= _WRITE_BYTES:
                size += await _written(file, bytes(waiting))
                waiting.clear()
        return size + await _written(file, bytes(waiting))

    async def _drained(self, stream: AsyncIterator[bytes]) -> MediaTooLong:
        """Let a client finish, within reason; return what it is told then."""
        left = _LINGER_BYTES
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(_LINGER_S):
                async for chunk in stream:
                    left -= len(chunk)
                    if left < 0:
                        break
        return self._too_large()

    def _too_large(self) -> MediaTooLong:
        return MediaTooLong(
            f"The file is larger than {self._megabytes} MB; send it compressed, or in parts.",
            code="too_large",
        )


def try_spool(settings: Settings) -> None:
    """Say it at the start when files cannot lie where the settings want them.

    Raises:
        OperatorError: the folder is not there, or nothing can be written to it.
    """
    folder = settings.spool_dir
    if folder is None:
        return
    try:
        with tempfile.TemporaryFile(buffering=0, dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        raise OperatorError(
            f"Setting spool_dir: files cannot lie in {folder} ({error.strerror}); make the folder, "
            "make room there, or name another."
        ) from None


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0


async def _in_time(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what arrives; end those that send next to nothing and keep a place.

    Raises:
        ClientError: it came too slowly.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _TIMEOUT_S
    while True:
        try:
            # Not around the yield: it would hit whatever is done with the chunk.
            async with asyncio.timeout(min(_CHUNK_TIMEOUT_S, until - loop.time())):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise ClientError(
                "The file came too slowly; send it again over a better connection.",
                code="too_slow",
            ) from None
        if chunk is None:
            return
        yield chunk


async def _written(file: BinaryIO, content: bytes) -> int:
    def write() -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]

    try:
        await run_in_threadpool(write)
    except OSError as error:
        raise no_space() from error
    return len(content)


def _going_away() -> Overloaded:
    return Overloaded(
        "The server is restarting; send this file again.", retry_after=10.0, code="going_away"
    )
