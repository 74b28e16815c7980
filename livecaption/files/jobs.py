"""What takes over files that are too long to wait for."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from livecaption.core.file_transcript import FileOptions

__all__ = ["FileJobs"]


class FileJobs(Protocol):
    """Transcribes files later; what it accepted is not lost."""

    async def submit(
        self, file: BinaryIO, name: str, options: FileOptions, owner: str | None
    ) -> str:
        """Take a file over and return the job's id, under which ``/v1/jobs/{id}`` knows it.

        Args:
            file: open for reading, at any position; it must be copied, and is closed afterwards.
            name: what the client calls the file; for people to read, never a path.
            options: how to transcribe it.
            owner: id of the client's key; None where no keys are configured.

        Raises:
            Overloaded: too many jobs wait already.
        """
