"""What each streaming default is worth: one thing changed at a time, in simulated time.

The bundled model decodes every request for real; its result reaches the session a fixed 0.1 s of
audio later, so that delays do not depend on the machine. This is the measurement behind
``docs/adr/0004-streaming-defaults.md``.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from livecaption.bundled import load_clip, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.captions import Delta, Final, Partial
from livecaption.core.config import SessionConfig
from livecaption.core.decode import DecodeRequest, DecodeResult
from livecaption.core.gate import GateConfig
from livecaption.core.policy import REALTIME, WINDOW
from livecaption.core.session import CaptionSession
from livecaption.core.stats import FlickerMeter, percentile
from livecaption.detect.silero import SileroVerifier
from livecaption.detect.webrtc import new_detector
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.loading import ModelOptions, load_model
from livecaption.media.sources import open_source

LATENCY = SAMPLE_RATE // 10
DEV = Path(__file__).parent.parent / "tests" / "data" / "speech"
NORMALISE = EnglishTextNormalizer()


@dataclass
class Outcome:
    """What one session over one clip came to."""

    text: str
    delays: list[float]
    engine_s: float
    requests: int
    flicker: FlickerMeter


def variants() -> dict[str, tuple[SessionConfig, EngineConfig]]:
    base = SessionConfig("s", previous_text=False)
    engine = EngineConfig(is_speech=SileroVerifier(), fallback_temperature=0.0)

    def policy(**changes: Any) -> tuple[SessionConfig, EngineConfig]:
        return replace(base, policy=replace(REALTIME, **changes)), engine

    second = SAMPLE_RATE
    return {
        "default": (base, engine),
        "hop 0.3 s": policy(hop=int(0.3 * second)),
        "hop 1 s": policy(hop=second),
        "hop 2 s": policy(hop=2 * second),
        "hold back 0": policy(hold_back=0),
        "hold back 2": policy(hold_back=2),
        "trim above 4 s": policy(trim_above=4 * second),
        "trim above 5 s": policy(trim_above=5 * second),
        "trim above 12 s": policy(trim_above=12 * second),
        "keep 1 s": policy(keep_overlap=second),
        "keep 3 s": policy(keep_overlap=3 * second),
        "hang-over 0.4 s": (replace(base, gate=GateConfig(hangover_frames=20)), engine),
        "hang-over 0.7 s": (replace(base, gate=GateConfig(hangover_frames=35)), engine),
        "pause never": policy(pause=10 * second),
        "final beam 1": (base, replace(engine, final_beam=1)),
        "final beam 2": (base, replace(engine, final_beam=2)),
        "floor 5 s": (base, replace(engine, bucket_floor=500)),
        "window": (replace(base, policy=WINDOW), engine),
    }


def run() -> dict[str, Any]:
    loaded = load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)
    clips = [*speech_clips(), *(load_clip(path) for path in sorted(DEV.glob("long_*.json")))]
    audio = {}
    for clip in clips:
        with open_source(str(clip.audio)) as source:
            audio[clip.name] = np.concatenate(list(source))
    chosen = variants()
    if names := os.environ.get("LIVECAPTION_BENCH_POLICIES"):
        chosen = {name: chosen[name] for name in names.split(",")}
    rows = []
    print("  " + " " * 16 + "".join(f"{clip.name:>9}" for clip in clips) + "   all")
    for name, (session, engine) in chosen.items():
        transcriber = FasterWhisperTranscriber(loaded.model, loaded.info, engine)
        outcomes = [play(transcriber, audio[clip.name], session) for clip in clips]
        errors = [_errors(clip.text, out.text) for clip, out in zip(clips, outcomes, strict=True)]
        delays = [delay for outcome in outcomes for delay in outcome.delays]
        shown = sum(outcome.flicker.shown for outcome in outcomes)
        seconds = sum(clip.duration for clip in clips)
        row = {
            "policy": name,
            "wer": {c.name: round(e / n, 4) for c, (e, n) in zip(clips, errors, strict=True)},
            "wer_all": round(sum(e for e, _ in errors) / sum(n for _, n in errors), 4),
            "commit_p50_s": round(percentile(delays, 50), 2),
            "commit_p95_s": round(percentile(delays, 95), 2),
            "engine_s_per_s": round(sum(out.engine_s for out in outcomes) / seconds, 3),
            "requests_per_s": round(sum(out.requests for out in outcomes) / seconds, 2),
            "flicker": round(sum(o.flicker.changed for o in outcomes) / max(1, shown), 3),
        }
        rows.append(row)
        print(
            f"  {name:16}"
            + "".join(f"{row['wer'][clip.name]:9.1%}" for clip in clips)
            + f"{row['wer_all']:7.2%}  commit {row['commit_p50_s']:.2f}/{row['commit_p95_s']:.2f} s"
            f"  engine {row['engine_s_per_s']:.3f} s/s  flicker {row['flicker']:.1%}",
            flush=True,
        )
    return {"policies": rows}


def play(engine: FasterWhisperTranscriber, audio: Samples, config: SessionConfig) -> Outcome:
    """Run one session over a clip in simulated time."""
    session = CaptionSession(config, new_detector())
    outcome = Outcome("", [], 0.0, 0, FlickerMeter())
    waiting: list[tuple[int, DecodeResult]] = []
    finals: list[str] = []
    committed: list[str] = []

    def drain(now: int) -> None:
        for event in session.events_to_publish():
            match event:
                case Delta():
                    outcome.delays += [(now - word.stop) / SAMPLE_RATE for word in event.words]
                    committed.extend(word.text for word in event.words)
                case Partial():
                    outcome.flicker.show(committed, [word.text for word in event.words])
                    committed.clear()
                case Final():
                    finals.append(event.text)
                case _:
                    pass
        requests = session.requests_to_decode()
        waiting.extend((now + LATENCY, _timed(engine, request, outcome)) for request in requests)

    for at in range(0, len(audio), 1600):
        session.receive_audio(audio[at : at + 1600])
        now = session.received
        drain(now)
        while waiting and waiting[0][0] <= now:
            session.receive_result(waiting.pop(0)[1])
            drain(now)
    session.receive_eof("stop")
    drain(session.received)
    while waiting:
        at, result = waiting.pop(0)
        session.receive_result(result)
        drain(max(at, session.received))
    engine.forget(config.session)
    outcome.text = " ".join(finals)
    return outcome


def _timed(
    engine: FasterWhisperTranscriber, request: DecodeRequest, outcome: Outcome
) -> DecodeResult:
    began = time.process_time()
    (result,) = engine.transcribe([engine.prepare(request)])
    outcome.engine_s += time.process_time() - began
    outcome.requests += 1
    return result


def _errors(said: str, written: str) -> tuple[int, int]:
    out = jiwer.process_words(NORMALISE(said), NORMALISE(written) or "-")
    return (
        out.substitutions + out.deletions + out.insertions,
        out.hits + out.substitutions + out.deletions,
    )
