"""Millions of fuzzed messages to everything that reads what clients write: is an exception ours?

Three parts: text to the readers of messages, bytes to the readers of audio with a session behind
them, and whole conversations with the application (``tests/faults/fuzz_sessions.py``). The first is
guided by coverage where atheris is installed (``pip install --group fuzz``), and drawn from a
grammar of damaged messages in any case. The first fault ends the run; it is shown with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.faults.fuzz_codec import DECODERS, try_audio, try_text
from tests.faults.fuzz_sessions import conversations
from tests.faults.mutations import SEEDS, Mutator

TITLE = "fuzzed messages, audio and conversations: exceptions that are ours"
_DONE = re.compile(r"Done (\d+) runs in (\d+) second")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=10_000_000, help="messages from the grammar")
    parser.add_argument("--guided", type=int, default=1_000_000, help="messages from atheris")
    parser.add_argument("--audio", type=int, default=200_000, help="pieces of audio")
    parser.add_argument("--conversations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)


def run(options: argparse.Namespace) -> dict[str, Any]:
    parts = {
        "messages": _messages(options.runs, options.seed),
        "guided": _guided(options.guided, options.seed),
        "audio": _audio(options.audio, options.seed),
        "conversations": asyncio.run(_conversations(options.conversations, options.seed)),
    }
    return {"seed": options.seed, **parts}


def _messages(runs: int, seed: int) -> dict[str, Any]:
    mutator = Mutator(seed)
    began = time.monotonic()
    taken = 0
    for number in range(runs):
        text = mutator.text()
        for decode in DECODERS:
            try:
                taken += try_text(text, decode)
            except Exception:
                print(f"  case {number} of seed {seed}: {text!r}", flush=True)
                raise
        if number % 1_000_000 == 999_999:
            print(f"  {number + 1:,} messages", flush=True)
    return _shown("messages", began, runs=runs, taken=taken, uncaught=0)


def _guided(runs: int, seed: int) -> dict[str, Any]:
    if find_spec("atheris") is None or not runs:
        print("  guided: atheris is not installed; pip install --group fuzz", flush=True)
        return {"runs": 0}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(SEEDS):
            (Path(folder) / f"{number}").write_bytes(text.encode("utf-8", "replace"))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.fuzz_guided", f"-runs={runs}", f"-seed={seed}"),
                *("-max_len=9000", "-timeout=20", f"-artifact_prefix={folder}/", folder),
            ],
            capture_output=True,
            text=True,
            errors="replace",
        )
    ended = _DONE.search(done.stderr)
    if done.returncode or ended is None:
        raise RuntimeError("\n".join(done.stderr.splitlines()[-40:]))
    *_, (covered, features, corpus) = _COVERED.findall(done.stderr)
    return _shown(
        "guided",
        began,
        runs=int(ended[1]),
        coverage=int(covered),
        features=int(features),
        corpus=int(corpus),
        uncaught=0,
    )


def _audio(runs: int, seed: int) -> dict[str, Any]:
    dice, mutator = random.Random(seed), Mutator(seed)
    began = time.monotonic()
    taken = sum(try_audio(dice.randbytes(3) + mutator.frame()) for _ in range(runs))
    return _shown("audio", began, runs=runs, taken=taken, uncaught=0)


async def _conversations(count: int, seed: int) -> dict[str, Any]:
    dice, mutator = random.Random(seed), Mutator(seed)
    began = time.monotonic()
    async with conversations() as talks:
        left = count
        while left and not talks.faults:
            await talks.fuzz(dice, mutator, min(left, 1000))
            left -= min(left, 1000)
    if talks.faults:
        raise RuntimeError("\n".join(talks.faults[:4]))
    ends = {str(code): number for code, number in talks.codes.most_common()}
    return _shown(
        "conversations", began, runs=count, messages=talks.messages, ends=ends, uncaught=0
    )


def _shown(name: str, began: float, **facts: Any) -> dict[str, Any]:
    facts["seconds"] = round(time.monotonic() - began, 1)
    print(f"  {name}: {facts}", flush=True)
    return facts
