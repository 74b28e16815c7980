"""The bundled model in simulated time over clips with known words: what several sweeps share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from livecaption.bench.excerpts import LoadedClip, load_audio
from livecaption.bench.ideal import simulate
from livecaption.bench.report import run_report
from livecaption.bundled import load_clip, speech_clips
from livecaption.core.config import SessionConfig
from livecaption.detect.silero import SileroVerifier
from livecaption.engine.config import EngineConfig
from livecaption.engine.faster_whisper import FasterWhisperTranscriber
from livecaption.engine.loading import LoadedModel, ModelOptions, load_model

__all__ = ["BASE", "DECODE_S", "ENGINE", "load", "play_variant", "speech"]

DECODE_S = 0.1
"""What a decode is taken to last, so that the figures do not depend on the machine."""
_DEV = Path(__file__).parent.parent / "tests" / "data" / "speech"

BASE = SessionConfig("s", previous_text=False)
ENGINE = EngineConfig(is_speech=SileroVerifier(), fallback_temperature=0.0, final_beam=1)


def load() -> LoadedModel:
    return load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), lambda _: None)


def speech(names: Iterable[str] | None = None) -> list[LoadedClip]:
    """Return the bundled clips and the long ones of the tests, or those named."""
    clips = [*speech_clips(), *(load_clip(path) for path in sorted(_DEV.glob("long_*.json")))]
    wanted = set(names) if names else {clip.name for clip in clips}
    return load_audio([clip for clip in clips if clip.name in wanted])


def play_variant(
    model: LoadedModel,
    clips: list[LoadedClip],
    config: SessionConfig,
    engine: EngineConfig = ENGINE,
    *,
    decode_s: float = DECODE_S,
) -> dict[str, Any]:
    """Return the figures of one configuration."""
    transcriber = FasterWhisperTranscriber(model.model, model.info, engine)
    return run_report(simulate(transcriber, clips, replace(config), decode_s=decode_s))
