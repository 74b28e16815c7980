"""What a session came to: delays as a reader feels them, gaps, words."""

from __future__ import annotations

import pytest

from livecaption.core.captions import (
    Delta,
    Final,
    Gap,
    GapReason,
    Partial,
    UtteranceStarted,
)
from livecaption.core.hypothesis import Word
from livecaption.core.screen import Rejection
from livecaption.core.stats import SessionStats
from livecaption.server.figures import SessionFigures, SessionTotals

SECOND = 16_000


def word(text: str, start: float, stop: float) -> Word:
    return Word(text, int(start * SECOND), int(stop * SECOND), 0.9)


def delta(*words: Word, utterance: int = 1) -> Delta:
    return Delta(2, utterance, "".join(w.text for w in words), words)


def test_a_delay_counts_audio_that_came_since_and_time_in_which_none_came() -> None:
    figures = SessionFigures()
    figures.heard(2 * SECOND, 2 * SECOND, now=100.0)
    # Its sound ended at 1.5 s, half a second before the last audio came; 0.2 s ago that was.
    figures.shown(delta(word(" hello", 1.0, 1.5)), now=100.2)
    assert figures.commit_delay.count == 1
    assert figures.commit_delay.total == pytest.approx(0.7)
    assert figures.words == 1
    assert figures.samples == 2 * SECOND


def test_the_first_text_of_an_utterance_counts_once_as_tail_or_as_committed() -> None:
    figures = SessionFigures()
    figures.heard(SECOND, SECOND, now=0.0)
    tail = (word(" hel", 0.4, 0.8),)
    figures.shown(UtteranceStarted(1, 1, 0), now=0.1)
    figures.shown(Partial(1, 1, "hel", tail), now=0.1)
    figures.shown(Partial(1, 2, "hel", tail), now=0.5)
    figures.shown(delta(word(" hello", 0.4, 0.9)), now=0.6)
    assert figures.first_text_delay.count == 1
    assert figures.first_text_delay.total == pytest.approx(0.7)
    figures.shown(Final(3, 1, "hello", 0, SECOND, "en", None, ()), now=0.7)
    figures.shown(UtteranceStarted(4, 2, 0), now=0.7)
    figures.shown(delta(word(" you", 0.9, 1.0), utterance=2), now=0.7)
    assert figures.first_text_delay.count == 2


def test_a_word_is_never_early() -> None:
    figures = SessionFigures()
    figures.heard(SECOND, SECOND, now=5.0)
    figures.shown(delta(word(" x", 0.9, 1.2)), now=5.0)
    assert figures.commit_delay.total == 0.0


def test_gaps_are_counted_by_their_reason() -> None:
    figures = SessionFigures()
    figures.shown(Gap(1, 0, SECOND, GapReason.OVERLOAD), now=0.0)
    figures.shown(Gap(2, SECOND, 3 * SECOND, GapReason.OVERLOAD), now=0.0)
    figures.shown(Gap(3, 0, 0, GapReason.NOT_RESUMED), now=0.0)
    assert figures.gaps == {GapReason.OVERLOAD: 2, GapReason.NOT_RESUMED: 1}
    assert figures.gap_samples[GapReason.OVERLOAD] == 3 * SECOND


def test_sessions_are_summed() -> None:
    totals = SessionTotals()
    for _ in range(2):
        figures = SessionFigures()
        figures.heard(SECOND, SECOND, now=0.0)
        figures.shown(UtteranceStarted(1, 1, 0), now=0.5)
        figures.shown(delta(word(" a", 0.5, 1.0), word(" b", 0.9, 1.0)), now=0.5)
        figures.shown(Gap(1, 0, 160, GapReason.CLIENT), now=0.5)
        stats = SessionStats(requests=3, utterances=1, skipped_finals=1)
        stats.rejections[Rejection.LOOP] += 1
        totals.add(figures, stats)
    assert totals.figures.samples == 2 * SECOND
    assert totals.figures.words == totals.figures.commit_delay.count == 4
    assert totals.figures.first_text_delay.count == 2
    assert totals.figures.gap_samples == {GapReason.CLIENT: 320}
    assert (totals.requests, totals.utterances, totals.skipped_finals) == (6, 2, 2)
    assert totals.rejections == {Rejection.LOOP: 2}
