from __future__ import annotations

import numpy as np
import pytest

from livecaption.core.audio import FRAME_SAMPLES, SAMPLE_RATE
from livecaption.core.endpoint import Closed, Endpointer, Opened
from livecaption.core.gate import GateConfig, SpeechGate
from livecaption.detect.webrtc import WebRtcDetector, new_detector
from tests.detect.signals import decisions, frames, meeting, meeting_audio, white_noise


def frame_of(seconds: float) -> int:
    return int(seconds * SAMPLE_RATE / FRAME_SAMPLES)


def spoken() -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each frame of the meeting, whether a word is said in it."""
    truth = np.zeros(len(meeting_audio()) // FRAME_SAMPLES, dtype=bool)
    for word in meeting().words:
        truth[frame_of(word.start) : frame_of(word.stop) + 1] = True
    return truth


def test_speech_is_told_from_pauses() -> None:
    decided = np.array(decisions(new_detector(), meeting_audio()))
    truth = spoken()
    assert decided[truth].mean() > 0.9
    assert decided[~truth].mean() < 0.1


def test_with_gate_and_pre_roll_no_word_is_cut() -> None:
    endpointer = Endpointer(SpeechGate(GateConfig()), pre_roll=4800)
    covered = np.zeros(len(meeting_audio()), dtype=bool)
    start = 0
    pause = [False] * GateConfig().hangover_frames
    decided = decisions(new_detector(), meeting_audio()) + pause
    for number, is_speech in enumerate(decided, start=1):
        match endpointer.push(is_speech, number * FRAME_SAMPLES):
            case Opened(start=start):
                pass
            case Closed(stop=stop):
                covered[start:stop] = True
    for word in meeting().words:
        assert covered[int(word.start * SAMPLE_RATE) : int(word.stop * SAMPLE_RATE)].all()


def test_digital_silence_is_not_speech() -> None:
    assert not any(decisions(new_detector(), np.zeros(SAMPLE_RATE, dtype=np.int16)))


def test_quiet_noise_that_webrtc_takes_for_speech_stays_below_the_floor() -> None:
    quiet = white_noise(amplitude=40)
    assert any(decisions(WebRtcDetector(), quiet))
    assert not any(decisions(new_detector(), quiet))


def test_higher_aggressiveness_lets_less_through() -> None:
    passed = [sum(decisions(WebRtcDetector(level), meeting_audio())) for level in (0, 1, 2, 3)]
    assert passed == sorted(passed, reverse=True)
    assert passed[3] < passed[0]


def test_a_detector_adapts_to_its_own_stream_only() -> None:
    alone, beside, other = WebRtcDetector(), WebRtcDetector(), WebRtcDetector()
    noisy = list(frames(white_noise()))
    decided, expected = [], []
    for index, frame in enumerate(frames(meeting_audio()[: 5 * SAMPLE_RATE])):
        expected.append(alone(frame))
        other(noisy[index % len(noisy)])
        decided.append(beside(frame))
    assert decided == expected


@pytest.mark.parametrize("samples", [0, 1, 319, 321, 512, 1600])
def test_a_frame_of_another_length_is_an_error_and_never_a_decision(samples: int) -> None:
    with pytest.raises(Exception, match="Error while processing frame"):
        WebRtcDetector()(bytes(2 * samples))


def test_there_are_four_levels_of_aggressiveness() -> None:
    with pytest.raises(ValueError, match="mode"):
        WebRtcDetector(4)
