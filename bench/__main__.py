"""``python -m bench [NAME …]``: run benchmarks, print a table each, write JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import accuracy, frame_path, noise, overlay_hour, policies, sessions
from bench.machine import describe
from livecaption.engine.allocator import tuned_environment

BENCHMARKS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "frame": ("cost of a 100 ms chunk through the core", frame_path.run),
    "noise": ("silence and noise must give no caption", noise.run),
    "sessions": ("sessions on one CPU thread, naive and ours, random Whisper-tiny", sessions.run),
    "policies": (
        "word error rate and delay, one streaming default changed at a time",
        policies.run,
    ),
    "overlay": ("an hour of captions through the overlay, in Chromium", overlay_hour.run),
    "accuracy": ("delay and word error rate in real time, against offline", accuracy.run),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; default: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    environment = tuned_environment(os.environ)
    if environment is not None:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
    machine = describe()
    print(f"machine: {machine}")
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    for name in names:
        title, run = BENCHMARKS[name]
        print(f"\n{name}: {title}", flush=True)
        result = {"machine": machine, "when": datetime.now(UTC).isoformat(), **run()}
        path = folder / f"{name}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"-> {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
