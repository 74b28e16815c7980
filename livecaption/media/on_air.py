"""Live inputs that break and come back: a broadcast or a device, opened again until it goes on.

What was not received while it was away is a pause of real time: silence of the same length, given
out while the pause lasts. So the clock of the captions stays with the world's, and the captions of
two speakers stay in the order in which they spoke. How much that is comes out of one account::

    due = time since the first block − audio given out, in seconds

A broadcast that begins with a burst of its newest seconds has given out more than that time, and
so begins again after a break: the burst is no hole, and is not counted as one.

This module must not know what it opens, nor who reads it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.errors import MediaError
from livecaption.media.overlap import Overlap
from livecaption.media.source import BLOCK_SAMPLES, Source
from livecaption.media.sources import is_address, open_address, open_source

__all__ = ["OnAir", "Opening", "is_live", "open_on_air"]

Opening = Callable[[], Source]
Report = Callable[[str], None]

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 10.0
_STEADY_S = 10.0
"""Audio after which an input counts as mended, so that the next break begins with short delays."""

_UNNOTICED_S = 2.0
"""A break as short as this is not filled while it lasts: it may turn out to be none."""

_LOOK_S = 0.5


def is_live(source: Source, spec: str) -> bool:
    """Say whether an opened source is one that comes back: it has no end of its own."""
    if source.live:
        return not spec.lower().startswith("lavfi:")  # FFmpeg's own inventions do end
    return is_address(spec) and source.duration is None


def open_on_air(spec: str, *, report: Report, patience_s: float) -> Source:
    """Open a source; one that is live comes back when it breaks.

    Args:
        spec: see ``open_source``; not ``-``.
        report: is told what happens, in a sentence, on the thread that reads.
        patience_s: how long it may be away; 0 for one that ends with its first break.

    Raises:
        MediaError: it cannot be opened now.
    """
    overlap = Overlap()

    def opening() -> Source:
        return open_address(spec, overlap) if is_address(spec) else open_source(spec)

    source = opening()
    if not is_live(source, spec) or patience_s <= 0:
        return source
    return OnAir(opening, report, patience_s=patience_s).source(source)


class OnAir:
    """One live input over all its breaks.

    Args:
        opening: opens it again.
        report: is told of breaks and returns.
        patience_s: how long it may be away before it counts as ended.
        clock: seconds, steady.
        wait: waits so many seconds, or until ``cut``; returns whether it was that.
    """

    def __init__(
        self,
        opening: Opening,
        report: Report,
        *,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._opening = opening
        self._report = report
        self._patience_s = patience_s
        self._clock = clock
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._source: Source | None = None
        self._began: float | None = None
        self._given = 0
        self._filled = 0
        self._heard_at = 0.0
        self._steady = 0
        self._breaks = 0

    def source(self, first: Source) -> Source:
        """Return the input as a source that ends only with the broadcast, or with patience."""
        self._source = first
        blocks = self._blocks(first)
        return Source(first.name, blocks, closing(blocks), live=first.live, cut=self.cut)

    def cut(self) -> None:
        """End soon, whatever is being waited for. May be called from any thread."""
        self._stopped.set()
        source = self._source
        if source is not None:
            source.cut()

    def _blocks(self, first: Source) -> Generator[Samples, None, None]:
        source: Source | None = first
        self._heard_at = self._clock()
        while source is not None:
            self._source = source
            if self._stopped.is_set():  # ``cut`` may have missed this one
                source.cut()
            why = yield from self._play(source)
            if self._stopped.is_set():
                return
            self._report(f"{why} It will be opened again.")
            source = yield from self._reopened(first.name, why)

    def _play(self, source: Source) -> Generator[Samples, None, str]:
        """Give out the blocks of one opening; return why it is over, as a sentence."""
        self._steady = 0
        try:
            with source:
                for block in source:
                    if not self._steady and self._breaks:
                        yield from self._back(source.name)
                    self._steady += len(block)
                    yield from self._give(block)
                    self._heard_at = self._clock()
        except MediaError as error:
            return str(error)
        return f"{source.name} has ended."

    def _back(self, name: str) -> Iterator[Samples]:
        yield from self._fill()
        missing = self._filled / SAMPLE_RATE
        self._filled = 0
        lack = f" {missing:.1f} s of it were not received." if missing >= 0.1 else ""
        self._report(f"{name} is back.{lack}")

    def _reopened(self, name: str, why: str) -> Generator[Samples, None, Source | None]:
        """Try until the input is there again; None when it is not wanted or over."""
        if self._steady >= _STEADY_S * SAMPLE_RATE:
            self._breaks = 0
        while self._clock() - self._heard_at < self._patience_s:
            delay = min(_FIRST_DELAY_S * 2.0**self._breaks, _LONGEST_DELAY_S)
            self._breaks = min(self._breaks + 1, 10)
            yield from self._pause(delay)
            if self._stopped.is_set():
                return None
            try:
                source = self._opening()
            except MediaError as error:
                if str(error) != why:
                    why = str(error)
                    self._report(why)
            else:
                return self._still_on_air(source)
        raise MediaError(f"{name} did not come back within {self._patience_s:g} s. {why}")

    def _still_on_air(self, source: Source) -> Source | None:
        """A broadcast that is over may be left as a recording, which begins from its start."""
        if source.live or source.duration is None:
            return source
        with source:
            return None

    def _pause(self, delay: float) -> Iterator[Samples]:
        until = self._clock() + delay
        while (left := until - self._clock()) > 0 and not self._wait(min(left, _LOOK_S)):
            if self._clock() - self._heard_at > _UNNOTICED_S:
                yield from self._fill()

    def _fill(self) -> Iterator[Samples]:
        """Give out the silence that is due."""
        while self._began is not None:
            due = (self._clock() - self._began) * SAMPLE_RATE - self._given
            if due < BLOCK_SAMPLES:
                return
            self._filled += BLOCK_SAMPLES
            yield from self._give(np.zeros(BLOCK_SAMPLES, np.int16))

    def _give(self, block: Samples) -> Iterator[Samples]:
        if self._began is None:
            self._began = self._clock() - len(block) / SAMPLE_RATE
        self._given += len(block)
        yield block
