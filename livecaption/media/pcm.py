"""Uncompressed encodings to interleaved samples, and the way back to int16.

One table maps each encoding to its decoder. G.711 is a 256-entry look-up: the standard library's
``audioop`` left with Python 3.13. This module must not know sample rates; ``resample`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livecaption.core.audio import Samples, pcm16_to_float32
from livecaption.errors import UnsupportedAudio

__all__ = ["ENCODINGS", "Float32", "PcmEncoding", "as_float32", "downmix", "to_int16"]

Float32 = npt.NDArray[np.float32]
"""Samples scaled so that full scale is 1, shape (samples,) or (samples, channels)."""

_FULL_SCALE = np.float32(32768)


def _mulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 7).astype(np.int32)
    magnitude = (((code & 15).astype(np.int32) << 3) + 132 << exponent) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code >> 4) & 7).astype(np.int32)
    step = ((code & 15).astype(np.int32) << 4) + np.where(exponent > 0, 264, 8)
    magnitude = step << np.maximum(exponent - 1, 0)
    return np.where(code & 128, magnitude, -magnitude).astype(np.int16)


_MULAW = _mulaw_table()
_ALAW = _alaw_table()


def _decode_s16(frame: bytes) -> Samples:
    return np.frombuffer(frame, dtype="<i2")


def _decode_f32(frame: bytes) -> Float32:
    samples = np.frombuffer(frame, dtype="<f4")
    if not np.isfinite(samples).all():
        raise UnsupportedAudio("An audio frame holds NaN or infinity; send samples from -1 to 1.")
    clipped: Float32 = np.clip(samples, -1.0, 1.0)
    return clipped


def _decode_mulaw(frame: bytes) -> Samples:
    return _MULAW[np.frombuffer(frame, dtype=np.uint8)]


def _decode_alaw(frame: bytes) -> Samples:
    return _ALAW[np.frombuffer(frame, dtype=np.uint8)]


@dataclass(frozen=True, slots=True)
class PcmEncoding:
    """How one encoding stores a sample."""

    sample_bytes: int
    decode: Callable[[bytes], Samples | Float32]
    """Whole samples → int16 or float32 in [-1, 1], interleaved, shape (samples × channels,)."""


ENCODINGS: dict[str, PcmEncoding] = {
    "pcm_s16le": PcmEncoding(2, _decode_s16),
    "pcm_f32le": PcmEncoding(4, _decode_f32),
    "mulaw": PcmEncoding(1, _decode_mulaw),
    "alaw": PcmEncoding(1, _decode_alaw),
}
"""Every encoding that needs no codec, by its name on the wire."""


def as_float32(samples: Samples | Float32) -> Float32:
    """Scale int16 to [-1, 1); float32 comes back as it is. The shape is kept."""
    if samples.dtype == np.float32:
        return samples  # type: ignore[return-value]  # the dtype has just been looked at
    return pcm16_to_float32(samples)  # type: ignore[arg-type]  # only int16 is left


def downmix(samples: Float32) -> Float32:
    """Average the channels of shape (samples, channels) to shape (samples,)."""
    mono: Float32 = samples.mean(axis=1, dtype=np.float32)
    return mono


def to_int16(samples: Float32) -> Samples:
    """Scale by 32768, round half to even and clip: the inverse of ``pcm16_to_float32``."""
    scaled = np.clip(np.rint(samples * _FULL_SCALE), -32768, 32767)
    pcm: Samples = scaled.astype(np.int16)
    return pcm
