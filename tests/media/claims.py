"""Files whose headers claim what cannot be, or what is not there."""

from __future__ import annotations

import struct
from functools import cache

from tests.media.bytewise import atom, flac_info, id3, ogg_page, wav_with

__all__ = ["refused_claims", "survived_claims"]

_MATROSKA = bytes.fromhex("1a45dfa3 87 4282 84 7765626d 18538067 01ffffffffffffff")
"""A header that says WebM, and a segment of unknown length."""


@cache
def refused_claims() -> dict[str, bytes]:
    """Files without usable sound."""
    return {**_wav_headers(), **_containers(), **_counts()}


def survived_claims(sound: dict[str, bytes]) -> dict[str, bytes]:
    """Files with sound, which claim to be something else.

    Args:
        sound: good files by kind.
    """
    data = bytes(32_000)
    wav = wav_with(1, 16_000, data)
    m4a = sound["m4a"]
    return {
        "wav_that_claims_gigabytes": wav_with(1, 16_000, data, claimed=0xFFFFFFFF),
        "wav_that_claims_exabytes": _rf64(wav, 2**62),
        "wav_behind_a_million_chunks": wav[:12] + b"junk\0\0\0\0" * 1_000_000 + wav[12:],
        "m4a_that_claims_a_day": _claiming(m4a, 0x7FFFFFFF),
        "m4a_that_claims_no_time": _claiming(m4a, 0),
        "m4a_of_four_billion_samples": _counted(m4a, b"stsz", 8),
        "m4a_of_four_billion_chunks": _counted(m4a, b"stco", 4),
        "m4a_of_four_billion_times": _counted(m4a, b"stts", 4),
    }


def _wav_headers() -> dict[str, bytes]:
    data = bytes(32_000)
    return {
        "wav_no_channels": wav_with(0, 16_000, data),
        "wav_65535_channels": wav_with(65_535, 16_000, data),
        "wav_no_rate": wav_with(1, 0, data),
        "wav_4_ghz": wav_with(1, 0xFFFFFFFF, data),
        "wav_1_hz": wav_with(1, 1, data),
        "wav_of_no_length": wav_with(1, 16_000, b""),
        "wav_of_unknown_coding": wav_with(1, 16_000, data, coding=0x4321),
        "wav_of_video": wav_with(1, 16_000, data, coding=0x00FF, bits=0),
    }


def _containers() -> dict[str, bytes]:
    return {
        "avi_of_4_gb": b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih" + bytes(1000),
        "rf64_of_nothing": _rf64(wav_with(1, 16_000, b""), 2**63 - 1),
        "wav_chunk_of_4_gb": b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff" + bytes(1000),
        "caf_chunk_of_exabytes": b"caff\0\1\0\0desc" + b"\x7f" + b"\xff" * 7 + bytes(100),
        "aiff_chunk_of_4_gb": b"FORM\xff\xff\xff\xffAIFFSSND\xff\xff\xff\xff" + bytes(1000),
        "matroska_void_of_petabytes": _MATROSKA + bytes.fromhex("ec 01fffffffffffffe"),
        "matroska_a_million_voids": _MATROSKA + b"\xec\x80" * 1_000_000,
        "matroska_name_of_4_gb": bytes.fromhex("1a45dfa3 88 4282 08ffffffff") + bytes(1000),
        "mov_atom_of_exabytes": b"\0\0\0\1ftyp\x7f" + b"\xff" * 7 + bytes(1000),
        "mov_a_million_atoms": atom(b"ftyp", b"M4A ") + atom(b"free", b"") * 1_000_000,
        "asf_header_of_exabytes": bytes.fromhex(
            "3026b2758e66cf11a6d900aa0062ce6c ffffffffffffff7f ffffffff 0102"
        )
        + bytes(1000),
    }


def _counts() -> dict[str, bytes]:
    vorbis = b"\x01vorbis" + struct.pack("<IBIIIIB", 0, 255, 0xFFFFFFFF, 0, 0, 0, 0xB8) + b"\1"
    opus = b"OpusHead\x01\xff" + struct.pack("<HIhB", 0, 48_000, 0, 255) + b"\xff\xff" + bytes(255)
    tags = b"OpusTags" + struct.pack("<II", 0, 0xFFFFFFFF)
    return {
        "id3_a_million_tags": id3(b"") * 1_000_000,
        "flac_picture_of_16_mb": flac_info(0)[:4] + b"\x86\xff\xff\xff" + bytes(1000),
        "flac_a_million_blocks": b"fLaC" + b"\x04\0\0\0" * 1_000_000,
        "vorbis_of_255_channels": ogg_page(1, 0, 0, [vorbis], first=True) * 2,
        "opus_of_255_channels": ogg_page(1, 0, 0, [opus[:250]], first=True)
        + ogg_page(1, 1, 0, [tags]),
        "amr_of_frames_that_are_none": b"#!AMR\n" + b"\x7c" * 50_000,
    }


def _rf64(wav: bytes, claimed: int) -> bytes:
    """EBU Tech 3306: sizes of 64 bits in a chunk of their own."""
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, claimed, claimed, claimed // 2, 0)
    at = wav.index(b"data") + 4
    rest = wav[12:at] + b"\xff\xff\xff\xff" + wav[at + 4 :]
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + rest


def _counted(m4a: bytes, kind: bytes, place: int) -> bytes:
    """Say that a table of samples has as many rows as 32 bits can count."""
    made = bytearray(m4a)
    struct.pack_into(">I", made, made.index(kind) + 4 + place, 0xFFFFFFFF)
    return bytes(made)


def _claiming(m4a: bytes, duration: int) -> bytes:
    made = bytearray(m4a)
    for kind, place in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        struct.pack_into(">I", made, made.index(kind) + 4 + place, duration)
    return bytes(made)
