"""Our server and the rivals, in turn, with the same model, clips, pacing and arithmetic.

``--capacity`` also finds how many streams each carries. Most rivals commit no word within 1.5 s
even with one stream, so next to the limit on committed words there is one on words shown: 95 % of
them first shown right within 1.5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.peers.peer import Peer, PeerTarget
from bench.peers.registry import PEERS
from bench.rival_plots import draw_rivals
from bench.scores import folder_of
from livecaption.bench.capacity import CapacityLimit, CapacitySearch
from livecaption.bench.excerpts import load_audio
from livecaption.bench.experiments import Load, find_capacity, measure_runs
from livecaption.bench.page import html_page
from livecaption.bench.plots import save
from livecaption.bench.report import new_report
from livecaption.bench.tables import Rows, table_of
from livecaption.bench.targets import OurServer, Target
from livecaption.bundled import model_path, speech_clips
from livecaption.errors import LiveCaptionError

TITLE = "our server and the rivals with the same model and clips, in turn"
OURS = "livecaption"
_SILENCE_S = 3.0
"""Of every speaker at the end: some servers let go of their last words only then."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", help="names, separated by commas: livecaption, or of a rival")
    parser.add_argument("--seconds", type=float, help="of each stream; default: whole clips")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--capacity", action="store_true", help="find how many streams each holds")
    parser.add_argument("--try-seconds", type=float, default=20.0, help="length of a capacity try")
    parser.add_argument("--threads", type=int, default=2, help="of each model")


def run(options: argparse.Namespace) -> dict[str, Any]:
    names = options.only.split(",") if options.only else [OURS, *PEERS]
    unknown = [name for name in names if name not in (OURS, *PEERS)]
    if unknown:
        raise SystemExit(f"no such server: {', '.join(unknown)}; there are {OURS}, {list(PEERS)}")
    report = new_report("rivals", target="rivals", model={"name": model_path().name})
    report["servers"] = {name: _measure(name, options) for name in names}
    _show(report)
    return report


def _measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one server; what does not run is reported with its own words."""
    peer = PEERS.get(name)
    facts: dict[str, Any] = _facts(peer)
    try:
        if peer is not None and peer.installation is not None:
            peer.installation.ensure()
        return {**facts, **asyncio.run(_figures(_target(peer, options.threads), options))}
    except (RuntimeError, LiveCaptionError) as error:
        print(f"  {name} could not be measured: {error}", flush=True)
        return {**facts, "failed": str(error)}


def _facts(peer: Peer | None) -> dict[str, Any]:
    if peer is None:
        return {"title": "livecaption", "settings": "its defaults", "changes": []}
    return {"title": peer.title, "settings": peer.settings, "changes": list(peer.changes)}


def _target(peer: Peer | None, threads: int) -> Target:
    if peer is None:
        settings = {"MODEL": str(model_path()), "DEVICE": "cpu", "CPU_THREADS": str(threads)}
        return OurServer({**settings, "COMPUTE_TYPE": "int8"})
    return PeerTarget(peer, model_path(), threads)


async def _figures(target: Target, options: argparse.Namespace) -> dict[str, Any]:
    clips = load_audio(speech_clips())
    load = Load(clips, 1, options.seconds, options.repeats, silence_s=_SILENCE_S)
    figures: dict[str, Any] = {"one_stream": await measure_runs(target, load, _say)}
    if options.capacity:
        tries = replace(load, seconds=options.try_seconds, patience_s=8.0)
        for kind in ("shown", "commit"):
            first = 8 if target.name == OURS else 2
            limit = CapacityLimit(kind=kind)
            search = CapacitySearch(first=first)
            figures[f"capacity_{kind}"] = await find_capacity(target, tries, search, limit, _say)
    return figures


def _say(sentence: str) -> None:
    print(f"  {sentence}", file=sys.stderr, flush=True)


def rival_rows(servers: dict[str, Any]) -> Rows:
    """Return the comparison as a table."""
    rows: Rows = [
        (
            "",
            "first text",
            "shown",
            "committed",
            "committed 95 %",
            "errors",
            "flicker",
            "changed",
            "cpu s/s",
            "streams, shown",
            "streams, committed",
        )
    ]
    for name, server in servers.items():
        if "failed" in server:
            rows.append((name, *["–"] * 8, "", f"did not run: {server['failed'][:60]}"))
            continue
        total = server["one_stream"]["total"]
        held = [server.get(f"capacity_{kind}", {}).get("capacity") for kind in ("shown", "commit")]
        rows.append(
            (
                name,
                *(f"{total[key]['p50']:.2f}" for key in ("first_text_s", "shown_s", "commit_s")),
                f"{total['commit_s']['p95']:.2f}",
                f"{total['word_error_rate']:.1%}",
                f"{total['flicker']:.1%}",
                str(total["committed_words_changed"]),
                f"{total['cost']['cpu_s_per_audio_s'] or 0:.3f}",
                *("–" if count is None else str(count) for count in held),
            )
        )
    return rows


def _show(report: dict[str, Any]) -> None:
    rows = rival_rows(report["servers"])
    Console(width=160).print(table_of("Seconds at the median unless a heading says more", rows))
    folder = folder_of("rivals")
    plots = draw_rivals(report)
    save(plots, folder)
    page = html_page("livecaption and its rivals", report, [("One run", rows)], plots)
    Path(folder, "rivals.html").write_text(page)
