"""A multilingual Whisper model with random weights, for paths the bundled model does not have.

It has the structure of a real checkpoint (language tokens, tasks, timestamps), knows English and
German, and says nonsense.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import WhisperSpec, model_spec

from livecaption.bundled import model_path

LANGUAGES = ("en", "de")
_WIDTH, _MELS = 16, 80


def write_multilingual_model(directory: Path) -> Path:
    """Write the model into a directory, which is returned."""
    directory.mkdir()
    specials = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{language}|>" for language in LANGUAGES),
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
        *(f"<|{n * 0.02:.2f}|>" for n in range(1501)),
    ]
    tokenizer = json.loads((model_path() / "tokenizer.json").read_text(encoding="utf-8"))
    pieces: dict[str, int] = tokenizer["model"]["vocab"]
    text = sorted(pieces, key=lambda piece: pieces[piece])[:1024]
    text.append("")  # the piece by which CTranslate2 knows a multilingual vocabulary
    tokenizer["model"]["vocab"] = {piece: number for number, piece in enumerate(text)}
    template = tokenizer["added_tokens"][0]
    tokenizer["added_tokens"] = [
        {**template, "id": len(text) + number, "content": token}
        for number, token in enumerate(specials)
    ]
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    _spec([*text, *specials]).save(str(directory))
    return directory


def _spec(vocabulary: list[str]) -> Any:
    spec = WhisperSpec(1, 2, 1, 2)
    spec.register_vocabulary(vocabulary)
    spec.config.lang_ids = [vocabulary.index(f"<|{language}|>") for language in LANGUAGES]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[0, 0]]
    random = np.random.default_rng(7)
    parts = (("encoder", spec.encoder), ("decoder", spec.decoder))
    parameters = [found for path, part in parts for found in _parameters(part, path)]
    for layer, name, path in parameters:
        setattr(
            layer, name, random.normal(0, 0.3, _shape(path, len(vocabulary))).astype(np.float32)
        )
    spec.validate()
    return spec


def _parameters(layer: Any, path: str) -> Iterator[tuple[Any, str, str]]:
    for name, value in list(vars(layer).items()):
        where = f"{path}/{name}"
        if isinstance(value, model_spec.LayerSpec):
            yield from _parameters(value, where)
        elif isinstance(value, list):
            for number, child in enumerate(value):
                yield from _parameters(child, f"{where}/{number}")
        elif value is None or name == "encodings":
            yield layer, name, where


def _shape(path: str, tokens: int) -> tuple[int, ...]:
    wide = 4 * _WIDTH
    shapes = {
        "conv1/weight": (_WIDTH, _MELS, 3),
        "conv2/weight": (_WIDTH, _WIDTH, 3),
        "encoder/position_encodings/encodings": (1500, _WIDTH),
        "decoder/position_encodings/encodings": (448, _WIDTH),
        "embeddings/weight": (tokens, _WIDTH),
        "projection/weight": (tokens, _WIDTH),
        "self_attention/linear/0/weight": (3 * _WIDTH, _WIDTH),
        "self_attention/linear/1/weight": (_WIDTH, _WIDTH),
        "attention/linear/1/weight": (2 * _WIDTH, _WIDTH),
        "linear/0/weight": (_WIDTH, _WIDTH),
        "linear/2/weight": (_WIDTH, _WIDTH),
        "ffn/linear_0/weight": (wide, _WIDTH),
        "ffn/linear_1/weight": (_WIDTH, wide),
    }
    return next((shape for end, shape in shapes.items() if path.endswith(end)), (_WIDTH,))
