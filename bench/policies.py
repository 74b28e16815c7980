"""What each streaming default is worth: one thing changed at a time, in simulated time.

The bundled model decodes every request for real; its result reaches the session a fixed 0.1 s of
audio later, so that delays do not depend on the machine. This is the measurement behind
``docs/adr/0004-streaming-defaults.md``.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from bench.simulations import BASE, ENGINE, load, play_variant, speech
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.config import SessionConfig
from livecaption.core.gate import GateConfig
from livecaption.core.policy import REALTIME, WINDOW
from livecaption.engine.config import EngineConfig

TITLE = "errors, delay and cost with one streaming default changed at a time, simulated time"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", help="names of variants, separated by commas")
    parser.add_argument("--clips", help="names of clips, separated by commas")


def variants() -> dict[str, tuple[SessionConfig, EngineConfig]]:
    def policy(**changes: Any) -> tuple[SessionConfig, EngineConfig]:
        return replace(BASE, policy=replace(REALTIME, **changes)), ENGINE

    second = SAMPLE_RATE
    return {
        "default": (BASE, ENGINE),
        "hop 0.3 s": policy(hop=int(0.3 * second)),
        "hop 1 s": policy(hop=second),
        "hop 2 s": policy(hop=2 * second),
        "hold back 0": policy(hold_back=0),
        "hold back 2": policy(hold_back=2),
        "half heard 0": policy(half_heard=0),
        "trim above 4 s": policy(trim_above=4 * second),
        "trim above 7 s": policy(trim_above=7 * second),
        "trim above 12 s": policy(trim_above=12 * second),
        "keep 1 s": policy(keep_overlap=second),
        "keep 3 s": policy(keep_overlap=3 * second),
        "hang-over 0.4 s": (replace(BASE, gate=GateConfig(hangover_frames=20)), ENGINE),
        "hang-over 0.7 s": (replace(BASE, gate=GateConfig(hangover_frames=35)), ENGINE),
        "pause never": policy(pause=10 * second),
        "final beam 5": (BASE, replace(ENGINE, final_beam=5)),
        "floor 5 s": (BASE, replace(ENGINE, bucket_floor=500)),
        "window": (replace(BASE, policy=WINDOW), ENGINE),
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    model = load()
    clips = speech(options.clips.split(",") if options.clips else None)
    chosen = variants()
    if options.only:
        chosen = {name: chosen[name] for name in options.only.split(",")}
    rows = []
    for name, (session, engine) in chosen.items():
        figures = play_variant(model, clips, session, engine)
        rows.append({"policy": name, **figures})
        print(
            f"  {name:16} errors {figures['word_error_rate']:6.2%}  "
            f"commit {figures['commit_s']['p50']:.2f}/{figures['commit_s']['p95']:.2f} s  "
            f"shown {figures['shown_s']['p50']:.2f} s  "
            f"engine {figures['cost']['engine_s_per_audio_s']:.3f} s/s  "
            f"flicker {figures['flicker']:.1%}",
            flush=True,
        )
    return {"policies": rows}
