"""Cues for a player that follows live: what has been handed out never changes any more.

A live player fetches each stretch of captions once and never looks back. So the feed has an edge
on the wall clock: ``advance`` moves it, and every cue that begins before the edge is settled for
good, with its times and its words. Words that become known too late, because the engine was
behind, are not lost: they come at the edge, at the pace at which they can be read.

This module must not know how long a stretch is, nor when the edge should move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from livecaption.core.cue_breaks import READING, CueRules, TimedPiece
from livecaption.core.cues import Cue, cues_of, joined, timed_pieces
from livecaption.core.lines import columns
from livecaption.core.timed_text import Segment

__all__ = ["CaptionFeed", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance, closed or still growing, as far as its words are committed."""

    session: str
    utterance: int
    voice: tuple[str, str]
    """Cues of one voice never overlap."""
    speaker: str | None
    segment: Segment
    """Times in seconds since the epoch. Its text only ever grows, at the end."""

    @property
    def key(self) -> tuple[str, int]:
        """What identifies the utterance."""
        return (self.session, self.utterance)


@dataclass(frozen=True, slots=True)
class _Settled:
    cue: Cue
    keys: frozenset[tuple[str, int]]
    """The utterances whose words it shows."""


class CaptionFeed:
    """The cues of one room; times in milliseconds since the epoch.

    Args:
        keep_ms: how far behind the edge cues are kept. Older ones are forgotten, and what was said
            before is never shown.
        rules: what makes a cue readable.
    """

    def __init__(self, *, keep_ms: int, rules: CueRules = READING) -> None:
        self._keep_ms = keep_ms
        self._rules = rules
        self._edge: int | None = None
        self._settled: list[_Settled] = []
        self._shown: dict[tuple[str, int], int] = {}
        """Letters of each utterance that settled cues hold."""
        self._free_from: dict[tuple[str, str], int] = {}
        """When the next cue of a voice may begin."""

    def advance(self, said: Iterable[Said], edge: int) -> None:
        """Settle all cues that begin before ``edge``.

        Args:
            said: all utterances of the room, or at least those of the time that is kept. The cues
                of one that is no longer among them are taken back: it was deleted.
            edge: never less than before.
        """
        # The first time there is nobody yet for whom anything could come too late.
        before = self._edge or 0
        if edge < before:
            raise ValueError("the edge cannot go back")
        horizon = edge - self._keep_ms
        tracks: dict[tuple[str, str], list[Said]] = {}
        for each in sorted(said, key=lambda each: each.segment.start):
            if each.segment.end * 1000 >= horizon:
                tracks.setdefault(each.voice, []).append(each)
        self._forget({each.key for track in tracks.values() for each in track}, horizon)
        for voice, track in tracks.items():
            self._settle(voice, track, before, edge)
        self._settled.sort(key=lambda settled: settled.cue.start)
        self._edge = edge

    def between(self, begin: int, end: int) -> list[Cue]:
        """Return the settled cues that are on screen at some time from ``begin`` to ``end``."""
        cues = (settled.cue for settled in self._settled)
        return [cue for cue in cues if cue.start < end and cue.end > begin]

    def _forget(self, present: set[tuple[str, int]], horizon: int) -> None:
        self._shown = {key: count for key, count in self._shown.items() if key in present}
        self._free_from = {key: at for key, at in self._free_from.items() if at > horizon}
        self._settled = [
            settled
            for settled in self._settled
            if settled.cue.end > horizon and settled.keys <= present
        ]

    def _settle(self, voice: tuple[str, str], track: list[Said], before: int, edge: int) -> None:
        unshown = [
            (
                each.key,
                _without(timed_pieces(each.segment, self._rules), self._shown.get(each.key, 0)),
            )
            for each in track
        ]
        owners = [key for key, part in unshown for piece in part for _ in piece.text]
        not_before = max(before, self._free_from.get(voice, 0))
        pieces = joined(part for _, part in unshown)
        pieces = _at_reading_pace(pieces, not_before, self._rules)
        at = 0
        for cue in cues_of(pieces, self._rules, not_before=not_before, speaker=track[-1].speaker):
            if cue.start >= edge:
                return
            shown = Counter(owners[at : at + cue.letters])
            at += cue.letters
            for key, count in shown.items():
                self._shown[key] = self._shown.get(key, 0) + count
            self._settled.append(_Settled(cue, frozenset(shown)))
            self._free_from[voice] = cue.end + self._rules.gap_ms


def _without(pieces: Sequence[TimedPiece], letters: int) -> list[TimedPiece]:
    """Leave out the first letters, which may end inside a piece that has grown since."""
    rest: list[TimedPiece] = []
    for piece in pieces:
        left = piece.text[letters:] if letters > 0 else piece.text
        letters -= len(piece.text)
        if left:
            rest.append(replace(piece, text=left, columns=columns(left)))
    return rest


def _at_reading_pace(
    pieces: Sequence[TimedPiece], not_before: int, rules: CueRules
) -> list[TimedPiece]:
    """Move late pieces to when they can be read, until the text has caught up with the speech."""
    moved: list[TimedPiece] = []
    now = not_before
    for number, piece in enumerate(pieces):
        if piece.start >= now:
            return [*moved, *pieces[number:]]
        following = now + (piece.columns + piece.after_space) * 1000 // rules.columns_per_s
        moved.append(replace(piece, start=now, end=max(piece.end, following)))
        now = following
    return moved
