"""What hypothesis may put into a session: conversations, chunk sizes, faulty engines, slow ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from hypothesis import Phase, settings
from hypothesis import strategies as st

from livecaption.core.captions import GapReason
from livecaption.core.decode import DecodeKind, DecodeRequest
from livecaption.core.hypothesis import Word
from tests.core.answers import Answer, Left, truthful
from tests.script import MS, Take, noise, silence, speech

__all__ = [
    "AS_FOUND",
    "Faults",
    "chunk_sizes",
    "conversations",
    "delays",
    "faults",
    "faulty",
    "long_takes",
    "monologues",
    "unique_words",
]

AS_FOUND = [Phase.explicit, Phase.generate]
"""Shrinking an example of a minute of audio takes many minutes; the example as found must do."""
long_takes = settings(max_examples=12, phases=AS_FOUND)

_VOCABULARY = ("yes", "no", "we", "can", "hear", "you", "again.", "what?")


@dataclass(frozen=True, slots=True)
class Faults:
    """How an engine goes wrong; probabilities are per request."""

    seed: int = 0
    garbled_ms: int = 0
    """Words of a partial that end this near to the window's end are heard differently each time."""
    jitter: int = 0
    """Word times err by up to this many samples."""
    empty: float = 0.0
    rejected: float = 0.0
    vetoed: float = 0.0
    failed: float = 0.0
    finals_too: bool = False
    """Closing decodes go wrong as well, in the ways that have a probability."""


_FAILURES: tuple[Answer, ...] = (GapReason.OVERLOAD, GapReason.ENGINE_ERROR, Left.OUT)
"""The last one loses words."""


def faulty(words: Sequence[Word], faults: Faults) -> Callable[[DecodeRequest], Answer]:
    """An engine that knows the script but goes wrong; the same request goes wrong the same way."""
    truth = truthful(words)

    def answer(request: DecodeRequest) -> Answer:
        dice = random.Random(f"{faults.seed} {request.number}")
        result = truth(request)
        partial = request.kind is DecodeKind.PARTIAL
        if partial or faults.finals_too:
            throw = dice.random()
            if throw < faults.failed:
                return dice.choice(_FAILURES[: 3 if faults.finals_too else 2])
            if throw < faults.failed + faults.vetoed:
                return replace(result, words=(), is_speech=False)
            if throw < faults.failed + faults.vetoed + faults.empty:
                return replace(result, words=())
            if throw < faults.failed + faults.vetoed + faults.empty + faults.rejected:
                return replace(result, avg_logprob=-5.0)
        heard = tuple(_moved(word, request, faults.jitter, dice) for word in result.words)
        if partial:
            clear = request.stop - faults.garbled_ms * MS
            heard = tuple(w if w.stop <= clear else _garbled(w, request) for w in heard)
        return replace(result, words=heard)

    return answer


def _moved(word: Word, request: DecodeRequest, jitter: int, dice: random.Random) -> Word:
    start = max(request.start, word.start + dice.randint(-jitter, jitter))
    stop = min(request.stop, word.stop + dice.randint(-jitter, jitter))
    return replace(word, start=min(start, stop), stop=stop)


def _garbled(word: Word, request: DecodeRequest) -> Word:
    return replace(word, text=f" misheard{request.number}at{word.start}", probability=0.3)


@st.composite
def _spoken(draw: st.DrawFn, most_words: int) -> Take:
    words = draw(st.lists(st.sampled_from(_VOCABULARY), min_size=1, max_size=most_words))
    return speech(" ".join(words), ms=len(words) * draw(st.integers(120, 450)))


def conversations(most_parts: int = 7, most_words: int = 10) -> st.SearchStrategy[Take]:
    """Words, pauses of all lengths and noise, with an end that does not fill a frame."""
    part = (
        _spoken(most_words)
        | st.integers(20, 1500).map(lambda length: silence(ms=length))
        | st.integers(20, 700).map(lambda length: noise(ms=length))
    )
    end = st.integers(0, 319).map(lambda samples: noise(ms=samples / MS))
    return st.tuples(st.lists(part, min_size=1, max_size=most_parts), end).map(_joined)


def _joined(parts: tuple[list[Take], Take]) -> Take:
    return sum(parts[0], Take()) + parts[1]


def unique_words(total: int) -> list[str]:
    """Made-up words, no two alike; letters by chance, so that nobody takes them for a loop."""
    dice = random.Random("unique words")
    words: dict[str, None] = {}
    while len(words) < total:
        words["".join(dice.choices(ascii_lowercase, k=dice.randint(4, 9)))] = None
    return list(words)


def monologues(seconds: int = 65) -> st.SearchStrategy[Take]:
    """Unique words without a pause between them that would end an utterance."""

    def take(word_ms: int, pause_every: int, sentence: int) -> Take:
        texts = unique_words(seconds * 1000 // word_ms)
        total = len(texts)
        if sentence:
            texts[::sentence] = [f"{text}." for text in texts[::sentence]]
        groups = [texts[i : i + pause_every] for i in range(0, total, pause_every)]
        parts = [speech(" ".join(g), ms=len(g) * word_ms) + silence(ms=120) for g in groups]
        return sum(parts, Take())

    return st.builds(
        take,
        word_ms=st.integers(180, 450),
        pause_every=st.sampled_from([7, 23, 1000]),
        sentence=st.sampled_from([0, 9, 31]),
    )


def chunk_sizes(most: int = 32_768) -> st.SearchStrategy[list[int]]:
    """Sizes to cut by, in turn; single samples are among them, and the largest that a frame takes.

    One size of at least 80 samples keeps the number of chunks in bounds.
    """
    any_size = st.integers(1, most) | st.sampled_from([1, 319, 320, 321, 1600])
    return st.tuples(st.lists(any_size, max_size=4), st.integers(80, most)).map(
        lambda sizes: [*sizes[0], sizes[1]]
    )


@st.composite
def faults(draw: st.DrawFn) -> Faults:
    """Any mixture of faults."""
    chance = st.sampled_from([0.0, 0.1, 0.25])
    return Faults(
        seed=draw(st.integers(0, 1000)),
        garbled_ms=draw(st.sampled_from([0, 300, 1200])),
        jitter=draw(st.sampled_from([0, 800, 3200])),
        empty=draw(chance),
        rejected=draw(chance),
        vetoed=draw(chance),
        failed=draw(chance),
        finals_too=draw(st.booleans()),
    )


@st.composite
def delays(draw: st.DrawFn, most_ms: int = 2000) -> Callable[[DecodeRequest], int]:
    """A slow engine: each answer is late by its own 0 to ``most_ms`` milliseconds of audio."""
    seed = draw(st.integers(0, 1000))
    longest = draw(st.sampled_from([0, most_ms // 10, most_ms]))

    def late(request: DecodeRequest) -> int:
        return random.Random(f"{seed} {request.number}").randint(0, longest * MS)

    return late
