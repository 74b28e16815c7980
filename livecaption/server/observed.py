"""The server as metric families, read from its parts at the moment somebody asks.

Nothing is counted here. Gauges are what is true now; counters and histograms are what the parts
have counted for themselves. Labels are only ever values of our own enumerations: no room, session,
speaker, key or address gets here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from livecaption.core.audio import SAMPLE_RATE, seconds
from livecaption.core.captions import GapReason
from livecaption.core.screen import Rejection
from livecaption.egress.address import SERVICES
from livecaption.engine.base import Restartable, Staged
from livecaption.engine.batcher import Batcher
from livecaption.engine.supervisor import CAUSES
from livecaption.files.work import FileWork
from livecaption.metrics.count import Count
from livecaption.metrics.families import (
    Metric,
    counted,
    counter,
    gauge,
    histogram,
    histograms,
    info,
)
from livecaption.server.hub import CaptionHub
from livecaption.server.sessions import ResumeOutcome, Sessions

__all__ = ["observe_engine", "observe_hub"]

_STATES = ("ready", "loading", "restarting", "full", "draining", "failed")
_ENDINGS = (
    "stop",
    "disconnect",
    "idle",
    "max_session",
    "failed",
    "too_fast",
    "bad_message",
    "bad_frame",
)
_SINK_OUTCOMES = ("delivered", "dropped")


def observe_hub(hub: CaptionHub) -> Iterable[Metric]:
    """Yield everything about the server but its doors and its process."""
    yield from _server(hub)
    yield from _streams(hub.sessions)
    yield from _captions(hub.sessions)
    yield from observe_engine(hub.batcher, hub.files)
    yield from _capacity(hub)
    yield from _store(hub)
    yield from _sinks(hub)


def _server(hub: CaptionHub) -> Iterable[Metric]:
    states = {state: float(state == hub.status) for state in _STATES}
    yield gauge("server_state", "1 for what the server is up to, else 0.", states, "state")
    yield gauge("rooms_active", "Rooms that somebody publishes into or reads.", len(hub.rooms))
    yield gauge("watchers_active", "Readers of captions that are connected.", hub.watchers)


def _streams(sessions: Sessions) -> Iterable[Metric]:
    held = list(sessions)
    active = sum(1 for each in held if each.holder is not None)
    lag = max((seconds(each.live.session.lag) for each in held), default=0.0)
    hop = max((seconds(each.live.session.hop) for each in held), default=0.0)
    yield gauge("streams_active", "Sessions whose publisher is connected.", active)
    yield gauge(
        "streams_detached",
        "Sessions that wait for their publisher to come back.",
        len(held) - active,
    )
    yield gauge("lag_seconds", "Speech that no caption covers yet, of the worst session.", lag)
    yield gauge("hop_seconds", "New audio between two decodes, of the slowest session.", hop)
    ended = Count(reason=_ENDINGS)
    _fill(ended, sessions.ended_by.items())
    yield counted("streams_ended", "Sessions that ended.", ended)
    resumes = Count(outcome=ResumeOutcome)
    _fill(resumes, sessions.resumes.items())
    yield counted("resumes", "Wishes to go on with a session.", resumes)


def _captions(sessions: Sessions) -> Iterable[Metric]:
    totals = sessions.totals
    figures = totals.figures
    yield counter(
        "audio_received_seconds", "Audio received from publishers.", figures.samples / SAMPLE_RATE
    )
    yield counter("words_committed", "Words shown as committed.", figures.words)
    yield counter("utterances", "Utterances that had words.", totals.utterances)
    yield histogram(
        "commit_delay_seconds",
        "From the end of a word's sound to its committed caption.",
        figures.commit_delay,
    )
    yield histogram(
        "first_text_delay_seconds",
        "From the start of an utterance's first word to the first text of it.",
        figures.first_text_delay,
    )
    gaps, lost = Count(reason=GapReason), Count(reason=GapReason)
    _fill(gaps, figures.gaps.items())
    _fill(lost, ((reason, n / SAMPLE_RATE) for reason, n in figures.gap_samples.items()))
    yield counted("gaps", "Stretches of audio that will never be captioned.", gaps)
    yield counted("gap_seconds", "Audio that will never be captioned.", lost)
    rejected = Count(reason=Rejection)
    _fill(rejected, totals.rejections.items())
    yield counted("hypotheses_rejected", "Decodes that were not shown: nobody said that.", rejected)
    yield counter("decode_requests", "Windows that sessions asked to decode.", totals.requests)
    yield counter(
        "closing_decodes_saved",
        "Utterances whose last partial stood, so that no closing decode was needed.",
        totals.skipped_finals,
    )


def observe_engine(batcher: Batcher, files: FileWork) -> Iterable[Metric]:
    """Yield everything about the model and what it does."""
    model, stats = batcher.transcriber.info, batcher.stats
    about = {"model": model.name, "device": model.device, "compute_type": model.compute_type}
    yield info("model", "The resident model.", about)
    yield gauge("engine_queue_depth", "Windows that wait to be decoded.", batcher.waiting)
    yield gauge("engine_queue_jobs", "Windows of files that wait.", batcher.waiting_jobs)
    yield gauge("engine_lanes", "Batches that may run at the same time.", model.workers)
    yield gauge(
        "engine_turnaround_seconds",
        "Weighted mean of the time from a partial's request to its result.",
        stats.turnaround_s,
    )
    yield counter("engine_busy_seconds", "Time spent on batches, of all lanes.", stats.busy_s)
    yield counter("engine_file_seconds", "Time spent on files, of all lanes.", files.busy_s)
    yield counter("engine_audio_seconds", "Audio in the windows of all batches.", stats.audio_s)
    yield counter("engine_failures", "Windows that the engine could not decode.", stats.failures)
    yield counter(
        "engine_halved",
        "Batches that did not fit into memory and were run in halves.",
        stats.halved,
    )
    restarts = Count(cause=CAUSES)
    if isinstance(batcher.transcriber, Restartable):
        _fill(restarts, batcher.transcriber.restarts.items())
    yield counted("engine_restarts", "Times the engine was started again.", restarts)
    yield counter("engine_refused", "Windows for which there was no room.", stats.refused)
    yield counter(
        "engine_superseded", "Partials that gave way to a closing decode.", stats.superseded
    )
    yield histogram("engine_batch_rows", "Windows in a batch.", stats.batch_rows)
    yield histogram("engine_bucket_seconds", "Encoder length of a batch.", stats.bucket_s)
    yield histogram("engine_batch_seconds", "Time a batch took.", stats.batch_took)
    transcriber = batcher.transcriber
    took = transcriber.stages.took if isinstance(transcriber, Staged) else {}
    stages = [("prepare", stats.prepare_took), *((str(stage), t) for stage, t in took.items())]
    yield histograms("engine_stage_seconds", "Time a stage took.", "stage", stages)


def _capacity(hub: CaptionHub) -> Iterable[Metric]:
    if hub.places is not None:
        yield gauge(
            "streams_capacity",
            "Speakers the engine keeps up with, by the measured cost of decoding, at most "
            "max_streams.",
            min(hub.places, hub.settings.max_streams),
        )
    yield gauge("streams_limit", "Setting max_streams.", hub.settings.max_streams)


def _store(hub: CaptionHub) -> Iterable[Metric]:
    recorder = hub.recorder
    yield counter("store_writes", "Rows that were stored.", recorder.writes)
    yield counter("store_failures", "Transactions that the disk refused.", recorder.failures)
    yield counter("store_writes_lost", "Rows given up while it refused.", recorder.given_up)
    yield gauge("store_writes_waiting", "Rows that are tried again.", recorder.kept)
    yield gauge("store_failing", "1 while nothing can be stored.", recorder.failing is not None)
    yield histogram("store_write_seconds", "Time a transaction took.", recorder.took)


def _sinks(hub: CaptionHub) -> Iterable[Metric]:
    blocks = Count(service=SERVICES, outcome=_SINK_OUTCOMES)
    retries = Count(service=SERVICES)
    troubled = Count(service=SERVICES)
    for sink in hub.sinks:
        stats = sink.delivery.stats
        blocks.add(sink.service, "delivered", by=stats.delivered)
        blocks.add(sink.service, "dropped", by=stats.dropped)
        retries.add(sink.service, by=stats.retries)
        troubled.add(sink.service, by=sink.delivery.troubled)
    yield counted("sink_blocks", "Blocks of captions for other services.", blocks)
    yield counted("sink_retries", "Requests to services that had to be sent again.", retries)
    in_trouble = {values[0]: number for values, number in troubled.items()}
    yield gauge(
        "sinks_troubled", "Sinks whose service takes no captions now.", in_trouble, "service"
    )


def _fill(count: Count, pairs: Iterable[tuple[str | StrEnum, float]]) -> None:
    for value, number in pairs:
        count.add(str(value), by=number)
