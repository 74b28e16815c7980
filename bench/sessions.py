"""How many live sessions one CPU thread carries, the naive way and ours, in one run.

Every session hears the bundled meeting from a place of its own, in real time; the engine has
random weights of Whisper-tiny size (``weighed``), one thread, and yields tokens at the rate of
speech. Naive means: every window padded to 30 s, one at a time, first come first served, every
second. Ours is the program as it is. Both use the same streaming policy, which favours the naive.

Lag is what a reader feels: from the end of a word to its first appearance, partial or committed.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from bench.random_model import TINY, write_model
from bench.weighed import WeighedTranscriber
from livecaption.bundled import speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.batching import BatchPolicy, CostModel, PendingWindow
from livecaption.core.captions import CaptionEvent, Delta, Gap, Partial
from livecaption.core.config import SessionConfig
from livecaption.core.hypothesis import Word
from livecaption.core.policy import REALTIME
from livecaption.core.session import CaptionSession
from livecaption.core.stats import percentile
from livecaption.detect.webrtc import new_detector
from livecaption.engine.base import ModelInfo
from livecaption.engine.batcher import Batcher
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.media.sources import open_source
from livecaption.server.live_session import LiveSession
from livecaption.server.recorder import Recorder
from livecaption.server.room import Room, Stamped
from livecaption.storage.records import SessionOpened
from livecaption.storage.store import TranscriptStore

TITLE = "sessions on one CPU thread, naive and ours, random Whisper-tiny"
LIMIT_S = 1.5
WAYS = {
    "naive": (1, 2, 3),
    "ours": (8, 12, 16, 20, 24),
    "ours, 5 s floor": (12, 16, 20, 24, 28),
}
"""How many sessions are tried each way."""


class FirstComeFirstServed(BatchPolicy):
    """The naive way: the oldest request, alone."""

    def select(self, pending: Sequence[PendingWindow], costs: CostModel) -> list[PendingWindow]:
        return sorted(pending, key=lambda window: window.arrived)[:1]


@dataclass
class Listener:
    """Follows one session's events and notes when each word was first seen."""

    words: Sequence[Word]
    began: float = 0.0
    committed: int = 0
    seen: int = 0
    lags: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    lost_s: float = 0.0

    def take(self, event: CaptionEvent) -> None:
        now = asyncio.get_running_loop().time() - self.began
        match event:
            case Delta():
                for word in event.words:
                    self.commits.append(now - word.stop / SAMPLE_RATE)
                self.committed += len(event.words)
                self._see(self.committed, now)
            case Partial():
                # A word is seen once it is there as it was said; half a word is not.
                said = self.words[self.committed :]
                pairs = zip(event.words, said, strict=False)
                whole = list(takewhile(lambda pair: pair[0].text == pair[1].text, pairs))
                self._see(self.committed + len(whole), now)
            case Gap():
                self.lost_s += (event.stop - event.start) / SAMPLE_RATE
            case _:
                pass

    def _see(self, count: int, now: float) -> None:
        for word in self.words[self.seen : count]:
            self.lags.append(now - word.stop / SAMPLE_RATE)
        self.seen = max(self.seen, count)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=25.0, help="of each measurement")
    parser.add_argument("--ways", help="of " + ", ".join(WAYS))


def run(options: argparse.Namespace) -> dict[str, Any]:
    folder = write_model(TINY, Path(tempfile.gettempdir()) / "livecaption-bench")
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    speech = bundled_speech()
    ways = options.ways.split(",") if options.ways else list(WAYS)
    result: dict[str, Any] = {"seconds": options.seconds, "limit_p95_s": LIMIT_S}
    for way in ways:
        result[way] = []
        for count in WAYS[way]:
            trial = _trial(way, count, options.seconds)
            row = asyncio.run(measure_sessions(model, trial, speech))
            result[way].append(row)
            print(f"  {way:15} {describe_row(row)}", flush=True)
            if row["lag_p95_s"] > 2 * LIMIT_S:
                break
        held = [r["sessions"] for r in result[way] if r["lag_p95_s"] < LIMIT_S]
        result[f"{way}_capacity"] = max(held, default=0)
    held_by = ", ".join(f"{way} {result[f'{way}_capacity']}" for way in ways)
    print(f"  sessions at p95 lag < {LIMIT_S} s: {held_by}")
    return result


def describe_row(row: dict[str, Any]) -> str:
    return (
        f"{row['sessions']:4} sessions: lag p50 {row['lag_p50_s']:.2f} "
        f"p95 {row['lag_p95_s']:.2f} s, commit p95 {row['commit_p95_s']:.2f} s, "
        f"engine {row['engine_busy']:.0%}, rows per batch {row['rows_per_batch']:.1f}, "
        f"lost {row['lost_s']:.1f} s"
    )


@dataclass(frozen=True)
class Trial:
    """How many sessions, and how they are decoded."""

    count: int
    seconds: float
    config: EngineConfig
    batches: BatchPolicy
    info: ModelInfo
    hop_s: float = 0.5
    max_hop_s: float = 2.0


