"""Text cut into lines of so many columns, for services that show no more than that. Pure.

Columns are those of a terminal: a Chinese, Japanese or Korean character takes two, a combining
mark none. Lines break at spaces, between wide characters, and inside a word only where it is
longer than a whole line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Piece", "columns", "fill", "line_of", "pieces_of"]

_CLOSING = frozenset("。、，．！？：；」』）】〉》”’…・ー々")
"""No line begins with one of these."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What stays in one line."""

    text: str
    spaced: bool
    """A space stands before it, unless it begins a line."""


def columns(text: str) -> int:
    """Return how wide a text is."""
    return sum(map(_columns_of, text))


def pieces_of(text: str, width: int) -> list[Piece]:
    """Cut a text into pieces of at most ``width`` columns."""
    pieces: list[Piece] = []
    spaced = text[:1].isspace()
    for word in text.split():
        for part in _cut(word, width):
            pieces.append(Piece(part, spaced))
            spaced = False
        spaced = True
    return pieces


def fill(pieces: Sequence[Piece], width: int) -> list[list[Piece]]:
    """Put pieces into lines, each as full as it can be."""
    lines: list[list[Piece]] = []
    used = width
    for piece in pieces:
        size = columns(piece.text)
        if lines and used + piece.spaced + size <= width:
            lines[-1].append(piece)
            used += piece.spaced + size
        else:
            lines.append([piece])
            used = size
    return lines


def line_of(pieces: Sequence[Piece]) -> str:
    """Return the text of a line."""
    return "".join(" " * piece.spaced + piece.text for piece in pieces).lstrip()


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cut(word: str, width: int) -> list[str]:
    """Cut a word where a line may end within it."""
    parts: list[str] = []
    used = 0
    wide_before = False
    for char in word:
        size = _columns_of(char)
        breaks = (size == 2 or wide_before or used + size > width) and size > 0
        if not parts or (breaks and char not in _CLOSING):
            parts.append("")
            used = 0
        parts[-1] += char
        used += size
        wide_before = size == 2 or (wide_before and size == 0)
    return parts
