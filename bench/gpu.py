"""Everything that needs a GPU, in one go: run it where one is, and keep what it prints.

1. ``livecaption doctor``, and the tests marked ``gpu``.
2. For random weights of the exact dimensions of large-v3-turbo and large-v3: what a batch costs by
   rows and encoder length, whether two CTranslate2 workers on one GPU overlap usefully, and how
   many live sessions hold a 95th percentile of lag below 1.5 s. Tokens come at the rate of speech.

``--dry-run`` goes the same way with a tiny model on the CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from bench.random_model import LARGE_V3, LARGE_V3_TURBO, NANO, Dimensions, write_model
from bench.sessions import LIMIT_S, Trial, bundled_speech, describe_row, measure_sessions
from livecaption.bench.capacity import CapacitySearch
from livecaption.core.batching import BatchPolicy
from livecaption.engine.base import ModelInfo
from livecaption.engine.config import EngineConfig

TITLE = "all that needs a GPU: doctor, tests, cost table, two workers, capacity"
TOKENS_PER_S = 3.3
"""Of speech."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="a tiny model on the CPU")
    parser.add_argument("--compute-type", default="float16", help="float16 or int8_float16")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each try of the search")
    parser.add_argument("--first", type=int, default=32, help="sessions to begin the search with")


def run(options: argparse.Namespace) -> dict[str, Any]:
    dry = options.dry_run
    if not dry and ctranslate2.get_cuda_device_count() == 0:
        raise SystemExit("There is no GPU here; --dry-run tries the plan out on the CPU.")
    plan = _Plan(options)
    result: dict[str, Any] = {"gpu": _gpu_name(), "compute_type": plan.compute_type, "dry_run": dry}
    result["doctor"] = _command([sys.executable, "-m", "livecaption", "doctor"])
    if not dry:
        result["tests"] = _command([sys.executable, "-m", "pytest", "-q", "-m", "gpu", "tests"])
    for dimensions in plan.models:
        print(f"  {dimensions.name} ({plan.compute_type})", flush=True)
        result[dimensions.name] = _measure(dimensions, plan)
    return result


class _Plan:
    """What is measured, and how large."""

    def __init__(self, options: argparse.Namespace) -> None:
        dry = options.dry_run
        self.device = "cpu" if dry else "cuda"
        self.compute_type = "int8" if dry else options.compute_type
        self.models: tuple[Dimensions, ...] = (NANO,) if dry else (LARGE_V3_TURBO, LARGE_V3)
        self.rows = (1, 2) if dry else (1, 2, 4, 8, 16, 32, 64)
        self.buckets = (500, 1000) if dry else (500, 650, 800, 1000, 1250, 1500, 2000, 3000)
        self.repeats = 1 if dry else 5
        self.seconds = 4.0 if dry else options.seconds
        self.first = 2 if dry else options.first
        self.most = 4 if dry else 4096
        self.max_rows = 2 if dry else 64


def _measure(dimensions: Dimensions, plan: _Plan) -> dict[str, Any]:
    folder = Path(tempfile.gettempdir()) / "livecaption-bench"
    path = write_model(
        dimensions, folder, quantization="int8" if plan.device == "cpu" else "float16"
    )
    model = WhisperModel(str(path), device=plan.device, compute_type=plan.compute_type)
    table = [
        _cost(model, dimensions, rows, bucket, plan.repeats)
        for bucket in plan.buckets
        for rows in plan.rows
    ]
    capacity = _capacity(model, dimensions, plan)
    del model
    return {
        "costs": table,
        "capacity": capacity,
        "workers": {str(count): _workers(path, dimensions, plan, count) for count in (1, 2)},
    }


