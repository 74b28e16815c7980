"""A Whisper encoder and decoder with Hugging Face's parameter names, plus training-only heads.

Three things differ from transformers' implementation: no attention masks in the encoder (padding
is audio-like, exactly as at inference), a position offset per window, and access to the
cross-attention logits of a few heads, for guided attention.

Shapes below: B windows, W encoder frames, L decoder positions, D model width, G guided heads.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["MicroConfig", "MicroWhisper", "Outputs"]

BANDS = 80
ENCODER_POSITIONS = 1500
DECODER_POSITIONS = 448


@dataclass(frozen=True)
class MicroConfig:
    """The size of a model; stored in checkpoints as a dict."""

    d_model: int
    heads: int
    ffn: int
    enc_layers: int
    dec_layers: int
    vocab: int
    """All tokens, timestamps included."""
    text_vocab: int
    """Text tokens; also the id of <|endoftext|>."""
    phones: int
    """Classes of the phone head."""
    guide_heads: dict[int, list[int]]
    """Decoder layer -> cross-attention heads that are guided; the last one of the last layer
    attends to whole words."""
    phone_table: dict[str, int]
    """Phone symbol -> class."""

    def as_dict(self) -> dict[str, Any]:
        """Plain types only, for a checkpoint."""
        return asdict(self)


class Outputs(NamedTuple):
    """What one forward pass gives to the losses."""

    encoded: Tensor
    """(B, W, D), top of the encoder."""
    middle: Tensor
    """(B, W, D), after the encoder layer before the last but one is passed."""
    decoded: Tensor
    """(B, L, D), top of the decoder."""
    guided: Tensor
    """(B, G, L, W) cross-attention logits."""


def _sinusoids(length: int, channels: int) -> Tensor:
    """Whisper's fixed position table, (length, channels)."""
    increment = math.log(10_000) / (channels // 2 - 1)
    inverse = torch.exp(-increment * torch.arange(channels // 2))
    time = torch.arange(length).view(-1, 1) * inverse.view(1, -1)
    return torch.cat([time.sin(), time.cos()], dim=1)


class _Attention(nn.Module):
    def __init__(self, d_model: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model, bias=False)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def _split(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        *,
        causal: bool = False,
        guided_heads: list[int] | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend to `memory`, or to `x` itself; also give the logits of the guided heads."""
        memory = x if memory is None else memory
        query = self._split(self.q_proj(x))
        key = self._split(self.k_proj(memory))
        value = self._split(self.v_proj(memory))
        guided = None
        if causal or (x.is_cuda and not guided_heads):
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        else:  # explicit attention: twice as fast as the fused one on a CPU in bf16
            logits = torch.matmul(query * (query.shape[-1] ** -0.5), key.transpose(2, 3))
            if guided_heads:
                guided = logits[:, guided_heads].float()
            mixed = torch.matmul(torch.softmax(logits, -1), value)
        return self.out_proj(mixed.transpose(1, 2).reshape(x.shape)), guided


class _EncoderLayer(nn.Module):
    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        d_model = config.d_model
        self.self_attn = _Attention(d_model, config.heads)
        self.self_attn_layer_norm = nn.LayerNorm(d_model)
        self.fc1 = nn.Linear(d_model, config.ffn)
        self.fc2 = nn.Linear(config.ffn, d_model)
        self.final_layer_norm = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, dropout: float) -> Tensor:
        attended, _ = self.self_attn(self.self_attn_layer_norm(x))
        x = x + F.dropout(attended, dropout, self.training)
        hidden = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + F.dropout(hidden, dropout, self.training)


class _DecoderLayer(nn.Module):
    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        d_model = config.d_model
        self.self_attn = _Attention(d_model, config.heads)
        self.self_attn_layer_norm = nn.LayerNorm(d_model)
        self.encoder_attn = _Attention(d_model, config.heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(d_model)
        self.fc1 = nn.Linear(d_model, config.ffn)
        self.fc2 = nn.Linear(config.ffn, d_model)
        self.final_layer_norm = nn.LayerNorm(d_model)

    def forward(
        self, x: Tensor, memory: Tensor, dropout: float, guided_heads: list[int] | None
    ) -> tuple[Tensor, Tensor | None]:
        attended, _ = self.self_attn(self.self_attn_layer_norm(x), causal=True)
        x = x + F.dropout(attended, dropout, self.training)
        attended, guided = self.encoder_attn(
            self.encoder_attn_layer_norm(x), memory, guided_heads=guided_heads
        )
        x = x + F.dropout(attended, dropout, self.training)
        hidden = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + F.dropout(hidden, dropout, self.training), guided


class _Encoder(nn.Module):
    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        d_model = config.d_model
        self.conv1 = nn.Conv1d(BANDS, d_model, 3, padding=1)
        self.conv2 = nn.Conv1d(d_model, d_model, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(ENCODER_POSITIONS, d_model)
        self.embed_positions.weight.data.copy_(_sinusoids(ENCODER_POSITIONS, d_model))
        self.embed_positions.weight.requires_grad_(False)
        self.layers = nn.ModuleList(_EncoderLayer(config) for _ in range(config.enc_layers))
        self.layer_norm = nn.LayerNorm(d_model)

    def forward(
        self, mel: Tensor, offset: Tensor, dropout: float, tapped_layer: int
    ) -> tuple[Tensor, Tensor]:
        """Encode (B, 80, 2W) with positions from `offset` (B,) on; also give a lower layer."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        positions = offset[:, None] + torch.arange(x.shape[1], device=x.device)[None]
        x = x + self.embed_positions.weight[positions]
        middle = x
        for index, layer in enumerate(self.layers):
            x = layer(x, dropout)
            if index == tapped_layer:
                middle = x
        return self.layer_norm(x), middle


class _Decoder(nn.Module):
    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        d_model = config.d_model
        self.embed_tokens = nn.Embedding(config.vocab, d_model)
        self.embed_positions = nn.Embedding(DECODER_POSITIONS, d_model)
        self.layers = nn.ModuleList(_DecoderLayer(config) for _ in range(config.dec_layers))
        self.layer_norm = nn.LayerNorm(d_model)
        nn.init.normal_(self.embed_tokens.weight, std=0.02)
        nn.init.normal_(self.embed_positions.weight, std=0.02)
        self._guide_heads = config.guide_heads

    def forward(self, tokens: Tensor, memory: Tensor, dropout: float) -> tuple[Tensor, Tensor]:
        """Decode (B, L) tokens; also give the guided logits (B, G, L, W)."""
        x = self.embed_tokens(tokens) + self.embed_positions.weight[: tokens.shape[1]]
        guided = []
        for index, layer in enumerate(self.layers):
            x, logits = layer(x, memory, dropout, self._guide_heads.get(index))
            if logits is not None:
                guided.append(logits)
        return self.layer_norm(x), torch.cat(guided, 1)


class _EncoderDecoder(nn.Module):
    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        self.encoder = _Encoder(config)
        self.decoder = _Decoder(config)


class MicroWhisper(nn.Module):
    """``model.*`` holds exactly the weights of WhisperForConditionalGeneration; heads are extra."""

    def __init__(self, config: MicroConfig) -> None:
        super().__init__()
        self.config = config
        self.model = _EncoderDecoder(config)
        self.phone_head = nn.Linear(config.d_model, config.phones)
        # The token head's class 0 is "none"; its text rows are the decoder's embedding, so that
        # "the previous token" and "the frames of that token" live in one space from the start.
        self.blank = nn.Parameter(torch.zeros(1, config.d_model))
        self.token_bias = nn.Parameter(torch.zeros(config.text_vocab + 1))

    def forward(self, mel: Tensor, offset: Tensor, tokens: Tensor, dropout: float = 0.0) -> Outputs:
        """Run encoder and decoder.

        Args:
            mel: (B, 80, 2W), normalised.
            offset: (B,), encoder frames before the window.
            tokens: (B, L), teacher-forced.
            dropout: probability, in training only.
        """
        tapped = self.config.enc_layers - 2
        encoded, middle = self.model.encoder(mel, offset, dropout, tapped)
        decoded, guided = self.model.decoder(tokens, encoded, dropout)
        return Outputs(encoded, middle, decoded, guided)

    def frame_token_logits(self, frames: Tensor) -> Tensor:
        """(N, D) encoder frames -> (N, 1 + text tokens)."""
        text = self.model.decoder.embed_tokens.weight[: self.config.text_vocab]
        return F.linear(frames, torch.cat([self.blank, text]), self.token_bias)

    def token_logits(self, decoded: Tensor) -> Tensor:
        """(N, D) decoder outputs -> (N, all tokens)."""
        return F.linear(decoded, self.model.decoder.embed_tokens.weight)
