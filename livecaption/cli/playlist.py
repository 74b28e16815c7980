"""What ``livecaption stream`` plays: its sources, by whom, and at which speed.

It must not know sessions or displays.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from livecaption.client.pacing import paced
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError
from livecaption.media.on_air import is_live, open_on_air
from livecaption.media.reader import SourceReader
from livecaption.media.sources import RawFormat, Source, open_source, shown

__all__ = ["Named", "Playing", "named_sources"]

_NAMED = re.compile(r"([^=/\\:?*]+)=(.+)")
_PIPE = "-"

_PIPE_SPEED = 1.2
"""Bound for pipes: they keep their own time, but may begin with a burst, and their clock may be
faster than ours, which at a bound of 1 would add up to a delay."""


@dataclass(frozen=True, slots=True)
class Named:
    """A source and who speaks in it."""

    spec: str
    speaker: str | None

    @property
    def label(self) -> str:
        """What tells it from others: its speaker, or what the user wrote."""
        return self.speaker or shown(self.spec)


def named_sources(arguments: list[str], speaker: str | None = None) -> list[Named]:
    """Read ``NAME=SOURCE`` and ``SOURCE``; a file whose whole name is that is a file.

    Args:
        arguments: as they were written.
        speaker: of those that have no name of their own.

    Raises:
        MediaError: standard input is named twice.
    """
    named = []
    for argument in arguments:
        match = _NAMED.fullmatch(argument)
        if match and not Path(argument).exists():
            named.append(Named(match[2], match[1].strip() or speaker))
        else:
            named.append(Named(argument, speaker))
    if sum(each.spec == _PIPE for each in named) > 1:
        raise MediaError("There is one standard input; name - once.")
    return named


@dataclass(frozen=True)
class Playing:
    """How sources are played.

    Args:
        raw: layout of raw PCM on standard input.
        speed: how fast files are played.
        loop: whether files begin again when they end.
        patience_s: how long a live source may be away.
    """

    raw: RawFormat
    speed: float = 1.0
    loop: bool = False
    patience_s: float = 0.0

    def open(self, spec: str, report: Callable[[str], None]) -> Source:
        """Open a source.

        Args:
            spec: see ``open_source``.
            report: is told when a live source breaks and comes back, on the thread that reads.

        Raises:
            MediaError: it cannot be opened.
        """
        if spec == _PIPE:
            return open_source(spec, self.raw)
        return open_on_air(spec, report=report, patience_s=self.patience_s)

    def play(
        self, spec: str, source: Source, report: Callable[[str], None]
    ) -> AsyncIterator[Samples]:
        """Play an opened source: a file as if spoken now, a live one as it comes."""
        blocks = self._blocks(spec, source, report)
        if spec == _PIPE:
            return paced(blocks, _PIPE_SPEED)
        return blocks if is_live(source, spec) else paced(blocks, self.speed)

    async def _blocks(
        self, spec: str, source: Source, report: Callable[[str], None]
    ) -> AsyncIterator[Samples]:
        """Yield blocks from the opened source, then, in a loop, from the same one again."""
        once = not self.loop or spec == _PIPE or is_live(source, spec)
        while True:
            async with SourceReader(source) as reader:
                async for block in reader:
                    yield block
            if reader.dropped:
                report(f"{reader.dropped / SAMPLE_RATE:.1f} s of {source.name} could not be kept.")
            if once:
                return
            source = open_source(spec)
