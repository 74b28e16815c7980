"""Everyday sentences from our own templates: meetings, appointments, numbers, small talk.

They need no outside text, so that training and clip making also work without any sentence list.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random

from training.sentence_cleaning import as_sentence
from training.spoken_numbers import clock_time, digit, small_number, spoken_number, spoken_year
from training.word_lists import (
    ADJECTIVES,
    CITIES,
    DAYS,
    MONTHS,
    NAMES,
    ORDINALS,
    PARTICIPLES,
    TEAMS,
    THINGS,
    VERBS,
)

__all__ = ["PROPER_NOUNS", "TEMPLATE_WORDS", "conversational_sentence"]

PROPER_NOUNS = (*DAYS, *MONTHS, *NAMES, *(part for city in CITIES for part in city.split()))
"""Words that keep their capital in the middle of a sentence."""

TEMPLATE_WORDS = (*THINGS, *ADJECTIVES, *(verb for verb in VERBS if " " not in verb))
"""Single words that fill the templates."""

HELD_OUT_ONE_IN = 40


def _lines(name: str) -> tuple[str, ...]:
    path = Path(__file__).parent / "text" / name
    return tuple(path.read_text(encoding="utf-8").splitlines())


_PHRASES = _lines("phrases.txt")
_PHRASE_SET = frozenset(_PHRASES)
_TEMPLATES = _lines("templates.txt")


def _pick(words: tuple[str, ...], random: Random) -> str:
    return random.choice(words)


def _participle(random: Random) -> str:
    verb = random.choice(VERBS)
    if verb in PARTICIPLES:
        return PARTICIPLES[verb]
    return verb + "d" if verb.endswith("e") else verb + "ed"


_SLOTS: Mapping[str, Callable[[Random], str]] = {
    "time": clock_time,
    "day": partial(_pick, DAYS),
    "month": partial(_pick, MONTHS),
    "ord": partial(_pick, ORDINALS),
    "year": spoken_year,
    "num": spoken_number,
    "n2": small_number,
    "dig": digit,
    "thing": partial(_pick, THINGS),
    "adj": partial(_pick, ADJECTIVES),
    "verb": partial(_pick, VERBS),
    "verbed": _participle,
    "name": partial(_pick, NAMES),
    "city": partial(_pick, CITIES),
    "team": partial(_pick, TEAMS),
}


def _plural_in_y(match: re.Match[str]) -> str:
    stem = match.group(1)
    return stem + ("ies" if stem[-1] not in "aeou" else "ys")


def _fix_grammar(text: str) -> str:
    """Mend plurals and the indefinite article where a slot was filled without looking."""
    text = re.sub(r"(\w+?)ys\b", _plural_in_y, text)
    text = re.sub(r"(\w+(?:s|x|ch|sh))s\b", r"\1es", text)
    text = re.sub(r"\ba (?=[aeiou])", "an ", text)
    return re.sub(r"\bA (?=[aeiou])", "An ", text)


def _is_held_out(sentence: str) -> bool:
    """Stable split by hash, so that it needs no list; fixed phrases are never held out."""
    return sentence not in _PHRASE_SET and zlib.crc32(sentence.encode()) % HELD_OUT_ONE_IN == 0


def _any_sentence(random: Random) -> str:
    if random.random() < 0.15:
        return random.choice(_PHRASES)
    template = random.choice(_TEMPLATES)
    filled = re.sub(r"\{(\w+)\}", lambda slot: _SLOTS[slot.group(1)](random), template)
    return as_sentence(_fix_grammar(filled))


def conversational_sentence(random: Random, *, held_out: bool) -> str:
    """Draw one sentence from the training part or from the held-out part.

    Args:
        random: where all choices come from.
        held_out: True for sentences that training never sees.
    """
    while True:
        sentence = _any_sentence(random)
        if _is_held_out(sentence) == held_out:
            return sentence
