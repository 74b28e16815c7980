"""What 100 ms of audio cost between socket and engine: splitter, ring, VAD, gate, scheduler.

Real speech runs through a real session; its requests are taken, but not decoded, and each is
answered at once with the words of the clip, so that windows move on as they do live.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from livecaption.bundled import speech_clips
from livecaption.core.config import SessionConfig
from livecaption.core.hypothesis import Word
from livecaption.core.session import CaptionSession
from livecaption.core.stats import percentile
from livecaption.detect.webrtc import new_detector
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.media.sources import open_source

TARGET_US = 60.0


def run() -> dict[str, Any]:
    costs: list[float] = []
    for clip in speech_clips():
        with open_source(str(clip.audio)) as source:
            audio = np.concatenate(list(source))
        words = [
            Word(f" {w.word}", int(w.start * 16_000), int(w.stop * 16_000), 0.9) for w in clip.words
        ]
        engine = ScriptedTranscriber(words)
        for repeat in range(5):
            session = CaptionSession(SessionConfig(f"s{repeat}"), new_detector())
            for at in range(0, len(audio), 1600):
                chunk = audio[at : at + 1600]
                began = time.perf_counter()
                session.receive_audio(chunk)
                requests = session.requests_to_decode()
                costs.append((time.perf_counter() - began) * 1e6)
                for request in requests:
                    session.receive_result(engine.transcribe([engine.prepare(request)])[0])
                session.events_to_publish()
    result = {
        "chunks": len(costs),
        "median_us": round(percentile(costs, 50), 1),
        "p99_us": round(percentile(costs, 99), 1),
        "target_median_us": TARGET_US,
    }
    print(
        f"  median {result['median_us']} µs, p99 {result['p99_us']} µs "
        f"of {len(costs)} chunks (target: median ≤ {TARGET_US:g} µs)"
    )
    return result
