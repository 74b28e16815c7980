from __future__ import annotations

from livecaption.core.audio import FRAME_SAMPLES
from livecaption.core.window import WindowScheduler
from tests.core.playback import HALF_SECOND
from tests.core.utterances import open_utterance
from tests.script import MS


def opened_at(onset: int) -> WindowScheduler:
    scheduler = WindowScheduler(HALF_SECOND)
    scheduler.opened(onset)
    return scheduler


def test_the_first_window_is_due_when_there_is_enough_to_hear() -> None:
    scheduler = opened_at(1000 * MS)
    assert not scheduler.is_due(1380 * MS, speech_stop=1380 * MS)
    assert scheduler.is_due(1400 * MS, speech_stop=1400 * MS)


def test_the_next_window_is_due_a_hop_later() -> None:
    scheduler = opened_at(0)
    scheduler.requested(400 * MS)
    assert not scheduler.is_due(880 * MS, speech_stop=880 * MS)
    assert scheduler.is_due(900 * MS, speech_stop=900 * MS)


def test_no_window_is_due_when_nothing_was_said_since_the_last() -> None:
    scheduler = opened_at(0)
    scheduler.requested(400 * MS)
    assert not scheduler.is_due(2000 * MS, speech_stop=400 * MS)


def test_another_hop_holds_from_the_next_window_on() -> None:
    scheduler = opened_at(0)
    scheduler.requested(400 * MS)
    scheduler.policy = HALF_SECOND.with_hop(2000 * MS)
    assert scheduler.is_due(900 * MS, speech_stop=900 * MS)
    scheduler.requested(900 * MS)
    assert not scheduler.is_due(2800 * MS, speech_stop=2800 * MS)


def test_a_window_is_full_when_the_next_frame_would_not_fit() -> None:
    scheduler, utterance = opened_at(0), open_utterance(window_start=5000)
    full = 5000 + HALF_SECOND.max_window - FRAME_SAMPLES
    assert not scheduler.is_full(utterance, full)
    assert scheduler.is_full(utterance, full + 1)
