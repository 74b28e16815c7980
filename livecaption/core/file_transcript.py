"""What is asked of a whole file, and what comes back, as data.

This module must not know where files come from or who transcribes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from livecaption.core.timed_text import Segment, TimedWord

__all__ = ["FileInfo", "FileOptions", "FileProgress", "FileSegment", "FileTranscript"]


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to transcribe a file."""

    language: str | None = None
    """A code such as ``en``; None to detect it. One that the model lacks is detected, too."""
    task: str = "transcribe"
    """``transcribe``, or ``translate`` into English."""
    beam_size: int = 5
    word_timestamps: bool = False
    vad_filter: bool = True
    """Leave out what holds no speech: faster, and nothing is made up in silence."""
    prompt: str | None = None
    """Text that might have come before."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms to expect."""
    temperature: float = 0.0
    """Where decoding starts; higher ones may follow where the model gains by them."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is known of a file before its text."""

    language: str | None
    """None when there is no speech to tell it from."""
    language_probability: float
    duration: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class FileSegment(Segment):
    """A segment with the decoder's opinion of it."""

    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    tokens: tuple[int, ...] = field(default=(), kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class FileProgress:
    """What one more window of a file brought."""

    info: FileInfo
    done_s: float
    """Seconds of the file that are transcribed; its duration at the end."""
    segments: tuple[FileSegment, ...] = ()
    """New ones; often none."""


@dataclass(frozen=True, slots=True)
class FileTranscript:
    """A file, transcribed."""

    info: FileInfo
    segments: tuple[FileSegment, ...]

    @property
    def text(self) -> str:
        """All of it, without spaces around."""
        return "".join(segment.text for segment in self.segments).strip()

    @property
    def words(self) -> tuple[TimedWord, ...]:
        """All words, where they were asked for."""
        return tuple(word for segment in self.segments for word in segment.words)
