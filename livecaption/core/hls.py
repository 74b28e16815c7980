"""A live caption track for HLS players (RFC 8216): its playlist and its media segments, as text.

Segments are numbered by the wall clock, six seconds each since the epoch: numbers and boundaries
then follow from the time alone, and survive restarts, deletions and pauses without anything kept.
The playlist has no end: a room is a place where people may always speak again.

This module must not know rooms or where cues come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from livecaption.core.cue_files import vtt, vtt_header
from livecaption.core.cues import Cue
from livecaption.core.timeline import iso_time

__all__ = [
    "KEEP_MS",
    "SEGMENT_MS",
    "newest_segment",
    "oldest_segment",
    "playlist_text",
    "segment_text",
]

SEGMENT_MS = 6000
"""What Apple's authoring guide asks for, and video in HLS usually has."""
_DELAY_MS = 10_000
"""From the end of a segment until it is listed. Its last cue may go on for 7 s behind it, and words
are committed 1 to 2 s after they were said. Players are three segments (18 s) behind anyhow."""
_LISTED = 100
"""Segments in the playlist: ten minutes, for those who pause or go back."""
KEEP_MS = (_LISTED + 20) * SEGMENT_MS
"""How far back cues are needed: RFC 8216, 6.2.2 wants segments to stay a while after they left the
playlist."""


def newest_segment(now_ms: int) -> int:
    """Return the number of the last segment that is complete at a time since the epoch."""
    return (now_ms - _DELAY_MS) // SEGMENT_MS - 1


def oldest_segment(newest: int) -> int:
    """Return the number of the first segment that can still be had."""
    return newest - KEEP_MS // SEGMENT_MS + 2


def playlist_text(newest: int, query: str = "") -> str:
    """Write the media playlist, a window that slides.

    Args:
        newest: the last segment in it.
        query: goes behind the address of each segment, without the question mark.
    """
    first = newest - _LISTED + 1
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{SEGMENT_MS // 1000}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-PROGRAM-DATE-TIME:{iso_time(first * SEGMENT_MS / 1000)}",
    ]
    suffix = f"?{query}" if query else ""
    for number in range(first, newest + 1):
        lines += [f"#EXTINF:{SEGMENT_MS / 1000:.3f},", f"captions/{number}.vtt{suffix}"]
    return "\n".join(lines) + "\n"


def segment_text(cues: Iterable[Cue], *, zero_ms: int, mpegts: int) -> str:
    """Write one segment. A cue that goes across its edges stands, whole, in both neighbours.

    Args:
        cues: what is on screen during the segment; times since the epoch.
        zero_ms: when the video's clock was at ``mpegts``, in milliseconds since the epoch.
            What was said before is left out.
        mpegts: the video's clock then, in 1/90,000 s.
    """
    local = [
        replace(cue, start=max(0, cue.start - zero_ms), end=cue.end - zero_ms)
        for cue in cues
        if cue.end > zero_ms
    ]
    mapping = f"MPEGTS:{mpegts},LOCAL:00:00:00.000"
    return vtt(local, vtt_header("", **{"X-TIMESTAMP-MAP": mapping}))
