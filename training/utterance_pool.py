"""All utterances of the shards in memory, sorted by length for "give me one that fits"."""

from __future__ import annotations

import glob
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from training.espeak import TimedWord
from training.log_mel import FRAMES_PER_SECOND

__all__ = ["Piece", "SpelledWord", "StoredUtterance", "UtterancePool", "Vocabulary"]

PHONE_CLASSES = 128
"""Size of the phone head; espeak's English voices use fewer symbols."""


class Piece(NamedTuple):
    """One token of a word and the characters of `` word`` it covers."""

    token: int
    first: int
    """-1 for a token that is punctuation only: it has no sound of its own."""
    stop: int


class SpelledWord(NamedTuple):
    """A word as tokens."""

    pieces: tuple[Piece, ...]
    length: int
    """Characters of `` word`` without its final marks."""


class Vocabulary:
    """The tokenizer with the ids that training needs by name.

    Attributes:
        text_size: number of text tokens, also the id of <|endoftext|>.
        size: number of all tokens.
    """

    def __init__(self, tokenizer_path: Path) -> None:
        """Load a file written by `make_tokenizer`."""
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer_path))
        self._spelled: dict[str, SpelledWord] = {}
        self.end = self._identity("<|endoftext|>")
        self.start = self._identity("<|startoftranscript|>")
        self.previous = self._identity("<|startofprev|>")
        self.no_speech = self._identity("<|nospeech|>")
        self.no_timestamps = self._identity("<|notimestamps|>")
        self.first_timestamp = self.no_timestamps + 1
        self.text_size = self.end
        self.size: int = self._tokenizer.get_vocab_size()

    def _identity(self, token: str) -> int:
        identity = self._tokenizer.token_to_id(token)
        if identity is None:
            raise ValueError(f"the tokenizer has no {token}; make it with make_tokenizer")
        return int(identity)

    def timestamp(self, encoder_frame: int) -> int:
        """Token of a time in the window (20 ms steps), at most 30 s."""
        return self.first_timestamp + min(1500, encoder_frame)

    def spell(self, word: str) -> SpelledWord:
        """Tokens of a word in the middle of a text, its marks included."""
        spelled = self._spelled.get(word)
        if spelled is None:
            encoding = self._tokenizer.encode(" " + word, add_special_tokens=False)
            length = len(word.rstrip(",.?!")) + 1
            pieces = tuple(
                Piece(token, -1 if first >= length else first, stop)
                for token, (first, stop) in zip(encoding.ids, encoding.offsets, strict=True)
            )
            spelled = self._spelled[word] = SpelledWord(pieces, length)
        return spelled


class StoredUtterance(NamedTuple):
    """One utterance of a shard; the arrays are views of the shard's."""

    mel: npt.NDArray[np.float16]
    """Shape (mel frames, 80), un-normalised log10."""
    phones: npt.NDArray[np.uint8]
    """Shape (mel frames // 2,), ids of the pool's phone table."""
    words: tuple[TimedWord, ...]
    """Seconds from the first mel frame."""

    @property
    def frames(self) -> int:
        """Mel frames."""
        return len(self.mel)


class UtterancePool:
    """The utterances of all shards.

    Attributes:
        utterances: sorted by length.
        lengths: mel frames of each, shape (utterances,).
        phone_table: symbol -> class; 0 stands for a pause and for symbols beyond PHONE_CLASSES.
    """

    def __init__(self, phone_table: dict[str, int] | None = None) -> None:
        """Start empty; a phone table of an earlier run keeps its classes."""
        self.utterances: list[StoredUtterance] = []
        self.lengths: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.phone_table = phone_table or {"": 0}
        self._loaded: set[str] = set()

    def load(self, pattern: str, limit: int | None = None) -> int:
        """Add the shards that are not loaded yet.

        Args:
            pattern: glob of shard files; unfinished ones are passed over.
            limit: shards at most.

        Returns:
            How many shards were new.
        """
        new = [
            path
            for path in sorted(glob.glob(pattern))
            if path not in self._loaded and ".tmp" not in path
        ][:limit]
        utterances = list(self.utterances)
        for path in new:
            try:
                with np.load(path) as shard:
                    utterances += self._read(shard)
            except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
                print(f"{path} is skipped: {error}", flush=True)
            else:
                self._loaded.add(path)
        utterances.sort(key=lambda utterance: utterance.frames)
        self.utterances = utterances
        self.lengths = np.array([utterance.frames for utterance in utterances])
        return len(new)

    @property
    def hours(self) -> float:
        """Hours of speech."""
        return float(self.lengths.sum()) / FRAMES_PER_SECOND / 3600

    def any(self, random: np.random.Generator) -> StoredUtterance:
        """Draw one, each with the same probability."""
        return self.utterances[random.integers(len(self.utterances))]

    def _read(self, shard: Any) -> list[StoredUtterance]:
        mel = shard["mel"]
        phones = self._own_classes(json.loads(str(shard["phone_table"])))[shard["phones"]]
        utterances, first = [], 0
        for described in json.loads(str(shard["utterances"])):
            stop = first + described["mel_frames"]
            words = tuple(TimedWord(*word) for word in described["words"])
            utterances.append(
                StoredUtterance(mel[first:stop], phones[first // 2 : stop // 2], words)
            )
            first = stop
        return utterances

    def _own_classes(self, shard_table: dict[str, int]) -> npt.NDArray[np.uint8]:
        """Translate a shard's phone ids to this pool's, shape (256,)."""
        classes = np.zeros(256, np.uint8)
        for symbol, identity in shard_table.items():
            if symbol not in self.phone_table and len(self.phone_table) < PHONE_CLASSES:
                self.phone_table[symbol] = len(self.phone_table)
            classes[identity] = self.phone_table.get(symbol, 0)
        return classes
