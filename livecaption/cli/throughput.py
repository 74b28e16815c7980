"""How many speakers this machine will carry: a few seconds of decoding, and admission's arithmetic.

Windows of bundled speech go through the engine as live ones do, alone and in batches; from what
they cost follows, by the rule that lets speakers in, how many fit. An estimate: other programs,
other speech and real pauses change it. ``livecaption bench`` measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from livecaption.bundled import speech_clips
from livecaption.cli.findings import Finding, Status
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.batching import BatchPolicy, CostModel
from livecaption.core.capacity import AdmissionPolicy, EngineLoad, places
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.policy import REALTIME
from livecaption.engine.base import ModelInfo, Prepared, Transcriber
from livecaption.media.sources import open_source

__all__ = ["WINDOW_S", "bundled_speech", "estimate", "measure"]

WINDOW_S = 4
"""Seconds of a window: in the middle of an utterance, with committed audio trimmed."""
_BUDGET_S = 6.0
_MOST_HOP_S = 2.0


def estimate(info: ModelInfo, costs: CostModel, *, stand_in: bool, max_rows: int) -> Finding:
    """Return how many speakers fit.

    Args:
        info: the model.
        costs: what its batches cost.
        stand_in: whether its model is not the one that the server would take.
        max_rows: largest batch.
    """
    busy = costs.busy(max_rows, BatchPolicy().max_seconds)
    if busy is None:
        return Finding("throughput", Status.FAIL, "nothing was decoded", "see inference above")
    batch_s, rows = busy
    load = EngineLoad(0, batch_s / rows, batch_s, info.workers)
    hop_s = REALTIME.hop / SAMPLE_RATE
    most = places(load, AdmissionPolicy(hop_s=hop_s, most_hop_s=max(_MOST_HOP_S, hop_s))) or 0
    speakers = "1 speaker" if most == 1 else f"{most} speakers"
    detail = (
        f"about {speakers} at once with {info.name} on {info.device} ({info.compute_type}): "
        f"{WINDOW_S} s of speech in {1000 * batch_s / rows:.0f} ms, {rows} at a time"
    )
    if most < 1:
        return Finding(
            "throughput",
            Status.WARN,
            detail,
            "take a smaller --model or a GPU; or is this machine busy with other things?",
        )
    if stand_in:
        advice = "not the model the server would take: fetch that one, then ask again"
        return Finding("throughput", Status.OK, detail, advice)
    return Finding("throughput", Status.OK, detail)


def measure(
    transcriber: Transcriber,
    speech: Samples,
    max_rows: int,
    clock: Callable[[], float] = time.perf_counter,
) -> CostModel:
    """Decode batches of growing size; return what they cost.

    Larger ones are left out when there is no time for them: the cost model continues from what it
    has seen.

    Args:
        transcriber: the engine.
        speech: int16, longer than a window.
        max_rows: largest batch.
        clock: seconds.
    """
    costs = CostModel()
    until = clock() + _BUDGET_S
    rows = 1
    while rows <= max_rows:
        batch = _batch(transcriber, speech, rows)
        _took(transcriber, batch, clock)  # the first of a shape takes many times as long
        for _ in range(3):
            took = _took(transcriber, batch, clock)
            bucket = max(window.bucket for window in batch)
            costs.observe(batch[0].key.beam_size, bucket, rows, took)
            if clock() > until:
                return costs
        rows *= 2
    return costs


def _batch(transcriber: Transcriber, speech: Samples, rows: int) -> list[Prepared]:
    size = WINDOW_S * SAMPLE_RATE
    step = max(1, (len(speech) - size) // max(1, rows))
    return [
        transcriber.prepare(
            DecodeRequest(
                session=f"doctor-{row}",
                number=row,
                utterance=1,
                kind=DecodeKind.PARTIAL,
                start=0,
                audio=speech[row * step : row * step + size],
                language=transcriber.info.languages[0],
            )
        )
        for row in range(rows)
    ]


def _took(transcriber: Transcriber, batch: Sequence[Prepared], clock: Callable[[], float]) -> float:
    began = clock()
    transcriber.transcribe(batch)
    return clock() - began


def bundled_speech() -> Samples:
    """Return the bundled meeting, int16, 16 kHz."""
    with open_source(str(speech_clips()[0].audio)) as source:
        return np.concatenate(list(source))
