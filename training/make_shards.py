"""Synthesise training utterances into shards of features and labels.

A shard is an ``.npz`` of many utterances one after the other:

- ``mel``: float16, shape (mel frames, 80), 100 frames a second, un-normalised (see `log_mel`)
- ``phones``: uint8, shape (encoder frames,), 50 a second, ids of ``phone_table``, 0 = pause
- ``phone_table``: JSON object, phone symbol -> id
- ``utterances``: JSON list of {text, words [[text, start, end] in seconds], voice, mel_frames}
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from training.espeak import Espeak, TimedPhone, is_pause
from training.log_mel import ENCODER_FRAMES_PER_SECOND, log_mel
from training.sentences import SentenceSource
from training.utterance import SAMPLE_RATE, synthesise_utterance
from training.voices import random_voice

SHORTEST, LONGEST = 0.3, 28.0
"""Seconds; an utterance must fit a 30 s window."""

VOICE_CHANGE = 0.34
"""Probability of another voice at each utterance: switching costs the synthesiser time."""

_FRAME = 1 / ENCODER_FRAMES_PER_SECOND


def phone_labels(
    phones: list[TimedPhone], frames: int, phone_table: dict[str, int]
) -> npt.NDArray[np.uint8]:
    """Label each encoder frame with the phone that sounds in it.

    Args:
        phones: times in seconds.
        frames: encoder frames.
        phone_table: symbol -> id; new symbols are added to it.

    Returns:
        Shape (frames,); 0 where there is a pause.
    """
    labels = np.zeros(frames, np.uint8)
    for start, end, symbol in phones:
        if not is_pause(symbol):
            identity = phone_table.setdefault(symbol, len(phone_table))
            labels[int(np.ceil(start / _FRAME)) : int(np.ceil(end / _FRAME))] = min(identity, 255)
    return labels


def _make_shard(
    espeak: Espeak, sentences: SentenceSource, random: Random, utterances: int
) -> dict[str, Any]:
    """Synthesise the arrays of one shard, as in the module docstring."""
    phone_table = {"": 0}
    mels: list[npt.NDArray[np.float16]] = []
    labels: list[npt.NDArray[np.uint8]] = []
    described: list[dict[str, Any]] = []
    voice = random_voice(random)
    while len(described) < utterances:
        if random.random() < VOICE_CHANGE:
            voice = random_voice(random)
        text = sentences.sample()
        utterance = synthesise_utterance(espeak, text, voice)
        if not SHORTEST < len(utterance.samples) / SAMPLE_RATE < LONGEST:
            continue
        mel = log_mel(utterance.samples)
        mel = mel[: len(mel) // 2 * 2]  # whole encoder frames
        mels.append(mel.astype(np.float16))
        labels.append(phone_labels(utterance.phones, len(mel) // 2, phone_table))
        described.append(
            {"text": text, "words": utterance.words, "voice": voice.name, "mel_frames": len(mel)}
        )
    return {
        "mel": np.concatenate(mels),
        "phones": np.concatenate(labels),
        "utterances": json.dumps(described),
        "phone_table": json.dumps(phone_table),
    }


def _work(arguments: argparse.Namespace, worker: int) -> None:
    """Write every `processes`-th shard; shards that are already there are kept."""
    seed = arguments.seed * 1000 + worker
    random = Random(seed)
    espeak = Espeak()
    sentences = SentenceSource(arguments.sentences, held_out=arguments.held_out, seed=seed + 500)
    prefix = "dev_" if arguments.held_out else "s"
    for number in range(worker, arguments.shards, arguments.processes):
        path = arguments.out / f"{prefix}{arguments.seed:03d}_{number:04d}.npz"
        if path.exists():
            continue
        shard = _make_shard(espeak, sentences, random, arguments.utterances)
        unfinished = path.with_suffix(".tmp.npz")
        np.savez(unfinished, **shard)
        os.replace(unfinished, path)
        print(f"{path.name}: {len(shard['mel']) / 360_000:.2f} h", flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument(
        "--sentences", type=Path, help="sentence list; without it only our own templates speak"
    )
    parser.add_argument("--shards", type=int, default=60, help="files, about 1 h of speech each")
    parser.add_argument("--utterances", type=int, default=1000, help="per shard")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--held-out", action="store_true", help="sentences that training never sees (dev_*.npz)"
    )
    return parser.parse_args()


def main() -> None:
    """Write shards with several processes, one synthesiser each."""
    arguments = _parse()
    arguments.out.mkdir(parents=True, exist_ok=True)
    workers = [
        multiprocessing.Process(target=_work, args=(arguments, worker))
        for worker in range(arguments.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise SystemExit("A worker failed; its error is above. Finished shards are kept.")


if __name__ == "__main__":
    main()
