"""Jobs and transcripts to test with, and a clock that only the test moves."""

from __future__ import annotations

from dataclasses import dataclass

from livecaption.core.file_transcript import FileInfo, FileOptions, FileSegment, FileTranscript
from livecaption.core.timed_text import TimedWord
from livecaption.jobs.records import NewJob, Order, new_job_id

__all__ = ["Clock", "a_job", "a_transcript"]


@dataclass
class Clock:
    """Seconds since the epoch, as the test wants them."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def a_job(owner: str = "k_1", orders: tuple[Order, ...] = (), name: str = "talk.mp3") -> NewJob:
    options = FileOptions(language="en", vocabulary=("Kyiv", "CTranslate2"))
    return NewJob(new_job_id(), owner, options, name, 1234, orders)


def a_transcript(text: str = "Good morning everyone.", duration: float = 4.2) -> FileTranscript:
    tokens = text.split()
    step = duration / len(tokens)
    words = tuple(
        TimedWord(f" {token}", round(i * step, 3), round((i + 1) * step, 3), 0.9)
        for i, token in enumerate(tokens)
    )
    segment = FileSegment(0.0, duration, f" {text}", -0.2, 0.01, 1.1, 0.0, words=words)
    return FileTranscript(FileInfo("en", 0.98, duration), (segment,))
