"""One training run: its weights, its optimiser and a step."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.checkpoint import Checkpoint, save_checkpoint
from training.losses import Losses, compute_losses
from training.model import MicroConfig, MicroWhisper
from training.schedule import auxiliary_weight, learning_rate
from training.training_report import losses_as_text
from training.window_composer import Batch

__all__ = ["Trainer", "TrainerOptions"]

_GRADIENT_NORM = 1.0
_WEIGHT_DECAY = 0.02


@dataclass(frozen=True)
class TrainerOptions:
    """How to train."""

    device: str
    bf16: bool
    """Run forward and backward passes in bf16; the optimiser always keeps fp32 weights."""
    peak_rate: float
    warm_up: int
    """Steps."""
    dropout: float


class Trainer:
    """Weights and optimiser.

    Attributes:
        step: optimiser steps taken, those before a resumed checkpoint included.
    """

    def __init__(self, config: MicroConfig, options: TrainerOptions) -> None:
        """Start with fresh weights (torch's seed decides)."""
        self.step = 0
        self._options = options
        self._dtype = torch.bfloat16 if options.bf16 else torch.float32
        self._master = MicroWhisper(config).to(options.device)
        self._model = copy.deepcopy(self._master).to(self._dtype)
        self._weights: list[Tensor] = [p for p in self._master.parameters() if p.requires_grad]
        self._copies: list[Tensor] = [p for p in self._model.parameters() if p.requires_grad]
        matrices = [p for p in self._weights if p.dim() > 1]
        vectors = [p for p in self._weights if p.dim() <= 1]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": _WEIGHT_DECAY},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=options.peak_rate,
            betas=(0.9, 0.98),
            eps=1e-8,
            fused=True,
        )
        self._first_step = 0

    @property
    def parameters(self) -> int:
        """Weights that are exported."""
        return sum(p.numel() for p in self._master.model.parameters())

    def resume(self, checkpoint: Checkpoint, *, with_optimiser: bool) -> None:
        """Take weights from a checkpoint, and the optimiser's state if the schedule goes on."""
        self._master.load_state_dict(checkpoint.model)
        self._copy_weights()
        if with_optimiser:
            self._optimiser.load_state_dict(checkpoint.optimiser)
            self.step = self._first_step = checkpoint.step

    def compile_encoder(self) -> None:
        """Compile the encoder's layers; worth its start-up time on a GPU only."""
        for layer in self._model.model.encoder.layers:
            layer.compile(dynamic=False)

    def update(self, batch: Batch, progress: float) -> Losses:
        """Take one optimiser step; a gradient that is not finite is passed over."""
        options = self._options
        rate = learning_rate(
            options.peak_rate, progress, self.step - self._first_step, options.warm_up
        )
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._model.train()
        tensors = self._on_device(batch)
        weight = auxiliary_weight(progress)
        losses = compute_losses(self._model, tensors, weight, options.dropout)
        for parameter in self._copies:
            parameter.grad = None
        losses.total.backward()
        for parameter, trained in zip(self._weights, self._copies, strict=True):
            parameter.grad = None if trained.grad is None else trained.grad.float()
        norm = torch.nn.utils.clip_grad_norm_(self._weights, _GRADIENT_NORM)
        if torch.isfinite(norm):
            self._optimiser.step()
            self._copy_weights()
        else:
            print("a gradient is not finite: step skipped", flush=True)
        self.step += 1
        return losses

    @torch.no_grad()
    def validate(self, batches: list[Batch]) -> None:
        """Print the losses on held-out windows."""
        self._model.eval()
        for batch in batches:
            losses = compute_losses(self._model, self._on_device(batch), 1.0, 0.0)
            frames = batch["mel"].shape[2] // 2
            print(f"  held out, {frames} frames: {losses_as_text(losses)}", flush=True)

    def save(self, path: Path, progress: float) -> None:
        """Write a checkpoint."""
        save_checkpoint(path, self._master, self._optimiser, self.step, progress)

    @torch.no_grad()
    def _copy_weights(self) -> None:
        torch._foreach_copy_(self._copies, self._weights)

    def _on_device(self, batch: Batch) -> dict[str, Tensor]:
        tensors = {
            name: torch.from_numpy(values).to(self._options.device, non_blocking=True)
            for name, values in batch.items()
        }
        tensors["mel"] = tensors["mel"].to(self._dtype)
        return tensors
