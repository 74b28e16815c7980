"""Cues as SubRip and WebVTT text.

This module must not know where cues come from, and writes no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from livecaption.core.cues import Cue
from livecaption.core.lines import clean

__all__ = ["clock", "srt", "vtt", "vtt_header"]

# SubRip has no escapes. A word joiner is invisible and keeps players, and programs that paste
# captions into a page, from taking what was said for a time line, a tag or a style.
_SRT_MARKUP = re.compile(r"--(?=>)|<(?=[A-Za-z/!?])|\{(?=\\)")
_JOINER = "\u2060"


def clock(milliseconds: int, decimal_mark: str) -> str:
    """Format as ``HH:MM:SS.mmm``; hours may need more digits."""
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, fraction = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{decimal_mark}{fraction:03d}"


def srt(cues: Iterable[Cue]) -> str:
    """Write SubRip; empty when there are no cues. Speakers are left out."""
    blocks = []
    for number, cue in enumerate(cues, start=1):
        times = f"{clock(cue.start, ',')} --> {clock(cue.end, ',')}"
        text = _SRT_MARKUP.sub(lambda match: match.group() + _JOINER, "\n".join(cue.lines))
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def vtt(cues: Iterable[Cue], header: str = "WEBVTT\n") -> str:
    """Write WebVTT, valid also when there are no cues; speakers become voice tags."""
    blocks = [header]
    for cue in cues:
        text = _escape("\n".join(cue.lines))
        if name := clean(cue.speaker or ""):
            text = f"<v {_escape(name)}>{text}</v>"
        blocks.append(f"{clock(cue.start, '.')} --> {clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def vtt_header(title: str, **fields: str) -> str:
    """Write the first lines: a title, which no player shows, and header fields.

    Args:
        title: any text; what would end the header is taken out.
        fields: names and values of header lines such as ``X-TIMESTAMP-MAP``.
    """
    lines = [f"WEBVTT {clean(title)}".replace("-->", "->").rstrip()]
    lines += [f"{name}={value}" for name, value in fields.items()]
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
