"""Turn a checkpoint into a CTranslate2 model directory that faster-whisper loads.

The directory holds ``model.bin``, ``config.json``, ``vocabulary.json``, ``tokenizer.json``,
``preprocessor_config.json`` and ``livecaption.json``. It is written beside its place and then
swapped in, so that a running program never sees half of it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from ctranslate2.converters.converter import Converter
from ctranslate2.converters.transformers import WhisperLoader
from ctranslate2.specs.whisper_spec import WhisperSpec
from tokenizers import Tokenizer
from transformers import WhisperConfig, WhisperForConditionalGeneration

from training.checkpoint import Checkpoint, load_checkpoint
from training.make_tokenizer import SPECIAL_TOKENS

_NEVER_SAID = frozenset(SPECIAL_TOKENS) - {"<|endoftext|>", "<|notimestamps|>"}
"""Tokens that no transcript holds."""

_PREPROCESSOR = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 80,
    "sampling_rate": 16000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
    "n_samples": 480000,
    "nb_max_frames": 3000,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": False,
    "processor_class": "WhisperProcessor",
}

_ADVICE = {"previous_text": False, "short_windows": True}
"""For livecaption: previous text as context makes a model of this size much worse; encoder inputs
of 5 s do it no harm."""


def huggingface_model(checkpoint: Checkpoint) -> WhisperForConditionalGeneration:
    """Put the weights into transformers' model, without the training-only heads.

    Raises:
        ValueError: the weights do not fit.
    """
    size = checkpoint.config
    end = size.text_vocab
    config = WhisperConfig(
        vocab_size=size.vocab,
        num_mel_bins=80,
        d_model=size.d_model,
        encoder_layers=size.enc_layers,
        decoder_layers=size.dec_layers,
        encoder_attention_heads=size.heads,
        decoder_attention_heads=size.heads,
        encoder_ffn_dim=size.ffn,
        decoder_ffn_dim=size.ffn,
        max_source_positions=1500,
        max_target_positions=448,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=end + 1,
        begin_suppress_tokens=None,
        suppress_tokens=None,
        scale_embedding=False,
    )
    model = WhisperForConditionalGeneration(config)
    weights = {
        name: tensor.float()
        for name, tensor in checkpoint.model.items()
        if name.startswith("model.")
    }
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) - {"proj_out.weight"}:  # that one is tied to the embedding
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    return model.eval()


class _InMemoryConverter(Converter):
    """CTranslate2's own Whisper loader on a model in memory and a plain tokenizers file."""

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        tokenizer: Tokenizer,
        alignment_heads: list[tuple[int, int]],
    ) -> None:
        self._model, self._tokenizer, self._heads = model, tokenizer, alignment_heads

    def _load(self) -> WhisperSpec:
        identities = self._tokenizer.get_vocab()
        tokens = sorted(identities, key=lambda token: identities[token])
        if len(tokens) != self._model.config.vocab_size:
            raise ValueError("the tokenizer is not the one the model was trained with")
        with torch.no_grad():
            specification = WhisperLoader().get_model_spec(self._model)
        config = specification.config
        config.suppress_ids = sorted(identities[token] for token in _NEVER_SAID)
        # Unlike Whisper's own list it lacks <|endoftext|>: silence may end at once.
        config.suppress_ids_begin = self._tokenizer.encode(" ", add_special_tokens=False).ids
        config.alignment_heads = self._heads
        config.lang_ids = [identities["<|en|>"]]
        specification.register_vocabulary(tokens)
        return specification


def export_model(
    checkpoint: Checkpoint,
    tokenizer_path: Path,
    out: Path,
    *,
    quantization: str = "int8",
    alignment_heads: list[tuple[int, int]] | None = None,
) -> None:
    """Write a model directory, in place of an older one.

    Args:
        checkpoint: of training.
        tokenizer_path: the tokenizer it was trained with.
        out: the directory.
        quantization: of the stored weights, as CTranslate2 names it.
        alignment_heads: (decoder layer, head) pairs for word times; None takes the guided heads
            of the last layer, which measured best (22 ms at the start of a word, 14 ms at its end).
    """
    last = checkpoint.config.dec_layers - 1
    guided = [(last, head) for head in checkpoint.config.guide_heads[last]]
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    converter = _InMemoryConverter(
        huggingface_model(checkpoint), tokenizer, alignment_heads or guided
    )
    unfinished, old = out.with_suffix(".unfinished"), out.with_suffix(".old")
    for leftover in (unfinished, old):
        shutil.rmtree(leftover, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    converter.convert(str(unfinished), quantization=quantization)
    shutil.copy(tokenizer_path, unfinished / "tokenizer.json")
    _write_json(unfinished / "preprocessor_config.json", _PREPROCESSOR)
    _write_json(unfinished / "livecaption.json", _ADVICE)
    if out.exists():
        os.rename(out, old)
    os.rename(unfinished, out)
    shutil.rmtree(old, ignore_errors=True)


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _head(text: str) -> tuple[int, int]:
    layer, head = text.split(":")
    return int(layer), int(head)


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(
        description="Turn a checkpoint into a model directory for faster-whisper.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="last.pt of a run")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--out", type=Path, required=True, help="model directory to write")
    parser.add_argument("--quantization", default="int8", help="int8, float16, float32, ...")
    parser.add_argument(
        "--heads", nargs="+", type=_head, help="alignment heads as layer:head; none: the guided"
    )
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.checkpoint)
    export_model(
        checkpoint,
        options.tokenizer,
        options.out,
        quantization=options.quantization,
        alignment_heads=options.heads,
    )
    size = sum(path.stat().st_size for path in options.out.iterdir())
    print(f"step {checkpoint.step} -> {options.out} ({size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
