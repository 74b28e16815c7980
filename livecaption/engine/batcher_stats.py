"""What the batcher did, in numbers since the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.tally import DURATION_BOUNDS, Tally
from livecaption.engine.base import Prepared

__all__ = ["BatcherStats"]

_ROWS = (1, 2, 4, 8, 16, 32, 64)
_BUCKETS_S = (5.0, 10.0, 12.5, 15.0, 20.0, 30.0)
_FRAME_S = 0.01


def _durations() -> Tally:
    return Tally(DURATION_BOUNDS)


@dataclass(slots=True)
class BatcherStats:
    """Counters since the start; seconds are wall time."""

    batches: int = 0
    rows: int = 0
    failures: int = 0
    superseded: int = 0
    halved: int = 0
    """Batches that did not fit into memory and were run in two halves."""
    refused: int = 0
    """Requests for which there was no room."""
    busy_s: float = 0.0
    audio_s: float = 0.0
    """Audio in the windows of all batches; a second that is decoded twice counts twice."""
    turnaround_s: float = 0.0
    """Weighted mean of the time from a partial's submission to its result."""
    batch_rows: Tally = field(default_factory=lambda: Tally(_ROWS))
    bucket_s: Tally = field(default_factory=lambda: Tally(_BUCKETS_S))
    """Encoder length of each batch."""
    batch_took: Tally = field(default_factory=_durations)
    prepare_took: Tally = field(default_factory=_durations)
    """From a request to its features, waiting for the preparation thread included."""

    def note_batch(self, batch: Sequence[Prepared], bucket: int, took: float) -> None:
        """Count a batch, also one that failed.

        Args:
            batch: its windows.
            bucket: encoder length, mel frames of 10 ms.
            took: seconds.
        """
        self.batches += 1
        self.rows += len(batch)
        self.busy_s += took
        self.audio_s += sum(len(window.request.audio) for window in batch) / SAMPLE_RATE
        self.batch_rows.observe(len(batch))
        self.bucket_s.observe(bucket * _FRAME_S)
        self.batch_took.observe(took)

    def note_partial(self, took: float) -> None:
        """Follow the turnaround of partials."""
        self.turnaround_s += 0.2 * (took - self.turnaround_s)
