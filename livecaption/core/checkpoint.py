"""Where a session stands, so that another process can go on with it.

A checkpoint describes everything before one sample: that audio is captioned, known silent or
lost, and will never be needed again. What lies behind it the client sends again.
"""

from __future__ import annotations

from dataclasses import dataclass

from livecaption.core.hypothesis import Word

__all__ = ["BEGINNING", "Checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a session up to a sample; ``captioned + silent + lost == clock``."""

    clock: int = 0
    """Absolute sample index before which all audio is settled."""
    seq: int = 0
    """Of the last numbered event."""
    utterances: int = 0
    """Number of the last utterance."""
    captioned: int = 0
    silent: int = 0
    lost: int = 0
    """Samples before ``clock`` by what became of them."""
    language: str | None = None
    """Detected and pinned, if it was."""
    context: tuple[Word, ...] = ()
    """Committed words that may end behind ``clock``: they are heard again, not shown again."""


BEGINNING = Checkpoint()
