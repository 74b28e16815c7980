from __future__ import annotations

import numpy as np
import pytest

from livecaption.bench.caption_log import CaptionLog
from livecaption.bench.excerpts import Excerpt
from livecaption.bench.figures import measure
from livecaption.bench.load_run import LoadRun, run_together
from livecaption.bench.report import run_report
from livecaption.bench.word_errors import count_errors
from livecaption.bundled import ClipWord

SAID = ("good", "morning", "everyone")


def excerpt(*starts: float, words: tuple[str, ...] = SAID, seconds: float = 10.0) -> Excerpt:
    """Words of 0.3 s each that start at these seconds."""
    spoken = tuple(ClipWord(w, at, at + 0.3) for w, at in zip(words, starts, strict=True))
    silence = np.zeros(int(seconds * 16_000), dtype=np.int16)
    return Excerpt("hand-made", silence, 0, len(silence), spoken)


def captioned() -> CaptionLog:
    log = CaptionLog()
    log.show(1, ["good", "mourning"], 1.9)
    log.show(1, ["good", "morning"], 2.1)
    log.commit(1, ["Good", "morning"], 2.5)
    log.show(1, ["everyone"], 2.5)
    log.commit(1, ["everyone."], 3.0)
    log.close(1, 3.2)
    return log


def test_delays_count_from_the_end_of_a_word_and_first_text_from_the_start_of_speech() -> None:
    figures = measure(excerpt(1.0, 1.3, 1.6), captioned())
    assert figures.commit_delays == pytest.approx((2.5 - 1.3, 2.5 - 1.6, 3.0 - 1.9))
    assert figures.shown_delays == pytest.approx((1.9 - 1.3, 2.1 - 1.6, 2.5 - 1.9))
    assert figures.first_delays == pytest.approx((0.9,))
    assert figures.final_delays == pytest.approx((3.2 - 1.9,))


def test_a_word_changed_after_it_was_shown_flickers_and_case_counts() -> None:
    figures = measure(excerpt(1.0, 1.3, 1.6), captioned())
    # Shown as a tail: good, mourning, morning, everyone. Changed: mourning; good (to Good), and
    # with it the morning behind it, which was drawn anew; everyone, which got a full stop.
    assert (figures.partial_words, figures.changed_words) == (4, 4)
    assert figures.committed_words == 3


def test_words_wrong_lost_and_added() -> None:
    errors = count_errors(["the", "new", "server"], ["the", "few"])
    assert (errors.said, errors.edits, errors.lost, errors.doubled) == (3, 2, 1, 0)


@pytest.mark.parametrize(
    ("written", "doubled"),
    [
        ("we can hear you", 0),
        ("we can can hear you", 1),
        ("we can hear we can hear you", 3),
        ("we can hear you you know", 1),
        ("oh we can hear you", 0),
    ],
)
def test_only_what_repeats_its_neighbours_is_doubled(written: str, doubled: int) -> None:
    assert count_errors(["we", "can", "hear", "you"], written.split()).doubled == doubled


def test_a_sentence_that_was_said_twice_is_not_doubled() -> None:
    twice = ["no", "no"]
    assert count_errors(twice, twice).doubled == 0


def test_a_pause_begins_a_new_run_with_a_first_text_of_its_own() -> None:
    log = CaptionLog()
    log.commit(1, ["good"], 1.5)
    log.commit(2, ["morning"], 6.0)
    log.commit(2, ["everyone"], 6.5)
    figures = measure(excerpt(1.0, 5.0, 5.3), log)
    assert figures.first_delays == pytest.approx((0.5, 1.0))
    # Nothing was closed: a run is over when its last word is committed.
    assert figures.final_delays == pytest.approx((1.5 - 1.3, 6.5 - 5.6))


def test_lag_is_the_age_of_the_oldest_word_that_still_waits() -> None:
    log = CaptionLog()
    log.commit(1, ["good"], 2.5)
    log.commit(1, ["morning", "everyone"], 4.0)
    figures = measure(excerpt(0.5, 1.5, 1.8, seconds=5.0), log)
    assert [lag for _, lag in figures.lags] == pytest.approx([0.2, 1.2, 1.2, 0.0, 0.0])


def test_committed_words_that_are_taken_back_are_counted() -> None:
    log = CaptionLog()
    log.commit(0, ["good", "mourning"], 2.0)
    log.retract(0, 1)
    log.commit(0, ["morning", "everyone"], 3.0)
    figures = measure(excerpt(1.0, 1.3, 1.6), log)
    assert (figures.rewritten_words, figures.errors.edits) == (1, 0)


def test_a_stream_without_captions_has_no_delays_and_loses_every_word() -> None:
    figures = measure(excerpt(1.0, 1.3, 1.6), CaptionLog(problem="refused with HTTP 503"))
    assert figures.commit_delays == figures.first_delays == ()
    assert figures.errors.lost == 3
    run = LoadRun((excerpt(1.0, 1.3, 1.6),), (CaptionLog(),), 0.0, 10.0, 0.0)
    report = run_report(run_together([run], None))
    assert report["commit_s"]["p50"] is None
    assert report["word_error_rate"] == 1.0