def _cost(
    model: WhisperModel, dimensions: Dimensions, rows: int, bucket: int, repeats: int
) -> dict[str, Any]:
    """Time encoder and decoder of one batch shape, milliseconds, the best of some."""
    features = np.zeros((rows, dimensions.mels, bucket), dtype=np.float32)
    encode, generate = [], []
    for _ in range(repeats + 1):  # the first one warms the shape up
        began = time.perf_counter()
        # To the CPU: otherwise the call may return while the GPU still works.
        model.model.encode(ctranslate2.StorageView.from_array(features), True)
        encode.append(time.perf_counter() - began)
        encoded = model.encode(features)
        began = time.perf_counter()
        _decode(model, encoded, rows, bucket)
        generate.append(time.perf_counter() - began)
    row = {
        "rows": rows,
        "bucket": bucket,
        "encode_ms": round(1000 * min(encode[1:]), 2),
        "generate_ms": round(1000 * min(generate[1:]), 2),
    }
    row["ms_per_row"] = round((row["encode_ms"] + row["generate_ms"]) / rows, 2)
    print(
        f"    {rows:3} rows of {bucket:4} frames: encode {row['encode_ms']:8.2f} ms, "
        f"generate {row['generate_ms']:8.2f} ms, {row['ms_per_row']:7.2f} ms a row",
        flush=True,
    )
    return row


def _decode(model: WhisperModel, encoded: Any, rows: int, bucket: int) -> None:
    tokens = max(4, int(bucket / 100 * TOKENS_PER_S))
    prompt = [model.hf_tokenizer.token_to_id(t) for t in _PROMPT]
    length = max(2 * tokens, len(prompt) - 1 + tokens)
    end = model.hf_tokenizer.token_to_id("<|endoftext|>")
    model.model.generate(
        encoded, [prompt] * rows, beam_size=1, max_length=length, suppress_tokens=[end]
    )


_PROMPT = ("<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")


def _workers(path: Path, dimensions: Dimensions, plan: _Plan, count: int) -> dict[str, float]:
    """Return windows a second of ``count`` workers on one device, each given batches of its own."""
    model = WhisperModel(
        str(path), device=plan.device, compute_type=plan.compute_type, num_workers=count
    )
    rows, bucket, batches = plan.rows[-2], 1000, 4 * plan.repeats
    features = np.zeros((rows, dimensions.mels, bucket), dtype=np.float32)

    def one(_: int) -> None:
        _decode(model, model.encode(features), rows, bucket)

    one(0)
    with ThreadPoolExecutor(count) as threads:
        began = time.perf_counter()
        list(threads.map(one, range(batches)))
        took = time.perf_counter() - began
    rate = round(batches * rows / took, 1)
    print(
        f"    {count} worker(s): {rate} windows of 10 s a second, {rows} rows a batch", flush=True
    )
    return {"rows": rows, "windows_per_s": rate}


def _capacity(model: WhisperModel, dimensions: Dimensions, plan: _Plan) -> dict[str, Any]:
    search = CapacitySearch(first=plan.first, most=plan.most)
    info = ModelInfo(
        f"random-{dimensions.name}", plan.device, plan.compute_type, False, ("en",), False
    )
    config = EngineConfig(
        max_rows=plan.max_rows, final_beam=1, tokens_base=2, tokens_per_s=TOKENS_PER_S
    )
    speech = bundled_speech()
    tries = []
    while (count := search.next_count()) is not None:
        trial = Trial(count, plan.seconds, config, BatchPolicy(max_rows=plan.max_rows), info)
        row = asyncio.run(measure_sessions(model, trial, speech))
        tries.append(row)
        print(f"    {describe_row(row)}", flush=True)
        search.learn(count, holds=row["lag_p95_s"] < LIMIT_S and not row["lost_s"])
    return {"limit_p95_s": LIMIT_S, "sessions": search.held, "tries": tries}


def _gpu_name() -> str | None:
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def _command(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True)
    tail = done.stdout.splitlines()[-15:]
    print("    " + "\n    ".join(tail), flush=True)
    return {"status": done.returncode, "output": tail}
