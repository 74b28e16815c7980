"""What kind of file something is, from its first bytes: its name and its sender may be wrong.

Only these kinds are read, and the demuxer is fixed by what is found here. So nothing can make
FFmpeg read a playlist or a description that names other files and addresses.
"""

from __future__ import annotations

import re

__all__ = ["HEAD_BYTES", "KINDS", "MediaKind", "demuxer_of", "tag_bytes"]

HEAD_BYTES = 4096
"""How much of a file ``demuxer_of`` wants to see, if there is so much."""

MediaKind = str

KINDS: dict[MediaKind, str] = {
    "wav": "WAV",
    "mp3": "MP3",
    "flac": "FLAC",
    "ogg": "Ogg (Opus, Vorbis)",
    "mov": "MP4, M4A, MOV",
    "matroska": "Matroska, WebM",
    "aac": "AAC",
    "aiff": "AIFF",
    "amr": "AMR",
    "asf": "WMA",
    "caf": "CAF",
}
"""FFmpeg's demuxers that may be used, and what people call their files."""

_MAGIC: tuple[tuple[re.Pattern[bytes], MediaKind], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"(RIFF|RIFX|RF64|BW64)....WAVE", "wav"),
        (rb"fLaC", "flac"),
        (rb"OggS\x00", "ogg"),
        (rb"\x1a\x45\xdf\xa3", "matroska"),
        (rb"....(ftyp|moov|mdat|wide|free|skip|pnot)", "mov"),
        (rb"FORM....AIF[FC]", "aiff"),
        (rb"#!AMR(-WB)?\n", "amr"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "asf"),
        (rb"caff\x00\x01", "caf"),
        # A frame's sync word, then layer: 0 is AAC; bit rate and sample rate that exist are MPEG.
        (rb"\xff[\xf0\xf1\xf8\xf9][^\xfc-\xff]", "aac"),
        (rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]", "mp3"),
    )
)


def tag_bytes(head: bytes) -> int:
    """Return the length of an ID3v2 tag in front of the audio; 0 if there is none.

    Source: ID3v2.4 section 3.1: seven bits of each size byte count; a footer is ten bytes more.
    """
    if len(head) < 10 or not head.startswith(b"ID3") or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def demuxer_of(head: bytes) -> MediaKind | None:
    """Return which demuxer reads a file; None for what is not read.

    Args:
        head: its first HEAD_BYTES, behind an ID3 tag.
    """
    return next((kind for pattern, kind in _MAGIC if pattern.match(head)), None)
