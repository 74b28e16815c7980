"""A room's transcript as cues: one track for each speaker, woven into one sequence.

This module must not know formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from livecaption.core.cue_breaks import READING, CueRules
from livecaption.core.cues import Cue, cues_of, laid_out, track_pieces
from livecaption.core.lines import clean, columns, glue
from livecaption.core.timed_text import Segment
from livecaption.core.timeline import Timeline, segment_of

__all__ = ["labelled", "transcript_cues", "voice_of"]

_LABEL_COLUMNS = 32
"""Of a speaker's name in front of a caption; a longer one is cut off. It must leave a whole line
for the caption."""


def voice_of(speaker: str | None, session: str) -> tuple[str, str]:
    """Return what tells speakers apart: the name, or the session of somebody without one."""
    return ("name", speaker) if speaker else ("session", session)


def transcript_cues(timeline: Timeline, rules: CueRules = READING) -> list[Cue]:
    """Return all cues in the order in which they appear; those of one speaker never overlap."""
    tracks: dict[tuple[str, str], tuple[str | None, list[Segment]]] = {}
    for line, placed in timeline.lines:
        track = tracks.setdefault(voice_of(line.speaker, line.session), (line.speaker, []))
        track[1].append(segment_of(line, placed.start - line.start))
    woven = [
        cue
        for speaker, segments in tracks.values()
        for cue in cues_of(track_pieces(segments, rules), rules, speaker=speaker)
    ]
    return sorted(woven, key=lambda cue: (cue.start, cue.end))


def labelled(cues: Iterable[Cue], rules: CueRules = READING) -> list[Cue]:
    """Write the speaker's name into the text of each cue that follows another speaker's.

    For formats that know no speakers. Somebody without a name gets a dash, as in print.
    """
    result: list[Cue] = []
    before: str | None = None
    for cue in cues:
        if cue.speaker == before:
            result.append(cue)
        else:
            result += _with_label(cue, _label(cue.speaker), rules)
        before = cue.speaker
    return sorted(result, key=lambda cue: cue.start)


def _label(speaker: str | None) -> str:
    name = clean(speaker or "")
    if not name:
        return "-"
    short = name
    while columns(short) > _LABEL_COLUMNS:
        short = short[:-1]
    return f"{short}:" if short == name else f"{short.rstrip()}…:"


def _with_label(cue: Cue, label: str, rules: CueRules) -> Sequence[Cue]:
    text = reduce(lambda before, after: before + glue(before, after) + after, cue.lines)
    lines = laid_out(f"{label} {text}", rules)
    if lines is not None:
        return [replace(cue, lines=lines)]
    # Two lines are full already: each becomes a cue of its own, if there is time for two.
    cut = cue.start + (cue.end - cue.start) * columns(cue.lines[0]) // cue.columns
    if min(cut - rules.gap_ms - cue.start, cue.end - cut) < rules.least_ms:
        return [cue]
    return [
        replace(cue, lines=(label, cue.lines[0]), end=cut - rules.gap_ms),
        replace(cue, lines=cue.lines[1:], start=cut),
    ]
