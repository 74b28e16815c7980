"""Audio made on the spot, so that the tests say themselves what is in it."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import av.container
import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]


def tone(seconds: float, *, hz: float = 440.0, rate: int = 16_000, level: int = 8000) -> Pcm:
    """A sine, int16, shape (seconds × rate,)."""
    time = np.arange(round(seconds * rate)) / rate
    pcm: Pcm = np.rint(level * np.sin(2 * np.pi * hz * time)).astype(np.int16)
    return pcm


def noise(samples: int, *, seed: int = 1) -> Pcm:
    return np.random.default_rng(seed).integers(-20000, 20000, samples).astype(np.int16)


def stereo(left: Pcm, right: Pcm) -> Pcm:
    """Interleaved, shape (2 × n,)."""
    return np.stack([left, right], axis=1).reshape(-1)


def coded(pcm: Pcm, container: str, codec: str, *, rate: int, layout: str = "mono") -> bytes:
    """One whole recording as a browser or an encoder would write it."""
    written = io.BytesIO()
    with av.open(written, "w", format=container) as output:
        _encode(output, pcm, codec, rate, layout)
    return written.getvalue()


def packets(pcm: Pcm, codec: str, *, rate: int, layout: str = "mono") -> list[bytes]:
    """The bare packets of an encoder."""
    with av.open(io.BytesIO(), "w", format="matroska") as output:
        return _encode(output, pcm, codec, rate, layout)


def _encode(
    output: av.container.OutputContainer, pcm: Pcm, codec: str, rate: int, layout: str
) -> list[bytes]:
    stream = output.add_stream(codec, rate=rate, layout=layout)
    assert isinstance(stream, av.AudioStream)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = rate
    made = []
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        made.append(bytes(packet))
        output.mux(packet)
    return made


def write_wav(path: Path, pcm: Pcm, *, rate: int = 16_000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
    return path


def loudness_at(pcm: Pcm, hz: float, *, rate: int = 16_000) -> float:
    """Amplitude of one frequency in a signal."""
    time = np.arange(len(pcm)) / rate
    return float(2 * np.abs(np.mean(pcm * np.exp(-2j * np.pi * hz * time))))
