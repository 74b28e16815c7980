"""A talk of any length whose every word is known and unlike any other, for a scripted engine."""

from __future__ import annotations

import random

import numpy as np

from livecaption.core.audio import SAMPLE_RATE, Samples, samples_from_bytes
from livecaption.core.hypothesis import Word
from tests.core.conversations import unique_words
from tests.serving import speech

__all__ = ["WORD_S", "talk"]

WORD_S = 0.3
_SENTENCE_WORDS = (4, 40)
_PAUSE_S = (0.2, 1.6)
"""Some too short to end an utterance."""
_WORD = int(WORD_S * SAMPLE_RATE)


def talk(seconds: float) -> tuple[Samples, tuple[Word, ...]]:
    """Return audio, int16 at 16 kHz, and the words in it; a longer talk begins like a shorter one.

    Args:
        seconds: least length; the last sentence is finished, and a pause follows.
    """
    dice = random.Random("talk")
    noise = samples_from_bytes(speech(_SENTENCE_WORDS[1] * WORD_S))
    texts = unique_words(int(seconds / WORD_S) + _SENTENCE_WORDS[1])
    pieces: list[Samples] = []
    words: list[Word] = []
    at = 0
    while at < seconds * SAMPLE_RATE:
        for _ in range(dice.randint(*_SENTENCE_WORDS)):
            words.append(Word(f" {texts[len(words)]}", at, at + _WORD, 0.9))
            at += _WORD
        pieces.append(noise[: at - sum(map(len, pieces))])
        pause = int(dice.uniform(*_PAUSE_S) * SAMPLE_RATE)
        pieces.append(np.zeros(pause, dtype=np.int16))
        at += pause
    return np.concatenate([*pieces, np.zeros(SAMPLE_RATE, dtype=np.int16)]), tuple(words)
