"""Files of sound written byte by byte, as no encoder would."""

from __future__ import annotations

import struct
from functools import cache

__all__ = ["atom", "flac_info", "id3", "ogg_page", "wav_with"]


def wav_with(
    channels: int,
    rate: int,
    data: bytes,
    *,
    coding: int = 1,
    bits: int = 16,
    claimed: int | None = None,
) -> bytes:
    """A WAV file whose header says so."""
    align = min(channels * bits // 8, 0xFFFF)
    form = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, coding, channels, rate, rate * align & 0xFFFFFFFF, align, bits
    )
    size = len(data) if claimed is None else claimed
    body = b"WAVE" + form + struct.pack("<4sI", b"data", size) + data
    return struct.pack("<4sI", b"RIFF", min(len(body), 0xFFFFFFFF)) + body


def id3(content: bytes) -> bytes:
    size = len(content)
    return b"ID3\x04\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + content


def atom(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 or QuickTime file."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def flac_info(samples: int) -> bytes:
    """The head of a FLAC file: 16 kHz, mono, 16 bits; RFC 9639, section 8.2."""
    packed = 16_000 << 44 | 0 << 41 | 15 << 36 | samples & 0xFFFFFFFFF
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + struct.pack(">I", 0x80000000 | len(info)) + info


def ogg_page(
    serial: int, number: int, granule: int, packets: list[bytes], *, first: bool = False
) -> bytes:
    """RFC 3533, section 6; every packet is shorter than 255 bytes."""
    lacing = bytes(map(len, packets))
    head = struct.pack("<4sBBqIII", b"OggS", 0, 2 * first, granule, serial, number, 0)
    page = bytearray(head + bytes([len(lacing)]) + lacing + b"".join(packets))
    struct.pack_into("<I", page, 22, _ogg_checksum(bytes(page)))
    return bytes(page)


@cache
def _checksums() -> list[int]:
    table = []
    for byte in range(256):
        rest = byte << 24
        for _ in range(8):
            rest = rest << 1 ^ (0x04C11DB7 if rest & 0x80000000 else 0)
        table.append(rest & 0xFFFFFFFF)
    return table


def _ogg_checksum(page: bytes) -> int:
    checksum, table = 0, _checksums()
    for byte in page:
        checksum = (checksum << 8 & 0xFFFFFFFF) ^ table[checksum >> 24 ^ byte]
    return checksum
