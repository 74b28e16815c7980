"""The training objective.

::

    decoder cross entropy
    + frame phones at the penultimate encoder layer   (the synthesiser's phone times)
    + frame tokens at the encoder's top               (word times, shared out by characters)
    + guided attention on a few cross-attention heads (the same times)

The last three exist only because synthetic speech comes with exact times; with them a model of
this size converges in minutes instead of days. Their weights are dropped at export.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.model import MicroWhisper, Outputs
from training.targets import IGNORED

__all__ = ["Losses", "compute_losses"]

_LABEL_SMOOTHING = 0.02


class Losses(NamedTuple):
    """Scalars, each the mean over what it counts."""

    text: Tensor
    """Decoder cross entropy."""
    accuracy: Tensor
    """Share of next tokens that are right."""
    phones: Tensor
    frame_tokens: Tensor
    attention: Tensor
    total: Tensor
    """What is minimised."""


def compute_losses(
    model: MicroWhisper, batch: dict[str, Tensor], auxiliary_weight: float, dropout: float
) -> Losses:
    """Run the model on a batch.

    Args:
        model: in training or evaluation mode.
        batch: as `window_composer.Batch`, on the model's device, ``mel`` in its dtype.
        auxiliary_weight: 1 at the start of training, less later.
        dropout: probability.
    """
    outputs = model(batch["mel"], batch["offset"], batch["tokens"], dropout)
    text, accuracy = _text_loss(model, outputs.decoded, batch["labels"])
    phones, frame_tokens = _frame_losses(model, outputs, batch)
    attention = _attention_loss(outputs.guided, batch)
    auxiliary = auxiliary_weight * (0.5 * phones + 1.0 * frame_tokens)
    total = text + auxiliary + (0.05 + 0.25 * auxiliary_weight) * attention
    return Losses(text, accuracy, phones, frame_tokens, attention, total)


def _text_loss(model: MicroWhisper, decoded: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    labels = labels.view(-1)
    counted = labels != IGNORED
    logits = model.token_logits(decoded.view(-1, decoded.shape[-1])[counted]).float()
    loss = F.cross_entropy(logits, labels[counted], label_smoothing=_LABEL_SMOOTHING)
    with torch.no_grad():
        accuracy = (logits.argmax(-1) == labels[counted]).float().mean()
    return loss, accuracy


def _frame_losses(
    model: MicroWhisper, outputs: Outputs, batch: dict[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Phones of every frame; tokens of a random quarter of them (the head is large)."""
    encoded, width = outputs.encoded, outputs.encoded.shape[-1]
    phone_logits = model.phone_head(outputs.middle.reshape(-1, width)).float()
    phones = F.cross_entropy(phone_logits, batch["phones"].view(-1))
    frames = encoded.shape[0] * encoded.shape[1]
    chosen = torch.randint(0, frames, (frames // 4,), device=encoded.device)
    token_logits = model.frame_token_logits(encoded.reshape(-1, width)[chosen]).float()
    return phones, F.cross_entropy(token_logits, batch["frame_tokens"].view(-1)[chosen])


def _attention_loss(guided: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Cross entropy of attention to the uniform distribution over the right frames.

    The right frames are those of the token, or those of the whole word for the last guided head:
    that one is exported for word times.
    """
    time = torch.arange(guided.shape[-1], device=guided.device).view(1, 1, -1)
    loss = guided.new_zeros(())
    for logits, start, end in (
        (guided[:, :-1], batch["start"], batch["end"]),
        (guided[:, -1:], batch["word_start"], batch["word_end"]),
    ):
        start, end = start[..., None], end[..., None]
        right = ((time + 0.999 >= start) & (time < end) & (end >= 0)).float()  # (B, L, W)
        count = right.sum(-1)
        has_frames = (count > 0).float()
        normaliser = torch.logsumexp(logits, -1)  # (B, heads, L)
        mean = (logits * right[:, None]).sum(-1) / count.clamp(min=1)[:, None]
        weighted = (normaliser - mean) * has_frames[:, None]
        loss = loss + 0.5 * weighted.sum() / (has_frames.sum() * logits.shape[1]).clamp(min=1)
    return loss
