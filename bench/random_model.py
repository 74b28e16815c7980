"""A Whisper of exact dimensions with random weights: for what decoding costs, not what it says.

Written through ``ctranslate2.specs``, so it loads like any converted checkpoint. The tokenizer
has the real vocabulary size and the special tokens at their real places; its words are made up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ctranslate2.specs import whisper_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

__all__ = ["LARGE_V3", "LARGE_V3_TURBO", "NANO", "TINY", "Dimensions", "write_model"]


@dataclass(frozen=True)
class Dimensions:
    """Of a Whisper checkpoint (Radford et al., 2022, table 1)."""

    name: str
    encoder_layers: int
    decoder_layers: int
    width: int
    heads: int
    mels: int = 80
    vocabulary: int = 51_865


NANO = Dimensions("nano", 2, 2, 64, 4)
"""Of no checkpoint: small enough to try a plan out on a CPU."""
TINY = Dimensions("tiny", 4, 4, 384, 6)
LARGE_V3 = Dimensions("large-v3", 32, 32, 1280, 20, 128, 51_866)
LARGE_V3_TURBO = Dimensions("large-v3-turbo", 32, 4, 1280, 20, 128, 51_866)


def write_model(
    dimensions: Dimensions, folder: Path, *, seed: int = 1, quantization: str = "int8"
) -> Path:
    """Write a CTranslate2 model directory and return it; an existing one is kept."""
    folder = folder / f"random-{dimensions.name}-{quantization}"
    if (folder / "model.bin").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    spec = whisper_spec.WhisperSpec(
        dimensions.encoder_layers, dimensions.heads, dimensions.decoder_layers, dimensions.heads
    )
    _fill(spec, dimensions, np.random.default_rng(seed))
    tokens = _tokenizer(dimensions, folder)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[dimensions.decoder_layers - 1, h] for h in range(4)]
    spec.config.lang_ids = list(range(50_259, 50_259 + 99))
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": dimensions.mels, "sampling_rate": 16_000, "n_fft": 400})
    )
    return folder


def _fill(spec: whisper_spec.WhisperSpec, d: Dimensions, rng: np.random.Generator) -> None:
    def matrix(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.02, shape).astype(np.float32)

    def norm(layer) -> None:
        layer.gamma = np.ones(d.width, np.float32)
        layer.beta = np.zeros(d.width, np.float32)

    def linear(layer, rows: int, columns: int) -> None:
        layer.weight = matrix(rows, columns)
        layer.bias = np.zeros(rows, np.float32)

    def attention(layer, *, crossed: bool) -> None:
        norm(layer.layer_norm)
        shapes = [d.width, 2 * d.width, d.width] if crossed else [3 * d.width, d.width]
        for part, rows in zip(layer.linear, shapes, strict=True):
            linear(part, rows, d.width)

    def feed_forward(layer) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, 4 * d.width, d.width)
        linear(layer.linear_1, d.width, 4 * d.width)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = matrix(d.width, d.mels, 3), matrix(d.width)
    encoder.conv2.weight, encoder.conv2.bias = matrix(d.width, d.width, 3), matrix(d.width)
    encoder.position_encodings.encodings = matrix(1500, d.width)
    norm(encoder.layer_norm)
    for layer in encoder.layer:
        attention(layer.self_attention, crossed=False)
        feed_forward(layer.ffn)
    decoder.embeddings.weight = matrix(d.vocabulary, d.width)
    decoder.position_encodings.encodings = matrix(448, d.width)
    decoder.projection.weight = decoder.embeddings.weight
    norm(decoder.layer_norm)
    for layer in decoder.layer:
        attention(layer.self_attention, crossed=False)
        attention(layer.attention, crossed=True)
        feed_forward(layer.ffn)


def _tokenizer(d: Dimensions, folder: Path) -> list[str]:
    """Write tokenizer.json; return all tokens in order of their ids."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = alphabet + [f"Ġw{i:05d}" for i in range(50_257 - len(alphabet))]
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    languages = d.vocabulary - 51_865 + 99
    special = ["<|endoftext|>", "<|startoftranscript|>"]
    special += ["<|en|>", *(f"<|l{i:02d}|>" for i in range(1, languages))]
    special += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    special += ["<|nospeech|>", "<|notimestamps|>"]
    special += [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    if len(tokens) != d.vocabulary:
        raise ValueError(f"{len(tokens)} tokens for a vocabulary of {d.vocabulary}")
    return tokens
