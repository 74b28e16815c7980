"""Two minutes each of what must not be captioned, as fast as it decodes.

Silence, quiet and pink noise, a fan, mains hum, clicks and a melody run through the real detectors
and the bundled model; the count of caption words must be 0.
"""

from __future__ import annotations

import argparse
from typing import Any

from livecaption.core.captions import Delta, Partial
from livecaption.core.config import SessionConfig
from livecaption.core.session import CaptionSession
from livecaption.detect.silero import SileroVerifier
from livecaption.detect.webrtc import new_detector
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.loading import ModelOptions, load_model
from tests.noises import noises

TITLE = "silence and noise must give no caption"
SECONDS = 120


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=int, default=SECONDS)


def run(options: argparse.Namespace) -> dict[str, Any]:
    loaded = load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)
    engine = FasterWhisperTranscriber(
        loaded.model, loaded.info, EngineConfig(is_speech=SileroVerifier())
    )
    rows = []
    for name, audio in noises(options.seconds):
        session = CaptionSession(SessionConfig(name, previous_text=False), new_detector())
        shown = 0
        requests = 0
        for at in range(0, len(audio) + 1, 1600):
            if at + 1600 > len(audio):
                session.receive_eof("stop")
            else:
                session.receive_audio(audio[at : at + 1600])
            for request in session.requests_to_decode():
                requests += 1
                session.receive_result(engine.transcribe([engine.prepare(request)])[0])
            for event in session.events_to_publish():
                if isinstance(event, Delta | Partial):
                    shown += len(event.words)
        rows.append(
            {"what": name, "seconds": options.seconds, "requests": requests, "words": shown}
        )
        print(f"  {name:12} {shown} caption words, {requests} windows looked at")
    return {"noises": rows}
