"""Which requests run next, together.

Decide, run, feed back are three calls: this file only decides. Time comes in as an argument.

- A session's requests run in the order they were made.
- The request that is due earliest (earliest deadline first on the arrival of its audio; finals
  rank a little earlier) leads the batch. Requests with the same key join it, earliest first,
  while their bucket is at most twice the leader's and the predicted time stays under the limit:
  one long window must not make everybody wait.
- CTranslate2 has no mask for the length of context or audio, hence key and bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["BatchKey", "BatchPolicy", "CostModel", "PendingWindow"]

FINAL_PRIORITY_S = 0.3
"""How much earlier than its audio's arrival a final is due: a reader waits for the full stop."""


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What must be equal within a batch."""

    beam_size: int
    """Hypotheses kept while searching; 1 is greedy, as all partials are."""
    context_tokens: int
    """Length of the previous-text context; the start token must stand at one index."""


@dataclass(frozen=True, slots=True)
class PendingWindow:
    """What the policy needs to know of a waiting request."""

    session: str
    number: int
    """Order within the session."""
    key: BatchKey
    bucket: int
    """Mel frames."""
    arrived: float
    """When its newest audio arrived, seconds on the caller's clock."""
    final: bool = False
    """It closes an utterance."""

    @property
    def due(self) -> float:
        """Rank: the lower, the earlier it runs."""
        return self.arrived - (FINAL_PRIORITY_S if self.final else 0.0)


class CostModel:
    """Predicts how long a batch takes, from how long such batches took.

    An exponentially weighted mean per (beam, bucket, rows). A shape never seen is estimated from
    the nearest one seen: part of the time is spent once for the batch, the rest for each row, and
    both grow with the bucket. The guess need not be good, only not so high that larger batches
    are never tried.
    """

    SHARED = 0.4
    """Part of a single row's time that more rows share: decoder steps batch well, encoding on a
    CPU not at all. Measured on Whisper tiny, int8: 8 rows take 4.4 times as long as one."""

    def __init__(self, *, weight: float = 0.2) -> None:
        self._weight = weight
        self._seconds: dict[tuple[int, int, int], float] = {}
        self._bucket = 0.0
        """Weighted mean bucket of greedy batches: what windows are like here."""

    def observe(self, beam_size: int, bucket: int, rows: int, took: float) -> None:
        """Learn that a batch took ``took`` seconds."""
        shape = (beam_size, bucket, rows)
        before = self._seconds.get(shape, took)
        self._seconds[shape] = before + self._weight * (took - before)
        if beam_size == 1:
            self._bucket += self._weight * (bucket - self._bucket) if self._bucket else bucket

    def predict(self, beam_size: int, bucket: int, rows: int) -> float:
        """Return the expected seconds; 0.0 while nothing is known about this beam size."""
        exact = self._seconds.get((beam_size, bucket, rows))
        if exact is not None:
            return exact
        known = [shape for shape in self._seconds if shape[0] == beam_size]
        if not known:
            return 0.0
        nearest = min(known, key=lambda s: (abs(s[1] - bucket) / bucket, abs(s[2] - rows)))
        scale = self._rows(rows) / self._rows(nearest[2]) * bucket / nearest[1]
        return self._seconds[nearest] * scale

    def busy(self, most_rows: int, most_seconds: float) -> tuple[float, int] | None:
        """Return what a greedy batch of a busy engine takes, in seconds, and its rows.

        It has as many rows of the usual length as fit into ``most_seconds``, at least one and at
        most ``most_rows``. None while no greedy batch has been seen.
        """
        if not self._bucket:
            return None
        bucket, rows = round(self._bucket), 1
        while rows < most_rows and self.predict(1, bucket, rows + 1) <= most_seconds:
            rows += 1
        return self.predict(1, bucket, rows), rows

    def _rows(self, rows: int) -> float:
        return self.SHARED + (1 - self.SHARED) * rows


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """Selects the next batch."""

    max_rows: int = 8
    """8 on a CPU, where the encoder gains nothing from rows; 64 on a GPU."""
    max_seconds: float = 0.25
    """Predicted run time that a batch with more than one row should not exceed."""
    min_share: float = 1 / 3
    """Part of the queue that a batch may take whatever it costs: when many wait, small batches
    would make all of them wait longer, because rows share most of the decoder's time."""

    def select(self, pending: Sequence[PendingWindow], costs: CostModel) -> list[PendingWindow]:
        """Return the windows to run now, leader first; empty when nothing waits."""
        ready = sorted(_first_of_each_session(pending), key=lambda p: p.due)
        if not ready:
            return []
        leader = ready[0]
        batch = [leader]
        beam, bucket = leader.key.beam_size, leader.bucket
        share = self.min_share * len(ready)
        for window in ready[1:]:
            if len(batch) == self.max_rows:
                break
            if window.key != leader.key or window.bucket > 2 * leader.bucket:
                continue
            larger = max(bucket, window.bucket)
            rows = len(batch) + 1
            if rows <= share or costs.predict(beam, larger, rows) <= self.max_seconds:
                batch.append(window)
                bucket = larger
        return batch


def _first_of_each_session(pending: Sequence[PendingWindow]) -> list[PendingWindow]:
    first: dict[str, PendingWindow] = {}
    for window in pending:
        known = first.get(window.session)
        if known is None or window.number < known.number:
            first[window.session] = window
    return list(first.values())
