from __future__ import annotations

from livecaption.core.file_transcript import FileInfo, FileSegment, FileTranscript
from livecaption.core.timed_text import TimedWord

INFO = FileInfo("en", 1.0, 9.0)


def segment(text: str, start: float) -> FileSegment:
    words = (TimedWord(text, start, start + 1, 0.9),)
    return FileSegment(start, start + 1, text, -0.1, 0.0, 1.0, 0.0, words=words)


def test_a_transcript_is_its_segments_in_order() -> None:
    transcript = FileTranscript(INFO, (segment(" One", 0.0), segment(" two.", 1.0)))
    assert transcript.text == "One two."
    assert [word.text for word in transcript.words] == [" One", " two."]


def test_silence_has_no_text() -> None:
    transcript = FileTranscript(INFO, ())
    assert (transcript.text, transcript.words) == ("", ())
