"""Committed words, cut into the short blocks that services show one after the other. Pure.

A word goes into exactly one block. A block leaves when its lines are full, when the utterance ends,
or when its first word has waited long enough; so it is never a screenful that comes late, and
seldom a single word. Time is an argument, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livecaption.core.lines import clean, fill

__all__ = ["BlockShape", "BlockWriter", "CaptionBlock", "Key"]

Key = tuple[str, int]
"""Session and utterance: two utterances of a session may be open at once."""


@dataclass(frozen=True, slots=True)
class BlockShape:
    """How much a service shows at once."""

    width: int
    """Columns in a line."""
    rows: int
    wait_s: float = 2.5
    """Longest time that a word waits for more words."""


@dataclass(frozen=True, slots=True)
class CaptionBlock:
    """Text that is shown at once."""

    lines: tuple[str, ...]
    at: float
    """When its first word was committed."""


@dataclass(slots=True)
class _Waiting:
    """What of an utterance has not left yet."""

    since: float
    text: str = ""


class BlockWriter:
    """Takes committed text of any number of utterances; hands out blocks, in order."""

    def __init__(self, shape: BlockShape) -> None:
        self._shape = shape
        self._waiting: dict[Key, _Waiting] = {}
        self._ready: list[CaptionBlock] = []
        self._voice: tuple[str, str | None] | None = None

    def commit(self, key: Key, speaker: str | None, text: str, now: float) -> None:
        """Take committed words as they came, leading space included."""
        words = clean(text)
        if not words:
            return
        waiting = self._waiting.setdefault(key, _Waiting(since=now))
        if not waiting.text:
            waiting.text = self._introduction(key[0], speaker) + words
        else:
            waiting.text += " " * text[0].isspace() + words
        lines = fill(waiting.text, self._shape.width)
        while len(lines) > self._shape.rows:
            full, lines = lines[: self._shape.rows], lines[self._shape.rows :]
            self._leave(full, waiting.since)
            waiting.text = _behind(full, waiting.text)
            waiting.since = now  # what is left came just now

    def end(self, key: Key) -> None:
        """Let go of what waits: the utterance is final."""
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            self._leave(fill(waiting.text, self._shape.width), waiting.since)

    def end_all(self) -> None:
        """Let go of everything."""
        for key in tuple(self._waiting):
            self.end(key)

    def due_at(self) -> float | None:
        """When ``drain`` gives something without further input; None for never."""
        since = [waiting.since for waiting in self._waiting.values()]
        return min(since) + self._shape.wait_s if since else None

    def drain(self, now: float) -> list[CaptionBlock]:
        """Hand out, once, the blocks that may leave by now."""
        for key, waiting in tuple(self._waiting.items()):
            if now >= waiting.since + self._shape.wait_s:
                self.end(key)
        ready, self._ready = self._ready, []
        return ready

    def _leave(self, lines: Sequence[str], since: float) -> None:
        self._ready.append(CaptionBlock(tuple(lines), since))

    def _introduction(self, session: str, speaker: str | None) -> str:
        """Name the speaker when it is another one than before."""
        before, self._voice = self._voice, (session, speaker)
        return "" if speaker is None or before == self._voice else f"{speaker}: "


def _behind(lines: Sequence[str], text: str) -> str:
    """Return what of a text follows its first lines."""
    at = 0
    for line in lines:
        at = text.index(line, at) + len(line)
    return text[at:].lstrip()
