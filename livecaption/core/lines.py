"""What a screen can take of a text: where it may be divided, and how wide its parts are.

Wide characters (Chinese, Japanese, Korean) count as two columns. Scripts written without spaces
may be divided between any two characters; Korean has spaces, and keeps its words whole.

This module must not know times, speakers or cues.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "LINE_COLUMNS",
    "Break",
    "Piece",
    "break_after",
    "clean",
    "columns",
    "fill",
    "glue",
    "join",
    "letters",
    "pieces_of",
]

LINE_COLUMNS = 42
"""Columns of a line: what streaming services ask for (teletext has 37, North American line 21
has 32)."""

_SENTENCE_ENDS = frozenset(".!?…。！？؟۔।॥։።")
_CLAUSE_ENDS = frozenset(",;:–—、，；：،؛፣")
_QUOTES = "\"')]}»”’」』）】》〉"
_CLOSING = _SENTENCE_ENDS | _CLAUSE_ENDS | frozenset(_QUOTES) | frozenset("ー")
_OPENING = frozenset("([{«“‘「『（【《〈")
# Cc and Cs: they would end a line or a cue, or cannot be written at all.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Thai, Lao, Myanmar, Khmer: narrow, and without spaces between words.
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_JOINER = "\u200d"
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")


class Break(IntEnum):
    """How much of a break the end of a piece is; less is better."""

    SENTENCE = 0
    CLAUSE = 1
    WORD = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """The least part of a text that a line break must not divide."""

    text: str
    columns: int
    after_space: bool

    @property
    def advance(self) -> int:
        """Columns it adds to a line that is not empty."""
        return self.columns + self.after_space


def clean(text: str) -> str:
    """Reduce white space and control characters, which would end a cue or a line, to spaces."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def columns(text: str) -> int:
    """Width of a text in columns; accents and joiners have none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def letters(text: str) -> int:
    """Count the characters that are no space: what every way of breaking lines leaves alone."""
    return len(text) - text.count(" ")


def glue(before: str, after: str) -> str:
    """Return what belongs between two cleaned texts: a space, or nothing."""
    if not before or not after:
        return ""
    return "" if _is_spaceless(before[-1]) and _is_spaceless(after[0]) else " "


def break_after(text: str) -> Break:
    """Say what kind of break the end of a text is, going by its punctuation."""
    last = text.rstrip(_QUOTES)[-1:] or text[-1:]
    if last in _SENTENCE_ENDS:
        return Break.SENTENCE
    return Break.CLAUSE if last in _CLAUSE_ENDS else Break.WORD


def pieces_of(text: str, limit: int = LINE_COLUMNS) -> Iterator[Piece]:
    """Divide a cleaned text: at spaces, between wide characters, and in words above ``limit``."""
    for number, token in enumerate(text.split(" ") if text else ()):
        after_space = number > 0
        if token.isascii() and len(token) <= limit:
            yield Piece(token, len(token), after_space)
            continue
        held, width = "", 0
        for c in token:
            wider = width + _width(c)
            if held and _may_break(held[-1], c, fits=wider <= limit):
                yield Piece(held, width, after_space)
                held, width, after_space = "", 0, False
            held, width = held + c, width + _width(c)
        yield Piece(held, width, after_space)


def join(pieces: Iterable[Piece]) -> str:
    """Write pieces as one line."""
    return "".join(" " * piece.after_space + piece.text for piece in pieces).strip()


def fill(text: str, limit: int = LINE_COLUMNS) -> list[str]:
    """Break a cleaned text into lines as a typewriter does: each as full as it can be.

    Text added at the end never moves what stands before it, which is what a live line needs.
    """
    lines: list[str] = []
    held: list[Piece] = []
    width = 0
    for piece in pieces_of(text, limit):
        if held and width + piece.advance > limit:
            lines.append(join(held))
            held, width = [], 0
        width += piece.advance if held else piece.columns
        held.append(piece)
    return [*lines, join(held)] if held else lines


def _may_break(before: str, after: str, *, fits: bool) -> bool:
    """Whether a word may be divided between two characters; ``fits``: the line holds both."""
    if _width(after) == 0:
        return False  # accents and joiners stay with their letter
    if not fits:
        return True
    if after in _CLOSING or before in _OPENING or before == _JOINER:
        return False
    return _breaks_anywhere(before) or _breaks_anywhere(after)


def _breaks_anywhere(c: str) -> bool:
    return _width(c) == 2 and not _HANGUL.match(c)


def _is_spaceless(c: str) -> bool:
    return _breaks_anywhere(c) or bool(_SPACELESS.match(c))


def _width(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me", "Cf") or _SKIN_TONE.match(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
