"""Files that nobody should send, made on the spot.

``REFUSED`` are answered with an error; ``SURVIVED`` may also yield what sound is left in them.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable
from functools import cache

import av
import numpy as np

from tests.media.recordings import coded, tone

__all__ = ["bombs", "references", "refused", "sound_files", "survived", "wav_with"]

Made = Callable[[], bytes]


@cache
def sound_files() -> dict[str, bytes]:
    """A second of tone in every kind of file that is read."""

    def sound(container: str, codec: str, rate: int) -> bytes:
        return coded(tone(1.0, rate=rate), container, codec, rate=rate)

    return {
        "wav": sound("wav", "pcm_s16le", 16_000),
        "flac": sound("flac", "flac", 16_000),
        "mp3": sound("mp3", "libmp3lame", 44_100),
        "ogg": sound("ogg", "libopus", 48_000),
        "m4a": sound("mp4", "aac", 44_100),
        "webm": sound("webm", "libopus", 48_000),
        "aac": sound("adts", "aac", 44_100),
        "aiff": sound("aiff", "pcm_s16be", 44_100),
        "amr": sound("amr", "libopencore_amrnb", 8_000),
        "caf": sound("caf", "pcm_s16le", 16_000),
        "mov": sound("mov", "pcm_s16le", 16_000),
    }


def refused(address: str, path: str) -> dict[str, bytes]:
    """Files without usable sound.

    Args:
        address: where a server listens that nobody may ask.
        path: of a file that nobody may read; it holds sound.
    """
    return {**_playlists(address, path), **_other_kinds(), **_broken(), **_wav_headers()}


def _playlists(address: str, path: str) -> dict[str, bytes]:
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}/a.ts\n#EXT-X-ENDLIST\n"
    concat = f"ffconcat version 1.0\nfile '{path}'\n"
    texts = {
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0",
        "ffconcat": concat,
        "ffconcat_http": f"ffconcat version 1.0\nfile '{address}/a.wav'\n",
        "hls_http": hls,
        "hls_file": hls.replace(f"{address}/a.ts", f"file://{path}"),
        "hls_with_bom": "\ufeff\n" + hls,
        "hls_key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{address}/k"\n#EXTINF:1,\n{path}\n',
        "dash": f'<?xml version="1.0"?><MPD><BaseURL>{address}/</BaseURL></MPD>',
        "m3u": f"{path}\n{address}/b.mp3\n",
        "pls": f"[playlist]\nFile1={address}/a.mp3\nNumberOfEntries=1\n",
        "asx": f'<asx version="3.0"><entry><ref href="{address}/a.asf"/></entry></asx>',
        "data_uri": "data:audio/wav;base64,UklGRiQAAABXQVZF",
        "address": f"{address}/a.wav",
        "protocol": f"concat:{path}|{path}",
        "subfile": f"subfile,,start,0,end,0,,:{path}",
        "lavfi": "sine=frequency=440:duration=5",
    }
    made = {name: text.encode() for name, text in texts.items()}
    made["id3_then_playlist"] = _id3(b"") + concat.encode()
    made["wave_then_playlist"] = b"RIFF\xff\xff\xff\x7fWAVE" + concat.encode() * 20
    made["flac_then_playlist"] = b"fLaC" + hls.encode() * 20
    return made


def _other_kinds() -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.wav", bytes(20_000_000))
    return {
        "empty": b"",
        "one_byte": b"R",
        "zeros": bytes(100_000),
        "zip_bomb": packed.getvalue(),
        "gzip_bomb": gzip.compress(bytes(20_000_000)),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(1000),
        "gif": b"GIF89a" + bytes(1000),
        "pdf": b"%PDF-1.7\n" + bytes(1000),
        "html": b"<!DOCTYPE html><html><audio src='/etc/passwd'></audio></html>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(1000),
        "script": b"#!/bin/sh\nid\n",
        "video_only": _video(),
    }


def _broken() -> dict[str, bytes]:
    noise = random.Random(7).randbytes(60_000)
    heads = {
        "wav": b"RIFF\xff\xff\x00\x00WAVE",
        "flac": b"fLaC",
        "ogg": b"OggS\x00\x02",
        "matroska": b"\x1a\x45\xdf\xa3",
        "mov": b"\x00\x00\x00\x20ftypM4A ",
        "mp3": b"\xff\xfb\x90\x64",
        "aac": b"\xff\xf1\x50\x80",
        "aiff": b"FORM\x00\x00\xff\xffAIFF",
        "amr": b"#!AMR\n",
        "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
        "caf": b"caff\x00\x01\x00\x00",
        "id3": _id3(b""),
    }
    made = {f"noise_as_{name}": head + noise for name, head in heads.items() if name != "amr"}
    made |= {f"only_magic_{name}": head for name, head in heads.items()}
    made["id3_longer_than_the_file"] = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + noise
    made["flac_without_frames"] = _flac_info(0xFFFFFFFFF)
    made["mov_ten_thousand_deep"] = _nested_atoms(10_000)
    made["matroska_ten_thousand_deep"] = b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" * 10_000
    made["ogg_five_thousand_tracks"] = b"".join(
        _ogg_page(number, 0, 0, [b"\x01vorbis"], first=True) for number in range(5000)
    )
    return made


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


def survived() -> dict[str, bytes]:
    """Files with something wrong in them that may still hold sound."""
    made: dict[str, bytes] = {}
    for name, whole in sound_files().items():
        for share in (0.02, 0.5, 0.97):
            made[f"{name}_cut_at_{share:.0%}"] = whole[: int(share * len(whole))]
        spoilt = bytearray(whole)
        chance = random.Random(name)
        for _ in range(len(spoilt) // 100):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        made[f"{name}_with_scratches"] = bytes(spoilt)
    ogg, flac = sound_files()["ogg"], sound_files()["flac"]
    made["ogg_chain"] = ogg * 200
    made["flac_twice"] = flac * 2
    made["wav_named_otherwise"] = sound_files()["wav"]
    made["wav_that_claims_gigabytes"] = wav_with(1, 16_000, bytes(32_000), claimed=0xFFFFFFFF)
    made["mp3_with_a_picture"] = _id3(bytes(100_000)) + sound_files()["mp3"]
    made["m4a_that_claims_a_day"] = _claiming(sound_files()["m4a"], 0x7FFFFFFF)
    made["webm_with_garbage_behind"] = sound_files()["webm"] + random.Random(3).randbytes(50_000)
    return made


def references(address: str, path: str) -> dict[str, bytes]:
    """Files whose own sound is silence, and which say that it lies elsewhere."""
    return {
        "mov_with_file_reference": _mov_with_reference(f"file://{path}".encode()),
        "mov_with_http_reference": _mov_with_reference(f"{address}/a.wav".encode()),
    }


def bombs() -> dict[str, bytes]:
    """Small files that decode to days of silence."""
    frame = _flac_silence()
    return {
        "flac_of_unknown_length": _flac_info(0) + frame * 210_000,
        "flac_of_honest_length": _flac_info(10**10) + frame * 100,
        "opus_of_two_byte_packets": _opus_silence(700),
    }


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


def _id3(content: bytes) -> bytes:
    size = len(content)
    return b"ID3\x04\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + content


def _atom(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _nested_atoms(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = _atom(b"moov", made)
    return _atom(b"ftyp", b"qt  \x00\x00\x02\x00") + made


def _mov_with_reference(target: bytes) -> bytes:
    """A QuickTime file whose sound lies elsewhere: its data reference is an alias or a URL."""
    whole = sound_files()["mov"]
    inside = b"url \x00\x00\x00\x01"
    at = whole.index(inside) - 4
    reference = struct.pack(">I4sI", 12 + len(target) + 1, b"url ", 0) + target + b"\x00"
    grown = len(reference) - 12
    made = bytearray(whole[:at] + reference + whole[at + 12 :])
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = made.index(kind) - 4
        size = struct.unpack_from(">I", made, place)[0]
        struct.pack_into(">I", made, place, size + grown)
    # Nothing of its own is left to decode.
    sound = made.index(b"mdat") + 4
    end = made.index(b"moov") - 4
    if sound < end:
        made[sound:end] = bytes(end - sound)
    return bytes(made)


def _claiming(m4a: bytes, duration: int) -> bytes:
    made = bytearray(m4a)
    for kind, place in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        struct.pack_into(">I", made, made.index(kind) + 4 + place, duration)
    return bytes(made)


def _video() -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            picture = np.zeros((64, 64, 3), dtype=np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return written.getvalue()


def _flac_info(samples: int) -> bytes:
    """The head of a FLAC file: 16 kHz, mono, 16 bits; RFC 9639, section 8.2."""
    packed = 16_000 << 44 | 0 << 41 | 15 << 36 | samples & 0xFFFFFFFFF
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + struct.pack(">I", 0x80000000 | len(info)) + info


def _flac_silence() -> bytes:
    """One frame of 4096 silent samples."""
    silence = coded(np.zeros(8192 * 2, dtype=np.int16), "flac", "flac", rate=16_000)
    first = silence.index(b"\xff\xf8", 42)
    return silence[first : silence.index(b"\xff\xf8", first + 2)]


def _opus_silence(pages: int) -> bytes:
    """120 ms in two bytes: 48 frames of 2.5 ms, all of them left out (RFC 6716, section 3.2.5)."""
    head = b"OpusHead\x01\x01\x00\x00" + struct.pack("<I", 48_000) + b"\x00\x00\x00"
    tags = b"OpusTags" + bytes(8)
    made = [_ogg_page(1, 0, 0, [head], first=True), _ogg_page(1, 1, 0, [tags])]
    packet = bytes((0b1110_0011, 48))
    for page in range(pages):
        granule = (page + 1) * 255 * 5760
        made.append(_ogg_page(1, page + 2, granule, [packet] * 255))
    return b"".join(made)


def _ogg_page(
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
