"""Train the micro Whisper model on shards of synthetic speech.

The schedule follows the clock (``--minutes``) or the number of steps (``--steps``).
"""

from __future__ import annotations

import argparse
import time

import torch

from training.batch_feeder import BatchFeeder, Curriculum
from training.checkpoint import Checkpoint, load_checkpoint
from training.model import MicroConfig
from training.process_memory import release_memory, resident_gigabytes
from training.schedule import parse_steps
from training.trainer import Trainer, TrainerOptions
from training.training_options import parse_training_options
from training.training_report import Every, TrainingReport
from training.utterance_pool import PHONE_CLASSES, UtterancePool, Vocabulary
from training.window_composer import Batch, WindowComposer

REPORT_SECONDS = 20
SAVE_SECONDS = 180
VALIDATION_SECONDS = 240

VALIDATION_WINDOWS = (300, 500, 800, 1500)
"""Encoder frames."""
VALIDATION_FRAMES = 4800
"""Encoder frames per batch."""

_VALIDATION_SEED = 5
_SHARDS_FOR_PHONE_TABLE = 4


def train(
    options: argparse.Namespace, trainer: Trainer, feeder: BatchFeeder, validation: list[Batch]
) -> None:
    """Train until progress reaches 1; write ``last.pt`` now and then and at the end."""
    started = time.monotonic()
    report, report_due = TrainingReport(), Every(REPORT_SECONDS)
    save_due, validation_due = Every(SAVE_SECONDS), Every(VALIDATION_SECONDS)
    while (progress := _progress(options, trainer.step, time.monotonic() - started)) < 1:
        feeder.progress = progress
        batch = feeder.next_batch()
        losses = trainer.update(batch, progress)
        windows, encoder_frames = batch["phones"].shape
        report.add(losses, windows * encoder_frames / 50)
        if report_due.due():
            report.print_means(trainer.step, progress)
            if resident_gigabytes() > options.max_memory:
                release_memory()
        if save_due.due():
            trainer.save(options.work / "last.pt", progress)
        if validation_due.due():
            trainer.validate(validation)
    report.print_means(trainer.step, 1.0)
    trainer.save(options.work / "last.pt", 1.0)
    print(f"done: {(time.monotonic() - started) / 60:.1f} min, {trainer.step} steps", flush=True)


def _progress(options: argparse.Namespace, step: int, elapsed: float) -> float:
    """How far the schedule is, from 0; `elapsed` in seconds."""
    if options.steps:
        return float(step / options.steps)
    start = options.start_progress
    return float(start + (1 - start) * elapsed / (options.minutes * 60))


def _load_pool(options: argparse.Namespace, resumed: Checkpoint | None) -> UtterancePool:
    pool = UtterancePool(resumed.config.phone_table if resumed else None)
    if not resumed:  # the first shards fix the phone table
        pool.load(options.shards, limit=_SHARDS_FOR_PHONE_TABLE)
    pool.load(options.shards)
    if not pool.utterances:
        raise SystemExit(f"No shards match {options.shards}; make them with make_shards.")
    return pool


def _validation_batches(
    options: argparse.Namespace, vocabulary: Vocabulary, phone_table: dict[str, int]
) -> list[Batch]:
    pool = UtterancePool(phone_table)
    if not options.validation or not pool.load(options.validation):
        return []
    composer = WindowComposer(vocabulary, pool, _VALIDATION_SEED)
    return [composer.batch(frames, VALIDATION_FRAMES // frames) for frames in VALIDATION_WINDOWS]


def _new_config(
    options: argparse.Namespace, vocabulary: Vocabulary, phone_table: dict[str, int]
) -> MicroConfig:
    last = options.decoder_layers - 1
    return MicroConfig(
        d_model=options.d_model,
        heads=options.heads,
        ffn=4 * options.d_model,
        enc_layers=options.encoder_layers,
        dec_layers=options.decoder_layers,
        vocab=vocabulary.size,
        text_vocab=vocabulary.text_size,
        phones=PHONE_CLASSES,
        guide_heads={last: [0, 1], 0: [0]} if last else {0: [0, 1]},
        phone_table=phone_table,
    )


def _curriculum(options: argparse.Namespace) -> Curriculum:
    sizes = parse_steps(options.windows, lambda text: [int(part) for part in text.split(",")])
    return Curriculum(sizes, parse_steps(options.frames, int), options.easy)


def _new_trainer(
    options: argparse.Namespace, config: MicroConfig, resumed: Checkpoint | None
) -> Trainer:
    trainer = Trainer(
        config,
        TrainerOptions(
            device=options.device,
            bf16=options.precision == "bf16",
            peak_rate=options.rate,
            warm_up=options.warm_up,
            dropout=options.dropout,
        ),
    )
    if resumed:
        trainer.resume(resumed, with_optimiser=options.start_progress > 0)
    if options.compile:
        trainer.compile_encoder()
    return trainer


def main() -> None:
    """Train from the command line."""
    options = parse_training_options()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    if options.device == "cpu":
        torch.set_num_threads(options.threads)
    resumed = load_checkpoint(options.resume) if options.resume else None
    vocabulary = Vocabulary(options.tokenizer)
    pool = _load_pool(options, resumed)
    config = resumed.config if resumed else _new_config(options, vocabulary, pool.phone_table)
    validation = _validation_batches(options, vocabulary, pool.phone_table)
    # Composers start first: processes must not be forked from one that already uses a GPU.
    with BatchFeeder(
        vocabulary,
        pool,
        _curriculum(options),
        options.seed + 1,
        processes=options.workers,
        growing_shards=options.shards,
    ) as feeder:
        trainer = _new_trainer(options, config, resumed)
        million = trainer.parameters / 1e6
        print(f"{million:.2f} M parameters, {pool.hours:.1f} h of speech", flush=True)
        train(options, trainer, feeder, validation)


if __name__ == "__main__":
    main()
