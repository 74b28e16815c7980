"""What counting costs: for a chunk, for a caption, and when metrics are asked for."""

from __future__ import annotations

import time
from collections import Counter

from bench.timing import median_us
from livecaption.core.captions import Delta
from livecaption.core.hypothesis import Word
from livecaption.core.screen import Rejection
from livecaption.core.stats import SessionStats
from livecaption.metrics.doors import observe_meters
from livecaption.metrics.exposition import Exposition
from livecaption.metrics.families import histogram
from livecaption.metrics.meters import Meters
from livecaption.server.figures import SessionFigures, SessionTotals

_SESSIONS = 64


def run() -> dict[str, float]:
    figures = SessionFigures()
    words = tuple(Word(f" word{i}", i * 4800, (i + 1) * 4800, 0.9) for i in range(3))
    delta = Delta(1, 1, " word0 word1 word2", words)
    sessions = [(SessionFigures(), SessionStats()) for _ in range(_SESSIONS)]
    for _, stats in sessions:
        stats.rejections = Counter(Rejection)
    meters = Meters()

    def chunk() -> None:
        figures.heard(1600, 16_000, time.monotonic())

    def caption() -> None:
        figures.shown(delta, time.monotonic())

    def summed() -> SessionTotals:
        totals = SessionTotals()
        for each, stats in sessions:
            totals.add(each, stats)
        return totals

    exposition = Exposition(
        lambda: [histogram("commit_delay_seconds", "…", summed().figures.commit_delay)],
        lambda: observe_meters(meters),
    )
    return {
        "chunk_us": median_us(chunk, rounds=2000),
        "caption_of_3_words_us": median_us(caption, rounds=2000),
        "sum_of_64_sessions_us": median_us(summed, rounds=50),
        "scrape_64_sessions_us": median_us(lambda: exposition.text(""), rounds=50),
    }
