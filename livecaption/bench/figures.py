"""From the log of one stream to figures. ``docs/benchmarks.md`` has the definitions in prose.

::

    said      ▁▁▁good▁▁morning▁▁▁▁▁▁▁▁▁▁▁▁        one speech run
                 ├─ first text ─┤
                      ├──── shown ────┤           from a word's end to its first right appearance
                      ├─────── commit ───────┤    … to the message that fixed it
                                 └──── final ───┤ from the run's end to the caption's last word
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from livecaption.bench.caption_log import CaptionLog, Segment
from livecaption.bench.excerpts import Excerpt
from livecaption.bench.word_errors import WordErrors, count_errors
from livecaption.bundled import ClipWord
from livecaption.core.hypothesis import normalise
from livecaption.core.scoring import align_words
from livecaption.core.stats import FlickerMeter

__all__ = ["RUN_PAUSE_S", "StreamFigures", "measure"]

RUN_PAUSE_S = 0.8
"""Silence that ends a speech run: longer than any server's end-of-speech delay tried here."""
_LAG_STEP_S = 1.0


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """What one stream came to; delays in seconds."""

    audio_s: float
    commit_delays: tuple[float, ...]
    shown_delays: tuple[float, ...]
    first_delays: tuple[float, ...]
    final_delays: tuple[float, ...]
    errors: WordErrors
    partial_words: int
    """Tail words shown, each counted once at the place it first appeared in."""
    changed_words: int
    """Tail words that were replaced or withdrawn afterwards."""
    committed_words: int
    rewritten_words: int
    """Committed words that were changed or taken back afterwards: 0 for an honest server."""
    lags: tuple[tuple[float, float], ...]
    """(moment, age of the oldest word said and not yet committed), a second apart."""
    server_lag_s: float
    """The largest lag that the server itself admitted to."""
    lost_s: float
    late_s: tuple[float, ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a committed word stands."""

    segment: Segment
    index: int

    @property
    def arrived(self) -> float:
        return self.segment.words[self.index].arrived

    def first_shown(self) -> float:
        """When the word first stood there with its final text, tentative or committed."""
        text = normalise(self.segment.words[self.index].text)
        for tail in self.segment.tails:
            at = self.index - tail.committed
            if 0 <= at < len(tail.words) and normalise(tail.words[at]) == text:
                return min(tail.arrived, self.arrived)
        return self.arrived

    def first_reached(self) -> float:
        """When any text first stood there."""
        for tail in self.segment.tails:
            if tail.committed + len(tail.words) > self.index:
                return min(tail.arrived, self.arrived)
        return self.arrived


def measure(excerpt: Excerpt, log: CaptionLog) -> StreamFigures:
    """Score one stream."""
    said = [word.word for word in excerpt.words]
    places = [
        _Place(segment, index)
        for _, segment in sorted(log.segments.items())
        for index in range(len(segment.words))
    ]
    written = [place.segment.words[place.index].text for place in places]
    pairs = align_words(said, written)
    heard = {i: places[j] for i, j in pairs if i is not None and j is not None}
    right = {i: place for i, place in heard.items() if _same(said[i], place)}
    runs = _runs(excerpt.words)
    shown, changed = _flicker(log)
    return StreamFigures(
        audio_s=excerpt.duration,
        commit_delays=tuple(p.arrived - excerpt.words[i].stop for i, p in right.items()),
        shown_delays=tuple(p.first_shown() - excerpt.words[i].stop for i, p in right.items()),
        first_delays=tuple(_first_delays(excerpt.words, heard, runs)),
        final_delays=tuple(_final_delays(excerpt.words, heard, runs)),
        errors=count_errors(said, written),
        partial_words=shown,
        changed_words=changed,
        committed_words=len(written),
        rewritten_words=log.rewritten,
        lags=tuple(_lags(excerpt, heard)),
        server_lag_s=max((lag for _, lag in log.lags), default=0.0),
        lost_s=log.lost_s,
        late_s=tuple(log.late_s),
        problem=log.problem,
    )


def _same(said: str, place: _Place) -> bool:
    return normalise(said) == normalise(place.segment.words[place.index].text)


def _runs(words: Sequence[ClipWord]) -> list[tuple[int, int]]:
    """Return speech runs as index ranges [first, stop)."""
    cuts = [i + 1 for i, (a, b) in enumerate(pairwise(words)) if b.start - a.stop >= RUN_PAUSE_S]
    bounds = [0, *cuts, len(words)]
    return [(a, b) for a, b in pairwise(bounds) if a < b]


def _first_delays(
    words: Sequence[ClipWord], heard: dict[int, _Place], runs: list[tuple[int, int]]
) -> list[float]:
    delays = []
    for first, stop in runs:
        place = next((heard[i] for i in range(first, stop) if i in heard), None)
        if place is not None:
            delays.append(max(0.0, place.first_reached() - words[first].start))
    return delays


def _final_delays(
    words: Sequence[ClipWord], heard: dict[int, _Place], runs: list[tuple[int, int]]
) -> list[float]:
    delays = []
    for first, stop in runs:
        place = next((heard[i] for i in reversed(range(first, stop)) if i in heard), None)
        if place is not None:
            closed = place.segment.closed
            complete = place.arrived if closed is None else closed
            delays.append(complete - words[stop - 1].stop)
    return delays


def _lags(excerpt: Excerpt, heard: dict[int, _Place]) -> list[tuple[float, float]]:
    """Return, for each second, how long the oldest word that still waits has been waiting."""
    waits = sorted((excerpt.words[i].stop, place.arrived) for i, place in heard.items())
    lags = []
    first = 0
    for step in range(1, int(excerpt.duration / _LAG_STEP_S) + 1):
        now = step * _LAG_STEP_S
        while first < len(waits) and waits[first][1] <= now:
            first += 1
        lag = 0.0
        for stop, arrived in waits[first:]:
            if stop > now:
                break
            if arrived > now:
                lag = now - stop
                break
        lags.append((now, lag))
    return lags


def _flicker(log: CaptionLog) -> tuple[int, int]:
    """Return tail words shown, and those changed or withdrawn later."""
    meter = FlickerMeter()
    for segment in log.segments.values():
        done = 0
        for tail in segment.tails:
            meter.show([word.text for word in segment.words[done : tail.committed]], tail.words)
            done = tail.committed
        meter.show([word.text for word in segment.words[done:]], ())
    return meter.shown, meter.changed
