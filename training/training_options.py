"""The command line of `train`."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["parse_training_options"]

DEFAULT_WINDOWS = (
    "0:150,200;0.1:200,300;0.22:200,300,400,400,1500;"
    "0.4:300,400,500,800,1500;0.7:300,400,600,800,1500"
)
DEFAULT_FRAMES = "0:4800;0.3:9600"


def parse_training_options() -> argparse.Namespace:
    """Read the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        description="Train the micro Whisper model on shards of synthetic speech.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_files(parser.add_argument_group("files"))
    _add_machine(parser.add_argument_group("machine"))
    _add_size(parser.add_argument_group("size of a new model"))
    _add_schedule(parser.add_argument_group("schedule"))
    return parser.parse_args()


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    group.add_argument("--shards", required=True, help="pattern of training shards, in quotes")
    group.add_argument("--validation", help="pattern of held-out shards")
    group.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    group.add_argument("--resume", type=Path, help="checkpoint to take weights from")


def _add_machine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--device", default="cpu", help="cpu or cuda")
    group.add_argument("--precision", default="bf16", choices=["bf16", "fp32"])
    group.add_argument("--threads", type=int, default=2, help="of torch, on a CPU")
    group.add_argument(
        "--workers", type=int, default=0, help="processes that compose windows; 0: one thread"
    )
    group.add_argument("--compile", action="store_true", help="compile the encoder's layers")
    group.add_argument(
        "--max-memory", type=float, default=12.0, help="GB; above it free memory is given back"
    )


def _add_size(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--d-model", type=int, default=256, help="width")
    group.add_argument("--heads", type=int, default=4, help="per attention layer")
    group.add_argument("--encoder-layers", type=int, default=4, help="2 at least")
    group.add_argument("--decoder-layers", type=int, default=2, help="1 at least")


def _add_schedule(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--minutes", type=float, default=120, help="how long to train")
    group.add_argument("--steps", type=int, default=0, help="how many steps, instead of --minutes")
    group.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate")
    group.add_argument("--warm-up", type=int, default=200, help="steps")
    group.add_argument("--dropout", type=float, default=0.0, help="probability")
    group.add_argument(
        "--windows", default=DEFAULT_WINDOWS, help="progress:window sizes in encoder frames (20 ms)"
    )
    group.add_argument("--frames", default=DEFAULT_FRAMES, help="progress:encoder frames per batch")
    group.add_argument(
        "--easy", type=float, default=0.25, help="progress around which windows become hard"
    )
    group.add_argument(
        "--start-progress", type=float, default=0.0, help="where the schedule of --resume goes on"
    )
    group.add_argument("--seed", type=int, default=0, help="of weights and windows")
