"""Encoder input lengths.

Whisper pads everything to 3000 frames (30 s); CTranslate2 takes any length up to that, and the
encoder at 1000 frames costs an eighth. A batch has one length and no mask, so lengths come in
few sizes. Never 160 or 256 frames: their encoder output has 80 or 128 positions, which
CTranslate2 takes for a mel spectrogram and encodes again.
"""

from __future__ import annotations

__all__ = ["BUCKETS", "SAFE_BUCKET", "bucket_for"]

BUCKETS = (500, 650, 800, 1000, 1250, 1500, 2000, 3000)
"""Mel frames of 10 ms; all even, none of them 160 or 256."""

SAFE_BUCKET = 1000
"""From this length on no checkpoint has been seen to lose accuracy to the missing padding."""

_MARGIN = 100
"""Silence wanted behind the speech: without it decoders run on past the end."""


def bucket_for(frames: int, floor: int = 1000) -> int:
    """Return the smallest bucket that holds ``frames`` and a second of silence.

    Raises:
        ValueError: more than 3000 frames.
    """
    if frames > BUCKETS[-1]:
        raise ValueError(f"{frames} frames do not fit into Whisper's {BUCKETS[-1]}")
    wanted = max(floor, frames + _MARGIN)
    return next((size for size in BUCKETS if size >= wanted), BUCKETS[-1])
