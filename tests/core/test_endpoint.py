from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.endpoint import Closed, Endpointer, Opened
from livecaption.core.gate import GateConfig, SpeechGate

FRAME = FRAME_SAMPLES


def new_endpointer(pre_roll: int = 3 * FRAME) -> Endpointer:
    return Endpointer(SpeechGate(GateConfig(onset_frames=2, hangover_frames=3)), pre_roll=pre_roll)


def boundaries(
    endpointer: Endpointer, marks: str, first: int = 0
) -> list[tuple[int, Opened | Closed]]:
    """Boundaries with the number of the frame that brought them; ``x`` is a frame of speech."""
    found = []
    for number, mark in enumerate(marks, start=first + 1):
        boundary = endpointer.push(mark == "x", number * FRAME)
        if boundary is not None:
            found.append((number, boundary))
    return found


def test_an_utterance_opens_at_its_onset_and_closes_after_the_hangover() -> None:
    endpointer = new_endpointer()
    assert boundaries(endpointer, ".....xxxx...") == [
        (7, Opened(onset=5 * FRAME, start=2 * FRAME)),
        (12, Closed(speech_stop=9 * FRAME, stop=12 * FRAME)),
    ]
    assert not endpointer.is_open


def test_a_short_pause_does_not_close_it() -> None:
    endpointer = new_endpointer()
    assert len(boundaries(endpointer, "xxx..xx.x")) == 1
    assert endpointer.is_open
    assert endpointer.speech_stop == 9 * FRAME


def test_the_pre_roll_does_not_reach_before_the_start_of_the_stream() -> None:
    assert boundaries(new_endpointer(), "xx") == [(2, Opened(onset=0, start=0))]


def test_the_pre_roll_does_not_take_audio_from_the_utterance_before() -> None:
    found = boundaries(new_endpointer(), "xx....xx")
    assert found[2] == (8, Opened(onset=6 * FRAME, start=5 * FRAME))


def test_an_open_utterance_can_be_closed_at_any_moment() -> None:
    endpointer = new_endpointer()
    boundaries(endpointer, "xxx.")
    assert endpointer.close(4 * FRAME) == Closed(speech_stop=3 * FRAME, stop=4 * FRAME)
    assert not endpointer.is_open


def test_speech_that_goes_on_after_a_close_opens_the_next_utterance_without_a_hole() -> None:
    endpointer = new_endpointer()
    boundaries(endpointer, "xxx")
    endpointer.close(3 * FRAME)
    assert boundaries(endpointer, "xx", first=3) == [(5, Opened(onset=3 * FRAME, start=3 * FRAME))]


def test_closing_what_is_not_open_says_nothing_but_forgets_half_an_onset() -> None:
    endpointer = new_endpointer()
    boundaries(endpointer, "..x")
    assert endpointer.close(3 * FRAME) is None
    assert boundaries(endpointer, "x", first=3) == []


@given(st.text("x.", max_size=120), st.integers(0, 8))
def test_boundaries_alternate_and_stretches_never_overlap(marks: str, pre_roll_frames: int) -> None:
    endpointer = new_endpointer(pre_roll_frames * FRAME)
    found = boundaries(endpointer, marks)
    taken = 0
    for index, (number, boundary) in enumerate(found):
        now = number * FRAME
        if isinstance(boundary, Opened):
            assert index % 2 == 0
            assert taken <= boundary.start <= boundary.onset < now
            assert boundary.onset - boundary.start <= pre_roll_frames * FRAME
        else:
            assert index % 2 == 1
            assert boundary.speech_stop < boundary.stop == now
            taken = boundary.stop
    assert endpointer.is_open is (len(found) % 2 == 1)
