"""Small files that decode to days of silence."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

from tests.media.bytewise import atom, flac_info, ogg_page
from tests.media.recordings import coded

__all__ = ["bombs", "heavy_bombs"]


@cache
def bombs() -> dict[str, bytes]:
    """They last longer than four hours, and are refused for that."""
    frame = _flac_silence(16_000, "mono")
    return {
        "flac_of_unknown_length": flac_info(0) + frame * 210_000,
        "flac_of_honest_length": flac_info(10**10) + frame * 100,
        "opus_of_two_byte_packets": _opus_silence(700),
        "opus_that_hides_its_length": _opus_silence(700, granule=0),
        "opus_chain": b"".join(_opus_silence(70, granule=0, serial=each) for each in range(10)),
        "aac_of_silence": _aac_silence(),
        "mov_whose_chunks_are_one": _mov_of_one_chunk(),
    }


@cache
def heavy_bombs() -> dict[str, bytes]:
    """They want minutes of the processor, because of rates and channels no recording has."""
    return {
        "flac_of_eight_channels_at_655_khz": _flac_of(655_350, "7.1", 288_000),
        "flac_of_eight_channels_at_192_khz": _flac_of(192_000, "7.1", 170_000),
    }


def _flac_silence(rate: int, layout: str) -> bytes:
    """One frame of silent samples."""
    channels = 8 if layout == "7.1" else 1
    silence = coded(
        np.zeros(2 * rate * channels, dtype=np.int16), "flac", "flac", rate=rate, layout=layout
    )
    first = silence.index(b"\xff\xf8", 42)
    return silence[first : silence.index(b"\xff\xf8", first + 2)]


def _flac_of(rate: int, layout: str, frames: int) -> bytes:
    """The head says 16 kHz and mono; each frame says otherwise."""
    return flac_info(0) + _flac_silence(rate, layout) * frames


def _aac_silence() -> bytes:
    """Frames of 1024 samples at 8 kHz, which need a few bytes each."""
    silence = coded(np.zeros(80_000, dtype=np.int16), "adts", "aac", rate=8_000)
    frames, at = [], 0
    while at < len(silence):
        length = int.from_bytes(silence[at + 3 : at + 6], "big") >> 5 & 0x1FFF
        frames.append(silence[at : at + length])
        at += length
    return frames[0] + frames[-2] * 120_000


def _mov_of_one_chunk() -> bytes:
    """Half a minute of samples, which the table of chunks names again and again."""
    rate, samples, chunks = 16_000, 500_000, 600
    sound = bytes(2 * samples)
    head = atom(b"ftyp", b"qt  \0\0\2\0")
    data = atom(b"mdat", sound)
    stsd = struct.pack(">I4s6xHHHIHHHHI", 36, b"sowt", 1, 0, 0, 0, 1, 16, 0, 0, rate << 16)
    rows = b"".join(
        (
            atom(b"stsd", struct.pack(">II", 0, 1) + stsd),
            atom(b"stts", struct.pack(">IIII", 0, 1, samples * chunks, 1)),
            atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, samples, 1)),
            atom(b"stsz", struct.pack(">III", 0, 2, samples * chunks)),
            atom(
                b"stco", struct.pack(">II", 0, chunks) + struct.pack(">I", len(head) + 8) * chunks
            ),
        )
    )
    url = atom(b"dref", struct.pack(">II", 0, 1) + atom(b"url ", b"\0\0\0\1"))
    info = atom(b"smhd", bytes(8)) + atom(b"dinf", url) + atom(b"stbl", rows)
    times = struct.pack(">IIIII4x", 0, 0, 0, rate, rate)
    kind = atom(b"hdlr", struct.pack(">I4s4s12xB", 0, b"mhlr", b"soun", 0))
    track = struct.pack(">IIIIII60x", 7, 0, 0, 1, 0, rate)
    media = atom(b"mdia", atom(b"mdhd", times) + kind + atom(b"minf", info))
    film = atom(b"mvhd", times + bytes(76)) + atom(b"trak", atom(b"tkhd", track) + media)
    return head + data + atom(b"moov", film)


def _opus_silence(pages: int, granule: int | None = None, serial: int = 1) -> bytes:
    """120 ms in two bytes: 48 frames of 2.5 ms, all of them left out (RFC 6716, section 3.2.5).

    Args:
        pages: each has half a minute.
        granule: what each page says of its time; None for the truth.
        serial: number of the stream.
    """
    head = b"OpusHead\x01\x01\x00\x00" + struct.pack("<I", 48_000) + b"\x00\x00\x00"
    tags = b"OpusTags" + bytes(8)
    made = [ogg_page(serial, 0, 0, [head], first=True), ogg_page(serial, 1, 0, [tags])]
    packet = bytes((0b1110_0011, 48))
    for page in range(pages):
        told = (page + 1) * 255 * 5760 if granule is None else granule
        made.append(ogg_page(serial, page + 2, told, [packet] * 255))
    return b"".join(made)
