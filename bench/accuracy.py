"""Errors of live captions, next to the same model on the same files offline.

Each clip is played at speaking speed through ``/ws/publish`` of a real server in a process of its
own; the finals are compared with the known text, next to what ``livecaption transcribe`` makes of
the same file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.simulations import speech
from livecaption.bench.experiments import Load, measure_runs
from livecaption.bench.targets import OurServer
from livecaption.bench.word_errors import count_errors

TITLE = "delay and word error rate in real time, against offline"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clips", help="names of clips, separated by commas; default: all five")


def run(options: argparse.Namespace) -> dict[str, Any]:
    rows = []
    for loaded in speech(options.clips.split(",") if options.clips else None):
        target = OurServer({"MODEL": "micro-en", "DEVICE": "cpu"})
        report = asyncio.run(measure_runs(target, Load([loaded]), lambda _: None))
        said = [word.word for word in loaded.clip.words]
        offline = count_errors(said, offline_text(loaded.clip.audio).split())
        row = {"clip": loaded.clip.name, "offline_word_error_rate": round(offline.rate, 4)}
        rows.append({**row, **report["total"]})
        total = report["total"]
        print(
            f"  {row['clip']:10} live {total['word_error_rate']:5.1%} offline {offline.rate:5.1%} "
            f"commit {total['commit_s']['p50']:.2f}/{total['commit_s']['p95']:.2f} s, "
            f"first text {total['first_text_s']['p50']:.2f} s, flicker {total['flicker']:.1%}",
            flush=True,
        )
    return {"clips": rows}


def offline_text(audio: Path) -> str:
    """Return what ``livecaption transcribe`` makes of a file with the bundled model."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "livecaption", "transcribe", str(audio)),
            *("--model", "micro-en", "--device", "cpu", "--format", "json"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return str(json.loads(done.stdout)["text"])