def _trial(way: str, count: int, seconds: float) -> Trial:
    naive = way == "naive"
    config = EngineConfig(
        bucket_floor=3000 if naive else 500 if "floor" in way else 1000,
        max_rows=1 if naive else 8,
        final_beam=1,
        # Speech has about 3.3 tokens a second; random weights never end by themselves.
        tokens_base=2,
        tokens_per_s=3.3,
    )
    info = ModelInfo("random-tiny", "cpu", "int8", False, ("en",), False)
    if naive:
        return Trial(count, seconds, config, FirstComeFirstServed(), info, 1.0, 1.0)
    return Trial(count, seconds, config, BatchPolicy(max_rows=8), info)


def bundled_speech() -> tuple[Samples, list[Word]]:
    """The bundled meeting with its words in absolute samples."""
    parts: list[Samples] = []
    words: list[Word] = []
    offset = 0
    for clip in speech_clips()[:1]:
        with open_source(str(clip.audio)) as source:
            audio = np.concatenate(list(source))
        for word in clip.words:
            start = offset + int(word.start * SAMPLE_RATE)
            stop = offset + int(word.stop * SAMPLE_RATE)
            words.append(Word(f" {word.word}", start, stop, 0.9))
        parts.append(audio)
        offset += len(audio)
    return np.concatenate(parts), words


async def measure_sessions(
    model: WhisperModel, trial: Trial, speech: tuple[Samples, list[Word]]
) -> dict[str, Any]:
    audio, words = speech
    count = trial.count
    starts = [len(audio) * index // count // 160 * 160 for index in range(count)]
    heard = {f"s{i}": _from(words, start, len(audio)) for i, start in enumerate(starts)}
    real = FasterWhisperTranscriber(model, trial.info, trial.config)
    engine = WeighedTranscriber(real, heard)
    batcher = Batcher(engine, trial.batches)
    listeners = [Listener(heard[f"s{index}"]) for index in range(count)]
    store = await TranscriptStore.open(None)
    recorder = Recorder(store)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        tasks.create_task(recorder.run())
        await batcher.warm_up()
        batcher.stats.busy_s = 0.0
        async with asyncio.TaskGroup() as sessions:
            for index, (start, listener) in enumerate(zip(starts, listeners, strict=True)):
                played = np.concatenate([audio[start:], audio[:start]])
                room = HeardRoom(f"s{index}", listener)
                sessions.create_task(_session(room, played, batcher, recorder, trial))
        busy = batcher.stats.busy_s
        await batcher.aclose()
        await recorder.aclose()
    await store.aclose()
    lags = [lag for listener in listeners for lag in listener.lags]
    commits = [lag for listener in listeners for lag in listener.commits]
    return {
        "sessions": count,
        "lag_p50_s": round(percentile(lags, 50), 3),
        "lag_p95_s": round(percentile(lags, 95), 3),
        "commit_p50_s": round(percentile(commits, 50), 3),
        "commit_p95_s": round(percentile(commits, 95), 3),
        "engine_busy": round(busy / trial.seconds, 3),
        "rows_per_batch": round(batcher.stats.rows / max(1, batcher.stats.batches), 2),
        "words": len(commits),
        "lost_s": round(sum(listener.lost_s for listener in listeners), 2),
    }


def _from(words: list[Word], start: int, length: int) -> list[Word]:
    """The words as heard by a session that begins at ``start`` and goes round."""
    later = [w.shifted(-start) for w in words if w.start >= start]
    return later + [w.shifted(length - start) for w in words if w.stop <= start]


class HeardRoom(Room):
    """The room of one session, with somebody who notes when each event comes."""

    def __init__(self, name: str, listener: Listener) -> None:
        super().__init__(name)
        self.listener = listener

    def deliver(self, stamped: Stamped) -> None:
        super().deliver(stamped)
        self.listener.take(stamped.event)


async def _session(
    room: HeardRoom, audio: Samples, batcher: Batcher, recorder: Recorder, trial: Trial
) -> None:
    name, listener = room.name, room.listener
    hop, most_hop = (int(s * SAMPLE_RATE) for s in (trial.hop_s, trial.max_hop_s))
    policy = replace(REALTIME, hop=hop, most_hop=most_hop)
    session = CaptionSession(
        SessionConfig(name, policy=policy, previous_text=False, verify_speech=False),
        new_detector(),
    )
    recorder.submit([SessionOpened(name, name, b"", 0.0, "{}")])
    clock = asyncio.get_running_loop().time
    async with asyncio.TaskGroup() as tasks:
        live = LiveSession(session, batcher, recorder, room, tasks, started_at=0.0)
        # Sessions do not begin in step: real speakers do not either.
        await asyncio.sleep(int(name[1:]) * 0.037 % 1.0)
        listener.began = clock()
        for at in range(0, int(trial.seconds * SAMPLE_RATE), 1600):
            due = listener.began + (at + 1600) / SAMPLE_RATE
            await asyncio.sleep(max(0.0, due - clock()))
            live.feed(audio[at : at + 1600])
        live.end("stop")
        await live.closed.wait()
