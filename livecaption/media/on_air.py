"""Live inputs that break and come back: a broadcast or a device, opened again until it goes on.

What was not received while it was away is a pause of real time: silence of the same length. So the
clock of the captions stays with the world's, and the captions of two speakers stay in the order in
which they spoke. Where the input does not say itself how much is missing, an account does::

    due = time since the first block − audio given out, in seconds

A broadcast that begins with a burst of its newest seconds has given out more than that time, and
so begins again after a break: the burst is no hole, and is not counted as one.

The silence follows half a minute behind, and the rest comes when the input is back: until then
nobody knows how far back it begins. In the meantime nothing is given out, as if muted.

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

_BEHIND_S = 30.0
"""Silence that may come all at once: a session takes so much without a delay."""

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
    air = OnAir(opening, report, hole=overlap.take_hole, patience_s=patience_s)
    return air.source(source)


class OnAir:
    """One live input over all its breaks.

    Args:
        opening: opens it again.
        report: is told of breaks and returns.
        hole: asked for the seconds missing before the block that came last; see ``Overlap``.
        patience_s: how long it may be away before it counts as ended.
        clock: seconds, steady.
        wait: waits so many seconds, or until ``cut``; returns whether it was that.
    """

    def __init__(
        self,
        opening: Opening,
        report: Report,
        *,
        hole: Callable[[], float | None] = lambda: None,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._opening = opening
        self._report = report
        self._hole = hole
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
            if why is None and not source.live and source.duration is not None:
                self._report(f"{first.name} is over.")  # a recording of it is all that is left
                return
            why = why or f"{first.name} has ended."
            self._report(f"{why} It will be opened again.")
            source = yield from self._reopened(first.name, why)

    def _play(self, source: Source) -> Generator[Samples, None, str | None]:
        """Give out the blocks of one opening; return why it broke, or None at its end."""
        self._steady = 0
        try:
            with source:
                for block in source:
                    hole = self._hole()
                    if not self._steady and self._breaks:
                        yield from self._back(source.name, hole)
                    elif hole:
                        yield from self._silence(hole)
                        self._report(f"{source.name}: {hole:.1f} s were not received.")
                    self._steady += len(block)
                    yield from self._give(block)
                    self._heard_at = self._clock()
        except MediaError as error:
            return str(error)
        return None

    def _back(self, name: str, hole: float | None) -> Iterator[Samples]:
        filled = self._filled / SAMPLE_RATE
        missing = max(filled, filled + self._due_s if hole is None else hole)
        yield from self._silence(missing - filled)
        self._filled = 0
        lack = f" {missing:.1f} s of it were not received." if missing >= 0.1 else ""
        self._report(f"{name} is back.{lack}")

    def _reopened(self, name: str, why: str) -> Generator[Samples, None, Source | None]:
        """Try until the input is there again; None when it is not wanted any more."""
        if self._steady >= _STEADY_S * SAMPLE_RATE:
            self._breaks = 0
        while self._clock() - self._heard_at < self._patience_s:
            delay = min(_FIRST_DELAY_S * 2.0**self._breaks, _LONGEST_DELAY_S)
            self._breaks = min(self._breaks + 1, 10)
            yield from self._pause(delay)
            if self._stopped.is_set():
                return None
            try:
                return self._opening()
            except MediaError as error:
                if str(error) != why:
                    why = str(error)
                    self._report(why)
        raise MediaError(f"{name} did not come back within {self._patience_s:g} s. {why}")

    def _pause(self, delay: float) -> Iterator[Samples]:
        until = self._clock() + delay
        while (left := until - self._clock()) > 0 and not self._wait(min(left, _LOOK_S)):
            before = self._given
            yield from self._silence(self._due_s - _BEHIND_S)
            self._filled += self._given - before

    @property
    def _due_s(self) -> float:
        """Seconds by which the world is ahead of what was given out."""
        if self._began is None:
            return 0.0
        return self._clock() - self._began - self._given / SAMPLE_RATE

    def _silence(self, seconds: float) -> Iterator[Samples]:
        for _ in range(int(seconds * SAMPLE_RATE / BLOCK_SAMPLES)):
            yield from self._give(np.zeros(BLOCK_SAMPLES, np.int16))

    def _give(self, block: Samples) -> Iterator[Samples]:
        if self._began is None:
            self._began = self._clock() - len(block) / SAMPLE_RATE
        self._given += len(block)
        yield block
