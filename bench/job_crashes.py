"""Fifty times ``kill -9`` while the real server works on jobs: each ends once, or is reported.

The bundled model and pieces of the bundled speech, a real server in a process of its own, moments
from a seed. See ``livecaption/bench/job_crashes.py`` for what is promised.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from livecaption.bench.excerpts import load_audio
from livecaption.bench.job_crashes import CrashRun, pieces
from livecaption.bundled import speech_clips

TITLE = "kill -9 in the middle of jobs: each is done once, or reported failed"


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a file")
    parser.add_argument("--minutes", type=float, default=60.0, help="no further kill after these")
    parser.add_argument("--seed", type=int, default=1)


def run(options: argparse.Namespace) -> dict[str, Any]:
    clips = load_audio(speech_clips())
    files = [piece for clip in clips for piece in pieces(clip.audio, options.seconds)]
    with tempfile.TemporaryDirectory(prefix="livecaption-crashes-") as directory:
        crashes = CrashRun(Path(directory), files, options.seed, _say)
        account = crashes.run(options.kills, limit_s=60 * options.minutes)
    print(
        f"  {account.kills} kills, {account.running_when_killed} jobs under way at them, "
        f"{account.broken_off} uploads cut off: of {len(account.accepted)} accepted jobs "
        f"{account.done} done, {account.failed} reported failed, {len(account.lost)} lost, "
        f"{len(account.changed)} ended twice, {len(account.unended)} not ended, "
        f"{len(account.empty)} without text, {account.left_over} files left over; "
        f"{account.seconds:.0f} s"
    )
    if not account.is_clean:
        print("  a promise was broken", file=sys.stderr)
    return {"clean": account.is_clean, **asdict(account)}
