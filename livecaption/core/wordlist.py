"""Words that are written otherwise, or not at all: replacements and a blocklist.

The table is applied to each word for itself, at the moment of publishing, so that partials, deltas
and finals agree and the deltas still add up to the final exactly. Decoding, agreement and seam go
on with what was heard: masked words look alike, and would be taken for each other there.

The file, one entry a line::

    # what follows a hash at the start of a line is for people
    huzers = users
    !damn           shown as ****
    !frig*          shown as stars, whatever follows: frigging, frigs

It must not know where the file lies; shells read it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from livecaption.core.hypothesis import Word
from livecaption.errors import OperatorError

__all__ = ["NO_WORDS", "WordTable", "parse_words"]

MAX_ENTRIES = 10_000
MAX_WORD_CHARS = 64
MAX_REPLACEMENT_CHARS = 128

_APOSTROPHES = "'’ʼ＇"
_JOINERS = "\u200c\u200d"
"""Invisible, and part of the spelling in Persian and in Indic scripts."""


@dataclass(frozen=True, slots=True, eq=False)
class WordTable:
    """What is written instead of which word; keys as ``_key`` makes them."""

    replacements: Mapping[str, str] = field(default_factory=dict)
    masked: frozenset[str] = frozenset()
    masked_beginnings: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.replacements or self.masked or self.masked_beginnings)

    def apply(self, words: Iterable[Word]) -> tuple[Word, ...]:
        """Return the words as they are to be read; times and number stay as they are."""
        return tuple(map(self.apply_to, words)) if self else tuple(words)

    def apply_to(self, word: Word) -> Word:
        """Return one word as it is to be read; leading space and punctuation stay."""
        text = "".join(
            self._written(part) if is_word else part for part, is_word in _parts(word.text)
        )
        return word if text == word.text else replace(word, text=text)

    def _written(self, part: str) -> str:
        found = self._lookup(part)
        if found is not None:
            return found
        # "huzer's" and "l'huzer" belong to "huzer", unless they have an entry of their own.
        before, word, after = _without_clitic(part)
        found = self._lookup(word) if word != part else None
        return part if found is None else before + found + after

    def _lookup(self, part: str) -> str | None:
        key = _key(part)
        replacement = self.replacements.get(key)
        if replacement is not None:
            return _cased(replacement, part)
        if key in self.masked or self._begins_masked(key):
            return "*" * sum(1 for char in part if _class_of(char) in "LN")
        return None

    def _begins_masked(self, key: str) -> bool:
        beginnings = self.masked_beginnings
        return bool(beginnings) and any(key[:n] in beginnings for n in range(1, len(key) + 1))


NO_WORDS = WordTable()
"""Changes nothing."""


def parse_words(text: str, name: str) -> WordTable:
    """Read a word list.

    Args:
        text: of the file.
        name: of the file, for complaints.

    Raises:
        OperatorError: an entry is malformed; the sentence names the file and the line.
    """
    table = _Builder(name)
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            table.add(entry, number)
    return table.build()


class _Builder:
    """Collects the entries of one file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._replacements: dict[str, str] = {}
        self._masked: set[str] = set()
        self._beginnings: set[str] = set()
        self._lines: dict[str, int] = {}

    def add(self, entry: str, number: int) -> None:
        """Take the entry in line ``number``."""
        if len(self._lines) >= MAX_ENTRIES:
            raise self._complaint(number, f"there are more than {MAX_ENTRIES:,} entries")
        if entry.startswith("!"):
            word = entry[1:].strip()
            masked = self._beginnings if word.endswith("*") else self._masked
            masked.add(self._word(word.removesuffix("*"), number, entry))
            return
        word, equals, replacement = entry.partition("=")
        if not equals:
            hint = "write “word = replacement”, or “!word” to mask it"
            raise self._complaint(number, f"the entry has no “=”; {hint}")
        key = self._word(word.strip(), number, word.strip())
        self._replacements[key] = self._replacement(replacement, number)

    def build(self) -> WordTable:
        """Return the table."""
        return WordTable(self._replacements, frozenset(self._masked), frozenset(self._beginnings))

    def _word(self, word: str, number: int, entry: str) -> str:
        if not word:
            raise self._complaint(number, "the word is missing")
        if len(word) > MAX_WORD_CHARS:
            raise self._complaint(number, f"the word has more than {MAX_WORD_CHARS} characters")
        if [is_word for _, is_word in _parts(word)] != [True]:
            rule = "letters, digits and apostrophes only; words are looked up one by one"
            raise self._complaint(number, f"“{word}” is not one word of {rule}")
        key = _key(word)
        name = key + "*" * entry.endswith("*")
        if name in self._lines:
            raise self._complaint(number, f"“{word}” has an entry in line {self._lines[name]}")
        self._lines[name] = number
        return key

    def _replacement(self, text: str, number: int) -> str:
        replacement = " ".join(text.split())
        if not replacement:
            raise self._complaint(number, "the replacement is missing; mask a word with “!word”")
        if len(replacement) > MAX_REPLACEMENT_CHARS:
            limit = f"more than {MAX_REPLACEMENT_CHARS} characters"
            raise self._complaint(number, f"the replacement has {limit}")
        if any(_class_of(char) == "C" and char not in _JOINERS for char in replacement):
            raise self._complaint(number, "the replacement has control characters")
        return replacement

    def _complaint(self, number: int, what: str) -> OperatorError:
        return OperatorError(f"{self._name}, line {number}: {what}.")


def _class_of(char: str) -> str:
    """L(etter), M(ark), N(umber), P(unctuation), S(ymbol), Z (space) or C(ontrol)."""
    return unicodedata.category(char)[0]


def _key(word: str) -> str:
    """Reduce a word to what counts in looking it up: neither case nor width, one apostrophe."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return "".join("'" if char in _APOSTROPHES else char for char in folded)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into runs, each with whether it is a word; joined they give the text again."""
    run, run_is_word = "", False
    for at, char in enumerate(text):
        is_word = _class_of(char) in "LMN" or (
            run_is_word and char in _APOSTROPHES + _JOINERS and _is_letter(text, at + 1)
        )
        if run and is_word != run_is_word:
            yield run, run_is_word
            run = ""
        run, run_is_word = run + char, is_word
    if run:
        yield run, run_is_word


def _without_clitic(part: str) -> tuple[str, str, str]:
    """Cut off a possessive "'s" at the end, or an elided "l'", "qu'" at the start."""
    if len(part) > 2 and part[-2] in _APOSTROPHES and part[-1] in "sS":
        return "", part[:-2], part[-2:]
    at = next((at for at, char in enumerate(part[:3], start=1) if char in _APOSTROPHES), 0)
    return part[:at], part[at:], ""


def _is_letter(text: str, at: int) -> bool:
    return at < len(text) and _class_of(text[at]) in "LMN"


def _cased(replacement: str, like: str) -> str:
    """Write a replacement in the case of the word it stands for.

    One that has capitals of its own ("iPhone") is written as it is.
    """
    if replacement != replacement.lower():
        return replacement
    if like.isupper() and len(like) > 1:
        return replacement.upper()
    if like[:1].isupper():
        return replacement[:1].upper() + replacement[1:]
    return replacement
