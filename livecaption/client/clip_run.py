"""Plays a clip whose words and times are known to a server, and says how well it was captioned.

Delays are what a person feels: from the moment a word has been spoken (its end in the clip, on the
clock of the player) to the moment its ``delta`` arrives. The demo, the tests and the benchmarks
share this.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from livecaption.bundled import Clip
from livecaption.client.dialling import ConnectionOptions
from livecaption.client.events import SessionEvent
from livecaption.client.pacing import paced
from livecaption.client.publish import publish
from livecaption.core.audio import Samples
from livecaption.core.hypothesis import normalise
from livecaption.core.scoring import align_words, word_error_rate
from livecaption.media.sources import open_source
from livecaption.protocol.server_messages import (
    Closed,
    DeltaMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
)

__all__ = ["ClipRun", "Heard", "play_clip"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One committed word."""

    text: str
    utterance: int
    arrived: float
    """Seconds since the clip began to play."""


@dataclass(slots=True)
class ClipRun:
    """What came back while a clip was played; times in seconds since it began."""

    clip: Clip
    words: list[Heard] = field(default_factory=list)
    finals: list[FinalMessage] = field(default_factory=list)
    gaps: list[GapMessage] = field(default_factory=list)
    first_shown: dict[int, float] = field(default_factory=dict)
    """When the first text of each utterance arrived, partial or committed."""
    closed: Closed | None = None

    def receive(self, event: SessionEvent, now: float) -> None:
        """Take an event that arrived at ``now``."""
        match event:
            case DeltaMessage():
                self.first_shown.setdefault(event.utterance, now)
                self.words += [Heard(w.text, event.utterance, now) for w in event.words]
            case PartialMessage() if event.text:
                self.first_shown.setdefault(event.utterance, now)
            case FinalMessage():
                self.finals.append(event)
            case GapMessage():
                self.gaps.append(event)
            case Closed():
                self.closed = event
            case _:
                pass

    @property
    def text(self) -> str:
        """All finals, in the order they came."""
        return " ".join(final.text for final in self.finals)

    @property
    def word_error_rate(self) -> float:
        """Of the committed words against the clip's text."""
        return word_error_rate(self._said, self._written)

    def commit_delays(self) -> list[float]:
        """Seconds from the end of each word said to its ``delta``, for words written right."""
        return [self.words[j].arrived - self.clip.words[i].stop for i, j in self._matches()]

    def first_partial_delays(self) -> list[float]:
        """Seconds from the start of each utterance's first word said to its first text."""
        firsts: dict[int, float] = {}
        for i, j in self._matches():
            firsts.setdefault(self.words[j].utterance, self.clip.words[i].start)
        return [self.first_shown[number] - start for number, start in firsts.items()]

    @property
    def _said(self) -> list[str]:
        return [word.word for word in self.clip.words]

    @property
    def _written(self) -> list[str]:
        return [word.text for word in self.words]

    def _matches(self) -> list[tuple[int, int]]:
        pairs = align_words(self._said, self._written)
        return [
            (i, j)
            for i, j in pairs
            if i is not None
            and j is not None
            and normalise(self._said[i]) == normalise(self._written[j])
        ]


async def play_clip(
    url: str,
    clip: Clip,
    *,
    room: str = "main",
    on_event: Callable[[SessionEvent, float], None] | None = None,
    options: ConnectionOptions | None = None,
) -> ClipRun:
    """Play a clip at speaking speed through a server's ``/ws/publish``.

    Args:
        url: of the server.
        clip: what to play.
        room: where its captions go.
        on_event: called with every event and its arrival, seconds since the clip began.
        options: key and retries.

    Raises:
        LiveCaptionError: the clip cannot be read, or the session failed.
    """
    clock = asyncio.get_running_loop().time
    run = ClipRun(clip)
    began = clock()

    async def blocks() -> AsyncIterator[Samples]:
        nonlocal began
        with open_source(str(clip.audio)) as source:
            began = clock()
            for block in source:
                yield block

    async with publish(url, paced(blocks()), options=options, room=room, language="en") as captions:
        async for event in captions:
            now = clock() - began
            run.receive(event, now)
            if on_event is not None:
                on_event(event, now)
    return run
