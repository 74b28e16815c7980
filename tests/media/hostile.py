"""Files that nobody should send, made on the spot.

``REFUSED`` are answered with an error; ``SURVIVED`` may also yield what sound is left in them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile
from collections.abc import Callable
from functools import cache

import av
import numpy as np

from tests.media.bytewise import atom, flac_info, id3, ogg_page
from tests.media.claims import refused_claims, survived_claims
from tests.media.recordings import coded, tone

__all__ = ["references", "refused", "sound_files", "survived"]

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
    return {**_playlists(address, path), **_other_kinds(), **_broken(), **refused_claims()}


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
    made["id3_then_playlist"] = id3(b"") + concat.encode()
    made["wave_then_playlist"] = b"RIFF\xff\xff\xff\x7fWAVE" + concat.encode() * 20
    made["flac_then_playlist"] = b"fLaC" + hls.encode() * 20
    return made


@cache
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
        "xz_bomb": lzma.compress(bytes(20_000_000)),
        "bzip2_bomb": bz2.compress(bytes(20_000_000)),
        "gzip_behind_a_tag": id3(b"") + gzip.compress(bytes(20_000_000)),
        "zip_in_a_wave": b"RIFF\xff\xff\xff\x7fWAVE" + packed.getvalue(),
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


@cache
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
        "id3": id3(b""),
    }
    made = {f"noise_as_{name}": head + noise for name, head in heads.items() if name != "amr"}
    made |= {f"only_magic_{name}": head for name, head in heads.items()}
    made["id3_longer_than_the_file"] = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + noise
    made["flac_without_frames"] = flac_info(0xFFFFFFFFF)
    made["mov_ten_thousand_deep"] = _nested_atoms(10_000)
    made["matroska_ten_thousand_deep"] = b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" * 10_000
    made["ogg_five_thousand_tracks"] = b"".join(
        ogg_page(number, 0, 0, [b"\x01vorbis"], first=True) for number in range(5000)
    )
    return made


@cache
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
    made["mp3_with_a_picture"] = id3(bytes(100_000)) + sound_files()["mp3"]
    made |= survived_claims(sound_files())
    made["webm_with_garbage_behind"] = sound_files()["webm"] + random.Random(3).randbytes(50_000)
    return made


def references(address: str, path: str) -> dict[str, bytes]:
    """Files whose own sound is silence, and which say that it lies elsewhere."""
    return {
        "mov_with_file_reference": _mov_with_reference(f"file://{path}".encode()),
        "mov_with_http_reference": _mov_with_reference(f"{address}/a.wav".encode()),
    }


def _nested_atoms(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = atom(b"moov", made)
    return atom(b"ftyp", b"qt  \x00\x00\x02\x00") + made


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
