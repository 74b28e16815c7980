"""What a run of a clip says about delay and errors, from a script of events."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecaption.bundled import Clip, ClipWord
from livecaption.client.clip_run import ClipRun
from livecaption.protocol.server_messages import (
    Closed,
    DeltaMessage,
    FinalMessage,
    GapMessage,
    PartialMessage,
    WordMessage,
)

CLIP = Clip(
    name="test",
    audio=Path("test.flac"),
    text="Good morning everyone.",
    words=(
        ClipWord("Good", 0.5, 0.8),
        ClipWord("morning", 0.8, 1.2),
        ClipWord("everyone.", 1.2, 1.8),
    ),
    duration=2.0,
)


def word(text: str) -> WordMessage:
    return WordMessage(text=text, start=0.0, end=0.1, probability=0.9)


def delta(seq: int, *texts: str) -> DeltaMessage:
    words = tuple(word(text) for text in texts)
    return DeltaMessage(seq=seq, utterance=1, text=" ".join(texts), words=words)


def test_delays_run_from_the_words_end_to_its_delta() -> None:
    run = ClipRun(CLIP)
    run.receive(PartialMessage(utterance=1, revision=1, text="Good"), 1.0)
    run.receive(PartialMessage(utterance=1, revision=2, text="Good morning"), 1.4)
    run.receive(delta(2, "Good", "morning"), 1.9)
    run.receive(delta(3, "anyone"), 2.5)
    run.receive(
        FinalMessage(
            seq=4,
            utterance=1,
            text="Good morning anyone",
            start=0.5,
            end=1.8,
            language="en",
            speaker=None,
            words=(),
        ),
        2.5,
    )
    run.receive(GapMessage(seq=5, from_=1.0, to=2.0, reason="overload"), 2.6)
    closed = Closed(reason="stop", audio_s=2.0, captioned_s=1.0, silent_s=1.0, lost_s=0.0)
    run.receive(closed, 2.7)
    assert run.commit_delays() == [pytest.approx(1.1), pytest.approx(0.7)]
    assert run.first_partial_delays() == [pytest.approx(0.5)]
    assert run.word_error_rate == pytest.approx(1 / 3)
    assert run.text == "Good morning anyone"
    assert (len(run.gaps), run.closed) == (1, closed)


def test_an_empty_run_has_lost_every_word() -> None:
    run = ClipRun(CLIP)
    run.receive(PartialMessage(utterance=1, revision=1, text=""), 1.0)
    assert (run.word_error_rate, run.commit_delays(), run.first_shown) == (1.0, [], {})
