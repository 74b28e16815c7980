"""A file's transcript in every format."""

from __future__ import annotations

import json
from dataclasses import replace

import pysubs2
import pytest
import webvtt

from livecaption.core.file_exports import FILE_EXPORTS
from livecaption.core.file_transcript import FileInfo, FileTranscript
from tests.jobs.samples import a_transcript

SAID = "Good morning everyone and welcome to the museum, where the boats of the river are shown."


def test_json_has_the_words_only_where_they_are_wanted() -> None:
    write = FILE_EXPORTS["json"].write
    with_words = json.loads(write(a_transcript(SAID), True))
    without = json.loads(write(a_transcript(SAID), False))
    assert with_words["text"] == without["text"] == SAID
    assert "".join(f" {word['text']}" for word in with_words["segments"][0]["words"]) == f" {SAID}"
    assert "words" not in without["segments"][0]
    assert (without["language"], without["duration"]) == ("en", 4.2)


@pytest.mark.parametrize("words", [True, False])
def test_subtitles_are_divided_for_reading_and_lose_no_word(words: bool) -> None:
    transcript = a_transcript(SAID, duration=12.0)
    vtt = webvtt.from_string(FILE_EXPORTS["vtt"].write(transcript, words))
    srt = pysubs2.SSAFile.from_string(FILE_EXPORTS["srt"].write(transcript, words))
    assert len(vtt.captions) > 1
    assert all(len(line) <= 42 for caption in vtt.captions for line in caption.text.split("\n"))
    assert " ".join(caption.text.replace("\n", " ") for caption in vtt.captions) == SAID
    assert " ".join(event.plaintext.replace("\n", " ") for event in srt) == SAID


def test_a_file_without_speech_is_empty_in_every_format() -> None:
    silent = FileTranscript(FileInfo(None, 0.0, 3.0), ())
    written = {name: export.write(silent, False) for name, export in FILE_EXPORTS.items()}
    assert json.loads(written.pop("json"))["segments"] == []
    assert written == {"txt": "", "srt": "", "vtt": "WEBVTT\n"}


def test_text_has_a_line_for_each_segment() -> None:
    first = a_transcript("One.").segments[0]
    both = FileTranscript(FileInfo("en", 1.0, 9.0), (first, replace(first, text=" Two.")))
    assert FILE_EXPORTS["txt"].write(both, False) == "One.\nTwo.\n"
