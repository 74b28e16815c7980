"""Timed text to cues: what stands on a screen, from when until when.

Text is divided as ``cue_breaks.py`` decides. Then each cue gets its times: it comes with its first
word, and stays until it can have been read, as far as the next cue of the same speaker lets it.

This module must not know rooms, sessions or formats, and writes no files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from livecaption.core.cue_breaks import (
    READING,
    CueRules,
    Span,
    TimedPiece,
    best_fold,
    best_spans,
)
from livecaption.core.lines import (
    Break,
    Piece,
    break_after,
    clean,
    columns,
    glue,
    letters,
    pieces_of,
)
from livecaption.core.timed_text import Segment

__all__ = ["Cue", "cues_of", "joined", "laid_out", "milliseconds", "timed_pieces", "track_pieces"]


@dataclass(frozen=True, slots=True)
class Cue:
    """What is on the screen at one time; times in milliseconds."""

    start: int
    end: int
    """Always after ``start``."""
    lines: tuple[str, ...]
    """One or two, none of them empty."""
    speaker: str | None = None

    @property
    def columns(self) -> int:
        """Columns to read, a line break counting as one."""
        return columns(" ".join(self.lines))

    @property
    def letters(self) -> int:
        """Characters that are no space: what the same text has in every layout."""
        return sum(map(letters, self.lines))


def milliseconds(seconds: float) -> int:
    """Round a time on a recording's clock.

    Raises:
        ValueError: negative, infinite or not a number.
    """
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{seconds} is no time on a recording's clock")
    return math.floor(seconds * 1000 + 0.5)


def track_pieces(segments: Iterable[Segment], rules: CueRules = READING) -> list[TimedPiece]:
    """Return the pieces of all that one speaker says; times never go back."""
    return joined(timed_pieces(segment, rules) for segment in segments)


def joined(parts: Iterable[Sequence[TimedPiece]]) -> list[TimedPiece]:
    """Put stretches of text behind one another, with a space between where the script has one."""
    track: list[TimedPiece] = []
    for part in parts:
        pieces = list(part)
        if track and pieces:
            space = bool(glue(track[-1].text, pieces[0].text))
            pieces[0] = replace(pieces[0], after_space=space)
        for piece in pieces:
            start = max(piece.start, track[-1].start if track else 0)
            end = max(piece.end, start, track[-1].end if track else 0)
            track.append(replace(piece, start=start, end=end))
    return track


def timed_pieces(segment: Segment, rules: CueRules = READING) -> list[TimedPiece]:
    """Divide a segment into pieces; the end of the segment counts as the end of a sentence."""
    pieces = list(pieces_of(clean(segment.text), rules.columns))
    clock = _letter_clock(segment, sum(len(piece.text) for piece in pieces))
    timed: list[TimedPiece] = []
    before = 0
    for piece in pieces:
        after = before + len(piece.text)
        start, end = clock[before][0], clock[after - 1][1]
        timed.append(_timed(piece, milliseconds(start), milliseconds(end)))
        before = after
    if timed:
        timed[-1] = replace(timed[-1], ends=Break.SENTENCE)
    return timed


def _timed(piece: Piece, start: int, end: int) -> TimedPiece:
    kind = break_after(piece.text)
    return TimedPiece(piece.text, piece.columns, piece.after_space, start, end, kind)


def _letter_clock(segment: Segment, total: int) -> list[tuple[float, float]]:
    """Return start and end of each of the ``total`` letters, in seconds.

    Words give them; without words, or with words that are not the text, speech is taken to be even.
    """
    clock = [
        (word.start, word.end) for word in segment.words for _ in range(letters(clean(word.text)))
    ]
    if len(clock) == total:
        return clock
    rate = (segment.end - segment.start) / max(total, 1)
    return [(segment.start + rate * n, segment.start + rate * (n + 1)) for n in range(total)]


def cues_of(
    pieces: Sequence[TimedPiece],
    rules: CueRules = READING,
    *,
    not_before: int = 0,
    speaker: str | None = None,
) -> list[Cue]:
    """Divide what one speaker says into cues that fit the screen and can be read.

    Always: no letter is lost, doubled or moved; at most two lines of ``rules.columns``; no cue
    before ``not_before``; ``rules.least_ms`` to ``rules.most_ms`` on screen, and ``rules.gap_ms``
    between two. A cue comes with its first word, unless the one before needs its least time. It
    stays as long as reading takes, if the next one does not come before.
    """
    drafts = list(_drafts(pieces, rules))
    starts: list[int] = []
    for start, _, _ in drafts:
        starts.append(max(start, not_before))
        not_before = starts[-1] + rules.least_ms + rules.gap_ms
    timed: list[Cue] = []
    for (_, end, lines), start, following in zip_longest(drafts, starts, starts[1:]):
        cue = Cue(start, end, lines, speaker)
        timed.append(replace(cue, end=_leaves(cue, following, rules)))
    return timed


def laid_out(text: str, rules: CueRules = READING) -> tuple[str, ...] | None:
    """Divide a text into one or two lines; None when two do not hold it."""
    pieces = timed_pieces(Segment(0.0, 0.0, text), rules)
    if not pieces:
        return ()
    fold = best_fold(pieces, rules)
    return None if fold is None else _lines(pieces, Span(0, fold, len(pieces)))


def _leaves(cue: Cue, following: int | None, rules: CueRules) -> int:
    """Say when a cue leaves the screen: ``cue.end`` is the end of its speech."""
    end = max(cue.end, cue.start + rules.reading_ms(cue.columns))
    if following is not None and following - end < rules.chain_ms:
        end = following - rules.gap_ms
    return min(end, cue.start + rules.most_ms)


def _drafts(
    pieces: Sequence[TimedPiece], rules: CueRules
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield start and end of the speech, and the lines, of each cue."""
    runs = list(_runs(pieces, rules.pause_ms))
    for run, after in zip_longest(runs, runs[1:]):
        room = after[0].start - run[-1].end if after else rules.most_ms
        for span in best_spans(run, room, rules):
            yield run[span.begin].start, run[span.end - 1].end, _lines(run, span)


def _runs(pieces: Sequence[TimedPiece], pause_ms: int) -> Iterator[Sequence[TimedPiece]]:
    """Divide at every silence of ``pause_ms``."""
    begin = 0
    for at, (before, after) in enumerate(pairwise(pieces), start=1):
        if after.start - before.end >= pause_ms:
            yield pieces[begin:at]
            begin = at
    if pieces:
        yield pieces[begin:]


def _lines(run: Sequence[TimedPiece], span: Span) -> tuple[str, ...]:
    parts = (run[span.begin : span.fold], run[span.fold : span.end])
    return tuple(_join(part) for part in parts if part)


def _join(pieces: Sequence[TimedPiece]) -> str:
    return "".join(" " * piece.after_space + piece.text for piece in pieces).strip()
