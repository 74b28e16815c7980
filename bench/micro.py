"""Small parts of the program alone, each against a saved baseline of a named machine.

A ratio near 1 says that nothing changed; what it is on another machine says little, which is why
none of this is a test. ``--save`` writes ``baselines/<processor>.json``.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from bench import codec_cost, fan_out, feature_cost, frame_path, metering_cost
from livecaption.bench.report import describe_machine

TITLE = "frame path, features, codec, fan-out to 1,000 readers, counting, with saved baselines"

PARTS = {
    "frame": frame_path.run,
    "features": feature_cost.run,
    "codec": codec_cost.run,
    "fan-out": fan_out.run,
    "metering": metering_cost.run,
}
_BASELINES = Path(__file__).parent / "baselines"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", help="of " + ", ".join(PARTS))
    parser.add_argument("--save", action="store_true", help="make these figures the baseline")


def run(options: argparse.Namespace) -> dict[str, Any]:
    names = options.only.split(",") if options.only else list(PARTS)
    figures = {f"{name}.{key}": v for name in names for key, v in PARTS[name]().items()}
    machine = describe_machine()
    path = _BASELINES / f"{_slug(machine['processor'])}.json"
    saved = json.loads(path.read_text())["figures"] if path.exists() else {}
    ratios = {name: value / saved[name] for name, value in figures.items() if saved.get(name)}
    print(f"  baseline: {path.name if saved else 'none for this processor'}")
    for name, value in figures.items():
        ratio = f"  x{ratios[name]:.2f}" if name in ratios else ""
        print(f"  {name:34} {value:10.1f}{ratio}")
    if options.save:
        path.parent.mkdir(exist_ok=True)
        kept = {"machine": machine, "figures": {**saved, **figures}}
        path.write_text(json.dumps(kept, indent=1) + "\n")
    return {"figures": figures, "ratios": ratios, "baseline": path.name if saved else None}


def _slug(processor: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", processor.lower()).strip("-") or "unknown"
