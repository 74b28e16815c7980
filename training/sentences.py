"""The mixture of sentences that training utterances are made from.

Three sources: a list of written sentences (LJSpeech 1.1's, if there is one), our own
conversational templates, and *salad*: phrases cut out of both and shuffled. Salad keeps the
decoder from leaning on its language model and gives many short texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

from training.conversation import PROPER_NOUNS, TEMPLATE_WORDS, conversational_sentence
from training.sentence_cleaning import as_sentence, clean

__all__ = ["SentenceSource", "load_sentences"]

MARKS = ",.?!"
HELD_OUT_SENTENCES = 300
_SPLIT_SEED = 7
_INITIALS = re.compile(r"\b(?:[A-Z]\. ?){2,}")


def load_sentences(path: Path) -> list[str]:
    """Read a sentence list and bring it into the spelling of training.

    Args:
        path: UTF-8 text, one sentence per line; of lines with ``|`` only the last field counts,
            which is the spelled-out transcription of LJSpeech's ``metadata.csv``.

    Returns:
        Sentences of two words or more; those with runs of initials are left out.
    """
    sentences = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        sentence = as_sentence(clean(line.split("|")[-1]))
        if len(sentence.split()) >= 2 and not _INITIALS.search(sentence):
            sentences.append(sentence)
    return sentences


def _split_held_out(sentences: list[str]) -> tuple[list[str], list[str]]:
    """Split into (training, held-out) sentences, always the same way."""
    order = list(range(len(sentences)))
    Random(_SPLIT_SEED).shuffle(order)
    chosen = order[: min(HELD_OUT_SENTENCES, len(sentences) // 10)]
    held_out = set(chosen)
    training = [sentence for i, sentence in enumerate(sentences) if i not in held_out]
    return training, [sentences[i] for i in chosen]


def _rare_words(sentences: Iterable[str]) -> list[str]:
    counts = Counter(word.strip(MARKS).lower() for text in sentences for word in text.split())
    return [word for word, n in counts.items() if n <= 3 and len(word) > 2 and "'" not in word]


def _usual_case(sentences: Iterable[str]) -> dict[str, str]:
    """How each word is written where it does not begin a sentence."""
    case: dict[str, str] = {}
    for text in sentences:
        for word in text.split()[1:]:
            case.setdefault(word.strip(MARKS).lower(), word.strip(MARKS))
    return case


class SentenceSource:
    """Draws sentences for ever, the same ones for the same seed.

    Attributes:
        written: the listed sentences of this part (training or held-out); empty without a list.
        random: where all choices come from.
    """

    def __init__(self, sentence_list: Path | None, *, held_out: bool = False, seed: int) -> None:
        """Read the list, if any.

        Args:
            sentence_list: see `load_sentences`; None draws from our own templates only.
            held_out: draw only sentences that training never sees.
            seed: fixes every choice.
        """
        listed = load_sentences(sentence_list) if sentence_list else []
        training, kept_apart = _split_held_out(listed)
        self.written = kept_apart if held_out else training
        self.random = Random(seed)
        self._held_out = held_out
        if training:
            self._rare, self._case = _rare_words(training), _usual_case(training)
        else:
            self._rare = list(TEMPLATE_WORDS)
            self._case = {word.lower(): word for word in PROPER_NOUNS}

    def conversational(self) -> str:
        """Draw a sentence from our own templates."""
        return conversational_sentence(self.random, held_out=self._held_out)

    def sample(self) -> str:
        """Draw a sentence from the whole mixture (no salad among held-out ones)."""
        draw = self.random.random()
        if self.written and draw < (0.6 if self._held_out else 0.45):
            return self.random.choice(self.written)
        if self._held_out or draw < 0.70:
            return self.conversational()
        return self._salad()

    def _salad(self) -> str:
        parts = [self._phrase() for _ in range(self.random.choice([1, 1, 1, 2, 2, 3]))]
        text = self.random.choice([" ", " ", ", "]).join(part for part in parts if part)
        return as_sentence(re.sub(r"[.?!](?= )", ",", text)) or self.conversational()

    def _phrase(self) -> str:
        """One to seven words: rare ones, or a stretch of some sentence."""
        draw = self.random.random()
        if draw < 0.25:
            rare = self.random.sample(self._rare, self.random.randint(1, 4))
            return " ".join(self._case.get(word, word) for word in rare)
        if self.written and draw < 0.8:
            sentence = self.random.choice(self.written)
        else:
            sentence = self.conversational()
        words = sentence.split()
        length = self.random.randint(1, 7)
        first = self.random.randint(0, max(0, len(words) - length))
        phrase = words[first : first + length]
        if first == 0 and phrase[0] != "I" and not phrase[0].startswith("I'"):
            bare = phrase[0].strip(MARKS).lower()
            comma = "," if phrase[0].endswith(",") else ""
            phrase[0] = self._case.get(bare, phrase[0].lower()) + comma
        return " ".join(phrase).strip(MARKS + " ")
