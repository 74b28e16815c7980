"""Delay and accuracy of one live stream, against the same file offline.

Each clip is played at speaking speed through ``/ws/publish`` of a real server in a process of its
own; the finals are compared with the known text, next to what ``livecaption transcribe`` makes of
the same file. Word error rate: jiwer after whisper-normalizer's English normaliser.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from livecaption.bundled import Clip, load_clip, speech_clips
from livecaption.client.clip_run import play_clip
from livecaption.core.stats import percentile

DEV = Path(__file__).parent.parent / "tests" / "data" / "speech"
NORMALISE = EnglishTextNormalizer()


def run() -> dict[str, Any]:
    clips = [*speech_clips(), *(load_clip(path) for path in sorted(DEV.glob("long_*.json")))]
    wanted = os.environ.get("LIVECAPTION_BENCH_CLIPS")
    if wanted:
        clips = [clip for clip in clips if clip.name in wanted.split(",")]
    rows = []
    commits: list[float] = []
    firsts: list[float] = []
    with _server() as url:
        for clip in clips:
            live = asyncio.run(play_clip(url, clip))
            commits += live.commit_delays()
            firsts += live.first_partial_delays()
            row = {
                "clip": clip.name,
                "seconds": round(clip.duration, 1),
                "live_wer": _wer(clip, live.text),
                "offline_wer": _wer(clip, _offline(clip)),
                "commit_p50_s": round(percentile(live.commit_delays(), 50), 2),
                "commit_p95_s": round(percentile(live.commit_delays(), 95), 2),
                "first_p50_s": round(percentile(live.first_partial_delays(), 50), 2),
                "lost_s": live.closed.lost_s if live.closed else None,
            }
            rows.append(row)
            print(
                f"  {row['clip']:10} live {row['live_wer']:5.1%} offline {row['offline_wer']:5.1%} "
                f"commit p50 {row['commit_p50_s']:.2f} p95 {row['commit_p95_s']:.2f} s, "
                f"first text p50 {row['first_p50_s']:.2f} s",
                flush=True,
            )
    total = {
        "commit_p50_s": round(percentile(commits, 50), 2),
        "commit_p95_s": round(percentile(commits, 95), 2),
        "first_p50_s": round(percentile(firsts, 50), 2),
    }
    print(f"  all words: {total}  (targets: commit p50 ≤ 1.5, p95 ≤ 2.5; first text ≤ 1.0)")
    return {"clips": rows, "all": total}


def _wer(clip: Clip, text: str) -> float:
    return round(jiwer.wer(NORMALISE(clip.text), NORMALISE(text) or "-"), 4)


def _offline(clip: Clip) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "livecaption", "transcribe", str(clip.audio)),
            *("--model", "micro-en", "--device", "cpu", "--format", "json"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return str(json.loads(done.stdout)["text"])


@contextmanager
def _server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "livecaption", "serve", "--model", "micro-en"]
    command += ["--device", "cpu", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen(command)
    try:
        _wait_ready(f"http://127.0.0.1:{port}/readyz")
        yield f"ws://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _wait_ready(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)  # noqa: TID251 - waits for another process
    raise SystemExit("the server did not become ready within 30 s")
