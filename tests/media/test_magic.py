from __future__ import annotations

import av
import pytest

from livecaption.media.magic import HEAD_BYTES, KINDS, demuxer_of, tag_bytes
from tests.media.hostile import sound_files

DEMUXERS = {"m4a": "mov", "webm": "matroska"}


@pytest.mark.parametrize("name", sorted(sound_files()))
def test_every_kind_is_known_by_its_first_bytes(name: str) -> None:
    whole = sound_files()[name]
    head = whole[tag_bytes(whole) :][:HEAD_BYTES]
    assert demuxer_of(head) == DEMUXERS.get(name, name)


def test_every_kind_has_a_demuxer() -> None:
    assert set(KINDS) <= av.formats_available


@pytest.mark.parametrize(
    "head", [b"", b"R", b"RIFF\x00\x00\x00\x00AVI ", b"#EXTM3U\n", b"ffconcat version 1.0\n"]
)
def test_other_things_are_not(head: bytes) -> None:
    assert demuxer_of(head) is None


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"ID3\x04\x00\x00\x00\x00\x02\x01rest", 10 + 257),
        (b"ID3\x04\x00\x10\x00\x00\x02\x01rest", 20 + 257),
        (b"ID3\x04\x00\x00\x00\x00\x80\x01rest", 0),
        (b"ID3", 0),
        (b"fLaC" + bytes(20), 0),
    ],
)
def test_a_tag_in_front_has_a_length(head: bytes, length: int) -> None:
    assert tag_bytes(head) == length
