"""A transcriber of files that tests hold the strings of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from livecaption.core.file_transcript import FileOptions, FileProgress, FileTranscript
from tests.jobs.samples import a_transcript

__all__ = ["Hearing"]


@dataclass
class Hearing:
    """Hears "Good morning everyone." in every file, when the test lets it.

    Attributes:
        error: raised instead.
        waits: whether it waits for ``go``.
        begun: set when a file has been begun.
    """

    error: Exception | None = None
    waits: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[tuple[str, FileOptions]] = field(default_factory=list)
    cancelled: int = 0

    async def __call__(
        self, path: Path, options: FileOptions, on_progress: Callable[[FileProgress], None]
    ) -> FileTranscript:
        transcript = a_transcript()
        self.heard.append((path.name, options))
        await asyncio.to_thread(path.read_bytes)
        on_progress(FileProgress(transcript.info, 0.0))
        self.began.set()
        try:
            if self.waits:
                await self.go.wait()
            if self.error is not None:
                raise self.error
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        on_progress(FileProgress(transcript.info, transcript.info.duration, transcript.segments))
        return transcript
