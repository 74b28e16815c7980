from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecaption.bundled import speech_clips
from livecaption.core.audio import SAMPLE_RATE, Samples
from livecaption.engine import spans as spans_module
from livecaption.engine.spans import Span, SpeechClock, SpeechReader, find_speech
from livecaption.media.recording import MemoryRecording
from livecaption.media.sources import open_source


@st.composite
def layouts(draw: st.DrawFn) -> list[Span]:
    spans, position = [], 0
    for silence, speech in draw(
        st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=6)
    ):
        spans.append(Span(position + silence, position + silence + speech))
        position += silence + speech
    return spans


@given(layouts())
def test_the_clock_finds_every_sample_where_it_came_from(spans: list[Span]) -> None:
    recording = np.arange(spans[-1].stop + 7, dtype=np.int16)
    clock = SpeechClock(spans)
    parts = [recording[s.start : s.stop] for s in clock.pieces(0, clock.length + 5)]
    joined = np.concatenate(parts)
    assert len(joined) == clock.length
    assert [clock.start_at(p) for p in range(clock.length)] == joined.tolist()
    # Ends are exclusive: one past the sample before.
    assert [clock.stop_at(p) for p in range(1, clock.length + 1)] == [v + 1 for v in joined]


@given(layouts(), st.data())
def test_a_word_never_reaches_over_a_silence(spans: list[Span], data: st.DataObject) -> None:
    clock = SpeechClock(spans)
    start = data.draw(st.integers(0, clock.length - 1))
    stop = data.draw(st.integers(start, clock.length))
    first, last = clock.around(start, stop)
    assert first <= last
    assert any(span.start <= first <= last <= span.stop for span in spans)


def test_without_speech_the_clock_stands_still() -> None:
    clock = SpeechClock([])
    assert clock.length == 0
    assert list(clock.pieces(0, 10)) == []
    assert clock.start_at(0) == clock.stop_at(0) == 0


def speech(seconds: int) -> Samples:
    clip = speech_clips()[1]  # one voice without a pause
    with open_source(str(clip.audio)) as source:
        return np.concatenate(list(source))[: seconds * SAMPLE_RATE]


def test_silence_and_noise_hold_no_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 3 * SAMPLE_RATE).astype(np.int16)
    assert find_speech(np.zeros(3 * SAMPLE_RATE, dtype=np.int16)) == []
    assert find_speech(noise) == []
    assert find_speech(np.zeros(0, dtype=np.int16)) == []


def test_speech_around_a_long_silence_makes_two_spans() -> None:
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.int16)
    first, second = find_speech(np.concatenate([speech(4), silence, speech(4)]))
    assert first.start < SAMPLE_RATE
    assert 3.5 * SAMPLE_RATE < first.stop < 5 * SAMPLE_RATE
    assert 8 * SAMPLE_RATE < second.start < 9.5 * SAMPLE_RATE


@given(layouts(), st.data())
def test_a_part_of_the_speech_is_a_part_of_the_whole(
    spans: list[Span], data: st.DataObject
) -> None:
    clock = SpeechClock(spans)
    start = data.draw(st.integers(0, clock.length))
    stop = data.draw(st.integers(start, clock.length + 3))
    whole = [i for s in clock.pieces(0, clock.length) for i in range(s.start, s.stop)]
    part = [i for s in clock.pieces(start, stop) for i in range(s.start, s.stop)]
    assert part == whole[start:stop]


def test_blocks_leave_no_mark_on_the_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.int16)
    recording = MemoryRecording(np.concatenate([speech(20), silence, speech(7)]))
    whole = SpeechReader(recording, filtered=True)
    assert not whole.reaches(len(recording))
    monkeypatch.setattr(spans_module, "_BLOCK", 3 * SAMPLE_RATE)
    parts = SpeechReader(recording, filtered=True)
    assert parts.reaches(2 * SAMPLE_RATE)
    assert parts.clock.length < 7 * SAMPLE_RATE  # nothing is looked at before its time
    assert not parts.reaches(len(recording))
    # A detector that begins anew hears a few hundredths later that somebody speaks.
    assert abs(whole.clock.length - parts.clock.length) < SAMPLE_RATE
    ends = [list(r.clock.pieces(0, len(recording))) for r in (whole, parts)]
    assert len(ends[0]) == len(ends[1]) == 2
    heard = [recording.read(span.start, span.stop) for span in ends[1]]
    assert (parts.read(0, len(recording)) == np.concatenate(heard)).all()


def test_without_a_filter_everything_is_speech() -> None:
    recording = MemoryRecording(np.arange(1000, dtype=np.int16))
    reader = SpeechReader(recording, filtered=False)
    assert reader.read(990, 2000).tolist() == list(range(990, 1000))
    assert not SpeechReader(MemoryRecording(np.empty(0, np.int16)), filtered=False).reaches(1)
