"""The same clips with an engine that takes no time: what the policy alone waits for.

The difference to the measured delays is computing, queueing and the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from livecaption.asgi import load_transcriber
from livecaption.bench.excerpts import LoadedClip, whole
from livecaption.bench.figures import measure
from livecaption.bench.load_run import RunFigures
from livecaption.bench.report import run_report
from livecaption.bench.simulated import play_simulated
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.config import SessionConfig
from livecaption.core.policy import REALTIME, WINDOW
from livecaption.engine.base import Transcriber
from livecaption.settings import Settings, load_settings

__all__ = ["ideal_report", "session_config", "simulate"]


def ideal_report(
    settings: Mapping[str, str], clips: Sequence[LoadedClip], say: Callable[[str], None]
) -> dict[str, Any]:
    """Play the clips in simulated time with the model and policy of ``settings``.

    Args:
        settings: by upper-case name, as the measured server got them.
        clips: what is said.
        say: takes sentences for the operator.

    Raises:
        OperatorError: the model cannot be loaded.
    """
    parsed = load_settings(None, **{name.lower(): value for name, value in settings.items()})
    engine = load_transcriber(parsed, say)
    config = session_config(parsed, previous_text=engine.info.previous_text)
    report = run_report(simulate(engine, clips, config))
    kept = ("commit_s", "shown_s", "first_text_s", "final_s", "word_error_rate", "flicker", "cost")
    return {name: report[name] for name in kept}


def session_config(settings: Settings, *, previous_text: bool) -> SessionConfig:
    """Return what the server would tell a session."""
    policy = WINDOW if settings.policy == "window" else REALTIME
    if settings.hop:
        policy = policy.with_hop(int(settings.hop * SAMPLE_RATE))
    return SessionConfig("ideal", policy=policy, previous_text=previous_text)


def simulate(
    engine: Transcriber,
    clips: Sequence[LoadedClip],
    config: SessionConfig,
    *,
    decode_s: float = 0.0,
) -> RunFigures:
    """Score the clips, each in a session of its own, in simulated time."""
    runs = [play_simulated(engine, c.audio, config, decode_s=decode_s) for c in clips]
    excerpts = [whole(loaded) for loaded in clips]
    figures = [measure(e, run.log) for e, run in zip(excerpts, runs, strict=True)]
    audio_s = sum(excerpt.duration for excerpt in excerpts)
    cost: dict[str, float | None] = {
        "engine_s_per_audio_s": sum(run.engine_s for run in runs) / audio_s,
        "requests_per_s": sum(run.requests for run in runs) / audio_s,
    }
    return RunFigures(1, audio_s, tuple(figures), cost, client_cores=0.0)
