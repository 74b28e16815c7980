"""Learn the byte-level BPE vocabulary and append Whisper's special tokens in Whisper's order."""

from __future__ import annotations

import argparse
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.sentences import SentenceSource

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMPS = 1501
"""0.00 s to 30.00 s in steps of 20 ms."""

CONVERSATIONAL_SENTENCES = 20_000
_SEED = 99


def make_tokenizer(sentence_list: Path | None, pieces: int) -> Tokenizer:
    """Learn a tokenizer.

    Args:
        sentence_list: see `SentenceSource`; None learns from our own templates only.
        pieces: size of the text vocabulary; special tokens and timestamps come after it.

    Raises:
        ValueError: the sentences do not yield that many pieces.
    """
    source = SentenceSource(sentence_list, seed=_SEED)
    texts = [" " + sentence for sentence in source.written] * 2
    texts += [" " + source.conversational() for _ in range(CONVERSATIONAL_SENTENCES)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() != pieces:
        raise ValueError(f"the sentences yield {tokenizer.get_vocab_size()} pieces, not {pieces}")
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    )
    tokenizer.add_tokens(
        [
            AddedToken(f"<|{i * 0.02:.2f}|>", special=False, normalized=False)
            for i in range(TIMESTAMPS)
        ]
    )
    return tokenizer


def main() -> None:
    """Write a tokenizer file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="tokenizer.json to write")
    parser.add_argument(
        "--sentences", type=Path, help="sentence list; without it only our own templates"
    )
    parser.add_argument("--pieces", type=int, default=1024, help="text vocabulary")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(arguments.sentences, arguments.pieces)
    tokenizer.save(str(arguments.out))
    print(f"{arguments.out}: {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
