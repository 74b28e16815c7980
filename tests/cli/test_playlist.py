from __future__ import annotations

from pathlib import Path

import pytest

from livecaption.cli.playlist import Named, Playing, named_sources
from livecaption.errors import MediaError
from livecaption.media.raw import RawFormat
from tests.media.recordings import noise, write_wav


@pytest.mark.parametrize(
    ("argument", "spec", "speaker"),
    [
        ("talk.wav", "talk.wav", None),
        ("Ann=talk.wav", "talk.wav", "Ann"),
        ("Ann Example =pulse:default", "pulse:default", "Ann Example"),
        ("Ann=http://radio.example/?a=b", "http://radio.example/?a=b", "Ann"),
        ("Ann=-", "-", "Ann"),
        ("http://radio.example/?a=b", "http://radio.example/?a=b", None),
        ("dshow:audio=Microphone", "dshow:audio=Microphone", None),
        ("./a=b.wav", "./a=b.wav", None),
        ("=talk.wav", "=talk.wav", None),
        ("Ann=", "Ann=", None),
    ],
)
def test_a_name_stands_in_front_of_its_source(
    argument: str, spec: str, speaker: str | None
) -> None:
    assert named_sources([argument]) == [Named(spec, speaker)]


def test_a_file_that_is_called_so_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_wav(tmp_path / "a=b.wav", noise(100))
    assert named_sources(["a=b.wav"]) == [Named("a=b.wav", None)]


def test_a_speaker_is_for_those_without_a_name() -> None:
    named = named_sources(["a.wav", "Ann=b.wav"], "Room")
    assert [each.speaker for each in named] == ["Room", "Ann"]


def test_sources_are_labelled_without_their_passwords() -> None:
    named = named_sources(["rtmp://ann:secret@host/live?key=secret", "Ben=b.wav"])
    assert [each.label for each in named] == ["rtmp://host/live", "Ben"]


def test_standard_input_is_for_one() -> None:
    with pytest.raises(MediaError, match="name - once"):
        named_sources(["Ann=-", "-"])


async def test_a_looped_file_is_opened_again_and_a_plain_one_is_not(tmp_path: Path) -> None:
    path = str(write_wav(tmp_path / "a.wav", noise(1600)))
    for loop, wanted in ((False, 1), (True, 3)):
        playing = Playing(RawFormat(), speed=100.0, loop=loop)
        heard = 0
        async for block in playing.play(path, playing.open(path, pytest.fail), pytest.fail):
            heard += len(block)
            if heard == 3 * 1600:
                break
        assert heard == wanted * 1600
