from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.config import SessionConfig
from livecaption.core.policy import REALTIME
from livecaption.core.utterance import Speaking


def test_a_session_needs_only_a_name() -> None:
    config = SessionConfig(session="s_1")
    assert config.policy is REALTIME
    assert config.speaking == Speaking(language=None, speaker=None, vocabulary=())
    assert (config.task, config.partials, config.verify_speech) == ("transcribe", True, True)


def test_the_pre_roll_is_whole_frames_so_that_windows_start_on_the_grid_of_mel_frames() -> None:
    assert SessionConfig(session="s_1").pre_roll % FRAME_SAMPLES == 0


def test_what_a_session_is_told_does_not_change() -> None:
    config = SessionConfig(session="s_1")
    with pytest.raises(FrozenInstanceError):
        config.partials = False  # type: ignore[misc]
