"""Delay against errors against computing: the hop from 0.3 to 3 s, both policies, simulated time.

Each point plays the clips with the bundled model; a decode is taken to last 0.1 s.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from bench.scores import folder_of
from bench.simulations import BASE, load, play_variant, speech
from livecaption.bench.plots import COLOURS, new_figure, save
from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.policy import REALTIME, WINDOW

TITLE = "delay against errors against computing, hop 0.3 to 3 s, both policies"

HOPS_S = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
WINDOW_HOPS_S = (1.0, 2.0, 3.0)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clips", help="names of clips, separated by commas; default: all five")


def run(options: argparse.Namespace) -> dict[str, Any]:
    model = load()
    clips = speech(options.clips.split(",") if options.clips else None)
    points = []
    for policy, hops in ((REALTIME, HOPS_S), (WINDOW, WINDOW_HOPS_S)):
        for hop in hops:
            config = replace(BASE, policy=policy.with_hop(int(hop * SAMPLE_RATE)))
            figures = play_variant(model, clips, config)
            points.append({"policy": policy.name, "hop_s": hop, **figures})
            print(
                f"  {policy.name:8} hop {hop:.1f} s: committed "
                f"{figures['commit_s']['p50']:.2f}/{figures['commit_s']['p95']:.2f} s, "
                f"shown {figures['shown_s']['p50']:.2f} s, "
                f"errors {figures['word_error_rate']:.2%}, "
                f"flicker {figures['flicker']:.1%}, "
                f"engine {figures['cost']['engine_s_per_audio_s']:.3f} s/s",
                flush=True,
            )
    save({"tradeoff": _plot(points)}, folder_of("tradeoff"))
    return {"clips": [loaded.clip.name for loaded in clips], "points": points}


def _plot(points: list[dict[str, Any]]) -> Any:
    figure, axes = new_figure(
        "Delay against errors; each point is a hop, its size the computing",
        "median delay of committed words, s",
        "word error rate",
    )
    for index, name in enumerate(("realtime", "window")):
        mine = [point for point in points if point["policy"] == name]
        x = [point["commit_s"]["p50"] for point in mine]
        y = [point["word_error_rate"] for point in mine]
        cost = [3000 * point["cost"]["engine_s_per_audio_s"] for point in mine]
        axes.plot(x, y, "-", color=COLOURS[index], lw=1, label=name)
        axes.scatter(x, y, s=cost, color=COLOURS[index], alpha=0.6)
        for point, at_x, at_y in zip(mine, x, y, strict=True):
            label = f"{point['hop_s']:g} s"
            axes.annotate(label, (at_x, at_y), (6, 4), textcoords="offset points", fontsize=8)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure
