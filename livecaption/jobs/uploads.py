"""Files that wait for their job, in one folder: whole or not at all, and never too many.

A file is written as ``ID.part``, brought to the disk, and renamed to ``ID``; so what has a job's
name is complete, also after a power cut. What no job needs is swept. With several hosts the folder
is on storage that all of them share.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from livecaption.errors import OperatorError, Overloaded

__all__ = ["NoSpace", "UploadFolder"]

_JOB_ID = re.compile(r"j_[A-Za-z0-9_-]{1,64}")
_PART = ".part"
_COPY_BYTES = 1024 * 1024
_RESERVE = 256 * 1024 * 1024
"""Left free on the disk for everything else, captions first."""


class NoSpace(Overloaded):
    """The disk, or what of it is meant for uploads, is full."""

    code = "no_space"

    def __init__(self) -> None:
        super().__init__(
            "The server has no space for more files now; try again when others are done.",
            retry_after=60.0,
        )


@dataclass(frozen=True, slots=True)
class UploadFolder:
    """A folder of uploads. Its methods block on the disk: call them off the event loop."""

    path: Path
    max_bytes: int
    """All files together."""
    reserve_bytes: int = _RESERVE

    def prepare(self) -> None:
        """Make the folder if needed.

        Raises:
            OperatorError: it cannot be used.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.path / f"probe{_PART}").open("wb"):
                pass
        except OSError as exc:
            raise OperatorError(
                f"Uploads cannot be kept in {self.path} ({exc.strerror}); choose another place."
            ) from None
        (self.path / f"probe{_PART}").unlink(missing_ok=True)

    def path_of(self, job_id: str) -> Path:
        """Return where a job's file is."""
        if not _JOB_ID.fullmatch(job_id):
            raise ValueError("no id of a job")
        return self.path / job_id

    def check_room(self, coming: int = 0) -> None:
        """Say whether there is room for so many more bytes.

        Raises:
            NoSpace: there is not.
        """
        try:
            free = shutil.disk_usage(self.path).free
        except OSError:
            raise NoSpace from None
        used = sum(size for _, size, _ in self._files())
        if used + coming > self.max_bytes or free - coming < self.reserve_bytes:
            raise NoSpace

    @contextmanager
    def receive(self, job_id: str) -> Iterator[BinaryIO]:
        """Give a file to write to; it gets the job's name if the block ends well.

        Raises:
            NoSpace: the disk is full.
        """
        part = self.path_of(job_id).with_suffix(_PART)
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            self._place(part, job_id)
        except OSError:
            raise NoSpace from None
        finally:
            part.unlink(missing_ok=True)

    def take(self, file: BinaryIO, job_id: str) -> int:
        """Copy an open file, from its beginning, and return its bytes.

        Raises:
            NoSpace: it does not fit.
        """
        size = file.seek(0, os.SEEK_END)
        self.check_room(size)
        file.seek(0)
        with self.receive(job_id) as own:
            shutil.copyfileobj(file, own, _COPY_BYTES)
        return size

    def remove(self, job_id: str) -> None:
        """Delete a job's file, if there is one."""
        self.path_of(job_id).unlink(missing_ok=True)

    def sweep(self, needed: Collection[str], *, older_than: float) -> int:
        """Delete files that no job needs; return how many.

        Args:
            needed: ids of jobs.
            older_than: seconds since the epoch; what was written later may belong to a job that is
                about to be submitted.
        """
        gone = 0
        for name, _, written in self._files():
            if name not in needed and written < older_than:
                (self.path / name).unlink(missing_ok=True)
                gone += 1
        return gone

    def _place(self, part: Path, job_id: str) -> None:
        os.replace(part, self.path_of(job_id))
        # The name, too, must be on the disk before a job speaks of it.
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _files(self) -> Iterator[tuple[str, int, float]]:
        """Yield name, size and time of last writing of each file."""
        with os.scandir(self.path) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # deleted meanwhile
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield entry.name, status.st_size, status.st_mtime
