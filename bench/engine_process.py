"""What it costs to have the model in a process of its own: milliseconds, memory, a restart.

The same windows are prepared and decoded here and over there, in turn, so that what else the
machine does meets both alike.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psutil

from bench.speakers import quantiles
from livecaption.asgi import load_transcriber, recipe_of
from livecaption.bundled import MODEL_NAME, speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.engine.base import Transcriber
from livecaption.engine.supervised import SupervisedTranscriber
from livecaption.engine.supervisor import Supervisor
from livecaption.media.sources import open_source
from livecaption.settings import load_settings

TITLE = "the model in a process of its own, against the model in this one"

_WINDOW = 4 * SAMPLE_RATE
_ROWS = (1, 4, 8)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=60, help="batches of each size")
    parser.add_argument("--restarts", type=int, default=5)


def run(options: argparse.Namespace) -> dict[str, Any]:
    settings = load_settings(None, model=MODEL_NAME, device="cpu")
    with open_source(str(speech_clips()[0].audio)) as source:
        speech = np.concatenate(list(source))
    before = _memory(os.getpid())
    supervisor = Supervisor(recipe_of(settings), lambda _: None)
    with SupervisedTranscriber(supervisor) as apart:
        apart.warm_up()
        assert supervisor.pid is not None
        memory = {"server_mib": _memory(os.getpid()), "engine_mib": _memory(supervisor.pid)}
        here = load_transcriber(settings, lambda _: None)
        here.warm_up()
        memory["both_in_one_mib"] = _memory(os.getpid())
        result = {
            "memory": {"before_mib": before, **memory},
            "batches_ms": {
                rows: _compare(here, apart, _requests(speech, rows), options.repeats)
                for rows in _ROWS
            },
            "restart_s": [_restart(supervisor) for _ in range(options.restarts)],
        }
    for name, value in result.items():
        print(f"  {name}: {value}", flush=True)
    return result


def _requests(speech: Samples, rows: int) -> list[DecodeRequest]:
    starts = range(0, rows * SAMPLE_RATE, SAMPLE_RATE)
    return [
        DecodeRequest(
            f"s{start}", 1, 1, DecodeKind.PARTIAL, 0, speech[start : start + _WINDOW], language="en"
        )
        for start in starts
    ]


def _compare(
    here: Transcriber, apart: Transcriber, requests: Sequence[DecodeRequest], repeats: int
) -> dict[str, dict[str, float]]:
    took: dict[str, list[float]] = {"here": [], "apart": [], "difference": []}
    for _ in range(repeats):
        pair = {name: _decode(each, requests) for name, each in (("here", here), ("apart", apart))}
        for name, seconds in pair.items():
            took[name].append(1000 * seconds)
        took["difference"].append(1000 * (pair["apart"] - pair["here"]))
    return {name: quantiles(values) for name, values in took.items()}


def _decode(engine: Transcriber, requests: Sequence[DecodeRequest]) -> float:
    """Prepare and decode a batch, with nothing cached."""
    for request in requests:
        engine.forget(request.session)
    began = time.perf_counter()
    engine.transcribe([engine.prepare(request) for request in requests])
    return time.perf_counter() - began


def _restart(supervisor: Supervisor) -> float:
    """Kill the engine; return the seconds until there is another one."""
    pid = supervisor.current().pid
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    _until(lambda: supervisor.pid not in (None, pid))
    return round(time.perf_counter() - began, 3)


def _until(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    while not condition():
        tick.wait(0.005)


def _memory(pid: int) -> float:
    """MiB that would be free without it: pages shared with others count as their share."""
    return round(float(psutil.Process(pid).memory_full_info().pss) / 2**20, 1)
