"""Checkpoints of a training run: weights, optimiser, and what is needed to go on or to export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import torch

from training.model import MicroConfig, MicroWhisper

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]


class Checkpoint(NamedTuple):
    """What a checkpoint file holds."""

    config: MicroConfig
    model: dict[str, torch.Tensor]
    optimiser: dict[str, Any]
    step: int
    progress: float


def save_checkpoint(
    path: Path,
    model: MicroWhisper,
    optimiser: torch.optim.Optimizer,
    step: int,
    progress: float,
) -> None:
    """Write a checkpoint; a reader never sees half of one."""
    unfinished = path.with_suffix(".unfinished")
    fields = {
        "config": model.config.as_dict(),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "progress": progress,
    }
    torch.save(fields, unfinished)
    os.replace(unfinished, path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU; only plain types and tensors are accepted."""
    fields = torch.load(path, map_location="cpu", weights_only=True)
    config = MicroConfig(**fields.pop("config"))
    return Checkpoint(config=config, **fields)
