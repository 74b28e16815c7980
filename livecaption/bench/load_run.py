"""Many publishers at once, from one lean process, and what they came to together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.dialect import Dialect
from livecaption.bench.excerpts import Excerpt
from livecaption.bench.figures import StreamFigures, measure
from livecaption.bench.publisher import play
from livecaption.bench.vitals import Vitals, summarise
from livecaption.bench.word_errors import WordErrors
from livecaption.core.stats import percentile

__all__ = ["LoadRun", "RunFigures", "run_load", "run_together"]

_GOLDEN = 0.618
"""Spreads the starts of any number of publishers evenly over a second."""

NewDialect = Callable[[int], Dialect]


@dataclass(frozen=True, slots=True)
class LoadRun:
    """What came back on each stream of one run, and what that took."""

    excerpts: tuple[Excerpt, ...]
    logs: tuple[CaptionLog, ...]
    started: float
    stopped: float
    """On ``time.monotonic``: the first audio, the last caption."""
    client_cores: float
    """Processor time of this process while the run lasted, per second."""

    @property
    def audio_rate(self) -> float:
        """Seconds of audio played in a second, by all streams together."""
        return sum(e.duration for e in self.excerpts) / (self.stopped - self.started)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """All streams of one run, or of several, taken together."""

    streams: int
    audio_s: float
    figures: tuple[StreamFigures, ...]
    cost: dict[str, float | None]
    client_cores: float

    @property
    def errors(self) -> WordErrors:
        """Over all streams."""
        return sum((f.errors for f in self.figures), WordErrors(0, 0, 0, 0))

    @property
    def problems(self) -> list[str]:
        """One sentence for each stream that did not end as it should."""
        return [f.problem for f in self.figures if f.problem is not None]

    @property
    def lost_s(self) -> float:
        """Audio that will never be captioned, as the server admits."""
        return sum(f.lost_s for f in self.figures)

    @property
    def late_p99_s(self) -> float:
        """How late this client itself was."""
        return percentile([late for f in self.figures for late in f.late_s], 99)

    def delays(self, kind: str) -> list[float]:
        """Return the delays of one kind: commit, shown, first or final."""
        return [delay for f in self.figures for delay in getattr(f, f"{kind}_delays")]

    @property
    def flicker(self) -> float:
        """Unstable partial word ratio: tail words changed afterwards, per word committed."""
        words = sum(f.committed_words for f in self.figures)
        return sum(f.changed_words for f in self.figures) / words if words else 0.0

    @property
    def tail_words_changed(self) -> float:
        """Share of the words that were tentative when first shown which changed afterwards."""
        shown = sum(f.partial_words for f in self.figures)
        return sum(f.changed_words for f in self.figures) / shown if shown else 0.0

    @property
    def rewritten_words(self) -> int:
        """Committed words changed or taken back afterwards."""
        return sum(f.rewritten_words for f in self.figures)

    @property
    def max_lag_s(self) -> float:
        """The longest that any word was seen waiting."""
        return max((lag for f in self.figures for _, lag in f.lags), default=0.0)


async def run_load(
    url: str,
    excerpts: Sequence[Excerpt],
    new_dialect: NewDialect,
    *,
    patience_s: float = 20.0,
    silence_s: float = 0.0,
) -> LoadRun:
    """Play every excerpt on a stream of its own, all at the same time.

    Args:
        url: of the server.
        excerpts: one for each stream.
        new_dialect: makes the conversation of stream ``i``.
        patience_s: longest wait for the last captions.
        silence_s: how long each speaker stays silent before hanging up.
    """
    # Connecting takes a server time; nobody speaks before all have had a chance to connect.
    opening = 0.5 + len(excerpts) / 100
    base = asyncio.get_running_loop().time() + opening
    started, cpu = time.monotonic() + opening, time.process_time()
    logs = await asyncio.gather(
        *(
            play(
                url,
                excerpt,
                new_dialect(index),
                patience_s=patience_s,
                silence_s=silence_s,
                start_at=base + index * _GOLDEN % 1.0,
            )
            for index, excerpt in enumerate(excerpts)
        )
    )
    stopped = time.monotonic()
    spent = (time.process_time() - cpu) / (stopped - started)
    return LoadRun(tuple(excerpts), tuple(logs), started, stopped, spent)


def run_together(runs: Sequence[LoadRun], vitals: Vitals | None) -> RunFigures:
    """Score one run, or several of the same kind."""
    figures = [
        measure(excerpt, log)
        for run in runs
        for excerpt, log in zip(run.excerpts, run.logs, strict=True)
    ]
    audio_s = sum(f.audio_s for f in figures)
    costs = [
        summarise(vitals.between(run.started, run.stopped), run.audio_rate)
        for run in (runs if vitals is not None else ())
        if vitals is not None
    ]
    return RunFigures(
        streams=len(runs[0].excerpts),
        audio_s=audio_s,
        figures=tuple(figures),
        cost=_mean(costs),
        client_cores=sum(run.client_cores for run in runs) / len(runs),
    )


def _mean(costs: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for name in costs[0] if costs else ():
        known = [value for cost in costs if (value := cost[name]) is not None]
        means[name] = sum(known) / len(known) if known else None
    return means
